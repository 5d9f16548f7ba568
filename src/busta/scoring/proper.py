"""Proper scores and the usual counts of a binary forecast.

``p`` is the probability of the first side (home, over) given no push, ``y`` is 1 where it won and 0
where it lost, both of shape (n,). Games with a NaN in ``y`` (push, not played) are left out of every
mean; a NaN in ``p`` of a game that counts makes the score NaN. What does not apply is NaN, never 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import numbers, probabilities
from busta.errors import UsageError

__all__ = [
    "accuracy",
    "auc",
    "brier",
    "brier_losses",
    "decided",
    "log_loss",
    "log_losses",
    "picked",
    "precision",
    "recall",
]

Floats = NDArray[np.float64]

SMALLEST = 1e-15  # probabilities are held this far from 0 and 1, inside logarithms only


def log_losses(p: ArrayLike, y: ArrayLike) -> Floats:
    """Minus the log of the probability given to what happened, per game, in nats (Good 1952).

    Raises:
        UsageError: As `decided`.
    """
    p, y = _checked(p, y)
    clipped = np.clip(p, SMALLEST, 1 - SMALLEST)
    losses: Floats = -np.log(np.where(y == 1, clipped, 1 - clipped)) + 0 * y
    return losses


def brier_losses(p: ArrayLike, y: ArrayLike) -> Floats:
    """Squared distance of probability and result, per game: (p - y)**2 (Brier 1950).

    Raises:
        UsageError: As `decided`.
    """
    p, y = _checked(p, y)
    return np.square(p - y)


def log_loss(p: ArrayLike, y: ArrayLike) -> float:
    """Mean of `log_losses`.

    >>> round(log_loss([0.5, 0.5, 0.9], [0, 1, float("nan")]), 4)
    0.6931

    Raises:
        UsageError: As `decided`.
    """
    return _mean(log_losses(*decided(p, y)))


def brier(p: ArrayLike, y: ArrayLike) -> float:
    """Mean of `brier_losses`.

    Raises:
        UsageError: As `decided`.
    """
    return _mean(brier_losses(*decided(p, y)))


def accuracy(p: ArrayLike, y: ArrayLike) -> float:
    """Share of games whose likelier side won; a probability of exactly 1/2 is half right.

    >>> accuracy([0.7, 0.2, 0.5, 0.6], [1, 0, 1, 0])
    0.625

    Raises:
        UsageError: As `decided`.
    """
    p, y = decided(p, y)
    pick = picked(p)
    return _mean(pick * y + (1 - pick) * (1 - y))


def precision(p: ArrayLike, y: ArrayLike) -> float:
    """Share of the games picked for the first side that it won; a p of 1/2 is half a pick.

    NaN if the first side was never picked.

    Raises:
        UsageError: As `decided`.
    """
    p, y = decided(p, y)
    pick = picked(p)
    return _ratio(float(pick @ y), float(pick.sum()))


def recall(p: ArrayLike, y: ArrayLike) -> float:
    """Share of the first side's wins that were picked for it; a p of 1/2 is half a pick.

    NaN if the first side never won.

    Raises:
        UsageError: As `decided`.
    """
    p, y = decided(p, y)
    return _ratio(float(picked(p) @ y), float(y.sum()))


def auc(p: ArrayLike, y: ArrayLike) -> float:
    """Chance that a game the first side won had a higher p than one it lost, ties half.

    The area under the ROC curve by ranks (Mann and Whitney 1947); NaN if only one side ever won.

    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75

    Raises:
        UsageError: As `decided`.
    """
    from scipy.stats import rankdata  # scipy.stats takes fifty megabytes, and who records a bet ranks nothing

    p, y = decided(p, y)
    won, lost = float(y.sum()), float(len(y) - y.sum())
    if not won * lost or np.isnan(p).any():
        return np.nan
    return float(rankdata(p) @ y - won * (won + 1) / 2) / (won * lost)


def decided(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """The games that count: those with a result other than a push.

    Raises:
        UsageError: The two differ in shape, a probability is outside [0, 1], or a result is not 0, 1 or NaN.
    """
    p, y = _checked(p, y)
    counts = ~np.isnan(y)
    return p[counts], y[counts]


def picked(p: Floats) -> Floats:
    """1 where the first side is picked, 0 where the second is, 1/2 where neither.

    Raises:
        UsageError: A probability is outside [0, 1].
    """
    pick: Floats = np.heaviside(probabilities("of a win", p) - 0.5, 0.5)
    return pick


def _checked(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    p, y = numbers("probabilities", p), numbers("results", y)
    if p.ndim != 1 or p.shape != y.shape:
        raise UsageError(f"probabilities {p.shape} and results {y.shape} are not one number a game each")
    if ((p < 0) | (p > 1)).any():
        raise UsageError("a probability is outside 0 to 1")
    if ((y != 0) & (y != 1) & ~np.isnan(y)).any():
        raise UsageError("a result is not 0, 1 or NaN")
    return p, y


def _mean(losses: Floats) -> float:
    return float(losses.mean()) if losses.size else np.nan


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
