"""Choices within a walk forward: each fold takes what served best on the folds before it.

Every option forecasts each fold with what it had learned on earlier folds, so its losses there are honest
ones (prequential; Dawid 1984), and choosing costs no fit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.splits import Fold

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

__all__ = ["EVIDENCE", "Past", "losses_of", "pasts", "prefer"]

EVIDENCE = float(np.log(20.0))
"""Log loss, summed over games, by which an option has to win against the one that needs no evidence: odds of
20 to 1, where evidence begins to be called strong (Kass & Raftery 1995)."""


@dataclass(frozen=True)
class Past:
    """What is known when a fold begins; the last one, with no games of its own, is that of the final model.

    Attributes:
        rows: The fold's own games among the out-of-fold games.
        earlier: The out-of-fold games with an outcome that were final before the fold's first decision.
        last: Those of them that belong to the latest season there is.
        learned: How many games the members of the fold learned from.
    """

    rows: Mask
    earlier: Mask
    last: Mask
    learned: int


def pasts(data: Dataset, folds: list[Fold], learned: int) -> Iterator[Past]:
    """The past of each fold, then that of the final model, which learned from ``learned`` games."""
    rows = np.concatenate([fold.test for fold in folds])
    number = np.repeat(np.arange(len(folds)), [fold.test.size for fold in folds])
    season = data.games["season"].to_numpy()[rows]
    finished, decided = data.games["final_time"].gather(rows), data.games["decision_time"]
    known = ~np.isnan(data.y[rows])
    for i, fold in enumerate(folds):
        earlier = (finished < decided.gather(fold.test).min()).to_numpy() & known
        yield Past(number == i, earlier, _latest(earlier, season), fold.train.size)
    yield Past(np.zeros(len(rows), dtype=bool), known, _latest(known, season), learned)


def _latest(mask: Mask, season: NDArray[np.int64]) -> Mask:
    return mask & (season == season[mask].max()) if mask.any() else mask


def losses_of(log_odds: Floats, y: Floats) -> Floats:
    """Log loss of each game, its probability being of the first side given no push; NaN without an outcome."""
    return np.asarray(np.logaddexp(0.0, np.where(y > 0, -log_odds, log_odds)) + 0 * y)


def prefer(losses: Floats, default: int) -> int:
    """The option of the least loss, if that is less than the default's by the evidence asked for; else the default.

    Args:
        losses: Log loss of each option, shape (games, options).
        default: Number of the option that needs no evidence.

    >>> prefer(np.array([[0.7, 0.1], [0.7, 0.1]]), 0), prefer(np.array([[2.3, 0.1], [2.3, 0.1]]), 0)
    (0, 1)
    """
    total = losses.sum(axis=0)
    best = int(np.argmin(total))
    return best if total[best] < total[default] - EVIDENCE else default
