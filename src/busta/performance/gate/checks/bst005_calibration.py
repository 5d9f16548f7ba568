"""BST005: probabilities mean what they say."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """ECE against what luck alone gives, and whether the slope of the calibration line can be 1."""
    metrics, slope = case.evaluation.metrics, case.evaluation.differences["calibration_slope"]
    ece, luck = metrics["ece"], metrics["ece_luck_95"]
    if ece is None or luck is None:
        return Finding(Answer.not_proven, ece, luck, "too few games")
    low, high = slope["low"], slope["high"]
    within = low is None or high is None or low <= 1 <= high
    told = "no slope can be fitted" if low is None else f"slope {slope['value']:.2f} ({low:.2f} to {high:.2f})"
    words = f"ECE {ece:.4f}, luck alone gives up to {luck:.4f}; {told}"
    details = {"slope": slope["value"], "slope_low": low, "slope_high": high}
    if ece <= luck and within:
        return Finding(Answer.passed, ece, luck, words, details)
    answer = Answer.failed if ece > luck and not within else Answer.not_proven
    return Finding(answer, ece, luck, words, details)


CHECK = Check("BST005", "calibrated", Purpose.serve, frozenset({Answer.failed}), _run)
