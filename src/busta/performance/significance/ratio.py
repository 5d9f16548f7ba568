"""ROI with an interval that knows weeks: t over weeks of the linearised ratio.

ROI is profit over turnover, both sums over weeks. The error of a ratio of sums R is that of the week
sums of profit - R * turnover (the delta method; Cochran 1977, chapter 6), with weeks - 1 degrees of
freedom. Bets of one week may be as alike as they want.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from busta.errors import UsageError

__all__ = ["Ratio", "weekly_ratio"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ratio:
    """A ratio of sums and its interval; every array of shape (...), NaN where it does not apply.

    Attributes:
        value: sum(above) / sum(below).
        se: Its standard error.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: Floats
    se: Floats
    low: Floats
    high: Floats


def weekly_ratio(above: ArrayLike, below: ArrayLike, level: float = 0.95) -> Ratio:
    """The ratio of two columns of week sums, such as profit and turnover.

    >>> float(weekly_ratio([1.0, -1.0, 0.5], [2.0, 2.0, 1.0]).value)
    0.1

    Args:
        above: Sum of each week, shape (..., weeks).
        below: The same, 0 or more; a week with 0 in it says nothing and is not counted.
        level: Probability that the interval is to cover.

    Returns:
        NaN without anything below; NaN ends with fewer than two weeks.

    Raises:
        UsageError: Shapes that do not fit, a number below 0 in ``below``, a level outside (0, 1).
    """
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if above.shape != below.shape or not above.ndim or not (below >= 0).all() or not 0 < level < 1:
        raise UsageError(f"week sums {above.shape} over {below.shape} at level {level}; sums below are 0 or more")
    total = below.sum(axis=-1)
    total = np.where(total > 0, total, np.nan)
    value = above.sum(axis=-1) / total
    weeks = (below > 0).sum(axis=-1).astype(np.float64)
    weeks = np.where(weeks > 1, weeks, np.nan)
    errors = np.where(below > 0, above - value[..., None] * below, 0.0)
    se = np.sqrt((errors**2).sum(axis=-1) * weeks / (weeks - 1)) / total
    reach = stdtrit(weeks - 1, (1 + level) / 2) * se
    return Ratio(value, se, value - reach, value + reach)
