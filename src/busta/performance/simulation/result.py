"""The short account of bets that a training keeps: one flat unit a bet, and capped fractional Kelly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.staking_rules import Staking
from busta.performance.simulation.bankroll import simulate
from busta.performance.simulation.figures import drawdown, flat_account, log_growth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from busta.performance.simulation.bets import Bets

__all__ = ["Result", "backtest"]


@dataclass(frozen=True)
class Result:
    """What bets earned. A figure that does not apply is NaN.

    Attributes:
        bets: Bets settled, pushes included.
        unsettled: Bets on games without a result: void, in no other figure.
        pushes: Bets whose stake was returned.
        turnover: Sum of stakes, one unit a bet, pushes included.
        unit_profit: Profit at one unit a bet, in units.
        roi: unit_profit / turnover.
        roi_low: Lower end of its 95 % interval by week.
        roi_high: Upper end.
        hit_rate: Bets won / bets won or lost.
        kelly_growth: Growth of the log bankroll with capped fractional Kelly stakes; minus infinity
            when the bankroll was lost; without probabilities there is no Kelly stake.
        max_drawdown: Deepest fall of that bankroll below an earlier week's end, as a share of it.
    """

    bets: int
    unsettled: int
    pushes: int
    turnover: float
    unit_profit: float
    roi: float
    roi_low: float
    roi_high: float
    hit_rate: float
    kelly_growth: float
    max_drawdown: float

    def summary(self) -> dict[str, int | float]:
        """All figures by name."""
        return asdict(self)


def backtest(
    bets: Bets,
    value: ArrayLike,
    line: ArrayLike,
    weeks: ArrayLike,
    *,
    fraction: float = 0.25,
    cap: float = 0.05,
) -> Result:
    """Settle bets and count, flat and by Kelly.

    Args:
        bets: From `place`.
        value: Margin or total of each game; NaN while not played.
        line: Line of each game, or one for all.
        weeks: Label of each game's week; sorts by time, unique across seasons.
        fraction: Of the Kelly share.
        cap: Most of the bankroll on one bet.

    Raises:
        UsageError: What `simulate` refuses.
    """
    guessed = not np.isnan(bets.win).any()
    staking = Staking("fractional-kelly", fraction=fraction, cap=cap) if guessed else Staking()
    ledger = simulate(bets, value, line, weeks, staking, bankroll=1.0)
    flat = flat_account(ledger)
    settled = int(flat["bets"])
    return Result(
        bets=settled,
        unsettled=int(flat["voids"]),
        pushes=int(flat["pushes"]),
        turnover=float(settled),
        unit_profit=flat["unit_profit"],
        roi=flat["unit_roi"],
        roi_low=flat["unit_roi_low"],
        roi_high=flat["unit_roi_high"],
        hit_rate=flat["hit_rate"],
        kelly_growth=log_growth(ledger) if settled and guessed else np.nan,
        max_drawdown=drawdown(ledger)[0] if settled and guessed else np.nan,
    )
