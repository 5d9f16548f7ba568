"""Scenarios of bets whose games have a joint distribution each: legs of one game are settled by one result.

A game can bring its legs only so many combinations of profits; those and their chances come from its
joint. Games are independent, and each combination is in the share of the scenarios that it is as likely
as, to within one scenario (stratified, as in `busta.betting.scenarios`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from busta.betting.scenarios import SCENARIOS, strata
from busta.betting.settlement import settle
from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.betting.joint import Joint
    from busta.betting.scenarios import Leg

__all__ = ["Outcomes", "outcomes", "slate_scenarios"]

Floats = NDArray[np.float64]
Outcomes = tuple[Floats, Floats]
"""Chances, shape (combinations,), and profits of one unit on each leg, shape (combinations, legs)."""


def outcomes(joint: Joint, game: int, legs: Sequence[Leg]) -> Outcomes:
    """What a game can bring its legs, and how likely each of that is.

    Args:
        joint: Of several games.
        game: Which of them.
        legs: Bets on it.

    Raises:
        UsageError: Nothing is known of what decides a leg, no legs, or what `settle` refuses.
    """
    if not legs:
        raise UsageError("no legs, so nothing to bring them; leave the game out")
    if all(leg.quantity == "margin" for leg in legs):  # the total need not be known
        chance, values = joint.margin[game], {"margin": joint.margins}
    else:
        chance = joint.cells(game).ravel()
        margin, total = np.meshgrid(joint.margins, joint.totals, indexing="ij")
        values = {"margin": margin.ravel(), "total": total.ravel()}
    if np.isnan(chance).any():
        raise UsageError("nothing is known of what decides a leg; leave it out first")
    profits = [settle(values[leg.quantity], leg.line, leg.first_side, leg.price) for leg in legs]
    kinds, kind = np.unique(np.stack(profits, axis=1), axis=0, return_inverse=True)
    return np.bincount(kind.ravel(), chance, minlength=len(kinds)).astype(np.float64), kinds


def slate_scenarios(games: Sequence[Outcomes], scenarios: int = SCENARIOS, seed: int = 0) -> Floats:
    """Profits of all legs of independent games, one unit each, shape (scenarios, legs), game by game.

    Args:
        games: What each can bring, from `outcomes`.
        scenarios: How many.
        seed: Of the shuffling.

    Raises:
        UsageError: No games, or no scenarios.
    """
    if not games:
        raise UsageError("no games, so no scenarios")
    chances = strata(len(games), scenarios, seed)
    parts = []
    for column, (chance, profits) in enumerate(games):
        below = np.cumsum(chance) / chance.sum()
        parts.append(profits[np.minimum(np.searchsorted(below, chances[:, column]), len(profits) - 1)])
    return np.concatenate(parts, axis=1)
