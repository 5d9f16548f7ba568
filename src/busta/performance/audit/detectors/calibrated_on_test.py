"""Predictions are as far off as luck has it: no calibrator has seen the outcomes they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from busta.performance.audit.finding import Answer, Detector, Finding
from busta.scoring.calibration import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]

__all__ = ["DETECTOR"]

LEAST_P = 1e-6
"""Chance of sums as near to zero as those found; a calibrator fitted to the very rows makes them zero."""
FEWEST_ROWS, FEWEST_IN_GROUP = 30, 3
SMALLEST = 1e-3
"""Least variance of an outcome, so that a prediction of 0 or 1 does not settle the matter."""
TINY = 1e-300
WAYS = {
    "level": "their mean is exactly that of the outcomes",
    "slope": "they are scaled exactly to the outcomes",
    "line": "their level and scale are exactly those of a fit to the outcomes",
    "steps": "equal predictions are exactly the mean of their outcomes",
}


def _run(table: Table) -> Finding:
    """By fold and over all folds, in four ways; the smallest chance counts."""
    if table.prediction is None:
        return Finding(Answer.not_applicable, None, None, "no predictions were given")
    known = ~np.isnan(table.prediction + table.y)
    if table.fold is not None:
        known &= table.fold >= 0
    if known.sum() < FEWEST_ROWS:
        return Finding(Answer.not_applicable, None, None, f"fewer than {FEWEST_ROWS} predictions have an outcome")
    p, y = table.prediction[known], table.y[known]
    fold = np.zeros(y.size, dtype=np.int64) if table.fold is None else table.fold[known]
    whole = _chances(p, y, table.binary)
    parts = [_chances(p[fold == k], y[fold == k], table.binary) for k in np.unique(fold)]
    chance = {way: min(whole[way], _together([part[way] for part in parts])) for way in WAYS}
    worst = min(chance, key=lambda way: chance[way])
    words = f"chance {chance[worst]:.1g} of predictions this near to their outcomes on the whole"
    if chance[worst] < LEAST_P:
        return Finding(Answer.leak, chance[worst], LEAST_P, f"{WAYS[worst]}: a calibrator has seen these ({words})")
    return Finding(Answer.clean, chance[worst], LEAST_P, words)


def _chances(p: Floats, y: Floats, binary: bool) -> dict[str, float]:
    """Lower-tail chance of each sum of misses, 1 with too few rows."""
    if y.size < FEWEST_ROWS or not p.std() > 0:
        return dict.fromkeys(WAYS, 1.0)
    miss = y - p
    variance = np.maximum(p * (1 - p), SMALLEST) if binary else np.full_like(y, max(float(miss.var()), TINY))
    x = log_odds(np.clip(p, SMALLEST, 1 - SMALLEST)) if binary else p
    design = np.column_stack([np.ones_like(x), x])
    sums = design.T @ miss
    spread = (design * variance[:, None]).T @ design
    both = float(sums @ np.linalg.pinv(spread) @ sums)
    return {
        "level": _lower(sums[0] ** 2 / spread[0, 0], 1),
        "slope": _lower(sums[1] ** 2 / spread[1, 1], 1),
        "line": _lower(both, 2),
        "steps": _steps(p, miss, variance),
    }


def _steps(p: Floats, miss: Floats, variance: Floats) -> float:
    """The sums of misses over equal predictions, as an isotonic fit (Ayer 1955) or bins leave them at zero."""
    _, group, count = np.unique(np.round(p, 9), return_inverse=True, return_counts=True)
    large = (count >= FEWEST_IN_GROUP) & (np.bincount(group, variance) > FEWEST_IN_GROUP * SMALLEST)
    if large.sum() < FEWEST_IN_GROUP:
        return 1.0
    squares = np.bincount(group, miss) ** 2 / np.bincount(group, variance)
    return _lower(float(squares[large].sum()), int(large.sum()))


def _lower(square: float, freedom: int) -> float:
    return max(float(chi2.cdf(square, freedom)), TINY)


def _together(chances: list[float]) -> float:
    """Chance of all folds together (Fisher 1925)."""
    return float(chi2.sf(-2 * np.log(chances).sum(), 2 * len(chances)))


DETECTOR = Detector("calibrated_on_test", "no calibrator has seen the outcomes its predictions are for", _run)
