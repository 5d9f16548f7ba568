"""Why a figure does not apply: every ``None`` has its reason in the notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.simulation.figures import TOO_FEW, by_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts

__all__ = ["LATER", "MONEY", "STRATEGIES", "notes_of", "season_notes"]

Figures = dict[str, float | None]

MONEY = (
    "bets",
    "pushes",
    "turnover",
    "unit_profit",
    "roi",
    "roi_low",
    "roi_high",
    "hit_rate",
    "kelly_growth",
    "max_drawdown",
)
LATER = ("clv", "clv_coverage")
STRATEGIES = ("home", "favourite")
"""Baselines that bet a side whatever it pays."""


def notes_of(
    metrics: Figures, baselines: dict[str, Figures], forecasts: Forecasts, priced: NDArray[np.bool_]
) -> dict[str, str]:
    """Why a figure of the model or of a baseline is null, and what the figures leave out."""
    notes = _reasons(metrics, forecasts)
    notes |= _no_line([name for name in notes if name.startswith("closing_")], forecasts)
    for baseline, figures in baselines.items():
        why = _baseline_reasons(baseline, figures, forecasts)
        if why:
            notes[f"baselines.{baseline}"] = by_reason(why)
    return notes | _left_out(forecasts, priced)


def season_notes(by_season: list[Figures], forecasts: Forecasts) -> dict[str, str]:
    """Why figures are null in some seasons."""
    why: dict[str, str] = {}
    for figures in by_season:
        why |= _reasons(figures, forecasts)
    if "closing_line_log_loss" in why:
        why |= _no_line([name for name in why if name.startswith("closing_line_")], forecasts)
    return {"by_season": by_reason(why)} if why else {}


def _baseline_reasons(baseline: str, figures: Figures, forecasts: Forecasts) -> dict[str, str]:
    why = _reasons(figures, forecasts)
    if forecasts.moment == "close":  # said once, for all
        why = {name: reason for name, reason in why.items() if name not in LATER}
    if baseline.startswith("closing_line") and figures["log_loss"] is None:
        why |= _no_line(why, forecasts)
    if baseline in STRATEGIES:
        words = "it bets without a probability, so it has no Kelly stakes"
        why |= {name: words for name in ("kelly_growth", "max_drawdown") if name in why}
    if figures["bets"] is None:
        later = () if forecasts.moment == "close" else LATER
        why |= dict.fromkeys((*MONEY, *later), _why_no_bets(baseline, forecasts))
    return why


def _left_out(forecasts: Forecasts, priced: NDArray[np.bool_]) -> dict[str, str]:
    """Games and prices that the figures do without, or take on trust."""
    counts = {
        "games": (int((~priced).sum()), "games without a price to be bet against are in no score"),
        "prices": (
            int(np.isnan(forecasts.prices).any(axis=1).sum()),
            "games have no quoted price on a side and could not be bet there",
        ),
        "price_assumed": (
            int(forecasts.price_assumed.sum()),
            "games have a line but no recorded price; -110 on both sides is assumed",
        ),
    }
    return {name: f"{count} {words}" for name, (count, words) in counts.items() if count}


def _reasons(figures: Figures, forecasts: Forecasts) -> dict[str, str]:
    """The reason of each figure that is null."""
    at_close = "bets are placed at the close itself, so there is no later line to compare with"
    reasons = {
        "precision": "no first side was ever picked",
        "recall": "the first side never won",
        "auc": "all outcomes are the same",
        "calibration_slope": "probabilities are constant, or separate the outcomes entirely",
        "calibration_intercept": "probabilities are constant, or separate the outcomes entirely",
        "roi_low": TOO_FEW,
        "roi_high": TOO_FEW,
        "hit_rate": "every bet was a push",
        "kelly_growth": "the bankroll was lost",
    }
    if not figures["bets"]:
        reasons |= dict.fromkeys(MONEY, "no bet had the edge asked for and a price")
    at_open = "none of the bets has a closing line" if figures["bets"] else "there are no bets"
    reasons |= dict.fromkeys(LATER, at_close if forecasts.moment == "close" else at_open)
    empty = [name for name, value in figures.items() if value is None]
    return {name: reasons.get(name.removeprefix("closing_line_"), "too few games") for name in empty}


def _no_line(scores: Iterable[str], forecasts: Forecasts) -> dict[str, str]:
    """The reason of the closing line's empty scores where there is no closing line at all."""
    absent = np.isnan(forecasts.closing_mean)
    words = "there is no closing line" if absent.all() else "not every game has a closing line"
    return dict.fromkeys(scores, words) if absent.any() else {}


def _why_no_bets(baseline: str, forecasts: Forecasts) -> str:
    if baseline.startswith("closing_line") and forecasts.moment == "open":
        return "the close is not known when the open is bet"
    if baseline == "closing_line_recalibrated":
        return "it stands for the line, as the bar of the scores"
    if baseline in STRATEGIES:
        return "most totals have no favourite; busta backtest has every over and every under"
    return "it never differs from its own price, so it never bets"
