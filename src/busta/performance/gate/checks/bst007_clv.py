"""BST007: the line moved towards the bets. Evidence beside the rest: by itself it proves no profit."""

from __future__ import annotations

from typing import Any

import numpy as np

from busta.performance.gate.case import Answer, Case, Check, Finding, Purpose
from busta.performance.simulation.closing import AT_CLOSE, closing_value, missing_closes

__all__ = ["CHECK"]


def _run(case: Case) -> Finding:
    """Mean closing-line value of the bets, with its interval by week and its coverage."""
    forecasts, bets = case.forecasts, case.evaluation.bets
    if forecasts.moment == "close":
        return Finding(Answer.not_applicable, None, None, AT_CLOSE)
    value = closing_value(bets, forecasts)
    clv, low, high = (value[name] for name in ("clv", "clv_low", "clv_high"))
    if np.isnan(clv):
        return Finding(Answer.not_proven, None, 0.0, "there are no bets, or none has a close")
    details: dict[str, Any] = value | {"missing": missing_closes(bets, forecasts)}
    ends = "" if np.isnan(low) else f" ({low:+.1%} to {high:+.1%})"
    words = f"CLV {clv:+.1%}{ends} on {value['clv_coverage']:.0%} of the bets"
    answer = Answer.passed if low > 0 else Answer.failed if high < 0 else Answer.not_proven
    return Finding(answer, clv, 0.0, words, details)


CHECK = Check("BST007", "the line moves towards the bets", Purpose.evidence, frozenset(), _run)
