"""BST001: the model beats the baselines that need no model."""

from __future__ import annotations

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.gate.evidence import paired_difference

__all__ = ["CHECK"]

_BASELINES = {"elo": "Elo only", "favourite": "favourite", "home": "one side always"}
"""Rules that do not forecast by the market's price, and what people call them."""


def _run(case: Case) -> Finding:
    """Log loss less each baseline's, paired, by week: worse than none, better than all.

    At spreads and totals a coin is as good as the line, so worse means here what it means there: a difference
    that is proven, and not proven to be smaller than the margin.
    """
    forecasts, margin = case.forecasts, case.settings.line_margin
    gaps = {
        name: paired_difference(forecasts.probability, forecasts.baselines[name], forecasts.y, forecasts.weeks)
        for name in _BASELINES
        if name in forecasts.baselines
    }
    gaps = {name: gap for name, gap in gaps.items() if not np.isnan(gap[1])}
    if not gaps:
        return Finding(Answer.not_proven, None, 0.0, "too few games to compare with a baseline")
    nearest = max(gaps, key=lambda name: gaps[name][0])
    gap, low, high = gaps[nearest]
    details = {name: {"difference": each[0], "low": each[1], "high": each[2]} for name, each in gaps.items()}
    if any(each[1] > 0 and each[2] >= margin for each in gaps.values()):
        answer, words = Answer.failed, f"log loss {gap:+.4f} against {nearest}: worse than a baseline without a model"
    elif all(each[2] < 0 for each in gaps.values()):
        answer, words = Answer.passed, f"log loss {gap:+.4f} against the strongest baseline, {nearest}"
    else:
        answer = Answer.not_proven
        words = f"log loss {gap:+.4f} ({low:+.4f} to {high:+.4f}) against {nearest}: no better and no worse"
    names = ", ".join(_BASELINES[name] for name in gaps)
    words += f"; baselines here are rules that do not forecast by the market's price ({names}), the line has BST002"
    return Finding(answer, gap, 0.0, words, details)


CHECK = Check("BST001", "beats every simple baseline", Purpose.serve, frozenset({Answer.failed}), _run)
