"""An interval for the mean gain that holds at every time at once: a confidence sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.significance.eprocess import threshold
from busta.trials.evidence import log_capital
from busta.trials.gains import Gains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["mean_gain"]

STEPS = 1024
"""Values of the mean that are tried, evenly over all that the forecasts allow."""


def mean_gain(gains: Gains, level: float = 0.95) -> tuple[Floats, Floats]:
    """Ends of the interval after each week, shape (weeks,) each; NaN before the first game.

    A mean stays in it as long as the evidence against it, from above and from below, has not reached
    2 / (1 - level) (Waudby-Smith and Ramdas 2024). What was once outside does not come back.

    Args:
        gains: Of one trial.
        level: Chance that the mean gain a game is inside at every time.

    Raises:
        UsageError: A level outside (0, 1).
    """
    limit = threshold((1 - level) / 2)
    played = np.cumsum(gains.games) > 0
    if not played.any():
        return np.full(len(gains), np.nan), np.full(len(gains), np.nan)
    each = np.maximum(gains.games, 1)
    means = np.linspace((gains.worst / each).min(), (gains.best / each).max(), STEPS)
    low = _lowest(gains, means, limit)
    high = -_lowest(gains.swapped(), -means[::-1], limit)
    return np.where(played, low, np.nan), np.where(played, high, np.nan)


def _lowest(gains: Gains, means: Floats, limit: float) -> Floats:
    """The least of the means, rising, that is not refuted from below; after each week."""
    taken = means[:, None] * gains.games
    tried = Gains(gains.weeks, *(part - taken for part in (0 * taken, gains.gain, gains.worst, gains.best)))
    refuted = np.logical_or.accumulate(log_capital(tried) >= limit, axis=-1)
    step = np.argmin(refuted, axis=0)  # False is less than True
    return np.asarray(means[np.maximum(step - 1, 0)])  # the last refuted one: no nearer to the truth than it has to be
