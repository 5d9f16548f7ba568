"""BST002: the model is not worse than the line it would be bet against."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import information_scores
from busta.performance.significance.margin import fitted_edge

__all__ = ["CHECK"]

LEVEL, HALF = 0.95, 0.5


def _run(case: Case) -> Finding:
    """Non-inferiority: the upper end of the paired difference of log losses lies below a small margin.

    Or more than half of what the model says is right: then its expected loss lies below the line's, to second
    order by (1 - 2 beta) times a square, and results tell that sooner than losses do.
    """
    margin = case.settings.line_margin
    bar = case.evaluation.bar.replace("_", " ")
    gap, low, high = (case.evaluation.difference[name] for name in ("log_loss", "low", "high"))
    if gap is None or low is None or high is None:
        return Finding(Answer.not_proven, gap, margin, f"too few games, or no {bar}, to compare with")
    words = f"log loss {gap:+.4f} ({low:+.4f} to {high:+.4f}) against the {bar}, margin {margin:g}"
    details = {"low": low, "high": high}
    if high < margin:
        return Finding(Answer.passed, gap, margin, words, details)
    if low > 0:
        return Finding(Answer.failed, gap, margin, words, details)
    right = float(fitted_edge(information_scores(case.forecasts), LEVEL).bound)
    if right > HALF:
        words += f"; but at least {right:.2f} of its opinion is right, and more than {HALF} beats the line"
        return Finding(Answer.passed, gap, margin, words, details | {"beta_bound": right})
    return Finding(Answer.not_proven, gap, margin, words, details)


CHECK = Check(
    "BST002",
    "not worse than the line it is bet against",
    Purpose.serve,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
