"""BST002: the model is not worse than the line it would be bet against."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import expected_gap

__all__ = ["CHECK"]

LEVEL = 0.95


def _run(case: Case) -> Finding:
    """Non-inferiority: the upper end of the paired difference of log losses lies below a small margin.

    Or that of the difference to be expected does, by the share of the opinions that is right: games tell that
    sooner than their losses do.
    """
    margin = case.settings.line_margin
    bar = case.evaluation.bar
    gap, low, high = (case.evaluation.difference[name] for name in ("log_loss", "low", "high"))
    words = bar.replace("_", " ")
    if gap is None or low is None or high is None:
        return Finding(Answer.not_proven, gap, margin, f"too few games, or no {words}, to compare with")
    expected, right = expected_gap(case.forecasts, bar, LEVEL)
    words = f"log loss {gap:+.4f} ({low:+.4f} to {high:+.4f}) against the {words}, margin {margin:g}"
    details = {"low": low, "high": high, "expected_high": expected, "beta_bound": right}
    if high < margin:
        return Finding(Answer.passed, gap, margin, words, details)
    if low > 0:
        return Finding(Answer.failed, gap, margin, words, details)
    if expected < margin:
        words += f"; at most {expected:+.4f} is expected, {_why(right)}"
        return Finding(Answer.passed, gap, margin, words, details)
    return Finding(Answer.not_proven, gap, margin, words, details)


def _why(right: float) -> str:
    """What the expectation rests on; opinions that may be wrong altogether can still be too small to cost much."""
    if right > 0:
        return f"since at least {right:.0%} of its opinion is right"
    return "since its opinions are too small to cost more, even if they are wrong"


CHECK = Check(
    "BST002",
    "not worse than the line it is bet against",
    Purpose.serve,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
