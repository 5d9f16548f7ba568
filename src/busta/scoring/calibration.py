"""Whether probabilities mean what they say.

``p`` and ``y`` are as in `busta.scoring.proper`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata

from busta.errors import UsageError
from busta.scoring.proper import SMALLEST, decided

__all__ = ["Reliability", "calibration_line", "ece", "reliability"]

Floats = NDArray[np.float64]

MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram: one entry a bin, from low to high probability, no bin empty.

    Attributes:
        mean_p: Mean probability, shape (bins,).
        rate: Share of games that the first side won, shape (bins,).
        count: Games, shape (bins,).
    """

    mean_p: Floats
    rate: Floats
    count: NDArray[np.int64]


def reliability(p: ArrayLike, y: ArrayLike, bins: int = 10) -> Reliability:
    """Probabilities against results in bins of equal count (as near as ties let them be).

    Games of one probability are always in one bin, so that their order cannot matter; there are
    fewer bins where there are too few distinct probabilities.

    Raises:
        UsageError: No bins, or p and y are no probabilities and results.
    """
    if bins < 1:
        raise UsageError(f"{bins} bins; at least one is needed")
    p, y = decided(p, y)
    middle = (rankdata(p, nan_policy="omit") - 0.5) / max(len(p), 1)
    place = np.where(np.isnan(middle), bins, np.floor(middle * bins)).astype(np.intp)
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    mean_p, rate = (np.bincount(place, part, minlength=bins)[filled] / count[filled] for part in (p, y))
    return Reliability(mean_p, rate, count[filled].astype(np.int64))


def ece(p: ArrayLike, y: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: mean distance of probability and frequency over bins of equal count.

    Naeini, Cooper and Hauskrecht 2015. It is above 0 by chance alone, the more so the fewer the
    games: read it beside that of the closing line on the same games. NaN without games.

    Raises:
        UsageError: As `reliability`.
    """
    diagram = reliability(p, y, bins)
    games = int(diagram.count.sum())
    return float(diagram.count @ np.abs(diagram.mean_p - diagram.rate)) / games if games else np.nan


def calibration_line(p: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of the result on logit p (Cox 1958).

    Slope 1 and intercept 0 are perfect; a slope below 1 is overconfidence, an intercept above 0
    means that the first side wins more often than said.

    Returns:
        (slope, intercept); both NaN where no finite fit exists: fewer than two distinct
        probabilities, one side only ever won, or some threshold on p separates wins from losses.

    Raises:
        UsageError: p and y are no probabilities and results.
    """
    p, y = decided(p, y)
    x = logit(np.clip(p, SMALLEST, 1 - SMALLEST))
    if np.isnan(x).any() or not _overlap(x[y == 1], x[y == 0]):
        return np.nan, np.nan
    design = np.column_stack((x, np.ones_like(x)))
    line, loss = np.zeros(2), len(y) * np.log(2)
    for _ in range(MOST_STEPS):
        fitted = expit(design @ line)
        slope = design.T @ (y - fitted)
        curvature = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(curvature, slope)
        while (after := _loss(design @ (line + step), y)) > loss + 1e-9:
            step /= 2
        line, loss = line + step, after
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004
            return float(line[0]), float(line[1])
    return np.nan, np.nan


def _overlap(won: Floats, lost: Floats) -> bool:
    """Whether no threshold separates the two (Albert and Anderson 1984, in one dimension)."""
    if not won.size or not lost.size:
        return False
    return bool(won.min() < lost.max() and lost.min() < won.max())


def _loss(log_odds: Floats, y: Floats) -> float:
    return float((np.logaddexp(0, log_odds) - y * log_odds).sum())
