"""What a file of settings says: TOML, or YAML such as DVC's ``params.yaml``. No secret may stand in one."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from busta.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SECRETS", "read", "refuse_secrets"]

SECRETS = (("odds_api", "key"), ("notify", "webhook"), ("notify", "token"), ("notify", "smtp_password"))
"""Section and key of settings that no file but one of secrets may hold, and no message shows."""

_ADDRESSES = (("tracking", "tracking_uri"), ("tune", "storage"), ("train", "cluster"), ("ledger", "url"))
_YAML = (".yaml", ".yml")


def read(file: Path) -> dict[str, Any]:
    """The file's sections; none where there is no file.

    Raises:
        UsageError: It is not valid TOML, or, by its name, YAML.
    """
    if not file.is_file():
        return {}
    try:
        return _yaml(file) if file.suffix in _YAML else tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        kind = "YAML" if file.suffix in _YAML else "TOML"
        raise UsageError(f"{file} is not valid {kind}: {exc}") from exc


def _yaml(file: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.load(file.read_text(encoding="utf-8"), _strict_loader())  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = f" (at line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise UsageError(f"{file} is not valid YAML: {exc.problem}{place}") from exc
    except yaml.YAMLError as exc:
        raise UsageError(f"{file} is not valid YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(found, dict | None) or not all(isinstance(name, str) for name in found or ()):
        raise UsageError(f"{file} is not a file of settings; needed are sections, each a name with settings below it")
    return found or {}


def _strict_loader() -> Any:
    """PyYAML's safe loader, which takes no name twice: as TOML, and as DVC's own."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            names: list[Any] = []
            for name, _ in node.value:
                if name.value in names:
                    said = f"{name.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, said, name.start_mark)
                names.append(name.value)
            return super().construct_mapping(node, deep)

    return Loader


def refuse_secrets(file: Path, given: dict[str, Any]) -> None:
    """Refuses a password or a key in what was read from a file.

    Raises:
        UsageError: There is one; where it belongs.
    """
    for section, key in _ADDRESSES:
        if re.search(r"://[^/@]*:[^/@]*@|(?i:password=)[^&]", (given.get(section) or {}).get(key) or ""):
            raise UsageError(
                f"{file}: {section}.{key} holds a password; "
                f"give it as the variable BUSTA_{section.upper()}__{key.upper()} instead"
            )
    for section, key in SECRETS:
        if (given.get(section) or {}).get(key):
            raise UsageError(
                f"{file}: {section}.{key} is a secret; give it as the variable BUSTA_{section.upper()}__{key.upper()}, "
                "or in a file of that name in the folder BUSTA_SECRETS_DIR"
            )
