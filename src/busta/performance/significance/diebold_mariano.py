"""Whose losses are smaller? Diebold and Mariano's test (1995), paired, by weeks.

With the small-sample correction of Harvey, Leybourne and Newbold (1997). It asks whether forecasts are
better as they stand; a model can add to the market (`margin`) and lose here by exaggerating.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from busta.errors import UsageError

__all__ = ["LossDifference", "loss_difference"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LossDifference:
    """The mean difference of losses, below 0 where the first is better; NaN where it does not apply.

    Attributes:
        mean: Mean of first minus second over games.
        low: Lower end of its interval (t over weeks).
        high: Upper end.
        statistic: The corrected statistic for a mean difference of ``margin``.
        p_better: One-sided p-value of "the mean is not below the margin".
        games: Games with both losses.
        weeks: Weeks with such games.
    """

    mean: float
    low: float
    high: float
    statistic: float
    p_better: float
    games: int
    weeks: int


def loss_difference(
    first: ArrayLike, second: ArrayLike, weeks: ArrayLike, *, margin: float = 0.0, steps: int = 1, level: float = 0.95
) -> LossDifference:
    """Compare the losses of two forecasts of the same games.

    Args:
        first: Loss of each game, shape (n,); a NaN in either leaves the game out.
        second: The same.
        weeks: Label of each game's week, shape (n,).
        margin: Difference held against: 0 asks for better, .002 for "worse by less than .002".
        steps: Weeks that a forecast looks ahead; differences go together over steps - 1 weeks.
        level: Of the interval.

    Raises:
        UsageError: Shapes that do not fit, a level outside (0, 1), steps below 1.
    """
    difference, labels = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64), np.asarray(weeks)
    if labels.ndim != 1 or difference.shape != labels.shape or np.shape(first) != np.shape(second):
        raise UsageError(f"losses of shape {np.shape(first)}, {np.shape(second)} do not fit weeks {labels.shape}")
    if not 0 < level < 1 or steps < 1:
        raise UsageError(f"level {level} and {steps} steps; a level is between 0 and 1, steps at least 1")
    known = ~np.isnan(difference)
    _, week = np.unique(labels[known], return_inverse=True)
    games, sums = np.bincount(week).astype(np.float64), np.bincount(week, difference[known])
    mean = float(sums.sum() / games.sum()) if len(sums) else np.nan
    se = _standard_error(sums - mean * games, steps) / max(games.sum(), 1)
    freedom = max(len(sums) - 1, 1)
    statistic, reach = (mean - margin) / se, float(stdtrit(freedom, (1 + level) / 2)) * se
    p_better = float(stdtr(freedom, statistic)) if not np.isnan(statistic) else np.nan
    return LossDifference(mean, mean - reach, mean + reach, statistic, p_better, int(games.sum()), len(sums))


def _standard_error(errors: Floats, steps: int) -> float:
    """Standard error of the sum of week errors, corrected; NaN where weeks are too few or all alike."""
    weeks = len(errors)
    if weeks <= steps:
        return np.nan
    around = [float(errors[lag:] @ errors[: weeks - lag]) for lag in range(steps)]
    total = around[0] + 2 * sum(around[1:])
    shrink = (weeks + 1 - 2 * steps + steps * (steps - 1) / weeks) / weeks
    return float(np.sqrt(total / shrink)) if total > 0 and shrink > 0 else np.nan
