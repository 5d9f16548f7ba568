"""Why a figure of a back-test does not apply, and what its reader should know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.simulation.closing import AT_CLOSE, TOO_FEW_CLOSES
from busta.performance.simulation.figures import FEWEST_BETS, FEWEST_OF_EACH, PERIOD, by_reason, no_bets, reasons
from busta.performance.simulation.ruin import METHOD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.study import Plan, Study

__all__ = ["notes_of"]

_SAME = "every method keeps the order of two prices, so favourites are the same by all"
_ANCHORED = f"the model moves with the market it starts from, its correction held, not trained again; {_SAME}"
_BLIND = f"a model that sees no price bets the same by every method, only its closing-line value moves; {_SAME}"
_NO_SCORES = "no game has a result and a probability of the model and of every line"
_FEW_SCORES = (
    f"intervals: fewer than {FEWEST_BETS} games, {FEWEST_OF_EACH} of them picked right and {FEWEST_OF_EACH} wrong, or "
    "games of a single week, say too little of how weeks differ"
)
_CLV = ("clv", "clv_low", "clv_high", "clv_coverage", "clv_points")


def notes_of(found: Study, forecasts: Forecasts, plan: Plan) -> dict[str, str]:
    """Everything that has to be said of a back-test, by what it is said of; of no bets, why there are none."""
    notes = dict(_empty(found, forecasts))
    if found.figures["bets"]:
        notes |= dict(_bankroll(found))
        notes |= dict(_bets(found, forecasts, plan))
        notes |= dict(_meaning(found, forecasts, plan))
    return notes


def _empty(found: Study, forecasts: Forecasts) -> Iterator[tuple[str, str]]:
    """The reason of every NaN, table by table; a table without bets has one for all."""
    tables: dict[str, Mapping[str, float]] = {"figures": found.figures}
    tables |= {f"strategies.{name}": figures for name, figures in found.strategies.items()}
    tables |= {f"same_bets.{name}": figures for name, figures in found.same_bets.items()}
    for name, figures in tables.items():
        if not figures["bets"]:
            yield name, _why_none(found) if name == "figures" else no_bets(figures)
        elif why := _why(figures, forecasts, name):
            yield name, by_reason(why)
    rows: dict[str, list[Mapping[str, float | str]]]
    rows = {"by_season": [*found.by_season], "sensitivity": [*found.slippage, *found.vig_methods]}
    for name, table in rows.items():
        if found.figures["bets"] and (why := _rows_why(table, forecasts)):
            yield name, by_reason(why)
    scores = [*found.scores.values()]
    if any(np.isnan(row["log_loss_low"]) for row in scores):
        yield "scores", _FEW_SCORES if scores[0]["games"] else _NO_SCORES


def _why_none(found: Study) -> str:
    """Why the model has no settled bet."""
    if found.figures["voids"]:
        return f"{no_bets(found.figures)}: {found.figures['voids']} bets are on games without a result"
    counts = "; ".join(f"{count} {reason}" for reason, count in found.abstained.items())
    return f"{no_bets(found.figures)}: {counts or 'no game is left'}"


def _why(figures: Mapping[str, float], forecasts: Forecasts, table: str = "") -> dict[str, str]:
    """The reason of each figure that is NaN; that there is no later line is said once, of the model."""
    known = not table.startswith(("strategies.", "same_bets.")) or table == "strategies.champion"
    why = reasons(figures, probabilities=known) | _no_close(figures, forecasts)
    return {figure: reason for figure, reason in why.items() if reason != AT_CLOSE or table == "figures"}


def _rows_why(rows: Sequence[Mapping[str, float | str]], forecasts: Forecasts) -> dict[str, str]:
    """The same of all rows of a table."""
    why: dict[str, str] = {}
    for row in rows:
        numbers = {name: figure for name, figure in row.items() if not isinstance(figure, str)}
        why |= _why(numbers, forecasts)
        if np.isnan(numbers.get("closing_log_loss", 0.0)):
            why["closing_log_loss"] = "no game has a result and a probability of the close"
    return why


def _no_close(figures: Mapping[str, float], forecasts: Forecasts) -> dict[str, str]:
    """Why closing-line value is missing."""
    if not figures["bets"]:
        return {}
    why = dict.fromkeys((*_CLV, "closing_line_hit_rate"), "none of the bets has a close")
    if figures["bets"] == figures["pushes"]:
        why["closing_line_hit_rate"] = "every bet was a push"
    if forecasts.moment == "close":
        why |= dict.fromkeys(_CLV, AT_CLOSE)
    elif not forecasts.market.has_line:
        why["clv_points"] = f"a {forecasts.market.name} has no line that could move"
    if not np.isnan(figures["clv"]):
        why |= dict.fromkeys(("clv_low", "clv_high"), TOO_FEW_CLOSES)
    return {name: reason for name, reason in why.items() if np.isnan(figures.get(name, 0.0))}


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


def _meaning(found: Study, forecasts: Forecasts, plan: Plan) -> Iterator[tuple[str, str]]:
    """What figures are of, where there are any."""
    yield "vig_method", _BLIND if forecasts.blind else _ANCHORED
    if not np.isnan(found.figures["volatility"]):
        yield "returns", f"volatility, sharpe and sortino are of {PERIOD}, not annualised"
    if not np.isnan(found.figures["risk_of_ruin"]):
        yield "risk_of_ruin", f"at or below {plan.ruin:.0%} of the bankroll: {METHOD}"


def _week(label: int) -> str:
    return f"{label // 100}-{label % 100:02d}"
