"""The encompassing test in log-odds: does a probability add to the market's?

With p the model's probability and q the market's, the score of a game is (logit p - logit q) * (y - q):
the score test of b = 0 in logit P(y) = logit q + b * (logit p - logit q). Opinions are multiplied and
residuals divided by sqrt(q * (1 - q)) (Pearson), which leaves the score as it is and makes b the slope of
the one on the other: the margin score in other units, so everything that takes `Scores` takes these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from busta.errors import UsageError
from busta.performance.significance.margin import Scores, weekly_scores
from busta.scoring.proper import SMALLEST

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["log_odds_scores"]


def log_odds_scores(p: ArrayLike, q: ArrayLike, y: ArrayLike, weeks: ArrayLike) -> Scores:
    """Week sums of the log-odds score; a game without a probability or a winner is in none of them.

    >>> log_odds_scores([0.75, 0.5], [0.5, 0.5], [1.0, 0.0], weeks=[1, 2]).score.round(4)
    array([ 0.5493, -0.    ])

    Args:
        p: The model's probability of the first side, shape (..., n).
        q: The market's, shape (n,) or the same.
        y: 1 first side, 0 second side, NaN push or not played.
        weeks: Label of each game's week, shape (n,).

    Raises:
        UsageError: A probability outside [0, 1], a result that is not 0, 1 or NaN, shapes that do not fit.
    """
    p, q, y = (np.asarray(part, dtype=np.float64) for part in (p, q, y))
    if any(((part < 0) | (part > 1)).any() for part in (p, q)):
        raise UsageError("a probability is outside 0 to 1")
    if ((y != 0) & (y != 1) & ~np.isnan(y)).any():
        raise UsageError("a result is not 0, 1 or NaN")
    inner = np.clip(q, SMALLEST, 1 - SMALLEST)
    opinion = logit(np.clip(p, SMALLEST, 1 - SMALLEST)) - logit(inner)
    spread: NDArray[np.float64] = np.sqrt(inner * (1 - inner))
    return weekly_scores(spread * opinion, (y - q) / spread, weeks, 1.0, exact=True)
