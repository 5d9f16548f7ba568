"""All settings in one frozen schema: flags, ``BUSTA_…`` variables, files of secrets, ``busta.toml``, defaults.

A secret may stand in a file of its own: ``BUSTA_SECRETS_DIR`` names the folder, ``BUSTA_SECTION__KEY`` the file.
Built once, in the command line or by the caller of the Python API, and handed on by argument.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from busta.errors import UsageError, without_password

__all__ = [
    "Bets",
    "Boosting",
    "Data",
    "Gate",
    "Ledger",
    "Linear",
    "Members",
    "OddsApi",
    "Serve",
    "Settings",
    "Tracking",
    "Train",
    "Trial",
    "Tune",
    "as_path",
    "load",
]

VigMethod = Literal["multiplicative", "additive", "power", "shin", "odds_ratio", "logarithmic"]
Stakes = Literal["flat", "proportional", "kelly", "fractional-kelly", "shrunk-kelly", "simultaneous-kelly"]


MemberName = Literal["linear", "boosting", "points", "points_boosting"]
Rung = Literal[
    "market", "linear", "boosting", "points", "points_boosting", "linear members", "average", "blend", "stack"
]
Selection = Literal["all", "stable", "backward"]
Mirrored = Literal["none", "trees", "all"]
Calibration = Literal["none", "platt", "beta", "isotonic"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _unset(cls, values: Any) -> Any:
        """An empty text says nothing: TOML has no word for "not set"."""
        return {key: value for key, value in values.items() if value != ""} if isinstance(values, dict) else values


class Data(_Section):
    """Where data comes from."""

    nflverse_url: str = "https://raw.githubusercontent.com/nflverse/nfldata/master/data/games.csv"
    nflverse_teams_url: Annotated[str, Field(pattern=r"\{season\}")] = (
        "https://github.com/nflverse/nflverse-data/releases/download/stats_team/stats_team_week_{season}.csv"
    )
    """Team statistics by week of one season, ``{season}`` standing for it."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds to wait for a server, each try."""
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    columns: dict[str, str] = {}
    """Column of your file = column of the source, for every file; ``ingest --map`` says it of one call."""


class OddsApi(_Section):
    """The Odds API, version 4: what the books offer on coming games."""

    key: SecretStr | None = None
    """Yours at The Odds API; only as the variable or in a file of secrets, never in ``busta.toml``."""
    url: str = "https://api.the-odds-api.com"
    regions: Annotated[tuple[Literal["us", "us2", "uk", "eu", "au"], ...], Field(min_length=1)] = ("us",)
    """Whose books are asked for; each counts against the quota."""
    bookmakers: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], ...] = ()
    """These books alone, by their keys at the API; by default all of the regions."""


class Linear(_Section):
    """The linear member."""

    ridge: Annotated[float, Field(gt=0)] = 100.0
    """Penalty on the squared coefficients of standardised features, in units of observations."""


class Boosting(_Section):
    """The XGBoost member; names and meanings as in XGBoost."""

    rounds: Annotated[int, Field(ge=1, le=10_000)] = 80
    max_depth: Annotated[int, Field(ge=1, le=12)] = 2
    eta: Annotated[float, Field(gt=0, le=1)] = 0.02
    subsample: Annotated[float, Field(gt=0, le=1)] = 0.7
    colsample_bytree: Annotated[float, Field(gt=0, le=1)] = 0.5
    min_child_weight: Annotated[float, Field(ge=0)] = 40.0
    reg_lambda: Annotated[float, Field(ge=0)] = 30.0
    max_bin: Annotated[int, Field(ge=2, le=1024)] = 64
    monotone: bool = False
    """Let what the trees say only rise, or only fall, with a feature of which the catalogue says which."""


class Members(_Section):
    """The members of the ensemble, and how they are put together."""

    members: Annotated[tuple[MemberName, ...], Field(min_length=1)] = ("linear", "boosting", "points")
    """Which are fitted: ``linear`` and ``boosting`` learn outcomes, ``points`` and ``points_boosting`` points."""
    features: Selection = "all"
    """Which of the market's features: ``all``, or those a fold's own training games speak for."""
    rung: Rung | None = None
    """How they are put together; by default as earlier folds justify."""
    calibration: Calibration | None = None
    """How the ensemble is calibrated; by default as earlier folds justify."""
    linear: Linear = Linear()
    """Logistic regression of the outcome."""
    boosting: Boosting = Boosting()
    """Trees of the outcome."""
    points: Linear = Linear()
    """Ridge regression of the margin or total."""
    points_boosting: Boosting = Boosting()
    """Trees of the margin or total."""
    line_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of a training label that comes from the price of that past game, the rest from its outcome."""
    mirrored: Mirrored = "none"
    """Which members learn from each game with its sides swapped, too, where a margin decides."""
    half_life: Annotated[float, Field(gt=0)] | None = None
    """Seasons after which a game counts half in training; by default all count the same."""
    era: Annotated[int, Field(ge=1850, le=2300)] | None = None
    """First season of the era games are played in today; by default there is no other."""
    era_weight: Annotated[float, Field(gt=0, le=1)] = 0.5
    """What a game before the era counts in training."""
    noise: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Learn from copies of each game, too, whose features are off by so many of their standard deviations."""


