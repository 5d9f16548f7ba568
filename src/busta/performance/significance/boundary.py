"""Looking every week without fooling oneself: a flat boundary with a declared horizon.

With N games declared beforehand, the sum of scores up to n games is held against a boundary that does
not move: T = sum S_w / sqrt(V N / n), V the variance of the sum so far. By Levy's inequality a sum of
symmetric terms ever passes c with at most twice the chance that it ends above c, so a candidate with a
level of alpha_j passes at c = Phi^-1(1 - alpha_j / 2); Bonferroni adds the candidates up. It is the shape
of O'Brien and Fleming (1979): early passes are hard, the last look costs little.

Where closes are known, candidates that foresaw line moves in the first season get most of the level.
It is a weight: whoever gets it, the levels add up to alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from busta.errors import UsageError
from busta.performance.significance.margin import MARGIN_SD, Scores, variance, weekly_scores
from busta.performance.significance.needed import games_needed

__all__ = ["FIRST_LOOK", "RANKING_WEEKS", "Looks", "critical_value", "first_crossing", "levels", "looks", "statistics"]

Floats = NDArray[np.float64]

FIRST_LOOK = 272  # games: one NFL season
RANKING_WEEKS = 17  # weeks whose line moves give the weights
FAVOURED = 3  # candidates that share most of the level
SHARE = 0.7  # of the level that they get


@dataclass(frozen=True, eq=False)
class Looks:
    """What one candidate's history says, week by week.

    Attributes:
        weeks: Label of each week, shape (weeks,).
        games: Games up to and with that week, shape (weeks,).
        statistic: T, shape (weeks,); NaN where there was nothing to look at.
        looked: Whether the rule allows a look at that week's end, shape (weeks,).
        critical: What T must reach.
        crossed: Label of the first week at which it did, or None.
        crossed_at: Its position, or None.
        games_needed: Games still needed for a power of 80 % at the effect seen; 0 once crossed, NaN
            where the effect seen is not above 0.
    """

    weeks: NDArray[np.generic]
    games: Floats
    statistic: Floats
    looked: NDArray[np.bool_]
    critical: float
    crossed: Any
    crossed_at: int | None
    games_needed: float


def levels(
    alpha: float, candidates: int, clv: ArrayLike | None = None, *, favoured: int = FAVOURED, share: float = SHARE
) -> Floats:
    """The level of each candidate: all alike, or more for those with the best closing-line value.

    >>> levels(0.05, 4)
    array([0.0125, 0.0125, 0.0125, 0.0125])
    >>> levels(0.05, 5, clv=[0.1, 2.0, 1.0, 3.0, -1.0]).round(5)
    array([0.0075 , 0.01167, 0.01167, 0.01167, 0.0075 ])

    Args:
        alpha: Chance of any false pass that is allowed.
        candidates: How many were tried.
        clv: z of each candidate's closing-line value over the first weeks, shape (..., candidates);
            NaN ranks last. None, or no number at all, where closes are not known.
        favoured: Candidates that share most of the level.
        share: Of the level that they get.

    Returns:
        Shape (..., candidates), adding up to alpha.

    Raises:
        UsageError: A level or share outside (0, 1), no candidates, or closing-line values of another number.
    """
    if not 0 < alpha < 1 or not 0 < share < 1 or candidates < 1 or favoured < 1:
        raise UsageError(f"level {alpha} and share {share} of {candidates} candidates; levels are between 0 and 1")
    z = np.full(candidates, np.nan) if clv is None else np.asarray(clv, dtype=np.float64)
    if z.shape[-1:] != (candidates,):
        raise UsageError(f"closing-line values of shape {z.shape} for {candidates} candidates")
    alike = np.isnan(z).all(axis=-1, keepdims=True) | (candidates <= favoured)
    place = np.argsort(np.argsort(np.where(np.isnan(z), np.inf, -z), axis=-1, kind="stable"), axis=-1)
    weighted = np.where(place < favoured, share / favoured, (1 - share) / max(candidates - favoured, 1))
    return alpha * np.where(alike, 1 / candidates, weighted)


def critical_value(level: ArrayLike, *, peeking: bool = True) -> Floats:
    """What T must reach: at any of many looks, or at one look at the horizon.

    >>> critical_value([0.05 / 20, 0.035 / 3]).round(3)
    array([3.023, 2.522])

    Raises:
        UsageError: A level outside (0, 1).
    """
    level = np.asarray(level, dtype=np.float64)
    if not ((level > 0) & (level < 1)).all():
        raise UsageError("a level is not between 0 and 1")
    return np.asarray(-ndtri(level / 2 if peeking else level))


def statistics(scores: Scores, horizon: float) -> Floats:
    """T at the end of each week, shape (..., weeks); NaN before the first score other than 0.

    Raises:
        UsageError: A horizon that is not above 0.
    """
    if not horizon > 0:
        raise UsageError(f"horizon of {horizon} games; at least one is needed")
    spread = variance(scores)
    scale = np.sqrt(np.where(spread > 0, spread, np.nan) * horizon / np.maximum(np.cumsum(scores.games, axis=-1), 1))
    return np.cumsum(scores.score, axis=-1) / scale


def first_crossing(
    statistic: Floats, games: Floats, critical: ArrayLike, *, horizon: float, first_look: float = FIRST_LOOK
) -> NDArray[np.intp]:
    """Position of the first week that T reached its critical value, -1 where it never did.

    Weeks are looked at from the first look to the one in which the horizon is reached.

    Args:
        statistic: Shape (..., weeks).
        games: Games of each week, shape (weeks,) or (..., weeks).
        critical: Shape (...).
        horizon: Games declared.
        first_look: Games before which nothing is looked at.
    """
    passed = looked_at(games, horizon, first_look) & (statistic >= np.asarray(critical)[..., None])
    before = (~np.logical_or.accumulate(passed, axis=-1)).sum(axis=-1)
    return np.where(passed.any(axis=-1), before, -1)


def looked_at(games: Floats, horizon: float, first_look: float) -> NDArray[np.bool_]:
    """Which weeks the rule looks at."""
    so_far = np.cumsum(games, axis=-1)
    return (so_far >= min(first_look, horizon)) & (so_far - games < horizon)


def looks(
    opinion: ArrayLike,
    residual: ArrayLike,
    weeks: ArrayLike,
    *,
    horizon: float,
    alpha: float,
    first_look: float = FIRST_LOOK,
    sd: ArrayLike = MARGIN_SD,
    exact: bool = False,
) -> Looks:
    """The sequential rule on one candidate's history so far.

    Args:
        opinion: Shape (n,).
        residual: Shape (n,).
        weeks: Label of each game's week, shape (n,).
        horizon: Games declared before the first of these.
        alpha: This candidate's level, from `levels`.
        first_look: Games before which nothing is looked at.
        sd: Of a residual when there is nothing to know.
        exact: Whether that sd is known and no guess.

    Raises:
        UsageError: More than one candidate, or as `weekly_scores`, `statistics` and `critical_value`.
    """
    scores = weekly_scores(opinion, residual, weeks, sd, exact=exact)
    if scores.score.ndim != 1:
        raise UsageError(f"opinions of shape {np.shape(opinion)}; this rule takes one candidate's")
    statistic, critical = statistics(scores, horizon), float(critical_value(alpha))
    at = int(first_crossing(statistic, scores.games, critical, horizon=horizon, first_look=first_look))
    so_far = np.cumsum(scores.games)
    played = float(so_far[-1]) if len(so_far) else 0.0
    last = float(statistic[-1]) * np.sqrt(horizon / max(played, 1)) if len(so_far) else np.nan
    return Looks(
        weeks=scores.weeks,
        games=so_far,
        statistic=statistic,
        looked=looked_at(scores.games, horizon, first_look),
        critical=critical,
        crossed=None if at < 0 else scores.weeks[at].item(),
        crossed_at=None if at < 0 else at,
        games_needed=0.0 if at >= 0 else games_needed(last, played, critical).more,
    )
