"""One simulated league, and the same league with another future."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from busta.data.schema import FINAL_LAG, INSTANT
from busta.features.build import CATALOG, build_events
from busta.features.store import MemoryGold
from busta.leagues.sim import LEAGUE
from busta.performance.zoo.ground import Ground, simulated

if TYPE_CHECKING:
    from datetime import datetime

SEASONS = 7
SCHEDULED = timedelta(days=8)


@dataclass(frozen=True)
class Fork:
    """Two worlds that are one before ``cut``; from then on results, closing quotes and the schedule differ."""

    one: Ground
    other: Ground
    cut: datetime


@pytest.fixture(scope="session")
def ground() -> Ground:
    return simulated(3, seasons=SEASONS)


@pytest.fixture(scope="session")
def fork(ground) -> Fork:
    """The cut is the busiest hour of a regular season's last Sunday, with test folds before and after it."""
    season = int(ground.close["season"].max()) - 2
    last_week = ground.close.filter((pl.col("season") == season) & (pl.col("week") == 18))
    cut = last_week["kickoff"].mode()[0]
    return Fork(ground, otherwise(ground, cut), cut)


def otherwise(ground: Ground, cut: datetime) -> Ground:
    """The league in which every result that is not final by then is the other way round."""
    games, quotes = ground.gold.games, ground.gold.quotes
    open_yet = pl.col("kickoff") + FINAL_LAG >= cut
    delayed = pl.when(pl.col("kickoff") >= cut + SCHEDULED).then(pl.lit(timedelta(days=1))).otherwise(timedelta(0))
    games = games.with_columns(
        kickoff=(pl.col("kickoff") + delayed).cast(INSTANT),
        home_score=pl.when(open_yet).then("away_score").otherwise("home_score"),
        away_score=pl.when(open_yet).then("home_score").otherwise("away_score"),
    )
    later = (pl.col("moment") == "close") & (pl.col("known_at") >= cut)
    quotes = quotes.with_columns(
        line=pl.when(later & (pl.col("market") != "moneyline")).then(pl.col("line") + 3).otherwise("line"),
        first_price=pl.when(later).then("second_price").otherwise("first_price"),
        second_price=pl.when(later).then("first_price").otherwise("second_price"),
    )
    events = build_events(games, quotes, LEAGUE)
    return Ground(MemoryGold(games, quotes, events, CATALOG, {"version": None}))
