"""What a week can bring: scenarios of bets that stand side by side, for `simultaneous_kelly`.

Chances are stratified (a Latin hypercube, McKay, Beckman and Conover 1979): each bet is won in the
share of the scenarios that it is won with, to within one scenario. Plain draws would not do: a Kelly
share hangs on an edge that is smaller than their noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from busta.betting.settlement import settle
from busta.betting.staking import check_offer
from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.betting.distribution import Discretised

__all__ = ["Leg", "independent_scenarios", "joint_scenarios"]

Floats = NDArray[np.float64]

SCENARIOS = 4096


@dataclass(frozen=True, slots=True)
class Leg:
    """One bet of a week.

    Attributes:
        game: Which of the games it is on.
        quantity: What decides it: the game's ``margin`` or its ``total``.
        line: In points; 0 for a moneyline.
        first_side: Whether it is on home or over.
        price: Decimal.
    """

    game: int
    quantity: Literal["margin", "total"]
    line: float
    first_side: bool
    price: float


def independent_scenarios(
    win: ArrayLike, lose: ArrayLike, price: ArrayLike, scenarios: int = SCENARIOS, seed: int = 0
) -> Floats:
    """Profits of bets on different games, one unit each, shape (scenarios, bets).

    Raises:
        UsageError: A probability outside 0 to 1, a price that is not above 1, or one of them missing.
    """
    win, lose, price = (np.atleast_1d(part) for part in check_offer(win, lose, price))
    if np.isnan(win + lose + price).any():
        raise UsageError("a bet without a probability or a price has no scenarios; leave it out first")
    chance = _strata(len(win), scenarios, seed)
    return np.where(chance < win, price - 1, np.where(chance >= 1 - lose, -1.0, 0.0))


def joint_scenarios(
    legs: Sequence[Leg],
    margin: Discretised,
    margin_means: ArrayLike,
    total: Discretised,
    total_means: ArrayLike,
    correlation: float = 0.0,
    scenarios: int = SCENARIOS,
    seed: int = 0,
) -> Floats:
    """Profits of bets on several markets of games, one unit each, shape (scenarios, bets).

    Games are independent; all legs of a game are settled by one draw of its margin and total, tied
    by a normal copula.

    Args:
        legs: The bets.
        margin: Distribution of the margin.
        margin_means: Of each game, in points, shape (games,).
        total: Distribution of the total.
        total_means: Of each game, in points, shape (games,).
        correlation: Of margin and total, in normal scores.
        scenarios: How many.
        seed: Of the shuffling.

    Raises:
        UsageError: A correlation not within -1 and 1, means of different length, or a leg on no such game.
    """
    means = [np.asarray(part, dtype=np.float64) for part in (margin_means, total_means)]
    games = len(means[0])
    if means[1].shape != (games,) or not -1 <= correlation <= 1:
        raise UsageError(f"{games} margins, {len(means[1])} totals, correlation {correlation}: no joint distribution")
    for leg in legs:
        if not 0 <= leg.game < games:
            raise UsageError(f"a bet on game {leg.game} of {games}; games count from 0")
    first, second = np.split(_strata(2 * games, scenarios, seed), 2, axis=1)
    tied = _as_strata(correlation * ndtri(first) + np.sqrt(1 - correlation**2) * ndtri(second))
    values = {"margin": _values(margin, means[0], first), "total": _values(total, means[1], tied)}
    profits = [settle(values[leg.quantity][:, leg.game], leg.line, leg.first_side, leg.price) for leg in legs]
    return np.column_stack(profits)


def _strata(columns: int, scenarios: int, seed: int) -> Floats:
    """Shuffled midpoints of equal strata of (0, 1), a column independent of the next."""
    rng = np.random.default_rng(seed)
    midpoints = (np.arange(scenarios) + 0.5) / scenarios
    return np.stack([rng.permutation(midpoints) for _ in range(columns)], axis=1)


def _as_strata(scores: Floats) -> Floats:
    """Ranks of each column as midpoints of strata."""
    ranks = scores.argsort(axis=0).argsort(axis=0)
    return np.asarray((ranks + 0.5) / len(scores))


def _values(distribution: Discretised, means: Floats, chance: Floats) -> Floats:
    """The integers at those points of the distribution's quantile function, shape (scenarios, games)."""
    below = distribution.pmf(means).cumsum(axis=1)
    found = [np.searchsorted(below[game], chance[:, game]) for game in range(len(means))]
    return np.stack([distribution.support[np.minimum(at, below.shape[1] - 1)] for at in found], axis=1).astype(float)
