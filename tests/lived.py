"""A workspace whose league is lived through: at each moment it has what was known then, and the clock says so."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest import mock

import polars as pl

from busta.data.source import Batch
from busta.data.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.settings import Settings

SEEN = timedelta(days=21)
"""How long before they start games are listed."""
PLAYED = timedelta(hours=4)


def known(batch: Batch, now: datetime) -> Batch:
    """What of a played league was known at a time: results, the games soon to come, their quotes so far."""
    games = batch.games.filter(pl.col("kickoff") <= now + SEEN)
    over = pl.col("kickoff") + PLAYED <= now
    games = games.with_columns(pl.when(over).then(pl.col(name)).alias(name) for name in ("home_score", "away_score"))
    quotes = batch.quotes.filter((pl.col("known_at") <= now) & pl.col("game_id").is_in(games["game_id"].implode()))
    assert batch.truth is not None
    truth = batch.truth.filter(pl.col("game_id").is_in(games["game_id"].implode()))
    return Batch(games, quotes, truth=truth)


def live(settings: Settings, batch: Batch, now: datetime) -> None:
    """Ingests what was known at that time."""
    Tables(settings.tables / "sim").update(known(batch, now))


@contextmanager
def clock(now: datetime) -> Iterator[datetime]:
    """The time of `time.time`, which is MLflow's: it begins at ``now`` and goes on."""
    began, start = time.perf_counter(), now.timestamp()

    def passes() -> float:
        return start + time.perf_counter() - began

    with mock.patch.object(time, "time", passes):
        yield now


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
