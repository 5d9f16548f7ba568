"""BST012: the edge was still there lately."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import close_scores, information_scores, move_scores
from busta.performance.significance.boundary import critical_value
from busta.performance.significance.margin import z_score

__all__ = ["CHECK"]

FEWEST_WEEKS = 8


def _run(case: Case) -> Finding:
    """The newest weeks alone, those since registration with them: by line moves if those can tell, else by results.

    An edge that has gone stays in the mean of all seasons for years. Line moves tell it soonest, but
    only if in the weeks before they went with what the open missed and with this model's opinions.
    """
    forecasts = case.forecasts if case.later is None else case.forecasts.then(case.later)
    lately = np.isin(forecasts.weeks, np.unique(forecasts.weeks)[-case.settings.recent_weeks :])
    recent, before = forecasts.take(lately), forecasts.take(~lately)
    critical = float(critical_value(case.trials.alpha, peeking=False))
    told = [float(z_score(scores(before))) >= critical for scores in (close_scores, move_scores)]
    by_moves = forecasts.moment == "open" and all(told)
    scores = move_scores(recent) if by_moves else information_scores(recent)
    z, threshold = float(z_score(scores)), critical if by_moves else 0.0
    if np.isnan(z):
        return Finding(Answer.not_proven, None, threshold, "the model has no opinions lately")
    if len(scores) < FEWEST_WEEKS:
        return Finding(Answer.not_proven, z, threshold, f"only {len(scores)} weeks; {FEWEST_WEEKS} are needed")
    what = "line moves" if by_moves else "results"
    words = f"z {z:+.2f} by {what} of the last {len(scores)} weeks (needs {threshold:.2f})"
    answer = Answer.passed if z > threshold else Answer.failed if z <= -critical else Answer.not_proven
    return Finding(answer, z, threshold, words, {"by": what, "weeks": len(scores)})


CHECK = Check("BST012", "the edge is still there", Purpose.bet, frozenset({Answer.failed, Answer.not_proven}), _run)
