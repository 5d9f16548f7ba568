"""BST012: the edge was still there lately."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import information_scores, move_scores
from busta.performance.significance.boundary import critical_value
from busta.performance.significance.margin import z_score

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """The last weeks alone: line moves where the close is known to learn from results, else the results.

    An edge that has gone stays in the mean of all seasons for years. Line moves tell it soonest, but
    only where they go with what the open missed.
    """
    forecasts, weeks = case.forecasts, case.settings.recent_weeks
    recent = forecasts.take(np.isin(forecasts.weeks, np.unique(forecasts.weeks)[-weeks:]))
    critical = float(critical_value(case.trials.alpha, peeking=False))
    learns = forecasts.moment == "open" and float(z_score(move_scores(forecasts, results=True))) >= critical
    scores = move_scores(recent, results=False) if learns else information_scores(recent)
    z, threshold = float(z_score(scores)), critical if learns else 0.0
    if np.isnan(z):
        return Finding(Answer.not_proven, None, threshold, "the model has no opinions lately")
    what = "line moves" if learns else "results"
    words = f"z {z:+.2f} by {what} of the last {len(scores)} weeks (needs {threshold:.2f})"
    answer = Answer.passed if z > threshold else Answer.failed if z <= -critical else Answer.not_proven
    return Finding(answer, z, threshold, words, {"by": what, "weeks": len(scores)})


CHECK = Check("BST012", "the edge is still there", Purpose.bet, frozenset({Answer.failed, Answer.not_proven}), _run)
