"""Looks without a declared horizon: evidence that may be read at any time, for ever.

For a score whose weeks are symmetric around 0, exp(b S - b**2 Q / 2), with Q the sum of squared week
sums, cannot grow on average (de la Pena 1999), whatever the variance of a week is. A mixture over b can
neither, so that it ever reaches K / alpha for one of K candidates has a chance of at most alpha (Ville).
The price for "for ever" is power: with a horizon, `boundary` finds more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from busta.errors import UsageError

if TYPE_CHECKING:
    from busta.performance.significance.margin import Scores

__all__ = ["BETAS", "log_evidence", "threshold"]

Floats = NDArray[np.float64]

BETAS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Edges that the evidence is for: shares of the opinion that are right."""


def log_evidence(scores: Scores, betas: ArrayLike = BETAS) -> Floats:
    """Logarithm of the e-process after each week, shape (..., weeks).

    An edge of beta means b = beta * sum(opinion ** 2) / sum((opinion * sd) ** 2), known before the week
    is played: that of the weeks up to it, opinions being given before results.

    Raises:
        UsageError: No edges, or one that is not a finite number above 0.
    """
    betas = np.asarray(betas, dtype=np.float64)
    if betas.ndim != 1 or not len(betas) or not ((betas > 0) & np.isfinite(betas)).all():
        raise UsageError("edges to look for are finite numbers above 0, at least one")
    spread = np.cumsum(scores.null_variance, axis=-1)
    scale = np.cumsum(scores.information, axis=-1) / np.where(spread > 0, spread, np.inf)
    pull = betas[:, None] * scale[..., None, :] * scores.score[..., None, :]
    paths = np.cumsum(pull - pull**2 / 2, axis=-1)
    return np.asarray(logsumexp(paths, axis=-2) - np.log(len(betas)))


def threshold(alpha: float, candidates: int = 1) -> float:
    """What the logarithm of the evidence must reach: log(candidates / alpha).

    >>> round(threshold(0.05, 20), 3)
    5.991

    Raises:
        UsageError: A level outside (0, 1) or no candidates.
    """
    if not 0 < alpha < 1 or candidates < 1:
        raise UsageError(f"level {alpha} of {candidates} candidates; a level is between 0 and 1, candidates at least 1")
    return float(np.log(candidates / alpha))
