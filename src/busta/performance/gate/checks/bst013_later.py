"""BST013: results since registration do not refute the model."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import information_scores, opinions
from busta.performance.significance.boundary import looks
from busta.performance.significance.margin import fitted_edge
from busta.performance.significance.multiplicity import spent

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """The sequential rule on games nobody had seen: it may be looked at every week, up to the declared horizon.

    It can take a yes away, not give one: a back-test that did not prove the edge proves it with the
    later games when the model is trained again.
    """
    trials, later = case.trials, case.later
    if later is None or not len(later):
        return Finding(Answer.not_applicable, None, None, "no game has been played since registration")
    level = spent(trials.alpha, trials.number, trials.planned)
    said = opinions(later)
    found = looks(said.opinion, said.residual, later.weeks, horizon=trials.horizon, alpha=level, sd=said.sd)
    last = float(found.statistic[-1]) if len(found.statistic) else np.nan
    figure = None if np.isnan(last) else last
    games = float(found.games[-1]) if len(found.games) else 0.0
    details = {"games": games, "horizon": trials.horizon, "games_needed": _number(found.games_needed)}
    words = f"{games:.0f} of {trials.horizon} games: T {last:+.2f} (needs {found.critical:.2f})"
    if found.crossed is not None:
        return Finding(Answer.passed, figure, found.critical, f"{words}, crossed in week {found.crossed}", details)
    refuted = float(fitted_edge(information_scores(later), 1 - trials.alpha).high) < 0
    return Finding(Answer.failed if refuted else Answer.not_proven, figure, found.critical, words, details)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


CHECK = Check("BST013", "not refuted by later games", Purpose.bet, frozenset({Answer.failed}), _run)
