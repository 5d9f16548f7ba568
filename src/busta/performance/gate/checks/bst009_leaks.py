"""BST009: no leak was found."""

from __future__ import annotations

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """What an audit found, where one was made."""
    if case.leaks is None:
        return Finding(Answer.not_applicable, None, 0.0, "no audit was made")
    found = len(case.leaks)
    words = f"{found} leaks: {', '.join(case.leaks)}" if found else "an audit found none"
    return Finding(Answer.failed if found else Answer.passed, float(found), 0.0, words)


CHECK = Check("BST009", "no leak found", Purpose.serve, frozenset({Answer.failed}), _run)
