"""Intervals and tests that know that games of one week, and bets on one game, are not independent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from scipy.special import stdtrit

from busta.betting.guards import ABOVE_0, BELOW_1, finite, labels, scalar
from busta.errors import UsageError, unknown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Ratio", "ratio_of_sums", "weekly_ratio_interval"]

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
    error is that of `ratio_of_sums`. With few weeks this covers better than a bootstrap of weeks,
    whose percentiles know no degrees of freedom.

    >>> low, high = weekly_ratio_interval([1.0, -1.0, 0.5, 0.2], 1.0, weeks=[1, 1, 2, 3])
    >>> round(low, 2), round(high, 2)
    (-0.59, 0.94)

    Args:
        numerator: One number a row, shape (n,).
        denominator: The same, or one number for all rows; 0 or more.
        weeks: Label of each row's week, shape (n,), unique across seasons, none missing.
        level: Probability that the interval is to cover.
        side: ``low`` and ``high`` bound that end alone and leave the other infinite.

    Returns:
        (low, high); NaN for fewer than two weeks, a missing number, or a denominator that sums to 0.

    Raises:
        UsageError: Shapes that do not fit, a week without a label, a negative denominator, an infinite
            number, a level outside (0, 1), or an unknown side.
    """
    rows = finite("numerator", numerator), finite("denominator", denominator, 0)
    low, high = ratio_of_sums(*_weekly_sums(weeks, *rows)).interval(level, side)
    return float(low), float(high)


class Ratio(NamedTuple):
    """A ratio of sums; every part of shape (...), NaN where it does not apply.

    Attributes:
        value: sum(above) / sum(below).
        error: Its standard error; NaN with fewer than two weeks.
        freedom: Degrees of freedom of the error, at least 1.
    """

    value: NDArray[np.float64]
    error: NDArray[np.float64]
    freedom: NDArray[np.float64]

    def interval(self, level: float = 0.95, side: Side = "both") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Student's t to either side, or one end alone and the other infinite; NaN where there is no error.

        Raises:
            UsageError: A level outside (0, 1), or an unknown side.
        """
        level = scalar("level", level, ABOVE_0, BELOW_1, "between 0 and 1")
        if side not in get_args(Side):
            raise unknown("side of an interval", side, get_args(Side))
        share = (1 + level) / 2 if side == "both" else level
        reach = self.error * stdtrit(self.freedom, share)
        unbounded = np.where(np.isnan(reach), np.nan, np.inf)
        low = -unbounded if side == "high" else self.value - reach
        return low, unbounded if side == "low" else self.value + reach


def ratio_of_sums(above: ArrayLike, below: ArrayLike) -> Ratio:
    """The ratio R of two columns of week sums, such as profit and turnover, with its error over weeks.

    Linearised (Cochran 1977, chapters 6 and 9A): the residual of a week is N - R D of its sums N and
    D, the variance W / (W - 1) times the sum of the squared residuals over (sum D)**2. A week whose
    sums are both 0 counts for nothing, and not as one of the W weeks. A few large weeks say as much
    as fewer weeks alike: (sum D)**2 / sum D**2 of them (Kish 1965) give the degrees of freedom.

    >>> float(ratio_of_sums([1.0, -1.0, 0.5], [2.0, 2.0, 1.0]).value)
    0.1

    Args:
        above: Sum of each week, shape (..., weeks).
        below: The same, 0 or more.

    Raises:
        UsageError: Two shapes, a negative denominator, or an infinite number.
    """
    above, below = finite("numerator", above), finite("denominator", below, 0)
    if above.shape != below.shape or not above.ndim:
        raise UsageError(f"sums of shape {above.shape} and {below.shape}; two alike, weeks last, are needed")
    total = below.sum(axis=-1)
    total = np.where(total != 0, total, np.nan)
    value = above.sum(axis=-1) / total
    weeks = ((above != 0) | (below != 0)).sum(axis=-1).astype(np.float64)
    weeks = np.where(weeks > 1, weeks, np.nan)  # one week says nothing of how weeks differ
    residuals = above - np.asarray(value)[..., None] * below
    error = np.sqrt(weeks / (weeks - 1) * (residuals**2).sum(axis=-1)) / total
    with np.errstate(over="ignore", invalid="ignore"):
        freedom = np.maximum(total**2 / np.where(np.isnan(total), 1.0, (below**2).sum(axis=-1)) - 1, 1.0)
    return Ratio(value, error, freedom)


def _weekly_sums(weeks: ArrayLike, *parts: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Sums by week of each column of shape (n,), or of one number for all rows; shape (weeks,), by label."""
    weeks = labels("weeks", weeks)
    if any(part.shape not in {(), weeks.shape} for part in parts):
        raise UsageError(f"numbers of shape {[part.shape for part in parts]} do not fit weeks {weeks.shape}")
    _, week = np.unique(weeks, return_inverse=True)
    return [np.bincount(week, np.broadcast_to(part, weeks.shape)).astype(np.float64) for part in parts]
