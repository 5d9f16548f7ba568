"""All settings in one frozen schema, where they are read from, and what is said of what cannot be."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, ClassVar, get_args

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from busta.errors import UsageError, without_password
from busta.settings.files import SECRETS, read, refuse_secrets
from busta.settings.sections import Bets, Data, Gate, Ledger, Logs, OddsApi, Pipeline, Serve, Sim, Tracking, Trial
from busta.settings.training import Train, Tune
from busta.settings.upkeep import Notify, Retrain
from busta.settings.watch import Watch

__all__ = ["Settings", "as_path", "load"]


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

    in_file: ClassVar[dict[str, Any]] = {}
    """What the file says that `load` has read."""

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
    pipeline: Pipeline = Pipeline()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then files of secrets, then ``busta.toml`` or the file that was named."""
        secrets = NestedSecretsSettingsSource(file_secret_settings)
        return init_settings, env_settings, secrets, InitSettingsSource(settings_cls, cls.in_file)

    def of_market(self, market: str) -> Settings:
        """The settings with those of training that hold in that market."""
        return self.model_copy(update={"train": self.train.of(market)})

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
        config: A TOML file, or a YAML file such as DVC's ``params.yaml``; by default ``busta.toml`` in the workspace,
            where there is one.
        **flags: Values that win over everything else.

    Raises:
        UsageError: The file is not there, is neither or holds a secret, or a key or value is not allowed.
    """
    home = as_path("home", flags.get("home") or _environment_home())
    config = None if config is None else as_path("config", config)
    file = config or home / "busta.toml"
    if config is not None and not config.is_file():
        raise UsageError(f"no configuration file {config}; `busta init` writes a commented busta.toml")
    given = read(file)
    sources = SettingsConfigDict(secrets_dir=_secrets_folder(), secrets_nested_delimiter="__")
    bound = type("Settings", (Settings,), {"model_config": sources, "__module__": __name__, "in_file": given})
    try:
        settings: Settings = bound(**flags | {"home": home})
    except SettingsError as exc:  # a section given whole, in the environment
        raise UsageError(f"{exc}; give one value as BUSTA_SECTION__KEY, or the section as JSON") from exc
    except UnicodeDecodeError:  # its words would show some of it
        folder = os.environ.get("BUSTA_SECRETS_DIR")
        raise UsageError(f"a file in {folder} (BUSTA_SECRETS_DIR) is not text in UTF-8; write it anew") from None
    except ValidationError as exc:
        raise UsageError(_explain(exc, file)) from exc
    refuse_secrets(file, given)
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
        section = getattr(model, "model_fields", None)
        model = section[part].annotation if section else get_args(model)[1]  # of a name among several
    return sorted(model.model_fields)
