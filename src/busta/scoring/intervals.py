"""Intervals and tests that know that games of one week, and bets on one game, are not independent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import t as student

from busta.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["weekly_mean_test", "weekly_ratio", "weekly_ratio_interval"]

Side = Literal["both", "low", "high"]


def weekly_ratio_interval(
    numerator: ArrayLike,
    denominator: ArrayLike,
    weeks: ArrayLike,
    *,
    level: float = 0.95,
    side: Side = "both",
) -> tuple[float, float]:
    """Interval of sum(numerator) / sum(denominator) by Student's t over whole weeks.

    ROI is profit over stakes; a mean difference of losses is the differences over 1. The standard
    error is that of `weekly_ratio`. With few weeks this covers better than a bootstrap of weeks,
    whose percentiles know no degrees of freedom.

    >>> low, high = weekly_ratio_interval([1.0, -1.0, 0.5, 0.2], 1.0, weeks=[1, 1, 2, 3])
    >>> round(low, 2), round(high, 2)
    (-0.59, 0.94)

    Args:
        numerator: One number a row, shape (n,).
        denominator: The same, or one number for all rows.
        weeks: Label of each row's week, shape (n,), unique across seasons.
        level: Probability that the interval is to cover.
        side: ``low`` and ``high`` bound that end alone and leave the other infinite.

    Returns:
        (low, high); NaN for fewer than two weeks, a missing number, or a denominator that sums to 0.

    Raises:
        UsageError: Shapes that do not fit, or a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"level {level}; a level is between 0 and 1")
    ratio, error, freedom = weekly_ratio(numerator, denominator, weeks)
    if np.isnan(error):
        return np.nan, np.nan
    reach = error * float(student.ppf((1 + level) / 2 if side == "both" else level, freedom))
    return -np.inf if side == "high" else ratio - reach, np.inf if side == "low" else ratio + reach


def weekly_ratio(numerator: ArrayLike, denominator: ArrayLike, weeks: ArrayLike) -> tuple[float, float, float]:
    """The ratio R = sum(numerator) / sum(denominator), its standard error over weeks and its degrees of freedom.

    Linearised (Cochran 1977, chapters 6 and 9A): the residual of a week is N - R D of its sums N and
    D, the variance W / (W - 1) times the sum of the squared residuals over (sum D)**2. A week whose
    sums are both 0 counts for nothing, and not as one of the W weeks. A few large weeks say as much
    as fewer weeks alike: (sum D)**2 / sum D**2 of them (Kish 1965) give the degrees of freedom.
    Arguments as `weekly_ratio_interval`.

    Returns:
        (ratio, standard error, degrees of freedom of at least 1); NaN where it does not apply: a ratio without a
        denominator, an error of fewer than two weeks.

    Raises:
        UsageError: Shapes that do not fit.
    """
    above, below = _weekly_sums(weeks, numerator, denominator)
    counted = (above != 0) | (below != 0)
    above, below, total = above[counted], below[counted], below.sum()
    found = len(above)
    if not total or np.isnan(total):
        return np.nan, np.nan, 0.0
    ratio = float(above.sum() / total)
    if found < 2:  # noqa: PLR2004 - one week says nothing of how weeks differ
        return ratio, np.nan, 0.0
    residuals = above - ratio * below
    freedom = max(float(total**2 / (below @ below)) - 1, 1.0)
    return ratio, float(np.sqrt(found / (found - 1) * (residuals @ residuals)) / abs(total)), freedom


def weekly_mean_test(x: ArrayLike, weeks: ArrayLike) -> tuple[float, float, float, float]:
    """Whether the mean of x is 0: (mean, standard error over weeks, t, degrees of freedom).

    With loss differences as x this is the test of Diebold and Mariano (1995) with weeks as the unit.
    One-sided, the p value that the mean is above 0 by luck is ``scipy.stats.t.sf(t, df)``.

    Args:
        x: One number a row, shape (n,).
        weeks: Label of each row's week, shape (n,), unique across seasons.

    Returns:
        As said; error and t are NaN for fewer than two weeks, a missing number or, t alone, an error of 0.

    Raises:
        UsageError: Shapes that do not fit.
    """
    mean, error, freedom = weekly_ratio(x, 1.0, weeks)
    return mean, error, mean / error if error else np.nan, freedom


def _weekly_sums(weeks: ArrayLike, *columns: ArrayLike) -> list[NDArray[np.float64]]:
    """Sums by week of each column of shape (n,), or of one number for all rows; shape (weeks,), by label."""
    weeks = np.asarray(weeks)
    parts = [np.asarray(column, dtype=np.float64) for column in columns]
    if weeks.ndim != 1 or any(part.shape not in {(), weeks.shape} for part in parts):
        raise UsageError(f"numbers of shape {[part.shape for part in parts]} do not fit weeks {weeks.shape}")
    _, week = np.unique(weeks, return_inverse=True)
    return [np.bincount(week, np.broadcast_to(part, weeks.shape)).astype(np.float64) for part in parts]