class Train(_Section):
    """How models are trained and tested."""

    first_test_season: Annotated[int, Field(ge=1850, le=2300)] | None = None
    """First season to be tested on; by default after a third of the seasons there are."""
    min_train_games: Annotated[int, Field(ge=50)] = 200
    window: Annotated[int, Field(ge=1)] | None = None
    """Train on this many seasons before the test block; by default on all (expanding window)."""
    refit_weeks: Annotated[int, Field(ge=1)] | None = None
    """Fit anew every so many weeks within a test season; by default once a season."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 20
    jobs: Annotated[int, Field(ge=1, le=64)] = 2
    cluster: str | None = None
    """Address of a Dask scheduler whose workers do the fits instead of threads; changes no result."""
    anchored: Members = Members(linear=Linear(ridge=1000.0), points=Linear(ridge=4000.0))
    """Members that start from the market's price."""
    blind: Members = Members(
        linear=Linear(ridge=30.0),
        boosting=Boosting(rounds=150, eta=0.05),
        points=Linear(ridge=120.0),
        points_boosting=Boosting(rounds=150, eta=0.05),
        line_share=0.5,
    )
    """Members that see no price of the game."""

    def members(self, *, blind: bool) -> Members:
        """The members of a blind or of an anchored model."""
        return self.blind if blind else self.anchored

    def with_members(self, members: Members, *, blind: bool) -> Train:
        """The same with other members there."""
        return self.model_copy(update={"blind" if blind else "anchored": members})


class Tune(_Section):
    """The search for settings of the members, nested in the walk forward."""

    trials: Annotated[int, Field(ge=0, le=10_000)] = 0
    """How many settings are tried; 0 is no search."""
    search: Literal["tpe", "random", "grid"] = "tpe"
    """How they are proposed: learning from those before (``tpe``), at random, or by a fixed grid."""
    prune: bool = True
    """Give up those that the guiding seasons show to be in the worse half."""
    storage: str | None = None
    """Database of trials, such as PostgreSQL's; by default a file in the workspace."""


class Bets(_Section):
    """Which bets are taken and how large they are."""

    min_edge: Annotated[float, Field(ge=0, lt=1)] = 0.02
    max_edge: Annotated[float, Field(gt=0)] | None = None
    """An edge above it is too good to be true and not bet; by default none is."""
    strongest: Annotated[float, Field(gt=0, le=1)] | None = None
    """Bet only this share of the strongest opinions, by the opinions of earlier seasons; by default all."""
    assumed_prices: bool = True
    """Bet at prices that nobody recorded, too."""
    stakes: Stakes = "flat"
    """How a back-test stakes."""
    unit: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Share of the bankroll on a bet: of the first one for flat stakes, of the current one for proportional."""
    kelly_fraction: Annotated[float, Field(gt=0, le=1)] = 0.25
    kelly_cap: Annotated[float, Field(gt=0, le=1)] = 0.05
    bankroll: Annotated[float, Field(gt=0, le=1e12)] = 100.0
    """What a back-test starts with."""
    slippage: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each price's profit that a back-test loses between quote and bet."""
    ruin: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the bankroll at or below which it counts as ruined."""
    vig_method: VigMethod = "multiplicative"
    allow_unproven: bool = False
    """Real stakes for a model that is not fit to bet, too; each prediction and the version then say so."""


class Gate(_Section):
    """Rules and levels of the gate."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Chance, over the lifetime of a market, of calling informative what is not."""
    planned_trials: Annotated[int, Field(ge=1, le=100_000)] = 20
    """How many recipes you plan to try on a market; the first training declares it, and it holds from then on."""
    horizon: Annotated[int, Field(ge=272, le=1_000_000)] = 1400
    """Games after registration that later results are judged at; declared with the first training, too."""
    line_margin: Annotated[float, Field(gt=0, lt=0.1)] = 0.002
    """Log loss that a model may be worse than the line it is bet against and still count as not worse."""
    champion_margin: Annotated[float, Field(gt=0, lt=0.1)] = 0.002
    """The same against the reigning champion."""
    milliseconds: Annotated[float, Field(gt=0)] = 100.0
    """What one prediction may take."""
    too_good: Annotated[float, Field(gt=0, lt=1)] = 0.02
    """Log loss below the closing line's that no model reaches without having seen what it should not."""
    profit_level: Annotated[float, Field(gt=0.5, lt=1)] = 0.965
    """Level of the lower bound of the edge at which bets are asked to earn."""
    recent_weeks: Annotated[int, Field(ge=4, le=500)] = 34
    """Weeks that must still show the edge."""


