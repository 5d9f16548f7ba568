"""Profit week by week: the model's, with its interval, beside coins, favourites and what the closing line expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.performance.simulation.bankroll import simulate
from busta.performance.simulation.bets import slip
from busta.performance.simulation.closing import closing_edge
from busta.performance.simulation.figures import enough
from busta.performance.simulation.strategies import either_side, strategy, tosses
from busta.scoring.intervals import ratio_of_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bankroll import Ledger

    Floats = NDArray[np.float64]

__all__ = ["Curves", "curves"]


@dataclass(frozen=True, eq=False)
class Curves:
    """After each week with a bet, one flat unit a bet; every array has shape (weeks,), NaN where it does not apply.

    Attributes:
        weeks: Season times 100 plus week.
        bets: Bets settled so far.
        profit: The model's, in units.
        low: Lower end of the 95 % interval by week of the profit so far.
        high: Upper end.
        expected: What the closing line expected of the same bets, those without a close left out.
        favourite: Had the favourite of each of those games been bet; NaN for totals, which have none.
        coin_low: 95 % of a thousand coins that pick a side of each of those games lie above it.
        coin_high: And below this.
        fall: Bankroll below its peak, as a share of it, at the stakes of the back-test.
    """

    weeks: NDArray[np.int64]
    bets: Floats
    profit: Floats
    low: Floats
    high: Floats
    expected: Floats
    favourite: Floats
    coin_low: Floats
    coin_high: Floats
    fall: Floats

    def __len__(self) -> int:
        return len(self.weeks)


def curves(ledger: Ledger, forecasts: Forecasts, slippage: float = 0.0, seed: int = 0) -> Curves:
    """The curves behind a back-test; the last week's figures are those of its tables.

    Args:
        ledger: Of the back-test.
        forecasts: What it bet on.
        slippage: Share of each price's profit that it lost.
        seed: Of its coins.
    """
    settled, count = ledger.settled, len(ledger.weeks)
    unit = np.nan_to_num(ledger.unit_profit)
    gain, bets = _sums(ledger, unit), _sums(ledger, settled)
    low, high = _interval(ledger, gain, bets)
    edges = np.where(settled, closing_edge(ledger.bets, forecasts), np.nan)
    coin_low, coin_high = _coins(ledger, forecasts, slippage, seed)
    peak = np.maximum.accumulate(ledger.path)
    return Curves(
        weeks=np.asarray(ledger.weeks, dtype=np.int64),
        bets=np.cumsum(bets),
        profit=np.cumsum(gain),
        low=low,
        high=high,
        expected=np.cumsum(_sums(ledger, np.nan_to_num(edges)))
        if not np.isnan(edges).all()
        else np.full(count, np.nan),
        favourite=_favourite(ledger, forecasts, slippage),
        coin_low=coin_low,
        coin_high=coin_high,
        fall=(1 - ledger.path / peak)[1:] if count else np.empty(0),
    )


def _sums(ledger: Ledger, values: NDArray[np.generic]) -> Floats:
    return np.bincount(ledger.week, values, minlength=len(ledger.weeks)).astype(np.float64)


def _interval(ledger: Ledger, gain: Floats, bets: Floats) -> tuple[Floats, Floats]:
    """The interval of the ROI of the first weeks times their bets, for every number of them."""
    count = len(gain)
    if not count:
        return np.empty(0), np.empty(0)
    first = np.tri(count)
    low, high = ratio_of_sums(first * gain, first * bets).interval()
    won, lost = (np.cumsum(_sums(ledger, which)) for which in (ledger.unit_profit > 0, ledger.unit_profit < 0))
    so_far = np.cumsum(bets)
    known = [enough(*each) for each in zip(won, lost, so_far, strict=True)]
    return np.where(known, low * so_far, np.nan), np.where(known, high * so_far, np.nan)


def _favourite(ledger: Ledger, forecasts: Forecasts, slippage: float) -> Floats:
    """The same stake on the favourite of each game that was bet."""
    if forecasts.market.quantity != "margin":
        return np.full(len(ledger.weeks), np.nan)
    bets = slip(strategy("favourite", forecasts, ledger.bets.game), slippage)
    theirs = simulate(bets, forecasts.value, forecasts.line, forecasts.weeks)
    place = np.searchsorted(ledger.weeks, theirs.weeks)[theirs.week]
    gain = np.bincount(place, np.nan_to_num(theirs.unit_profit), minlength=len(ledger.weeks))
    return np.cumsum(gain).astype(np.float64)


def _coins(ledger: Ledger, forecasts: Forecasts, slippage: float, seed: int) -> tuple[Floats, Floats]:
    """Between which profits 95 % of a thousand coins lie after each week; the coins of `coin_luck`, toss by toss."""
    weeks = len(ledger.weeks)
    both = either_side(forecasts, ledger.bets.game, slippage)
    known = ~np.isnan(both).any(axis=1)
    if not known.any():
        return np.full(weeks, np.nan), np.full(weeks, np.nan)
    both, week = both[known], ledger.week[known]
    order = np.argsort(week, kind="stable")
    there, first = np.unique(week[order], return_index=True)
    found = []
    for heads in tosses(len(both), seed):
        gain = both[order, 0] + heads[:, order] * (both[order, 1] - both[order, 0])
        found.append(np.cumsum(np.add.reduceat(gain, first, axis=1), axis=1))
    low, high = np.quantile(np.concatenate(found), (0.025, 0.975), axis=0)
    at = np.searchsorted(there, np.arange(weeks), side="right") - 1  # a week of void bets leaves all as it was
    return tuple(np.where(at >= 0, ends[at], 0.0) for ends in (low, high))  # type: ignore[return-value]
