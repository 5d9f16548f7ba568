"""How members are put together: a ladder from the market to a stack, climbed as far as data and folds justify.

Each rung is a set of weights on the members' log-odds. The average of all members asks for nothing to be
learned and is hard to beat (Timmermann 2006), so it is where a league with enough games begins; a league with few
begins with its linear members alone. Another rung has to have won on earlier folds (`prequential`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from busta.models.members import LINEAR, MARKET
from busta.models.portable import blend
from busta.models.prequential import losses_of, prefer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.models.prequential import Past

    Floats = NDArray[np.float64]

__all__ = ["ENOUGH", "Rung", "climb", "fit_weights"]

ENOUGH = 1000
"""Games to learn from below which trees and learned weights are left alone."""
_SHRINKAGE = 25.0


@dataclass(frozen=True)
class Rung:
    """The rung a fold stands on.

    Attributes:
        name: A member, ``linear members``, ``average``, ``blend`` or ``stack``.
        weights: Of the members, shape (members,), summing to 1.
        losses: Mean log loss of each rung on the earlier games; empty where there are none.
        games: How many those are.
        learned: How many games the members learned from.
    """

    name: str
    weights: Floats
    losses: dict[str, float]
    games: int
    learned: int

    def __str__(self) -> str:
        """Which rung, and why."""
        if self.learned < ENOUGH:
            return f"{self.name}: {self.learned} games to learn from, {ENOUGH} are needed for more than linear members"
        if not self.losses:
            return f"{self.name}: no earlier fold to choose by"
        best = min(self.losses, key=lambda name: self.losses[name])
        return f"{self.name}: log loss {self.losses[self.name]:.4f} on {self.games} earlier games; least: {best}"


def climb(names: Sequence[str], log_odds: Floats, y: Floats, found: Sequence[Past], rung: str | None) -> list[Rung]:
    """The rung of each fold, chosen by the folds before it.

    Args:
        names: Of the members, the market first.
        log_odds: Their out-of-fold log-odds, shape (games, members).
        y: 1 first side, 0 second side, NaN push, shape (games,).
        found: The past of each fold, and of the final model.
        rung: The rung to stand on; by default it is chosen.
    """
    options = [_options(names, log_odds, y, past) for past in found]
    losses = np.full((len(y), len(options[0])), np.nan)
    for past, each in zip(found, options, strict=True):
        for column, weights in enumerate(each.values()):
            losses[past.rows, column] = losses_of(blend(log_odds[past.rows], weights), y[past.rows])
    return [_stand(each, losses, past, rung) for past, each in zip(found, options, strict=True)]


def _stand(options: dict[str, Floats], losses: Floats, past: Past, rung: str | None) -> Rung:
    rungs, earlier = list(options), losses[past.earlier]
    default = "average" if past.learned >= ENOUGH else "linear members"
    open_to = [i for i, each in enumerate(rungs) if past.learned >= ENOUGH or each in (MARKET, *LINEAR, default)]
    if rung is None:
        chosen = open_to[prefer(earlier[:, open_to], open_to.index(rungs.index(default)))]
    else:
        chosen = rungs.index(rung)
    means = earlier.mean(axis=0).tolist() if len(earlier) else []
    told = dict(zip(rungs, means, strict=False))
    return Rung(rungs[chosen], options[rungs[chosen]], told, len(earlier), past.learned)


def _options(names: Sequence[str], log_odds: Floats, y: Floats, past: Past) -> dict[str, Floats]:
    """The weights of each rung, learned on earlier folds where they are learned."""
    single = np.eye(len(names))
    prior = single[1:].mean(axis=0)
    linear = [i for i, name in enumerate(names) if name in LINEAR] or [0]
    return {
        **dict(zip(names, single, strict=True)),
        "linear members": single[linear].mean(axis=0),
        "average": prior,
        "blend": fit_weights(log_odds[past.last], y[past.last], prior),
        "stack": fit_weights(log_odds[past.earlier], y[past.earlier], prior),
    }


def fit_weights(member_log_odds: Floats, y: Floats, prior: Floats) -> Floats:
    """Weights of the members on games they had not seen: least log loss, shrunk to ``prior`` (Wolpert 1992).

    Args:
        member_log_odds: Out-of-fold log-odds, shape (games, members).
        y: 0 or 1, shape (games,).
        prior: What they are shrunk to, and are with no games, shape (members,).

    Returns:
        Weights of at least 0 that sum to 1, shape (members,).
    """
    if not y.size:
        return prior

    def loss(weights: Floats) -> float:
        return float(losses_of(blend(member_log_odds, weights), y).sum() + _SHRINKAGE * ((weights - prior) ** 2).sum())

    found = minimize(
        loss,
        prior,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * prior.size,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1.0},
    )
    weights = np.clip(found.x, 0.0, 1.0)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
