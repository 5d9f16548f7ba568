"""BST005: probabilities mean what they say."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]


_PERFECT = {"calibration_slope": 1.0, "calibration_intercept": 0.0}


def _run(case: Case) -> Finding:
    """ECE against what luck alone gives, and whether slope 1 and intercept 0 lie in their intervals."""
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
    return Finding(Answer.failed if off or not fitted else Answer.not_proven, ece, luck, words, details)


CHECK = Check("BST005", "calibrated", Purpose.serve, frozenset({Answer.failed}), _run)
