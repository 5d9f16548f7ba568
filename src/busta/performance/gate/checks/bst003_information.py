"""BST003: the model adds information to the market, if it were the only one that was tried."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import information_scores
from busta.performance.significance.boundary import critical_value
from busta.performance.significance.diebold_mariano import loss_difference
from busta.performance.significance.eprocess import log_evidence
from busta.performance.significance.log_odds import log_odds_scores
from busta.performance.significance.margin import Scores, fitted_edge, z_score
from busta.performance.significance.needed import games_needed
from busta.scoring.proper import log_losses

__all__ = ["CHECK"]

TOGETHER = math.sqrt(2 / math.pi)


def _run(case: Case) -> Finding:
    """Do the model's opinions go with what the market missed? The score of opinions times misses, one look, by week.

    At a line, margins have to agree with the sides that covered: a line is the median of what happens, and
    where that is skewed its mean lies elsewhere, which is nothing that a bet could earn from.
    """
    alpha, scores = case.trials.alpha, information_scores(case.forecasts)
    z, critical = float(z_score(scores)), float(critical_value(alpha, peeking=False))
    if np.isnan(z):
        return Finding(Answer.not_proven, None, critical, "the model never differs from the market")
    edge, games = fitted_edge(scores, 1 - alpha), float(scores.games.sum())
    words = f"z {z:+.2f} (needs {critical:.2f})"
    words += "" if np.isnan(edge.beta) else f"; {_way(float(edge.beta))}"
    fitted = {"beta": float(edge.beta), "beta_low": float(edge.low), "beta_high": float(edge.high), "games": games}
    details = fitted | _other_tests(case, scores)
    if z >= critical and case.forecasts.market.has_line and not details["log_odds_z"] >= _least_agreement(z):
        words += f"; but not by the sides that covered, z {details['log_odds_z']:+.2f}: skew, no edge"
        return Finding(Answer.not_proven, z, critical, words, details)
    if z >= critical:
        return Finding(Answer.passed, z, critical, words, details)
    if edge.high < 0:
        return Finding(Answer.failed, z, critical, words + ": the market is right where they differ", details)
    needed = games_needed(z, games, critical)
    if np.isnan(needed.more):
        return Finding(Answer.not_proven, z, critical, words, details)
    return Finding(Answer.not_proven, z, critical, f"{words}; {needed}", details | {"games_needed": needed.more})


def _way(beta: float) -> str:
    """Where results lay, seen from the line: towards the model's opinion, and how far, or away from it."""
    if beta < 0:
        return "results lay on the other side of the line than its opinion"
    return f"results went {beta:.0%} of the way from the line to its opinion"


def _least_agreement(z: float) -> float:
    """Least z by covers that goes with a z by margins: the 5 % quantile of the one given the other.

    Normal results have the two go together with a correlation of sqrt(2 / pi), that of a normal and its sign.
    """
    return TOGETHER * z - 1.645 * math.sqrt(1 - TOGETHER**2)


def _other_tests(case: Case, scores: Scores) -> dict[str, Any]:
    """The same question asked in other ways, shown beside the answer."""
    forecasts = case.forecasts
    line = forecasts.baselines[forecasts.bar]
    rows = ~np.isnan(forecasts.y + line)
    p, q, y, weeks = forecasts.probability[rows], line[rows], forecasts.y[rows], forecasts.weeks[rows]
    return {
        "log_odds_z": float(z_score(log_odds_scores(p, q, y, weeks))),
        "diebold_mariano_p": loss_difference(log_losses(p, y), log_losses(q, y), weeks).p_better,
        "log_evidence": float(log_evidence(scores)[-1]),
    }


CHECK = Check(
    "BST003",
    "adds information to the market",
    Purpose.bet,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
