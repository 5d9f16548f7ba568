"""What the challenger gained on the champion, paired: the same games, the same prices, week by week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.errors import UsageError
from busta.scoring.proper import SMALLEST

__all__ = ["Gains", "calendar_weeks", "gain_if_true", "weekly_gains"]

Floats = NDArray[np.float64]

_TUESDAY = np.datetime64("1970-01-06T12", "h")


@dataclass(frozen=True, eq=False)
class Gains:
    """Week sums of the champion's log loss less the challenger's, in order of time, in nats.

    Before a week is played its forecasts say what it can bring at worst and at best, whatever the results.
    Worlds of a simulation stand in leading axes.

    Attributes:
        weeks: Label of each week, shape (weeks,).
        games: Games with both forecasts and a winner, shape (..., weeks).
        gain: Sum over them; above 0 where the challenger forecast better, shape (..., weeks).
        worst: The least that sum could have been, at most 0, shape (..., weeks).
        best: The most, at least 0, shape (..., weeks).
    """

    weeks: NDArray[np.generic]
    games: Floats
    gain: Floats
    worst: Floats
    best: Floats

    def __len__(self) -> int:
        return len(self.weeks)

    def until(self, weeks: int) -> Gains:
        """The first so many weeks."""
        parts = (self.games, self.gain, self.worst, self.best)
        return Gains(self.weeks[:weeks], *(part[..., :weeks] for part in parts))

    def swapped(self) -> Gains:
        """The same with champion and challenger in each other's place."""
        return Gains(self.weeks, self.games, -self.gain, -self.best, -self.worst)

    def less(self, margin: float) -> Gains:
        """What is left after so much a game."""
        taken = margin * self.games
        return Gains(self.weeks, self.games, self.gain - taken, self.worst - taken, self.best - taken)


def weekly_gains(champion: ArrayLike, challenger: ArrayLike, y: ArrayLike, weeks: ArrayLike) -> Gains:
    """Pair two forecasts of the same games; a game that lacks one of them or a winner is in no sum.

    >>> weekly_gains([0.5, 0.5], [0.6, 0.4], [1.0, 1.0], weeks=[1, 2]).gain.round(4)
    array([ 0.1823, -0.2231])

    Args:
        champion: Probability of the first side given no push, shape (..., n).
        challenger: The same, of the other version.
        y: 1 first side, 0 second side, NaN push or not played; the same shape.
        weeks: Label of each game's week, sorting by time, shape (n,).

    Raises:
        UsageError: A probability outside [0, 1], a result that is not 0, 1 or NaN, shapes that do not fit.
    """
    labels = np.asarray(weeks)
    c, h, y = (np.asarray(part, dtype=np.float64) for part in (champion, challenger, y))
    if labels.ndim != 1 or not c.shape == h.shape == y.shape or y.shape[-1:] != labels.shape:
        raise UsageError(f"forecasts {c.shape} and {h.shape}, results {y.shape} and weeks {labels.shape} do not fit")
    if any(((p < 0) | (p > 1)).any() for p in (c, h)):
        raise UsageError("a probability is outside 0 to 1")
    if ((y != 0) & (y != 1) & ~np.isnan(y)).any():
        raise UsageError("a result is not 0, 1 or NaN")
    return _summed(*_games(c, h, y), labels)


def _games(c: Floats, h: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Whether each game counts, and its gain, worst and best."""
    c, h = (np.clip(p, SMALLEST, 1 - SMALLEST) for p in (c, h))
    counts = ~np.isnan(c + h + y)
    first, second = (np.where(counts, np.log(a / b), 0.0) for a, b in ((h, c), (1 - h, 1 - c)))
    return (
        counts.astype(np.float64),
        np.where(y == 1, first, second),
        np.minimum(first, second),
        np.maximum(first, second),
    )


def _summed(counts: Floats, gain: Floats, worst: Floats, best: Floats, weeks: NDArray[np.generic]) -> Gains:
    order = np.argsort(weeks, kind="stable")
    distinct, starts = np.unique(weeks[order], return_index=True)
    if not len(distinct):
        return Gains(distinct, counts, gain, worst, best)
    return Gains(
        distinct, *(np.add.reduceat(part[..., order], starts, axis=-1) for part in (counts, gain, worst, best))
    )


def gain_if_true(champion: ArrayLike, challenger: ArrayLike) -> float:
    """Mean gain a game if the challenger's probabilities are the true ones (Kullback and Leibler 1951).

    >>> round(gain_if_true([0.5, 0.6], [0.55, 0.6]), 4)
    0.0025

    Args:
        champion: Probability of the first side, shape (n,).
        challenger: The same, of the other version.
    """
    c, h = (np.clip(np.asarray(p, dtype=np.float64), SMALLEST, 1 - SMALLEST) for p in (champion, challenger))
    return float(np.nanmean(h * np.log(h / c) + (1 - h) * np.log((1 - h) / (1 - c))))


def calendar_weeks(kickoff: ArrayLike) -> NDArray[np.datetime64]:
    """The day each game's week begins: seven days from Tuesday noon, UTC, when few leagues play.

    A postponed game belongs to the week in which it is played, whatever the schedule still calls it.

    >>> calendar_weeks(["2026-11-24T02:00", "2026-11-26T18:00"])
    array(['2026-11-17', '2026-11-24'], dtype='datetime64[D]')
    """
    hours = np.asarray(kickoff, dtype="datetime64[h]") - _TUESDAY
    return np.asarray((_TUESDAY + hours // np.timedelta64(168, "h") * np.timedelta64(168, "h")).astype("datetime64[D]"))
