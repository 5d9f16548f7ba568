"""Workspaces of a small simulated league, made once a session; the tests that change one get a copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import mlflow
import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.leagues.nfl import LEAGUE as NFL
from busta.registry.connect import Registry, connect
from busta.workflows.serving.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from busta.registry.versions import Version
    from busta.settings import Settings

CURRENT = 2014  # the season under way in a league of four finished ones
SETTINGS = """
[sim]
seasons = 4
[train]
first_test_season = 2012
jobs = 1
[train.anchored]  # loose, so that there is something to bet; by the margin below the moneyline passes, no other does
linear = { ridge = 100.0 }
points = { ridge = 400.0 }
[gate]
line_margin = 0.0045
[data]
nflverse_url = "http://127.0.0.1:9/games.csv"  # nobody listens there: no test downloads
timeout = 1.0
retries = 0
"""
PRICES = ("first_price", "second_price")
KINDS: dict[str, dict[str, Any]] = {
    "moneyline": {},
    "ats": {},
    "totals": {},
    "moneyline-blind": {"blind": True},
    "moneyline-open": {"moment": "open"},
    "moneyline-blind-open": {"blind": True, "moment": "open"},
}


@dataclass(frozen=True)
class Trained:
    """A workspace in which each kind of model was trained once; not to be changed."""

    settings: Settings
    results: dict[str, dict[str, Any]]

    @property
    def registry(self) -> Registry:
        return connect(self.settings)


@dataclass(frozen=True)
class Slated:
    """A workspace whose slates are made, and what was told of them; not to be changed."""

    settings: Settings
    made: list[dict[str, Any]]

    def copy(self, to: Path) -> Settings:
        """The settings of a copy that may be changed."""
        return busta.load(home=shutil.copytree(self.settings.home, to))


@cache
def _template(base: Path) -> Path:
    """Settings, tables, gold store and an empty MLflow database."""
    home = base / "template"
    home.mkdir()
    (home / "busta.toml").write_text(SETTINGS)
    settings = busta.load(home=home)
    busta.ingest(settings, "sim")
    busta.build(settings, "sim")
    connect(settings)
    return home


@cache
def _trained(base: Path) -> Trained:
    home = base / "trained"
    shutil.copytree(_template(base), home)
    settings = busta.load(home=home)
    results = {kind: busta.train(settings, kind.partition("-")[0], "sim", **options) for kind, options in KINDS.items()}
    return Trained(settings, results)


@cache
def _slated(base: Path) -> Slated:
    """The trained workspace with slates, made once; `prepare` itself is tried on it, so it says what it made."""
    settings = busta.load(home=shutil.copytree(_trained(base).settings.home, base / "slated"))
    return Slated(settings, prepare(settings))


def forget_variables(patch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a workspace of their own."""
    for name in list(os.environ):
        if name.startswith("BUSTA_") and name != "BUSTA_TEST_DATA":
            patch.delenv(name)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_variables(monkeypatch)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The shared workspace with trained models."""
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        return _trained(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def slated(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Slated:
    """The shared workspace with slates."""
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        return _slated(tmp_path_factory.getbasetemp())


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A workspace of the test's own: tables and gold are there, and no model."""
    return shutil.copytree(_template(tmp_path_factory.getbasetemp()), tmp_path / "home")


@pytest.fixture
def borrowed(trained: Trained, tmp_path: Path) -> Settings:
    """A copy of the trained workspace whose data and aliases may be changed; its models' files are the original's."""
    return busta.load(home=shutil.copytree(trained.settings.home, tmp_path / "borrowed"))


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of that workspace."""
    return busta.load(home=home)


@pytest.fixture
def registry(settings: Settings) -> Registry:
    """The empty registry of that workspace."""
    return connect(settings)


def register_again(registry: Registry, version: Version, tags: bool = True) -> None:
    """A second version of the same model; MLflow looks the model up where its own address points to."""
    mlflow.set_tracking_uri(registry.uri)
    copied = dict(version.tags) if tags else {}
    registry.client.create_model_version(version.name, version.source, version.run_id, tags=copied)


def as_nflverse(settings: Settings, seasons: tuple[int, ...] = (2010, 2011, 2012, 2013, 2014)) -> pl.DataFrame:
    """The simulated games as if nflverse had written them down, under the names of NFL teams."""
    tables = Tables(settings.tables / "sim").read()
    codes = dict(zip(sorted(tables.games["home_team"].unique()), sorted(NFL.teams), strict=True))
    games = tables.games.filter(pl.col("season").is_in(seasons)).with_columns(
        pl.col("home_team", "away_team").replace_strict(codes)
    )
    for market in ("moneyline", "ats", "totals"):
        quoted = tables.quotes.filter((pl.col("market") == market) & (pl.col("moment") == "close"))
        games = games.join(quoted.select("game_id", pl.col("line", *PRICES).name.prefix(market)), on="game_id")
    start = pl.col("kickoff").dt.convert_time_zone("America/New_York")
    return games.sort("kickoff", "game_id").select(
        pl.format("{}_{}_{}_{}", "season", "week", "away_team", "home_team").alias("game_id"),
        "season",
        pl.when(pl.col("phase") == "regular").then(pl.lit("REG")).otherwise(pl.lit("POST")).alias("game_type"),
        "week",
        start.dt.strftime("%Y-%m-%d").alias("gameday"),
        start.dt.strftime("%H:%M").alias("gametime"),
        "home_team",
        "away_team",
        "home_score",
        "away_score",
        pl.when("neutral").then(pl.lit("Neutral")).otherwise(pl.lit("Home")).alias("location"),
        pl.col("division").cast(pl.Int8).alias("div_game"),
        "roof",
        "surface",
        american("moneylinefirst_price", "home_moneyline"),
        american("moneylinesecond_price", "away_moneyline"),
        pl.col("atsline").alias("spread_line"),
        american("atsfirst_price", "home_spread_odds"),
        american("atssecond_price", "away_spread_odds"),
        pl.col("totalsline").alias("total_line"),
        american("totalsfirst_price", "over_odds"),
        american("totalssecond_price", "under_odds"),
    )


def american(decimal: str, name: str) -> pl.Expr:
    """American prices of a column of decimal ones."""
    gain = pl.col(decimal) - 1
    return pl.when(gain >= 1).then(100 * gain).otherwise(-100 / gain).round().cast(pl.Int64).alias(name)


BUSTA = [sys.executable, "-c", "from busta.cli import main; main()"]


def variables(home: Path, **more: str) -> dict[str, str]:
    """The environment of a busta in that workspace."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BUSTA_", "MLFLOW_"))}
    return kept | {"BUSTA_HOME": str(home)} | more


class Busta:
    """Real busta processes in one workspace."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        self.variables = variables(home, **more)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command."""
        return subprocess.Popen(
            [*BUSTA, *arguments], env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def json(self, *arguments: str) -> Any:
        """Runs a command to its good end, which may be a "no"; returns the one object it prints."""
        done = subprocess.run(
            [*BUSTA, *arguments, "--json"], env=self.variables, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 3), done.stderr
        assert len(done.stdout.splitlines()) == 1, done.stdout
        return json.loads(done.stdout)
