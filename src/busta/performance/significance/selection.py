"""The edge to show for a candidate that was picked because it looked good.

The best of many, and a candidate at the moment of crossing, look better than they are. What is shown
is the mean of a posterior, which a choice or a stop that depends on nothing but the data cannot bias:
a spike and slab (Mitchell and Beauchamp 1988). A candidate that gets a share of the level, 1 / K of K
alike, knows something with odds of that share to 2; what it then knows, opinions times their fitted edge,
is half a normal with a scale of half a point, one point or two (with errors of 13.3 points), alike.

The interval needs no such belief. Its lower end is Bonferroni's for that share; after
weekly looks it is the flat boundary's of `boundary`, which holds at all weeks at once. Nobody picks a
candidate because it looks bad: the upper end stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, logsumexp, ndtri

from busta.errors import UsageError
from busta.performance.significance.margin import MARGIN_SD, Scores, fitted_edge

__all__ = ["SelectedEdge", "selected_edge"]

Floats = NDArray[np.float64]

SCALES = np.array([0.5, 1.0, 2.0]) / MARGIN_SD  # what a candidate may know, in sds of a residual
DOUBT = 2.0  # families of candidates in which nobody knows anything, for each in which one does
SMALLEST_SE = 1e-4  # sds of a residual; 0 is a model that was told the results


@dataclass(frozen=True, eq=False)
class SelectedEdge:
    """An edge corrected for how it was picked; every array has the shape of the candidates.

    Attributes:
        beta: To be shown, never above the fitted one.
        low: Lower end of an interval that covers at least as often as it says.
        high: Upper end.
        knows: Posterior probability that the candidate knows anything.
    """

    beta: Floats
    low: Floats
    high: Floats
    knows: Floats


def selected_edge(
    scores: Scores, share: ArrayLike, *, horizon: float | None = None, level: float = 0.95
) -> SelectedEdge:
    """Correct fitted edges for the number of candidates tried, and for weekly looks.

    One candidate at one look was not selected: its edge stays as fitted.

    Args:
        scores: Up to the look at which the candidate is shown.
        share: Of the level that the candidate was given, `levels` over alpha: 1 / K for K alike.
        horizon: Games declared, if the candidate was looked at every week.
        level: Of the interval.

    Raises:
        UsageError: A share outside (0, 1], a horizon that is not above 0, a level outside (0, 1).
    """
    share = np.asarray(share, dtype=np.float64)
    if not ((share > 0) & (share <= 1)).all() or (horizon is not None and not horizon > 0):
        raise UsageError(f"a share of {share} and a horizon of {horizon}; a share is in (0, 1], a horizon above 0")
    edge = fitted_edge(scores, level)
    if (share == 1).all() and horizon is None:
        return SelectedEdge(edge.beta, edge.low, edge.high, np.where(np.isnan(edge.beta), np.nan, 1.0))
    total = scores.information.sum(axis=-1)
    residual_sd = np.sqrt(scores.null_variance.sum(axis=-1) / np.where(total > 0, total, np.nan))
    games = np.broadcast_to(scores.games, scores.score.shape).sum(axis=-1)
    unit = np.sqrt(total / np.maximum(games, 1)) / residual_sd
    mean, knows = _posterior(edge.beta * unit, edge.se * unit, share)
    low = edge.beta - edge.se * _reach(games, share, horizon, level)
    return SelectedEdge(np.maximum(np.fmin(mean / unit, edge.beta), low), low, edge.high, knows)


def _posterior(effect: Floats, se: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Mean of the effect and probability that there is one, of estimates and their standard errors."""
    se = np.maximum(se, SMALLEST_SE)
    scales = SCALES.reshape(-1, *(1 for _ in effect.shape))
    kept = scales**2 / (scales**2 + se**2)
    middle, spread = kept * effect, np.sqrt(kept) * se
    above = log_ndtr(middle / spread)
    fit = np.log(2 * (1 - kept) ** 0.5) + kept * (effect / se) ** 2 / 2 + above
    weight = fit + np.log(share / (len(SCALES) * DOUBT))
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        slab = np.exp(weight - np.logaddexp(0.0, logsumexp(weight, axis=0)))
    density = np.exp(-((middle / spread) ** 2) / 2 - above) / np.sqrt(2 * np.pi)
    return (slab * (middle + spread * density)).sum(axis=0), slab.sum(axis=0)


def _reach(games: Floats, share: Floats, horizon: float | None, level: float) -> Floats:
    """Standard errors from the estimate down to the lower end."""
    miss = (1 - level) / 2 * np.broadcast_to(share, games.shape)
    if horizon is None:
        return np.asarray(-ndtri(miss))
    return np.asarray(-ndtri(miss / 2) * np.sqrt(np.maximum(horizon / np.maximum(games, 1), 1)))
