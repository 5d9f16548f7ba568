"""BST013: results since registration do not refute the model."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.opinions import opinions
from busta.performance.significance.boundary import looks
from busta.performance.significance.multiplicity import spent

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """The sequential rule on games nobody had seen: it may be looked at every week, up to the declared horizon.

    Both ways: the model's opinions may cross the boundary, or their opposite may, which refutes it. It can
    take a yes away, not give one: a back-test that did not prove the edge proves it with the later games
    when the model is trained again.
    """
    trials, later = case.trials, case.later
    if later is None or not len(later):
        return Finding(Answer.not_applicable, None, None, "no game has been played since registration")
    level = spent(trials.alpha, trials.number, trials.planned)
    said = opinions(later)
    found, against = (
        looks(
            sign * said.opinion,
            said.residual,
            later.weeks,
            horizon=trials.horizon,
            alpha=alpha,
            sd=said.sd,
            exact=said.exact,
        )
        for sign, alpha in ((1, level), (-1, trials.alpha))
    )
    last, games = float(found.statistic[-1]), float(found.games[-1])
    details = {"games": games, "horizon": trials.horizon, "games_needed": found.games_needed}
    if np.isnan(last):
        return Finding(Answer.not_proven, None, found.critical, "the model has no opinions on later games", details)
    words = f"{games:.0f} of {trials.horizon} games: T {last:+.2f} (needs {found.critical:.2f})"
    if against.crossed is not None:
        words += f"; below {-against.critical:.2f} in week {against.crossed}: refuted"
        return Finding(Answer.failed, last, found.critical, words, details)
    if found.crossed is not None:
        return Finding(Answer.passed, last, found.critical, f"{words}, crossed in week {found.crossed}", details)
    return Finding(Answer.not_proven, last, found.critical, words, details)


CHECK = Check("BST013", "not refuted by later games", Purpose.bet, frozenset({Answer.failed}), _run)
