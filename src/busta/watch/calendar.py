"""When games are played, as the watch compares them: the start of a season is held against the starts of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.errors import UsageError
from busta.trials.gains import calendar_weeks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["POST", "Calendar", "calendar"]

POST = 1000
"""Stages of play-offs count from here."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """When each game is played.

    Attributes:
        season: Shape (games,).
        week: The day its calendar week begins, shape (games,).
        stage: How many weeks with games its season had before; play-offs count their own weeks, from `POST` on.
    """

    season: NDArray[np.int64]
    week: NDArray[np.datetime64]
    stage: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.week)

    def take(self, rows: NDArray[np.bool_]) -> Calendar:
        """Those games only."""
        return Calendar(self.season[rows], self.week[rows], self.stage[rows])


def calendar(kickoff: ArrayLike, season: ArrayLike, post: ArrayLike) -> Calendar:
    """The calendar of games.

    >>> days = ["2026-09-10", "2026-09-17", "2026-10-01", "2027-01-10"]
    >>> calendar(days, [2026] * 4, [False, False, False, True]).stage
    array([   0,    1,    2, 1000])

    Args:
        kickoff: Start in UTC, shape (games,).
        season: Shape (games,).
        post: Whether it is a play-off game, shape (games,).

    Raises:
        UsageError: Shapes that do not fit each other.
    """
    week, seasons, late = calendar_weeks(kickoff), np.asarray(season, dtype=np.int64), np.asarray(post, dtype=np.bool_)
    if not week.shape == seasons.shape == late.shape:
        raise UsageError(f"starts {week.shape}, seasons {seasons.shape} and play-offs {late.shape} do not fit")
    stage = np.zeros(len(week), dtype=np.int64)
    for part in np.unique(2 * seasons + late):
        rows = 2 * seasons + late == part
        stage[rows] = np.unique(week[rows], return_inverse=True)[1] + POST * int(part % 2)
    return Calendar(seasons, week, stage)
