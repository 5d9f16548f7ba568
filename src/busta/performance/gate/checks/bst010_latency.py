"""BST010: a prediction takes no longer than it may."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """Median time of one prediction on this machine, in milliseconds."""
    taken, budget = case.milliseconds, case.settings.milliseconds
    if taken is None:
        return Finding(Answer.not_applicable, None, budget, "nobody measured it")
    answer = Answer.passed if taken <= budget else Answer.failed
    return Finding(answer, taken, budget, f"one prediction takes {taken:.2f} ms, allowed {budget:g}")


CHECK = Check("BST010", "inference within budget", Purpose.serve, frozenset({Answer.failed}), _run)
