"""The whole back-test of one model: its bets, what anybody else would have earned, and how far it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.staking_rules import Staking
from busta.performance.significance.needed import bets_needed
from busta.performance.simulation.bankroll import simulate
from busta.performance.simulation.bets import slip
from busta.performance.simulation.choice import Choice, choose, within
from busta.performance.simulation.closing import closing_value, missing_closes
from busta.performance.simulation.figures import account, kelly_growth
from busta.performance.simulation.notes import notes_of
from busta.performance.simulation.ruin import RUIN
from busta.performance.simulation.scores import scored
from busta.performance.simulation.sensitivity import brief, by_slippage, by_vig_method
from busta.performance.simulation.strategies import as_forecast_by, coin_luck, names, strategy
from busta.performance.simulation.uncertainty import win_sd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bankroll import Ledger
    from busta.performance.simulation.bets import Bets

__all__ = ["Plan", "Study", "study"]

Figures = dict[str, float]


@dataclass(frozen=True)
class Plan:
    """How a back-test is made.

    Attributes:
        choice: Which games are bet.
        staking: How much is staked on them.
        bankroll: Before the first bet.
        slippage: Share of each price's profit that is lost between the quote and the bet.
        ruin: Share of the bankroll at or below which it counts as ruined.
        vig_method: By which the forecasts read the market.
        seed: Of the coin and of every resampling.
    """

    choice: Choice = Choice()  # noqa: RUF009 - frozen
    staking: Staking = Staking()  # noqa: RUF009
    bankroll: float = 100.0
    slippage: float = 0.0
    ruin: float = RUIN
    vig_method: str = "multiplicative"
    seed: int = 0


@dataclass(frozen=True)
class Study:
    """What came out; a figure that does not apply is NaN and has its reason in ``notes``.

    Attributes:
        games: Games looked at, after the filters by season and team.
        figures: The model's, at its stakes (`account`), with closing-line value and Kelly growth.
        abstained: Games not bet, by the first reason that applied.
        missing_closes: Bets without a closing-line value, by reason.
        scores: Log loss, Brier score and accuracy of the model and of the lines, on the same games, with
            their intervals.
        strategies: One flat unit on every such game by each strategy, and the champion's bets.
        same_bets: Coin and favourite on exactly the games that the model bet.
        by_season: One entry a season with a bet, at one flat unit.
        slippage: The same bets at worse prices.
        vig_methods: Bets and closing-line value with the market read by each method.
        notes: Reasons, and what a reader should know.
        ledger: The bets behind the figures.
    """

    games: int
    figures: Figures
    abstained: dict[str, int]
    missing_closes: dict[str, int]
    scores: dict[str, Figures]
    strategies: dict[str, Figures]
    same_bets: dict[str, Figures]
    by_season: list[Figures]
    slippage: list[dict[str, float]]
    vig_methods: list[dict[str, float | str]]
    notes: dict[str, str]
    ledger: Ledger


def study(forecasts: Forecasts, plan: Plan, champion: Forecasts | None = None) -> Study:
    """Bets the model's forecasts by a plan, beside every strategy on the same games and prices.

    Args:
        forecasts: Out of fold.
        plan: How.
        champion: Forecasts of the champion so far, if it is another model.

    Raises:
        UsageError: The plan names a season, team or side that these forecasts do not have.
    """
    chosen = choose(forecasts, plan.choice)
    bets = slip(chosen.bets, plan.slippage)
    ledger = _ledger(bets, forecasts, plan, plan.staking)
    figures = _figures(ledger, forecasts, plan)
    inside = np.flatnonzero(within(forecasts, plan.choice))
    strategies = {name: _strategy(name, forecasts, inside, plan) for name in names(forecasts)}
    if champion is not None:
        strategies["champion"] = _other(champion, forecasts, plan)
    same = [name for name in ("favourite", "coin") if name in strategies]
    found = Study(
        games=inside.size,
        figures=figures,
        abstained=chosen.abstained,
        missing_closes=missing_closes(bets, forecasts),
        scores=scored(forecasts, inside),
        strategies=strategies,
        same_bets={name: _strategy(name, forecasts, bets.game, plan) for name in same},
        by_season=_by_season(bets, forecasts),
        slippage=by_slippage(forecasts, chosen.bets),
        vig_methods=by_vig_method(forecasts, plan.choice, plan.vig_method, plan.slippage),
        notes={},
        ledger=ledger,
    )
    return replace(found, notes=notes_of(found, forecasts, plan))


def _ledger(bets: Bets, forecasts: Forecasts, plan: Plan, staking: Staking) -> Ledger:
    sd = win_sd(bets, forecasts) if staking.rule == "shrunk-kelly" else None
    return simulate(bets, forecasts.value, forecasts.line, forecasts.weeks, staking, bankroll=plan.bankroll, sd=sd)


def _figures(ledger: Ledger, forecasts: Forecasts, plan: Plan) -> Figures:
    growth = kelly_growth(ledger, forecasts.value, forecasts.line, forecasts.weeks, plan.staking)
    figures = account(ledger, ruin=plan.ruin, seed=plan.seed) | {"kelly_growth": growth}
    figures["closing_line_hit_rate"] = _expected_hits(ledger.bets, forecasts)
    figures["bets_needed_claimed"] = _needed(figures["claimed_edge"], figures)
    proven = figures["unit_roi_low"] > 0  # else the ROI seen may be luck
    figures["bets_needed_seen"] = _needed(figures["unit_roi"], figures) if proven else np.nan
    return figures | closing_value(ledger.bets, forecasts)


def _needed(edge: float, figures: Figures) -> float:
    """Bets without a push that prove an edge of that size at the mean price, one-sided 5 %, power 80 %."""
    decided = figures["won"] + figures["lost"]
    hit_rate = (1 + edge * figures["bets"] / decided) / figures["mean_price"] if decided else np.nan
    return bets_needed(hit_rate, figures["mean_price"]) if 0 < hit_rate < 1 else np.nan


def _expected_hits(bets: Bets, forecasts: Forecasts) -> float:
    """How often the closing line expects the bets to be won, of those won or lost."""
    p = forecasts.baselines["closing_line"][bets.game]
    p = np.where(bets.first_side, p, 1 - p)[~np.isnan(p + forecasts.y[bets.game])]
    return float(p.mean()) if p.size else np.nan


def _strategy(name: str, forecasts: Forecasts, rows: NDArray[np.intp], plan: Plan) -> Figures:
    """A strategy at flat stakes; a coin also with the luck of a thousand coins."""
    bets = slip(strategy(name, forecasts, rows, plan.seed), plan.slippage)
    figures = _figures(_ledger(bets, forecasts, plan, replace(plan.staking, rule="flat")), forecasts, plan)
    if name == "coin":
        luck = coin_luck(forecasts, rows, plan.slippage, plan.seed)
        figures |= {f"luck_{name}": value for name, value in luck.items()}
    return figures


def _other(champion: Forecasts, forecasts: Forecasts, plan: Plan) -> Figures:
    """The champion's bets by the same plan, on the same games, lines and prices."""
    theirs = as_forecast_by(champion, forecasts)
    bets = slip(choose(theirs, plan.choice).bets, plan.slippage)
    return _figures(_ledger(bets, theirs, plan, plan.staking), theirs, plan)


def _by_season(bets: Bets, forecasts: Forecasts) -> list[Figures]:
    season = forecasts.seasons[bets.game]
    return [{"season": int(year)} | brief(bets.take(season == year), forecasts) for year in np.unique(season)]
