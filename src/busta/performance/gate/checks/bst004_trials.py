"""BST004: what the model adds is not explained by the number of trials."""

from __future__ import annotations

from typing import Any

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import information_scores
from busta.performance.significance.boundary import critical_value
from busta.performance.significance.margin import z_score
from busta.performance.significance.multiplicity import superior
from busta.performance.significance.needed import games_needed

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """The margin score again, at the level that is left for this trial of the market's lifetime."""
    trials, scores = case.trials, information_scores(case.forecasts)
    z, critical = float(z_score(scores)), float(critical_value(trials.level, peeking=False))
    details: dict[str, Any] = {"number": trials.number, "count": trials.count, "look": trials.look}
    details |= {"level": trials.level} | _all_at_once(case)
    again = f", look {trials.look}" if trials.look > 1 else ""
    words = f"trial {trials.number} of {trials.count}{again}: needs z {critical:.2f}"
    if np.isnan(z):
        return Finding(Answer.not_proven, None, critical, f"{words}; the model never differs from the market", details)
    words = f"{words}, has {z:+.2f}"
    if z >= critical:
        return Finding(Answer.passed, z, critical, words, details)
    needed = games_needed(z, float(scores.games.sum()), critical)
    if np.isnan(needed.more):
        return Finding(Answer.not_proven, z, critical, words, details)
    return Finding(Answer.not_proven, z, critical, f"{words}; {needed}", details | {"games_needed": needed.more})


def _all_at_once(case: Case) -> dict[str, Any]:
    """SPA and StepM over the stored losses of every trial, where somebody fetched them; evidence, no condition."""
    losses = case.trials.losses
    if len(losses) < 2:  # noqa: PLR2004 - one candidate is no family
        return {}
    bar = np.zeros(len(case.forecasts))
    found = superior(np.array(list(losses.values())), bar, case.forecasts.weeks, alpha=case.trials.alpha)
    if found.reason:
        return {"spa_note": found.reason}
    names = list(losses)
    return {"spa_p": found.p_value, "spa_candidates": len(names), "stepm_better": [names[i] for i in found.better]}


CHECK = Check(
    "BST004",
    "not explained by the number of trials",
    Purpose.bet,
    frozenset({Answer.failed, Answer.not_proven}),
    _run,
)
