"""What a Brier score is made of.

``p`` and ``y`` are as in `busta.scoring.proper`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from busta.scoring.proper import brier, decided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Decomposition", "brier_decomposition"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decomposition:
    """The terms of brier = miscalibration - discrimination + uncertainty; NaN without games.

    Attributes:
        miscalibration: What the best monotone recalibration, known afterwards, would have gained; 0 is
            perfect. It is above 0 by chance alone.
        discrimination: What the forecast, so recalibrated, gains on saying the base rate every time.
        uncertainty: Score of the base rate itself, rate * (1 - rate): no doing of the forecast.
    """

    miscalibration: float
    discrimination: float
    uncertainty: float


def brier_decomposition(p: ArrayLike, y: ArrayLike) -> Decomposition:
    """Splits the Brier score by isotonic recalibration, without bins (CORP: Dimitriadis, Gneiting and Jordan 2021).

    >>> found = brier_decomposition([0.2, 0.2, 0.6, 0.6], [0, 0, 1, 0])
    >>> round(found.miscalibration, 4), round(found.discrimination, 4), round(found.uncertainty, 4)
    (0.025, 0.0625, 0.1875)

    Raises:
        UsageError: p and y are no probabilities and results.
    """
    p, y = decided(p, y)
    if not p.size or np.isnan(p).any():
        return Decomposition(np.nan, np.nan, np.nan)
    base = float(y.mean())
    uncertainty, recalibrated = base * (1 - base), brier(_recalibrated(p, y), y)
    # neither gain can be negative but by rounding
    return Decomposition(max(brier(p, y) - recalibrated, 0.0), max(uncertainty - recalibrated, 0.0), uncertainty)


def _recalibrated(p: Floats, y: Floats) -> Floats:
    """The rate of wins as the best rising function of p; games of one p are pooled first."""
    from scipy.optimize import isotonic_regression  # twenty megabytes: see `busta.scoring.proper.auc`

    _, place, count = np.unique(p, return_inverse=True, return_counts=True)
    rate: Floats = isotonic_regression(np.bincount(place, y) / count, weights=count).x
    return np.clip(rate, 0.0, 1.0)[place]
