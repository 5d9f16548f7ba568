"""The back-test: which bets a model would have placed, and what they would have earned.

Arrays run over games, shape (n,), unless they belong to `Bets`, where they run over bets.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.odds import edge
from busta.betting.settlement import settle
from busta.betting.staking import fractional_kelly
from busta.errors import UsageError
from busta.scoring.intervals import weekly_ratio_interval

__all__ = ["Bets", "Result", "backtest", "place"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bets:
    """Bets chosen, at most one a game; every array has shape (bets,).

    Attributes:
        game: Row of the game in the arrays it was chosen from.
        first_side: Whether the bet is on the first side.
        price: Decimal price taken.
        win: Probability that the bet is won.
        lose: Probability that it is lost; the rest is a push.
        edge: Expected profit of one unit.
    """

    game: NDArray[np.intp]
    first_side: NDArray[np.bool_]
    price: Floats
    win: Floats
    lose: Floats
    edge: Floats

    def __len__(self) -> int:
        return len(self.game)


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
        roi_low: Lower end of its 95 % interval, resampled by week.
        roi_high: Upper end.
        hit_rate: Bets won / bets won or lost.
        kelly_growth: Growth of the log bankroll with capped fractional Kelly stakes; minus infinity
            when the bankroll was lost.
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


def place(triples_first: ArrayLike, price_first: ArrayLike, price_second: ArrayLike, min_edge: float = 0.02) -> Bets:
    """Take the better side of each game where its edge is at least ``min_edge``.

    A side without a price (NaN) or without a probability cannot be bet; of two equal edges the first
    side's is taken.

    Args:
        triples_first: Win, push and lose of the first side, shape (n, 3).
        price_first: Decimal price of the first side, shape (n,) or a number.
        price_second: Decimal price of the second side, shape (n,) or a number.
        min_edge: In units of the stake.

    Raises:
        UsageError: The triples are not of shape (n, 3).
    """
    triples = np.asarray(triples_first, dtype=np.float64)
    if triples.ndim != 2 or triples.shape[1] != 3:  # noqa: PLR2004
        raise UsageError(f"triples of shape {triples.shape}; win, push and lose of each game are needed")
    prices = np.column_stack([np.broadcast_to(price, len(triples)) for price in (price_first, price_second)])
    edges = edge(triples[:, [0, 2]], triples[:, [2, 0]], prices)
    side = np.argmax(np.where(np.isnan(edges), -np.inf, edges), axis=1)
    game = np.flatnonzero(edges[np.arange(len(side)), side] >= min_edge)
    side = side[game]
    win, lose = triples[game, 2 * side], triples[game, 2 - 2 * side]
    return Bets(game, side == 0, prices[game, side].astype(np.float64), win, lose, edges[game, side])


def backtest(
    bets: Bets,
    value: ArrayLike,
    line: ArrayLike,
    weeks: ArrayLike,
    *,
    fraction: float = 0.25,
    cap: float = 0.05,
    draws: int = 2000,
    seed: int = 0,
) -> Result:
    """Settle bets and count, flat and by Kelly.

    The Kelly bankroll stakes, on each of a week's bets, a capped fraction of what it holds at the
    start of the week, all scaled down where they would exceed it; weeks come in label order.

    Args:
        bets: From `place`.
        value: Margin or total of each game; NaN while not played.
        line: Line of each game, or one for all.
        weeks: Label of each game's week; sorts by time, unique across seasons.
        fraction: Of the Kelly share.
        cap: Most of the bankroll on one bet.
        draws: Resamples of the ROI interval.
        seed: Of the resampling.
    """
    line = np.broadcast_to(np.asarray(line, dtype=np.float64), np.shape(value))[bets.game]
    profit = settle(np.asarray(value)[bets.game], line, bets.first_side, bets.price)
    stakes = fractional_kelly(bets.win, bets.lose, bets.price, fraction, cap)
    known = ~np.isnan(profit)
    week = np.asarray(weeks)[bets.game][known]
    low, high = weekly_ratio_interval(profit[known], 1.0, week, draws=draws, seed=seed)
    growth, drawdown = _bankroll(stakes[known], profit[known], week)
    counts = _counts(profit[known]) | {"unsettled": int((~known).sum())}
    return Result(**counts, roi_low=low, roi_high=high, kelly_growth=growth, max_drawdown=drawdown)


def _counts(profit: Floats) -> dict[str, Any]:
    """The figures of one unit a bet that need no order."""
    bets, won, lost = len(profit), int((profit > 0).sum()), int((profit < 0).sum())
    return {
        "bets": bets,
        "pushes": bets - won - lost,
        "turnover": float(bets),
        "unit_profit": float(profit.sum()),
        "roi": float(profit.sum()) / bets if bets else np.nan,
        "hit_rate": won / (won + lost) if won + lost else np.nan,
    }


def _bankroll(stakes: Floats, profit: Floats, week: NDArray[np.generic]) -> tuple[float, float]:
    """Growth of the log bankroll, and its deepest fall as a share, staking week by week."""
    if not len(stakes):
        return np.nan, np.nan
    _, order = np.unique(week, return_inverse=True)
    exposure = np.maximum(np.bincount(order, stakes), 1.0)
    with np.errstate(divide="ignore"):
        path = np.cumsum(np.log1p(np.maximum(np.bincount(order, stakes * profit) / exposure, -1.0)))
    peak = np.maximum.accumulate(np.maximum(path, 0.0))
    return float(path[-1]), float((1 - np.exp(path - peak)).max())
