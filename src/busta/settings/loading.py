"""All settings in one frozen schema, where they are read from, and what is said of what cannot be."""

from __future__ import annotations

import math
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from busta.errors import UsageError, without_password
from busta.settings.sections import Bets, Data, Gate, Ledger, Logs, OddsApi, Serve, Sim, Tracking, Trial
from busta.settings.training import Train, Tune
from busta.settings.upkeep import Notify, Retrain
from busta.settings.watch import Watch

__all__ = ["SECRETS", "Settings", "as_path", "load"]

SECRETS = (("odds_api", "key"), ("notify", "webhook"), ("notify", "token"), ("notify", "smtp_password"))
"""Section and key of settings that no file but one of secrets may hold, and no message shows."""


class Settings(BaseSettings):
    """Everything that can be set, checked and frozen."""

    model_config = SettingsConfigDict(
        env_prefix="BUSTA_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    home: Path = Path()
    """The workspace: ``busta.toml``, ``data/``, ``mlflow.db``, ``mlruns/``, ``ledger.db``, ``reports/``."""
    data: Data = Data()
    odds_api: OddsApi = OddsApi()
    train: Train = Train()
    tune: Tune = Tune()
    bets: Bets = Bets()
    gate: Gate = Gate()
    trial: Trial = Trial()
    ledger: Ledger = Ledger()
    tracking: Tracking = Tracking()
    logs: Logs = Logs()
    sim: Sim = Sim()
    serve: Serve = Serve()
    retrain: Retrain = Retrain()
    notify: Notify = Notify()
    watch: Watch = Watch()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then files of secrets, then ``busta.toml``."""
        secrets = NestedSecretsSettingsSource(file_secret_settings)
        return init_settings, env_settings, secrets, TomlConfigSettingsSource(settings_cls)

    def workspace(self) -> Path:
        """The workspace as an absolute path.

        Raises:
            UsageError: It is not there: a mistyped name must not become a second workspace.
        """
        home = self.home.resolve()
        if not home.is_dir():
            raise UsageError(
                f"the workspace {home} is not there; `busta init {home}` makes it, BUSTA_HOME names another"
            )
        return home

    @property
    def tables(self) -> Path:
        """Folder of the validated tables, one folder a league."""
        return self.home / "data" / "tables"

    @property
    def leagues(self) -> Path:
        """Folder of the leagues that the workspace describes itself."""
        return self.home / "data" / "leagues"

    @property
    def raw(self) -> Path:
        """Folder of the files as they were downloaded."""
        return self.home / "data" / "raw"

    @property
    def gold(self) -> Path:
        """Folder of the gold feature stores, one folder a league."""
        return self.home / "data" / "gold"


def load(config: Path | None = None, **flags: Any) -> Settings:
    """The settings in force: ``flags`` (nested as the schema), environment, ``config``, defaults.

    Args:
        config: A TOML file; by default ``busta.toml`` in the workspace, where there is one.
        **flags: Values that win over everything else.

    Raises:
        UsageError: The file is not there or not TOML, or a key or value is not allowed.
    """
    home = as_path("home", flags.get("home") or _environment_home())
    config = None if config is None else as_path("config", config)
    file = config or home / "busta.toml"
    if config is not None and not config.is_file():
        raise UsageError(f"no configuration file {config}; `busta init` writes a commented busta.toml")
    sources = SettingsConfigDict(toml_file=file, secrets_dir=_secrets_folder(), secrets_nested_delimiter="__")
    bound = type("Settings", (Settings,), {"model_config": sources, "__module__": __name__})
    try:
        settings: Settings = bound(**flags | {"home": home})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file} is not valid TOML: {exc}") from exc
    except SettingsError as exc:  # a section given whole, in the environment
        raise UsageError(f"{exc}; give one value as BUSTA_SECTION__KEY, or the section as JSON") from exc
    except ValidationError as exc:
        raise UsageError(_explain(exc, file)) from exc
    if file.is_file():
        addresses = (("tracking", "tracking_uri"), ("tune", "storage"), ("train", "cluster"), ("ledger", "url"))
        for section, key in addresses:
            _refuse_secret_in(file, section, key)
        for section, key in SECRETS:
            _refuse_key_in(file, section, key)
    return settings


def as_path(name: str, given: object) -> Path:
    """What a caller of the Python API gave as a path, which may be text.

    Raises:
        UsageError: It is neither text nor a path.
    """
    if isinstance(given, (str, Path)):
        return Path(given)
    raise UsageError(f"{name} = {given!r}: needed is a path")


def _environment_home() -> str:
    return os.environ.get("BUSTA_HOME", ".")


def _secrets_folder() -> str | None:
    folder = os.environ.get("BUSTA_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        raise UsageError(f"BUSTA_SECRETS_DIR={folder} is not a folder; it holds one file a secret, BUSTA_SECTION__KEY")
    return folder or None


def _refuse_secret_in(file: Path, section: str, key: str) -> None:
    uri = tomllib.loads(file.read_text()).get(section, {}).get(key, "")
    if re.search(r"://[^/@]*:[^/@]*@|(?i:password=)[^&]", uri):
        raise UsageError(
            f"{file}: {section}.{key} holds a password; "
            f"give it as the variable BUSTA_{section.upper()}__{key.upper()} instead"
        )


def _refuse_key_in(file: Path, section: str, key: str) -> None:
    if tomllib.loads(file.read_text()).get(section, {}).get(key):
        raise UsageError(
            f"{file}: {section}.{key} is a secret; give it as the variable BUSTA_{section.upper()}__{key.upper()}, "
            "or in a file of that name in the folder BUSTA_SECRETS_DIR"
        )


def _explain(error: ValidationError, file: Path) -> str:
    """The first thing wrong: which key, what was given, what is allowed."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        allowed = ", ".join(_allowed(first["loc"]))
        return f"unknown setting {key!r}{more}; allowed there: {allowed}. Set in {file} or BUSTA_…"
    secret = any(each[: len(first["loc"])] == first["loc"] for each in SECRETS)  # or a section that holds one
    given = "***" if secret else without_password(repr(first["input"]))
    says = _not_finite(first["input"]) if first["type"] == "finite_number" else first["msg"].lower()
    return f"setting {key} = {given}: {says}{more}. Set in {file}, BUSTA_… or by a flag"


def _not_finite(given: Any) -> str:
    return f"{'not a number' if math.isnan(float(given)) else 'infinite'}; needed is a finite number"


def _allowed(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location[:-1]:
        model = model.model_fields[part].annotation
    return sorted(model.model_fields)
