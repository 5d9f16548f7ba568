"""A simulated league that is lived through: what is known of it at a time, and worlds that change on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import FINAL_LAG
from busta.data.source import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["known", "stitched"]

_LISTED = timedelta(days=21)
"""How long before they start games are listed."""
_SCORES = ("home_score", "away_score")


def known(batch: Batch, now: datetime) -> Batch:
    """What of a played league is known at a time: final scores, the games of the next three weeks, their quotes so far.

    Args:
        batch: All that was played, with its truth.
        now: The time, UTC.
    """
    games = batch.games.filter(pl.col("kickoff") <= now + _LISTED)
    over = pl.col("kickoff") + FINAL_LAG <= now
    games = games.with_columns(pl.when(over).then(pl.col(_SCORES)))
    there = pl.col("game_id").is_in(games["game_id"].implode())
    quotes = batch.quotes.filter(there & (pl.col("known_at") <= now))
    return Batch(games, quotes, truth=None if batch.truth is None else batch.truth.filter(there))


def stitched(parts: Sequence[tuple[Batch, range]]) -> Batch:
    """One league of several: of each the seasons that are named.

    Played by the same seed, worlds that differ in their home edge or their scoring have the same teams with the same
    strengths: what changes from one season to the next is what was changed.
    """
    games, quotes, truths = [], [], []
    for batch, seasons in parts:
        mine = batch.games.filter(pl.col("season").is_in(list(seasons)))
        there = pl.col("game_id").is_in(mine["game_id"].implode())
        games.append(mine)
        quotes.append(batch.quotes.filter(there))
        if batch.truth is not None:
            truths.append(batch.truth.filter(there))
    return Batch(pl.concat(games), pl.concat(quotes), truth=pl.concat(truths) if truths else None)
