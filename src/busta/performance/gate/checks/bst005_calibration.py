"""BST005: probabilities mean what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.scoring.calibration import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHECK"]

_PERFECT = {"calibration_slope": 1.0, "calibration_intercept": 0.0}


def _run(case: Case) -> Finding:
    """ECE against what luck alone gives, and whether slope 1 and intercept 0 lie in their intervals.

    With many games the smallest bend shows; it fails a model only if it costs more than the margin by
    which that may be worse than the line.
    """
    metrics, parts = case.evaluation.metrics, case.evaluation.differences
    ece, luck = metrics["ece"], metrics["ece_luck_95"]
    if ece is None or luck is None:
        return Finding(Answer.not_proven, ece, luck, "too few games")
    line = {name: [parts[name][end] for end in ("value", "low", "high")] for name in _PERFECT}
    slope, low, high = line["calibration_slope"]
    fitted = low is not None
    off = fitted and not all(line[name][1] <= perfect <= line[name][2] for name, perfect in _PERFECT.items())
    told = f"slope {slope:.2f} ({low:.2f} to {high:.2f})" if fitted else "no slope can be fitted"
    words = f"ECE {ece:.4f}, luck alone gives up to {luck:.4f}; {told}"
    details = {"slope": slope, "slope_low": low, "slope_high": high}
    details |= dict(zip(("intercept", "intercept_low", "intercept_high"), line["calibration_intercept"], strict=True))
    if ece <= luck:
        return Finding(Answer.not_proven if off else Answer.passed, ece, luck, words, details)
    cost = _cost(case.forecasts.probability, slope, line["calibration_intercept"][0]) if fitted else np.inf
    words += f"; it costs {cost:.4f} of log loss" if fitted else ""
    failed = (off or not fitted) and cost > case.settings.line_margin
    return Finding(Answer.failed if failed else Answer.not_proven, ece, luck, words, details | {"cost": cost})


def _cost(p: NDArray[np.float64], slope: float, intercept: float) -> float:
    """Log loss that the calibration line would save if it is the truth: mean divergence of what is said from it."""
    said = log_odds(p[~np.isnan(p)])
    true = intercept + slope * said
    losses = np.logaddexp(0, said) - np.logaddexp(0, true) - expit(true) * (said - true)
    return float(losses.mean())


CHECK = Check("BST005", "calibrated", Purpose.serve, frozenset({Answer.failed}), _run)
