"""BST009: no leak was found."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import paired_difference
from busta.performance.opinions import opinions

__all__ = ["CHECK"]

LIKE_THE_CLOSE = 0.9
"""Correlation of opinions at the open with the moves of the line, above which the close was copied."""


def _run(case: Case) -> Finding:
    """What an audit found, where one was made; without one, whether the figures are too good to be true."""
    if case.leaks is None:
        return _suspicion(case)
    found = len(case.leaks)
    words = f"{found} leaks: {', '.join(case.leaks)}" if found else "an audit found none"
    return Finding(Answer.failed if found else Answer.passed, float(found), 0.0, words)


def _suspicion(case: Case) -> Finding:
    """A model that beats the close by more than any market leaves on the table, or that seems to have seen it."""
    forecasts, most = case.forecasts, case.settings.too_good
    close = forecasts.baselines["closing_line"]
    gap, _, high = paired_difference(forecasts.probability, close, forecasts.y, forecasts.weeks)
    if high < 0 and gap < -most:
        words = f"log loss {gap:+.4f} against the close: too good to be true (allowed {-most:g}); look for a leak"
        return Finding(Answer.not_proven, gap, -most, words)
    alike = _likeness(case) if forecasts.moment == "open" else np.nan
    if alike > LIKE_THE_CLOSE:
        words = f"opinions go with the line's moves (correlation {alike:.2f}), as if the close had been seen"
        return Finding(Answer.not_proven, alike, LIKE_THE_CLOSE, words)
    return Finding(
        Answer.not_applicable, None, 0.0, "no full audit was made (busta audit); nothing is too good to be true"
    )


def _likeness(case: Case) -> float:
    """Correlation of opinions with moves, NaN where one of the two does not vary."""
    said = opinions(case.forecasts)
    known = ~np.isnan(said.opinion + said.move)
    opinion, move = said.opinion[known], said.move[known]
    if known.sum() < 3 or not opinion.std() * move.std() > 0:  # noqa: PLR2004 - two points are always in line
        return np.nan
    return float(np.corrcoef(opinion, move)[0, 1])


CHECK = Check("BST009", "no leak found", Purpose.serve, frozenset({Answer.failed, Answer.not_proven}), _run)
