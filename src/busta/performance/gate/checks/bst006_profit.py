"""BST006: the bets are expected to earn, even if the edge is as small as it may be."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import bets_worth, information_scores
from busta.performance.significance.margin import fitted_edge
from busta.performance.significance.selection import selected_edge

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """Expected ROI of the bets made, at the lower bound of the fitted edge, beside the ROI that was seen.

    What is shown as expected is corrected for the model having been picked among all that were tried.
    """
    bets, metrics, scores = case.evaluation.bets, case.evaluation.metrics, information_scores(case.forecasts)
    details = {f"seen_{name}": metrics[name] for name in ("bets", "roi", "roi_low", "roi_high")}
    edge, worth = fitted_edge(scores, case.settings.profit_level), bets_worth(case.forecasts, bets)
    low, high = (float(worth.at(beta)) for beta in (edge.bound, 2 * edge.beta - edge.bound))
    if np.isnan(low):
        return Finding(Answer.not_proven, None, 0.0, "no bets, or too few games, to fit an edge to", details)
    picked = selected_edge(scores, 1 / (case.trials.count * case.trials.look))
    expected = float(worth.at(picked.beta))
    tried = f"{_counted(case.trials.count, 'trial')} and {_counted(case.trials.look, 'look')}"
    details |= {
        "expected_roi": expected,
        "expected_roi_low": float(worth.at(picked.low)),
        "expected_roi_high": float(worth.at(picked.high)),
        "expected_roi_uncorrected": float(worth.at(edge.beta)),
        "beta_bound": float(edge.bound),
    }
    words = f"expected ROI {expected:+.1%} by the fitted edge, corrected for {tried}; {low:+.1%} at its lower bound"
    if metrics["roi"] is not None:
        words += f"; seen {metrics['roi']:+.1%} on {metrics['bets']} bets"
    if metrics["hit_rate"] is None:
        return Finding(Answer.not_proven, low, 0.0, f"{words}; no bet was won or lost", details)
    if high < 0:
        return Finding(Answer.failed, low, 0.0, f"{words}: a loss even at its upper bound", details)
    most = metrics["roi_high"]
    if low > 0 and most is not None and most < 0:
        words += f"; but they lost, {most:+.1%} at the upper end of what was seen"
        return Finding(Answer.not_proven, low, 0.0, words, details)
    return Finding(Answer.passed if low > 0 else Answer.not_proven, low, 0.0, words, details)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


CHECK = Check(
    "BST006", "bets earn at the lower bound", Purpose.bet, frozenset({Answer.failed, Answer.not_proven}), _run
)
