"""Writes a played history down in the tables of ``busta.data.schema``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.data.schema import GAMES, QUOTES, TRUTH, known_at
from busta.data.source import Batch
from busta.leagues.simulation.quotes import belief, offers
from busta.leagues.simulation.schedule import HOME, REGULAR_WEEKS
from busta.leagues.simulation.scores import MARGINS, TOTALS, given_no_push
from busta.leagues.simulation.seasons import Centres, Season, history
from busta.leagues.simulation.teams import DIVISIONS, SITES, TEAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.leagues.simulation.quotes import Offer
    from busta.leagues.simulation.scores import Ints
    from busta.leagues.simulation.world import World

__all__ = ["BOOK", "played"]

BOOK = "sim"
CODES = np.array([club.code for club in TEAMS])
SURFACES = np.array([club.surface for club in TEAMS])
VENUES = np.array(list(SITES))
SIZE = len(TEAMS) // DIVISIONS


def played(world: World) -> Batch:
    """Plays the world and returns its games, quotes and truth, by kick-off."""
    seasons = history(world)
    games = pl.concat([_games(season) for season in seasons])
    current = (pl.col("season") == seasons[-1].year) & (pl.col("week") > REGULAR_WEEKS - world.unplayed_weeks)
    score = pl.when(~current).then(pl.col("home_score", "away_score"))
    games = games.with_columns(score)
    centres = _all_centres(seasons)
    week = games["week"].to_numpy().astype(np.int64)
    offered = offers(world, centres, week)
    return Batch(games, _quotes(games, offered), truth=_truth(world, games, centres, week, offered))


def _games(season: Season) -> pl.DataFrame:
    fixtures = season.fixtures
    home, away = CODES[fixtures.home], CODES[fixtures.away]
    neutral = fixtures.site != HOME
    columns = {
        "game_id": _ids(season.year, fixtures.week, home, away),
        "season": np.full(len(home), season.year),
        "week": fixtures.week,
        "phase": np.where(fixtures.week <= REGULAR_WEEKS, "regular", "post"),
        "kickoff": pl.Series(fixtures.local.astype("datetime64[us]")),
        "kickoff_assumed": np.zeros(len(home), dtype=bool),
        "home_team": home,
        "away_team": away,
        "home_score": season.points[:, 0],
        "away_score": season.points[:, 1],
        "neutral": neutral,
        "division": fixtures.home // SIZE == fixtures.away // SIZE,
        "roof": season.roof,
        "surface": np.where(neutral, "grass", SURFACES[fixtures.home]),
        "venue": np.where(neutral, VENUES[fixtures.site], home),
    }
    utc = pl.col("kickoff").dt.replace_time_zone("America/New_York").dt.convert_time_zone("UTC")
    return pl.DataFrame(columns).with_columns(utc).cast(dict(GAMES))  # type: ignore[arg-type]


def _ids(year: int, week: Ints, home: NDArray[np.str_], away: NDArray[np.str_]) -> list[str]:
    return [f"{year}_{w:02d}_{a}_{h}" for w, h, a in zip(week.tolist(), home, away, strict=True)]


def _all_centres(seasons: Sequence[Season]) -> Centres:
    names = ("truth", "close", "open")
    return Centres(*(np.concatenate([getattr(season.centres, name) for season in seasons]) for name in names))


def _quotes(games: pl.DataFrame, offered: dict[tuple[str, str], Offer]) -> pl.DataFrame:
    frames = [
        games.select(
            "game_id",
            pl.lit(market).alias("market"),
            pl.lit(BOOK).alias("book"),
            pl.lit(moment).alias("moment"),
            pl.Series("line", offer.line),
            pl.Series("first_price", offer.first),
            pl.Series("second_price", offer.second),
            known_at(moment).alias("known_at"),  # type: ignore[arg-type]
            pl.lit(value=False).alias("known_at_assumed"),  # in this world the book does post then
        )
        for (market, moment), offer in offered.items()
    ]
    return pl.concat(frames).cast(dict(QUOTES))  # type: ignore[arg-type]


def _truth(
    world: World, games: pl.DataFrame, centres: Centres, week: Ints, offered: dict[tuple[str, str], Offer]
) -> pl.DataFrame:
    """Means and probabilities from the distributions that the scores were drawn from."""
    real = belief(world, centres.truth, week)
    columns = {
        "game_id": games["game_id"],
        "margin_mean": (real.margins * MARGINS).sum(axis=1),
        "total_mean": (real.totals * TOTALS).sum(axis=1),
        "home_win": given_no_push(real.margins, MARGINS, np.zeros(len(games))),
        "home_cover": given_no_push(real.margins, MARGINS, offered["ats", "close"].line),
        "over": given_no_push(real.totals, TOTALS, offered["totals", "close"].line),
    }
    return pl.DataFrame(columns, schema=TRUTH)
