"""Proper scores of a forecast distribution of an integer: a margin or a total.

A forecast is ``pmf``, shape (n, k): the probability of each of the integers low to low + k - 1, a
game a row. ``value`` is what happened, shape (n,), NaN while not played. Scores are losses, one a
game, NaN where the value is, or where the forecast is missing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from busta.betting.guards import ABOVE_0, LARGEST, check_shapes, finite, integer, numbers, within
from busta.errors import UsageError
from busta.scoring.proper import SMALLEST

__all__ = ["crps", "exact_log_score", "normal_crps"]

Floats = NDArray[np.float64]

ROUNDING = 1e-6  # of the sum of a row


def crps(pmf: ArrayLike, low: int, value: ArrayLike) -> Floats:
    """Continuous ranked probability score, exact, in the units of the value (Matheson and Winkler 1976).

    The squared distance of the forecast's and the result's distribution functions, summed over the
    integers (Epstein 1969); a value beyond the support costs one more for each step beyond it. A
    forecast of one certain number costs its distance from the value.

    >>> crps([[0.25, 0.5, 0.25]], low=-1, value=[0.0])
    array([0.125])

    Raises:
        UsageError: Rows that are no distributions, values that are no integers, or shapes that do not fit.
    """
    pmf, value = _checked(pmf, low, value)
    support = low + np.arange(pmf.shape[1])
    gaps = np.cumsum(pmf, axis=1) - (support >= value[:, None])
    beyond = np.maximum(low - value, 0) + np.maximum(value - support[-1] - 1, 0)
    scores: Floats = np.einsum("nk,nk->n", gaps, gaps) + beyond
    return scores


def exact_log_score(pmf: ArrayLike, low: int, value: ArrayLike) -> Floats:
    """Minus the log of the probability of the very value that happened, in nats (Good 1952).

    A probability of 0, in the support or beyond it, counts as 1e-15, as in `log_losses`.

    >>> exact_log_score([[0.25, 0.5, 0.25]], low=-1, value=[0.0]).round(4)
    array([0.6931])

    Raises:
        UsageError: As `crps`.
    """
    pmf, value = _checked(pmf, low, value)
    known = np.nan_to_num(value, nan=low) - low
    inside = (known >= 0) & (known < pmf.shape[1])
    place = np.where(inside, known, 0).astype(np.intp)
    said = np.where(inside, pmf[np.arange(len(pmf)), place], 0.0)
    # a forecast missing elsewhere in its row is missing
    scores: Floats = -np.log(np.maximum(said, SMALLEST)) + 0 * (value + pmf.sum(axis=1))
    return scores


def normal_crps(mean: ArrayLike, sd: ArrayLike, value: ArrayLike) -> Floats:
    """The same score of a normal forecast (Gneiting, Raftery, Westveld and Goldman 2005): a yardstick.

    >>> normal_crps(0.0, 1.0, [0.0]).round(4)
    array([0.2337])

    Raises:
        UsageError: A standard deviation that is not above 0, an infinite number, or shapes that do not fit.
    """
    sd = within("standard deviation", sd, ABOVE_0, LARGEST, "it is finite and above 0")
    mean, value = finite("mean", mean), finite("value", value)
    check_shapes(mean=mean, sd=sd, value=value)
    z = (value - mean) / sd
    with np.errstate(over="ignore"):
        density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    scores: Floats = sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return scores


def _checked(pmf: ArrayLike, low: int, value: ArrayLike) -> tuple[Floats, Floats]:
    integer("as low", low, -np.inf)
    pmf, value = numbers("forecasts", pmf), numbers("values", value)
    if pmf.ndim != 2 or not pmf.shape[1] or value.shape != pmf.shape[:1]:  # noqa: PLR2004
        raise UsageError(f"forecasts {pmf.shape} and values {value.shape} are not one row and one number a game")
    if (pmf < 0).any() or (np.abs(pmf.sum(axis=1) - 1) > ROUNDING).any():
        raise UsageError("a forecast has a negative probability or does not sum to 1")
    if (np.isinf(value) | (value != np.round(value)) & ~np.isnan(value)).any():
        raise UsageError("a value is not an integer or NaN")
    return pmf, value
