"""Small tables made by hand, for tests that know what has to come out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.betting.settlement import label
from busta.data.schema import EPA, FACTS, FINAL_LAG, GAMES, INSTANT, PASSES, PLAYS, QUOTES, STARTER, TURNOVERS, known_at
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.features.build import build_events, every_feature, missing_inputs
from busta.features.store import MemoryGold
from busta.markets.dataset import Dataset
from busta.plugins import League, Place, pick

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.plugins import Market
    from busta.settings import Settings

BOSTON, LOS_ANGELES = Place(42.37, -71.02, "America/New_York"), Place(33.94, -118.41, "America/Los_Angeles")
PHOENIX, LONDON = Place(33.43, -112.01, "America/Phoenix"), Place(51.47, -0.45, "Europe/London")


def at(text: str) -> datetime:
    """A moment of UTC, from ISO 8601."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def tiny_league(**changes: Any) -> League:
    """Four teams, two of them in Boston."""
    league = League(
        name="tiny",
        title="Tiny league",
        teams=("BOS", "LAX", "PHX", "NEW"),
        load=lambda _settings, _paths: None,
        margin_sd=10.0,
        total_sd=10.0,
        home_edge=2.2,
        places={"BOS": BOSTON, "NEW": BOSTON, "LAX": LOS_ANGELES, "PHX": PHOENIX, "wembley": LONDON},
    )
    return replace(league, **changes)


def game(home: str, away: str, kickoff: str, score: tuple[int, int] | None = None, **changes: Any) -> dict[str, Any]:
    """A row of ``games``; its id says who plays when."""
    start = at(kickoff)
    row = {
        "game_id": f"{away}@{home} {kickoff}",
        "season": start.year,
        "week": 1,
        "phase": "regular",
        "kickoff": start,
        "kickoff_assumed": False,
        "home_team": home,
        "away_team": away,
        "home_score": score[0] if score else None,
        "away_score": score[1] if score else None,
        "neutral": False,
        "division": False,
        "roof": "outdoors",
        "surface": "grass",
        "venue": home,
    }
    return row | changes


def games_of(*rows: dict[str, Any]) -> pl.DataFrame:
    """The table of those games."""
    return pl.DataFrame(list(rows), schema=GAMES)


def quote(of: dict[str, Any], market: str, line: float = 0.0, prices: tuple[Any, Any] = (1.9, 1.9), **changes: Any):
    """A row of ``quotes``: at the close, a second before the start."""
    row = {
        "game_id": of["game_id"],
        "market": market,
        "book": "book",
        "moment": "close",
        "line": line,
        "first_price": prices[0],
        "second_price": prices[1],
        "known_at": of["kickoff"] - timedelta(seconds=1),
        "known_at_assumed": True,
    }
    return row | changes


def quotes_of(*rows: dict[str, Any]) -> pl.DataFrame:
    """The table of those quotes."""
    return pl.DataFrame(list(rows), schema=QUOTES)


