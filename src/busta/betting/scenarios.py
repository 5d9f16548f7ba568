"""What a week can bring: scenarios of bets that stand side by side, for `simultaneous_kelly`.

Chances are stratified (a Latin hypercube, McKay, Beckman and Conover 1979): each bet is won in the
share of the scenarios that it is won with, to within one scenario. Plain draws would not do: a Kelly
share hangs on an edge that is smaller than their noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from busta.betting.distribution import Discretised
from busta.betting.guards import check_offer, finite, integer, scalar
from busta.betting.settlement import settle
from busta.errors import UsageError, unknown

__all__ = ["Leg", "independent_scenarios", "joint_scenarios", "strata"]

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

    Raises:
        UsageError: A quantity that is neither.
    """

    game: int
    quantity: Literal["margin", "total"]
    line: float
    first_side: bool
    price: float

    def __post_init__(self) -> None:
        if not isinstance(self.quantity, str) or self.quantity not in {"margin", "total"}:
            raise unknown("quantity", self.quantity, ("margin", "total"))


def independent_scenarios(
    win: ArrayLike, lose: ArrayLike, price: ArrayLike, scenarios: int = SCENARIOS, seed: int = 0
) -> Floats:
    """Profits of bets on different games, one unit each, shape (scenarios, bets).

    Raises:
        UsageError: A probability outside 0 to 1, a price that is not above 1, one of them missing,
            shapes that do not fit, or no scenarios.
    """
    win, lose, price = np.broadcast_arrays(*(np.atleast_1d(part) for part in check_offer(win, lose, price)))
    if win.ndim > 1:
        raise UsageError(f"bets of shape {win.shape}; one number a bet, shape (bets,), is needed")
    if np.isnan(win + lose + price).any():
        raise UsageError("a bet without a probability or a price has no scenarios; leave it out first")
    chance = strata(len(win), scenarios, seed)
    won, lost = chance < win, chance >= 1 - lose
    profits: Floats = won * price - (won | lost)
    return profits


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
        UsageError: A correlation not within -1 and 1, means that are missing or of different length,
            no such distribution or game, no scenarios, or what `settle` refuses.
    """
    correlation = scalar("correlation", correlation, -1, 1, "between -1 and 1")
    means = _means(margin, margin_means), _means(total, total_means)
    games = len(means[0])
    if len(means[1]) != games:
        raise UsageError(f"{games} margins and {len(means[1])} totals; one of each a game is needed")
    if not isinstance(legs, Sequence) or not all(isinstance(leg, Leg) for leg in legs):
        raise UsageError(f"bets {legs!r:.60}; a list of Leg is needed")
    for leg in legs:
        if integer("as game of a bet", leg.game) >= games:
            raise UsageError(f"a bet on game {leg.game} of {games}; games count from 0")
    first, second = np.split(strata(2 * games, scenarios, seed), 2, axis=1)
    tied = _as_strata(correlation * ndtri(first) + np.sqrt(1 - correlation**2) * ndtri(second))
    values = {"margin": _values(margin, means[0], first), "total": _values(total, means[1], tied)}
    profits = [settle(values[leg.quantity][:, leg.game], leg.line, leg.first_side, leg.price) for leg in legs]
    return np.array(profits).reshape(len(legs), scenarios).T


def _means(distribution: Discretised, means: ArrayLike) -> Floats:
    """Means of games that the distribution is moved to, shape (games,)."""
    found = finite("mean", means)
    if not isinstance(distribution, Discretised) or found.ndim != 1 or np.isnan(found).any():
        raise UsageError(f"means {found.shape} of {type(distribution).__name__}; one a game, and a Discretised")
    return found


def strata(columns: int, scenarios: int, seed: int) -> Floats:
    """Shuffled midpoints of equal strata of (0, 1), a column independent of the next, shape (scenarios, columns).

    Raises:
        UsageError: No scenarios, or columns or a seed below 0.
    """
    return _shuffled(integer("columns", columns), integer("scenarios", scenarios, 1), integer("as seed", seed))


@lru_cache(maxsize=32)  # a week has as many bets as many another
def _shuffled(columns: int, scenarios: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    midpoints = (np.arange(scenarios) + 0.5) / scenarios
    rows = np.array([rng.permutation(midpoints) for _ in range(columns)]).reshape(columns, scenarios)
    rows.flags.writeable = False
    return rows.T


def _as_strata(scores: Floats) -> Floats:
    """Ranks of each column as midpoints of strata."""
    ranks = scores.argsort(axis=0).argsort(axis=0)
    return np.asarray((ranks + 0.5) / len(scores))


def _values(distribution: Discretised, means: Floats, chance: Floats) -> Floats:
    """The integers at those points of the distribution's quantile function, shape (scenarios, games)."""
    below = distribution.pmf(means).cumsum(axis=1)
    found = [np.searchsorted(below[game], chance[:, game]) for game in range(len(means))]
    return np.stack([distribution.support[np.minimum(at, below.shape[1] - 1)] for at in found], axis=1).astype(float)
