"""Why a figure of a back-test does not apply, and what its reader should know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.simulation.closing import AT_CLOSE
from busta.performance.simulation.figures import PERIOD, by_reason, reasons
from busta.performance.simulation.ruin import METHOD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.study import Plan, Study

__all__ = ["notes_of"]

_SAME = "every method keeps the order of two prices, so favourites are the same by all"
_ANCHORED = f"the model moves with the market it starts from, its correction held, not trained again; {_SAME}"
_BLIND = f"a model that sees no price bets the same by every method, only its closing-line value moves; {_SAME}"


def notes_of(found: Study, forecasts: Forecasts, plan: Plan) -> dict[str, str]:
    """Everything that has to be said of a back-test, by what it is said of."""
    notes = dict(_empty(found, forecasts))
    notes |= dict(_bankroll(found))
    notes |= dict(_bets(found, forecasts, plan))
    notes["vig_method"] = _BLIND if forecasts.blind else _ANCHORED
    notes["returns"] = f"volatility, sharpe and sortino are of {PERIOD}, not annualised"
    notes["risk_of_ruin"] = f"at or below {plan.ruin:.0%} of the bankroll: {METHOD}"
    return notes


def _empty(found: Study, forecasts: Forecasts) -> Iterator[tuple[str, str]]:
    """The reason of every NaN, table by table."""
    tables: dict[str, Mapping[str, float]] = {"figures": found.figures}
    tables |= {f"strategies.{name}": figures for name, figures in found.strategies.items()}
    tables |= {f"same_bets.{name}": figures for name, figures in found.same_bets.items()}
    for name, figures in tables.items():
        known = name in ("figures", "strategies.champion")
        why = reasons(dict(figures), probabilities=known) | _no_close(figures, forecasts)
        if name != "figures" and forecasts.moment == "close":  # said once, for all
            why = {figure: reason for figure, reason in why.items() if reason != AT_CLOSE}
        if why:
            yield name, by_reason(why)
    if any(np.isnan(list(scored.values())).any() for scored in found.scores.values()):
        yield "scores", "no game has a result and a probability of the model and of every line"


def _no_close(figures: Mapping[str, float], forecasts: Forecasts) -> dict[str, str]:
    """Why closing-line value is missing."""
    at_open = "none of the bets has a close" if figures["bets"] else "no bet was settled"
    why = dict.fromkeys(
        ("clv", "clv_low", "clv_high", "clv_coverage", "clv_points"),
        AT_CLOSE if forecasts.moment == "close" else at_open,
    )
    if forecasts.moment == "open" and not forecasts.market.has_line:
        why["clv_points"] = f"a {forecasts.market.name} has no line that could move"
    if figures["bets"]:
        why["closing_line_hit_rate"] = "none of the bets has a close"
    if not np.isnan(figures["clv"]):
        why["clv_low"] = why["clv_high"] = "bets of a single week say nothing of how weeks differ"
    return {name: reason for name, reason in why.items() if np.isnan(figures[name])}


def _bankroll(found: Study) -> Iterator[tuple[str, str]]:
    ledger = found.ledger
    if ledger.broke:
        week = ledger.weeks[int(np.flatnonzero(ledger.end <= 0)[0])]
        after = int(found.figures["unstaked"])
        yield "broke", f"the bankroll was lost in week {_week(int(week))}; it stays lost, {after} bets had no stake"
    if ledger.scaled:
        yield "scaled", f"in {ledger.scaled} weeks the bets asked for more than the bankroll and were scaled down"


def _bets(found: Study, forecasts: Forecasts, plan: Plan) -> Iterator[tuple[str, str]]:
    game = found.ledger.bets.game
    assumed = int(forecasts.price_assumed[game].sum())
    if assumed:
        yield "prices", f"{assumed} of {len(game)} bets are at an assumed price; nobody recorded the real one"
    if found.figures["voids"]:
        yield "voids", f"{found.figures['voids']} bets are on games without a result; their stakes came back"
    if plan.choice.filtered:
        yield (
            "filters",
            "a part of the bets that was found by looking proves nothing by itself; judge it on later games",
        )
    if plan.slippage:
        yield "slippage", f"every price pays {plan.slippage:.1%} less of its profit than was quoted"
    seasons = np.unique(forecasts.seasons[game])
    if len(seasons) == 1:
        yield "seasons", f"all bets are of one season, {seasons[0]}: nothing shows how seasons differ"


def _week(label: int) -> str:
    return f"{label // 100}-{label % 100:02d}"
