"""Settings of all but training: data, bets, gate, trials, ledger, registry, server, simulated league."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from busta.settings.section import Section

__all__ = [
    "Bets",
    "Data",
    "Gate",
    "Ledger",
    "Logs",
    "OddsApi",
    "Pipeline",
    "Serve",
    "Sim",
    "Stakes",
    "Tracking",
    "Trial",
]

VigMethod = Literal["multiplicative", "additive", "power", "shin", "odds_ratio", "logarithmic"]
Stakes = Literal["flat", "proportional", "kelly", "fractional-kelly", "shrunk-kelly", "simultaneous-kelly"]


class Data(Section):
    """Where data comes from."""

    nflverse_url: str = "https://raw.githubusercontent.com/nflverse/nfldata/master/data/games.csv"
    nflverse_teams_url: Annotated[str, Field(pattern=r"\{season\}")] = (
        "https://github.com/nflverse/nflverse-data/releases/download/stats_team/stats_team_week_{season}.csv"
    )
    """Team statistics by week of one season, ``{season}`` standing for it."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds to wait for a server, each try."""
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    columns: dict[str, str] = Field(default_factory=dict)
    """Column of your file = column of the source, for every file; ``ingest --map`` says it of one call."""


class OddsApi(Section):
    """The Odds API, version 4: what the books offer on coming games."""

    key: SecretStr | None = None
    """Yours at The Odds API; only as the variable or in a file of secrets, never in ``busta.toml``."""
    url: str = "https://api.the-odds-api.com"
    regions: Annotated[tuple[Literal["us", "us2", "uk", "eu", "au"], ...], Field(min_length=1)] = ("us",)
    """Whose books are asked for; each counts against the quota."""
    bookmakers: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], ...] = ()
    """These books alone, by their keys at the API; by default all of the regions."""


class Bets(Section):
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


class Gate(Section):
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


class Trial(Section):
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


class Ledger(Section):
    """The record of predictions, bets and results, and what may be staked."""

    url: str | None = None
    """Database, such as PostgreSQL's; by default the workspace's own ``ledger.db``."""
    bankroll: Annotated[float, Field(gt=0, le=1e12)] = 100.0
    """Money on the first day, for real bets and for those on paper alike; deposits come on top."""
    max_game: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the bankroll on all bets of one game together."""
    max_day: Annotated[float, Field(gt=0, le=1)] = 0.25
    """The same of one day."""
    books: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Book = the most money it takes on one bet."""
    void_after: Annotated[float, Field(ge=0, le=400)] = 2.0
    """Days by which a game may begin later than when it was bet on; on one that is moved further a bet is void."""
    void_after_by: dict[str, Annotated[float, Field(ge=0, le=400)]] = Field(default_factory=dict)
    """Book = the same by its own rule."""
    void_moved: bool = False
    """Let `busta bets settle` void such bets by itself; by default it says which, and you do."""
    stop_loss: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the highest bankroll so far whose loss ends all recommendations."""
    weekly_stop_loss: Annotated[float, Field(gt=0, le=1)] | None = None
    """The same of the bankroll a week begins with, until the next; by default there is none."""


class Tracking(Section):
    """MLflow."""

    tracking_uri: str | None = None
    """By default the workspace's own ``mlflow.db``."""
    patience: Annotated[float, Field(ge=0, le=86_400)] = 30.0
    """Seconds for which a training tries again while MLflow is away or its database locked; 0 gives up at once."""


class Logs(Section):
    """What is logged, on standard error."""

    format: Literal["text", "json"] = "text"
    """For people, or one JSON object a line."""
    level: Literal["debug", "info", "warning", "error"] = "warning"
    """The least that is said; ``info`` tells what began and ended, too."""
    requests: bool = False
    """A line for every request that the server answers."""


class Pipeline(Section):
    """What ``dvc.yaml`` runs; read by DVC alone, from ``params.yaml``."""

    leagues: Annotated[tuple[str, ...], Field(min_length=1)] = ("sim",)
    """Each is ingested and built."""
    markets: Annotated[tuple[str, ...], Field(min_length=1)] = ("moneyline", "ats", "totals")
    """Of each league, each is trained, evaluated, put to the gate and reported."""


class Sim(Section):
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


class Serve(Section):
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
