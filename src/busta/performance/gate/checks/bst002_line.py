"""BST002: the model is not worse than the line it would be bet against."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """Non-inferiority: the upper end of the paired difference of log losses lies below a small margin."""
    margin = case.settings.line_margin
    bar = case.evaluation.bar.replace("_", " ")
    gap, low, high = (case.evaluation.difference[name] for name in ("log_loss", "low", "high"))
    if gap is None or low is None or high is None:
        return Finding(Answer.not_proven, gap, margin, f"too few games, or no {bar}, to compare with")
    words = f"log loss {gap:+.4f} ({low:+.4f} to {high:+.4f}) against the {bar}, margin {margin:g}"
    if high < margin:
        return Finding(Answer.passed, gap, margin, words, {"low": low, "high": high})
    answer = Answer.failed if low > 0 else Answer.not_proven
    return Finding(answer, gap, margin, words, {"low": low, "high": high})


CHECK = Check(
    "BST002",
    "not worse than the line it is bet against",
    Purpose.serve,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
