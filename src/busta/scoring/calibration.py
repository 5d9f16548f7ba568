"""Whether probabilities mean what they say.

``p`` and ``y`` are as in `busta.scoring.proper`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

from busta.betting.guards import ABOVE_0, BELOW_1, integer, numbers, probabilities, scalar
from busta.errors import UsageError
from busta.scoring.proper import SMALLEST, decided

__all__ = ["Reliability", "bin_of", "calibration_line", "ece", "ece_luck", "log_odds", "reliability"]

Floats = NDArray[np.float64]

MOST_STEPS = 100
ROUNDING = 1e-9
"""Log-odds that are no further apart are the same: prices that never change leave such differences."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram: one entry a bin, from low to high probability, no bin empty.

    Attributes:
        mean_p: Mean probability, shape (bins,).
        rate: Share of games that the first side won, shape (bins,).
        count: Games, shape (bins,).
        low: Lower end of an interval of the true rate, shape (bins,); games taken as independent.
        high: Upper end.
    """

    mean_p: Floats
    rate: Floats
    count: NDArray[np.int64]
    low: Floats
    high: Floats


def reliability(p: ArrayLike, y: ArrayLike, bins: int = 10, level: float = 0.95) -> Reliability:
    """Probabilities against results in bins of equal count (as near as ties let them be).

    The intervals of the rates are those of Wilson 1927.

    Raises:
        UsageError: No bins, a level outside (0, 1), or p and y are no probabilities and results.
    """
    level = scalar("level", level, ABOVE_0, BELOW_1, "between 0 and 1")
    p, y = decided(p, y)
    place = bin_of(p, bins)
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    mean_p, rate = (np.bincount(place, part, minlength=bins)[filled] / count[filled] for part in (p, y))
    count = count[filled].astype(np.int64)
    return Reliability(mean_p, rate, count, *_wilson(rate, count, level))


def bin_of(p: ArrayLike, bins: int = 10) -> NDArray[np.intp]:
    """The bin of each game, 0 to bins - 1, shape (n,); a missing probability is in one more, ``bins``.

    Games of one probability are always in one bin, so that their order cannot matter; where there are
    too few distinct probabilities some bins stay empty.

    Raises:
        UsageError: No bins, or p are not one number a game.
    """
    from scipy.stats import rankdata  # scipy.stats takes fifty megabytes, and who records a bet ranks nothing

    bins, p = integer("bins", bins, 1), numbers("probabilities", p)
    if p.ndim != 1:
        raise UsageError(f"probabilities {p.shape} are not one number a game")
    middle = (rankdata(p, nan_policy="omit") - 0.5) / max(len(p), 1)
    return np.where(np.isnan(middle), bins, np.floor(middle * bins)).astype(np.intp)


def _wilson(rate: Floats, count: NDArray[np.int64], level: float) -> tuple[Floats, Floats]:
    """Interval of a share by the score test: the shares that a z test would not refuse (Wilson 1927)."""
    z = float(ndtri((1 + level) / 2))
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * np.sqrt(rate * (1 - rate) / count + (z / (2 * count)) ** 2) / (1 + z * z / count)
    return np.maximum(middle - reach, 0.0), np.minimum(middle + reach, 1.0)


def ece(p: ArrayLike, y: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: mean distance of probability and frequency over bins of equal count.

    Naeini, Cooper and Hauskrecht 2015. It is above 0 by chance alone, the more so the fewer the
    games: read it beside `ece_luck`, and that of the closing line on the same games. NaN without
    games.

    Raises:
        UsageError: As `reliability`.
    """
    diagram = reliability(p, y, bins)
    games = int(diagram.count.sum())
    return float(diagram.count @ np.abs(diagram.mean_p - diagram.rate)) / games if games else np.nan


def ece_luck(
    p: ArrayLike, bins: int = 10, draws: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """What `ece` would show if p were exactly true: its mean and a quantile, by drawing results from p.

    Consistency resampling (Broecker and Smith 2007). An ECE below the quantile is no sign of
    miscalibration.

    Args:
        p: Probabilities of the games with a result, shape (n,).
        bins: As in `ece`.
        draws: Sets of results drawn.
        seed: Of the draws.
        level: Of the quantile.

    Returns:
        (mean, quantile); NaN without games or with a missing probability.

    Raises:
        UsageError: No bins or draws, a level outside (0, 1), or p are no probabilities.
    """
    level = scalar("level", level, ABOVE_0, BELOW_1, "between 0 and 1")
    draws, seed = integer("draws", draws, 1), integer("as seed", seed)
    p = numbers("probabilities", p)
    p, _ = decided(p, np.zeros(p.shape))
    place = bin_of(p, bins)
    if not p.size or np.isnan(p).any():
        return np.nan, np.nan
    rng = np.random.default_rng(seed)
    parts = (p[place == found].astype(np.float32) for found in np.unique(place))
    gaps = sum(np.abs((rng.random((draws, len(part)), np.float32) < part).sum(1) - part.sum()) for part in parts)
    drawn = np.asarray(gaps) / len(p)
    return float(drawn.mean()), float(np.quantile(drawn, level))


def log_odds(p: ArrayLike) -> Floats:
    """The logit of p, finite: probabilities are held a hair from 0 and 1.

    Raises:
        UsageError: A probability is outside [0, 1].
    """
    found: Floats = logit(np.clip(probabilities("of a win", p), SMALLEST, 1 - SMALLEST))
    return found


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
    x = log_odds(p)
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
    """Whether no threshold separates the two (Albert and Anderson 1984, in one dimension), more than rounding does."""
    if not won.size or not lost.size:
        return False
    return bool(won.min() + ROUNDING < lost.max() and lost.min() + ROUNDING < won.max())


def _loss(said: Floats, y: Floats) -> float:
    return float((np.logaddexp(0, said) - y * said).sum())