class Trial(_Section):
    """Trials of challenger against champion; a trial keeps what was in force when it started."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Chance, over the lifetime of a market, that a trial is won by a challenger that is no better."""
    planned: Annotated[int, Field(ge=1, le=1000)] = 2
    """How many trials you plan on a market; these share half of alpha, later ones get less and less."""
    beta: Annotated[float, Field(gt=0, lt=0.5)] = 0.025
    """Chance of giving up a challenger that is better by the margin because it seems not to be."""
    margin: Annotated[float, Field(gt=0, lt=0.1)] = 0.002
    """Log loss a game that a challenger has to gain to be worth waiting for."""
    horizon: Annotated[int, Field(ge=10, le=1_000_000)] = 2800
    """Games after which a trial that nothing decided ends as futile."""
    require: bool = False
    """Let `busta promote` refuse a challenger that has not won a trial against the champion."""


class Ledger(_Section):
    """The record of predictions, bets and results, and what may be staked."""

    url: str | None = None
    """Database, such as PostgreSQL's; by default the workspace's own ``ledger.db``."""
    bankroll: Annotated[float, Field(gt=0, le=1e12)] = 100.0
    """Money on the first day, for real bets and for those on paper alike; deposits come on top."""
    max_game: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the bankroll on all bets of one game together."""
    max_day: Annotated[float, Field(gt=0, le=1)] = 0.25
    """The same of one day."""
    books: dict[str, Annotated[float, Field(gt=0)]] = {}
    """Book = the most money it takes on one bet."""
    stop_loss: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the highest bankroll so far whose loss ends all recommendations."""
    weekly_stop_loss: Annotated[float, Field(gt=0, le=1)] | None = None
    """The same of the bankroll a week begins with, until the next; by default there is none."""


class Tracking(_Section):
    """MLflow."""

    tracking_uri: str | None = None
    """By default the workspace's own ``mlflow.db``."""


class Sim(_Section):
    """The simulated league."""

    seasons: Annotated[int, Field(ge=3, le=100)] = 12
    """Finished seasons; one more is under way."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7
    open_bias: Annotated[float, Field(ge=0, le=20)] = 2.0
    """Standard deviation of the opening line's error, in points."""
    close_correction: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of that error which the close corrects."""
    edge: Annotated[float, Field(ge=0, le=20)] = 0.0
    """Points by which the close is planted to be off for half of the teams; 0 is a fair market."""


class Serve(_Section):
    """The server."""

    host: str = "127.0.0.1"
    """Address to listen at; any but this machine's own asks for a key (``busta keys add``)."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """Port to listen at; 0 takes any that is free."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that answer."""
    hosts: tuple[str, ...] = ()
    """Further names that requests may call the server by, such as that of a proxy before it."""
    refresh: Annotated[float, Field(gt=0, le=3600)] = 2.0
    """Seconds between two looks at MLflow's aliases and the gold store."""
    body: Annotated[int, Field(ge=1000, le=100_000_000)] = 1_000_000
    """Bytes a request may have."""
    batch: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Games a request may ask for."""
    rate: Annotated[float, Field(gt=0)] = 20_000.0
    """Requests a second from one key, or one address without; twice as many at once."""
    seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """What a request may take, its arrival included."""
    queue: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Rows that may wait to be written to the ledger."""
    keys: Path | None = None
    """File of API keys, hashed; by default ``keys.json`` in the workspace."""


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
    sim: Sim = Sim()
    serve: Serve = Serve()

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
        _refuse_key_in(file)
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


def _refuse_key_in(file: Path) -> None:
    if tomllib.loads(file.read_text()).get("odds_api", {}).get("key"):
        raise UsageError(
            f"{file}: odds_api.key is a secret; give it as the variable BUSTA_ODDS_API__KEY, "
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
    given = "***" if key == "odds_api.key" else without_password(repr(first["input"]))
    says = _not_finite(first["input"]) if first["type"] == "finite_number" else first["msg"].lower()
    return f"setting {key} = {given}: {says}{more}. Set in {file}, BUSTA_… or by a flag"


def _not_finite(given: Any) -> str:
    return f"{'not a number' if math.isnan(float(given)) else 'infinite'}; needed is a finite number"


def _allowed(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location[:-1]:
        model = model.model_fields[part].annotation
    return sorted(model.model_fields)