def facts_of(games: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    """Facts of those games: how well both teams played, which their scores tell with noise, and who started."""
    rng = np.random.default_rng(seed)
    frames = []
    for side in ("home", "away"):
        played = games.filter(pl.col(f"{side}_score").is_not_null())
        epa = played[f"{side}_score"] - 21 + pl.Series(rng.normal(0, 5, played.height))
        frames.append(_facts(played, side, EPA, value=epa.cast(pl.Float64)))
        for fact, usual in ((PLAYS, 62.0), (PASSES, 0.6), (TURNOVERS, 1.3)):
            frames.append(_facts(played, side, fact, value=usual * pl.Series(rng.uniform(0.5, 1.5, played.height))))
        second = pl.Series(rng.random(games.height) < 0.1)  # one game in ten without the usual one
        who = pl.format("{}-{}", f"{side}_team", pl.when(second).then(pl.lit("second")).otherwise("season"))
        frames.append(_facts(games, side, STARTER, label=games.select(who).to_series()))
    return pl.concat(frames)


def _facts(games: pl.DataFrame, side: str, fact: str, **given: pl.Series) -> pl.DataFrame:
    frame = games.select("game_id", pl.col(f"{side}_team").alias("team"), pl.lit(fact).alias("fact"))
    nothing = {name: pl.lit(None) for name in ("value", "label")}
    return frame.with_columns(**(nothing | given)).select(*FACTS).cast(dict(FACTS))  # type: ignore[arg-type]


def gold_from(
    games: pl.DataFrame, quotes: pl.DataFrame, league: League, facts: pl.DataFrame | None = None
) -> MemoryGold:
    """A gold store of those tables, as a build makes it."""
    facts = pl.DataFrame(schema=FACTS) if facts is None else facts
    manifest = {
        "version": "test",
        "features": [feature.to_dict() for feature in every_feature()],
        "missing": missing_inputs(games, quotes, facts),
    }
    events = build_events(games, quotes, league, facts=facts)
    return MemoryGold(games, quotes, events, every_feature(), manifest, facts)


def same_bytes(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two frames hold the same columns, rows and bits; nulls only match nulls."""
    if one.schema != other.schema or one.height != other.height or not one.equals(other):
        return False
    floats = [name for name, dtype in one.schema.items() if dtype == pl.Float64]
    return all(one[name].to_numpy().tobytes() == other[name].to_numpy().tobytes() for name in floats)


def planted(
    *,
    seasons: int = 6,
    weeks: int = 10,
    per_week: int = 12,
    signal: float = 0.8,
    market: str = "moneyline",
    moment: Any = "close",
    blind: bool = False,
    features: int = 4,
    seed: int = 0,
) -> Dataset:
    """Games whose log-odds are the market's plus ``signal`` times the first feature, every week on Sundays."""
    rng = np.random.default_rng(seed)
    chosen: Market = pick("market", market)
    count = seasons * weeks * per_week
    season = np.repeat(np.arange(2001, 2001 + seasons), weeks * per_week)
    week = np.tile(np.repeat(np.arange(1, weeks + 1), per_week), seasons)
    kickoff = pl.Series([datetime(s, 9, 1, 17, tzinfo=UTC) + timedelta(days=7 * int(w)) for s, w in zip(season, week)])  # noqa: B905
    X = rng.normal(size=(count, features))
    log_odds = rng.normal(0, 0.7, count)
    p = 1 / (1 + np.exp(-(log_odds + signal * X[:, 0])))
    line = np.zeros(count) if not chosen.has_line else np.round(rng.normal(3 if market == "ats" else 45, 5, count))
    value = line + np.where(rng.uniform(size=count) < p, 1, -1) * rng.integers(1, 25, count)
    games = pl.DataFrame(
        {
            "game_id": [f"g{i}" for i in range(count)],
            "season": season.astype(np.int32),
            "week": week.astype(np.int32),
            "kickoff": kickoff.cast(INSTANT),
            "home_team": "BOS",
            "away_team": "LAX",
        }
    ).with_columns(
        (known_at(moment) + timedelta(seconds=1)).alias("decision_time"),
        (pl.col("kickoff") + FINAL_LAG).cast(INSTANT).alias("final_time"),
        known_at(moment).alias("known_at"),
    )
    return Dataset(
        market=chosen,
        league=tiny_league(),
        blind=blind,
        moment=moment,
        games=games,
        names=tuple(f"x{i}" for i in range(features)),
        X=X,
        y=label(value, line),
        value=value.astype(np.float64),
        line=line.astype(np.float64),
        prices=np.full((count, 2), 1.91),
        price_assumed=np.zeros(count, dtype=np.bool_),
        market_log_odds=log_odds,
        closing_line=line.astype(np.float64),
        closing_prices=np.full((count, 2), 1.91),
        closing_log_odds=log_odds,
        elo=X[:, 0] + rng.normal(size=count),
    )


def won(p: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Outcomes drawn with those probabilities."""
    return (np.random.default_rng(seed).uniform(size=p.shape) < p).astype(np.float64)


def play(settings: Settings, **scores: tuple[int, int] | None) -> None:
    """Ingests scores of games; ``None`` takes one back."""
    tables = Tables(settings.tables / "sim")
    stored, truth = tables.read(), tables.truth()
    found: dict[str, Any] = dict(scores)
    games = stored.games.with_columns(
        pl.Series(
            name,
            [found.get(game, (home, away))[side] if found.get(game, 1) else None for game, home, away in was],
            dtype=pl.Int32,
        )
        for side, name in enumerate(("home_score", "away_score"))
        for was in [stored.games.select("game_id", "home_score", "away_score").rows()]
    )
    tables.update(Batch(games, stored.quotes, truth=truth, facts=stored.facts))
