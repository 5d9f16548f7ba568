"""Closing-line value: what the market at the close says of bets that were placed before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.betting.odds import edge
from busta.performance.simulation.figures import FEWEST_BETS
from busta.scoring.intervals import weekly_ratio_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bets import Bets

    Floats = NDArray[np.float64]

__all__ = [
    "AT_CLOSE",
    "TOO_FEW_CLOSES",
    "closing_edge",
    "closing_figures",
    "closing_points",
    "closing_value",
    "missing_closes",
]

AT_CLOSE = "bets are placed at the close itself, so there is no later line to compare with"
TOO_FEW_CLOSES = (
    f"fewer than {FEWEST_BETS} bets with a close, or bets of a single week, say too little of how weeks differ"
)
_NO_QUOTE = "the market has no quote at the close"
_NO_READING = "the quote at the close has no probability to read"
_VOID = "the game has no result: void"


def closing_value(bets: Bets, forecasts: Forecasts) -> dict[str, float]:
    """Mean closing-line value of bets that have a result, and the share of them that has a close.

    ``clv`` is the edge of the bet as taken, its line and its price, by the closing market's own win,
    push and lose at that line, with its 95 % interval by week; ``clv_points`` by how many points the
    line moved the bettor's way, for spreads and totals. NaN for bets placed at the close; so is the
    interval of fewer than twenty bets.
    """
    if forecasts.moment == "close":
        return dict.fromkeys(("clv", "clv_low", "clv_high", "clv_coverage", "clv_points"), np.nan)
    bets = bets.take(~np.isnan(forecasts.value[bets.game]))
    weeks = forecasts.weeks[bets.game]
    return closing_figures(closing_edge(bets, forecasts), closing_points(bets, forecasts), weeks)


def closing_figures(value: Floats, points: Floats, weeks: NDArray[np.int64]) -> dict[str, float]:
    """The figures of `closing_value`, of bets that have a result.

    Args:
        value: Edge of each bet by the closing market, shape (bets,); NaN without a close.
        points: By how many points the line moved its way; NaN without a close or a line.
        weeks: Labels.
    """
    known = ~np.isnan(value)
    low, high = np.nan, np.nan
    if known.sum() >= FEWEST_BETS:
        low, high = weekly_ratio_interval(value[known], 1.0, weeks[known])
    return {
        "clv": _mean(value),
        "clv_low": low,
        "clv_high": high,
        "clv_coverage": float(known.mean()) if known.size else np.nan,
        "clv_points": _mean(points),
    }


def closing_edge(bets: Bets, forecasts: Forecasts) -> Floats:
    """Edge of each bet by the closing market, shape (bets,); NaN without a close."""
    closing = forecasts.closing[bets.game]
    closing = np.where(bets.first_side[:, None], closing, closing[:, ::-1])
    return edge(closing[:, 0], closing[:, 2], bets.price)


def closing_points(bets: Bets, forecasts: Forecasts) -> Floats:
    """Points by which the line moved each bet's way, shape (bets,); NaN without a close, or without a line."""
    if not forecasts.market.has_line:
        return np.full(len(bets), np.nan)
    moved = (forecasts.closing_line - forecasts.line)[bets.game]
    return np.where(bets.first_side, moved, -moved)


def missing_closes(bets: Bets, forecasts: Forecasts) -> dict[str, int]:
    """How many bets have no closing-line value, by reason."""
    if forecasts.moment == "close":
        return {AT_CLOSE: len(bets)} if len(bets) else {}
    void = np.isnan(forecasts.value[bets.game])
    unquoted = np.isnan(forecasts.closing_line[bets.game]) & ~void
    unread = np.isnan(closing_edge(bets, forecasts)) & ~void & ~unquoted
    found = {_NO_QUOTE: unquoted, _NO_READING: unread, _VOID: void}
    return {reason: int(rows.sum()) for reason, rows in found.items() if rows.any()}


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan
