"""Bets chosen: which side of which game, at which price, with what chances."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import check_offer, scalar
from busta.betting.odds import edge
from busta.errors import UsageError

__all__ = ["Bets", "lay", "place", "slip"]

Floats = NDArray[np.float64]

ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Bets:
    """Bets chosen, at most one a game; every array has shape (bets,).

    Attributes:
        game: Row of the game in the arrays it was chosen from.
        first_side: Whether the bet is on the first side.
        price: Decimal price taken.
        win: Probability that the bet is won; NaN where whoever bets has none.
        lose: Probability that it is lost; the rest is a push.
        edge: Expected profit of one unit.

    Raises:
        UsageError: Shapes that do not fit, a price that is missing or not above 1, a probability
            outside 0 to 1.
    """

    game: NDArray[np.intp]
    first_side: NDArray[np.bool_]
    price: Floats
    win: Floats
    lose: Floats
    edge: Floats

    def __post_init__(self) -> None:
        shapes = {np.shape(getattr(self, field.name)) for field in fields(self)}
        if len(shapes) > 1 or self.game.ndim != 1:
            raise UsageError(f"the arrays of bets have shapes {sorted(shapes)}; each has one number a bet")
        if np.isnan(self.price).any():
            raise UsageError("a bet without a price cannot be placed")
        check_offer(self.win, self.lose, self.price)

    def __len__(self) -> int:
        return len(self.game)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Bets:
        """Those bets only."""
        return Bets(*(getattr(self, field.name)[rows] for field in fields(self)))


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
        UsageError: The triples are not of shape (n, 3) or no probabilities, or a price is not above 1.
    """
    triples = np.asarray(triples_first, dtype=np.float64)
    if triples.ndim != 2 or triples.shape[1] != 3:  # noqa: PLR2004
        raise UsageError(f"triples of shape {triples.shape}; win, push and lose of each game are needed")
    prices = np.column_stack([np.broadcast_to(price, len(triples)) for price in (price_first, price_second)])
    scalar("min_edge", min_edge, -np.inf, np.inf, "an edge")
    if (np.abs(triples.sum(axis=1) - 1) > ROUNDING).any() or (triples[:, 1] < 0).any():
        raise UsageError("win, push and lose are probabilities, and those of a game sum to 1")
    win = triples[:, [0, 2]]
    edges = edge(win, win[:, ::-1], prices)
    side = np.argmax(np.where(np.isnan(edges), -np.inf, edges), axis=1)
    game = np.flatnonzero(edges[np.arange(len(side)), side] >= min_edge)
    side = side[game]
    win, lose = triples[game, 2 * side], triples[game, 2 - 2 * side]
    return Bets(game, side == 0, prices[game, side].astype(np.float64), win, lose, edges[game, side])


def lay(side: NDArray[np.intp], prices: Floats) -> Bets:
    """Bets of somebody who has no probabilities: 0 the first side, 1 the second, -1 nothing.

    Args:
        side: Of each game, shape (n,).
        prices: Decimal, shape (n, 2); a side without one is not bet.
    """
    game = np.flatnonzero(side >= 0)
    game = game[~np.isnan(prices[game, side[game]])]
    unknown = np.full(len(game), np.nan)
    return Bets(game, side[game] == 0, prices[game, side[game]], unknown, unknown, unknown)


def slip(bets: Bets, slippage: float) -> Bets:
    """The same bets, each at a price that pays ``slippage`` less of its profit; its edge shrinks with it.

    >>> slip(lay(np.array([0]), np.array([[2.0, 2.0]])), 0.05).price
    array([1.95])

    Raises:
        UsageError: The slippage is not between 0 and 1.
    """
    if not 0 <= slippage < 1:
        raise UsageError(f"slippage {slippage} cannot be right; it is a share of the profit, 0 or more and below 1")
    price = 1 + (bets.price - 1) * (1 - slippage)
    return replace(bets, price=price, edge=edge(bets.win, bets.lose, price))
