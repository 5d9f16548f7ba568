"""Intervals that know that games of one week, and bets on one game, are not independent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["weekly_ratio_interval"]


def weekly_ratio_interval(
    numerator: ArrayLike,
    denominator: ArrayLike,
    weeks: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of sum(numerator) / sum(denominator), resampling whole weeks (Efron's percentiles).

    ROI is profit over stakes; a mean difference of losses is the differences over 1. A draw takes as
    many weeks as there are, with replacement; every row of a week comes and goes with it.

    >>> weekly_ratio_interval([1.0, -1.0, 0.5, 0.2], 1.0, weeks=[1, 1, 2, 3])
    (0.0, 0.5)

    Args:
        numerator: One number a row, shape (n,).
        denominator: The same, or one number for all rows.
        weeks: Label of each row's week, shape (n,), unique across seasons.
        level: Probability that the interval is to cover.
        draws: Resamples.
        seed: Of the resampling: the same seed gives the same interval.

    Returns:
        (low, high); NaN for fewer than two weeks, a missing number, or a denominator of 0 throughout.

    Raises:
        UsageError: Shapes that do not fit, a level outside (0, 1), no draws.
    """
    if not 0 < level < 1 or draws < 1:
        raise UsageError(f"level {level} and {draws} draws; a level is between 0 and 1, draws at least 1")
    above, below = _resampled(*_weekly_sums(numerator, denominator, weeks), draws=draws, seed=seed)
    if not (below != 0).any():
        return np.nan, np.nan
    ratios = above[below != 0] / below[below != 0]
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _weekly_sums(*columns: ArrayLike) -> list[NDArray[np.float64]]:
    """Sums by week of all columns but the last, which holds the weeks."""
    weeks = np.asarray(columns[-1])
    parts = [np.asarray(column, dtype=np.float64) for column in columns[:-1]]
    if weeks.ndim != 1 or any(part.shape not in {(), weeks.shape} for part in parts):
        raise UsageError(f"numbers of shape {[part.shape for part in parts]} do not fit weeks {weeks.shape}")
    _, week = np.unique(weeks, return_inverse=True)
    return [np.bincount(week, np.broadcast_to(part, weeks.shape)).astype(np.float64) for part in parts]


def _resampled(*sums: NDArray[np.float64], draws: int, seed: int) -> NDArray[np.float64]:
    """Sums over resampled weeks, shape (columns, draws); zeros for fewer than two weeks."""
    weeks = len(sums[0])
    if weeks < 2:  # noqa: PLR2004 - one week says nothing of how weeks differ
        return np.zeros((len(sums), draws))
    taken = np.random.default_rng(seed).multinomial(weeks, np.full(weeks, 1 / weeks), draws)
    totals: NDArray[np.float64] = np.array(sums) @ taken.T
    return totals
