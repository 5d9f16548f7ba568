"""Init: the settings, written from their schema, and the files of a pipeline that DVC runs."""

from __future__ import annotations

import inspect
import json
from importlib import resources
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from busta.data.publish import atomic_write
from busta.errors import UsageError
from busta.plugins import market_names
from busta.settings import Settings, as_path, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["init", "parameters", "template"]

_PIPELINE = {"dvc.yaml": "stages.yaml", ".dvcignore": "dvcignore", ".gitignore": "gitignore"}
"""Files of a workspace, and what they are called beside this one."""
_READ = ("pipeline", "sim", "data", "bets", "train", "tune", "gate")
"""Sections that stages read."""
_ELSEWHERE: Any = {"train": {"cluster"}, "tune": {"storage"}, "data": {"timeout", "retries"}}
"""Settings in them that say where and how, not what; an address may hold a password."""


def init(folder: Path | str) -> dict[str, Any]:
    """Makes the workspace: settings (``busta.toml``) and pipeline; what is there already is kept.

    The pipeline's settings, ``params.yaml``, start as those in force, by a ``busta.toml`` that is there, too.

    Returns:
        Files ``written`` and files ``kept``, and ``notes``: under ``pipeline`` what is needed to run it.

    Raises:
        UsageError: The folder is a file, or the settings in force are not valid.
    """
    folder = as_path("folder", folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"no workspace can be made at {folder}: there is a file; name a folder") from None
    makers: dict[str, Callable[[], str]] = {
        "busta.toml": template,
        "params.yaml": lambda: parameters(load(home=folder)),
    }
    makers |= {name: lambda source=source: _text(source) for name, source in _PIPELINE.items()}  # type: ignore[misc]
    missing = [name for name in makers if not (folder / name).exists()]
    for name in missing:
        atomic_write(folder / name, makers[name]().encode())
    run = "`dvc init` (without git: `dvc init --no-scm`) and `dvc repro` run the pipeline in dvc.yaml"
    without = "" if find_spec("dvc") else '; DVC is not installed: pip install "busta[pipeline]"'
    return {
        "written": [str(folder / name) for name in missing],
        "kept": [str(folder / name) for name in makers if name not in missing],
        "notes": {"pipeline": run + without},
    }


def _text(source: str) -> str:
    return (resources.files("busta.workflows") / "pipeline" / source).read_text(encoding="utf-8")


def parameters(settings: Settings) -> str:
    """The settings that stages of the pipeline read, as YAML."""
    import yaml

    parts = [
        "# Settings of the pipeline in dvc.yaml, by the schema of busta.toml; --config params.yaml reads them.",
        "# Any other setting may stand here, too. A variable BUSTA_SECTION__KEY wins, and DVC does not see it.",
    ]
    content = settings.model_dump(mode="json", include=set(_READ), exclude=_ELSEWHERE)
    own = content["train"]["markets"]
    content["train"]["markets"] = {name: own.get(name, {}) for name in {**dict.fromkeys(market_names()), **own}}
    for name in _READ:
        about = (inspect.getdoc(type(getattr(settings, name))) or "").splitlines()[0].replace("``", "")
        parts.append(f"\n# {about}\n{yaml.safe_dump({name: content[name]}, sort_keys=False).rstrip()}")
    return "\n".join(parts) + "\n"


def template() -> str:
    """All settings at their defaults, each commented out, as TOML."""
    lines = [
        "# Settings of busta. Remove the # before a line to change it; BUSTA_SECTION__KEY in the environment wins."
    ]
    for name, section in Settings.model_fields.items():
        if isinstance(section.default, BaseModel):
            lines += _section(name, section.default)
    return "\n".join(lines) + "\n"


def _section(name: str, section: BaseModel) -> list[str]:
    lines = ["", f"[{name}]  # {(inspect.getdoc(type(section)) or '').splitlines()[0]}"]
    nested: list[str] = []
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            nested += _section(f"{name}.{key}", value)
        else:
            lines.append(f"# {key} = {_toml(value)}")
    return lines + nested


def _toml(value: Any) -> str:
    if value is None:
        return '""  # not set'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
