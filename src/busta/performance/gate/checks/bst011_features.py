"""BST011: what the model learned from is still there."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """Features that were known once and are empty in all of the newest games."""
    if case.empty_features is None:
        return Finding(Answer.not_applicable, None, 0.0, "there is no data to look at")
    gone = len(case.empty_features)
    words = f"empty in the newest games: {', '.join(case.empty_features)}" if gone else "every feature is there"
    return Finding(Answer.failed if gone else Answer.passed, float(gone), 0.0, words)


CHECK = Check("BST011", "features available", Purpose.serve, frozenset({Answer.failed}), _run)
