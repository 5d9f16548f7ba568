"""The margin score: do a model's opinions go with what the market missed?

The score of a game is opinion times residual; nothing to know means that it is 0 on average. It is
the score test of beta = 0 in value = market mean + beta * opinion + error, so a model that exaggerates
what it knows is not punished here. Games of a week are not independent: the variance of the sum is that
of week sums, S_w (cluster-robust: White 1984; Liang and Zeger 1986).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from busta.errors import UsageError

__all__ = ["FEW_WEEKS", "MARGIN_SD", "Edge", "Scores", "fitted_edge", "variance", "weekly_scores", "z_score"]

Floats = NDArray[np.float64]

MARGIN_SD = 13.3  # points, of an NFL margin around the closing line
FEW_WEEKS = 34  # two seasons; until then week sums are too few to give a variance on their own


@dataclass(frozen=True, eq=False)
class Scores:
    """Week sums of opinions times residuals, in order of time.

    Leading axes run over candidates (and worlds); ``games`` may lack them.

    Attributes:
        weeks: Label of each week, shape (weeks,).
        games: Games with an opinion and a residual, shape (..., weeks).
        score: Sum of opinion * residual, shape (..., weeks).
        information: Sum of opinion ** 2, shape (..., weeks).
        null_variance: Variance of the score if games were independent and nothing was to be known:
            sum of (opinion * sd) ** 2, shape (..., weeks).
        exact: Whether that variance is known and no guess: what happens is a win or a loss of a given
            probability. Opinions on long shots have squares near 0 until one of them wins.
    """

    weeks: NDArray[np.generic]
    games: Floats
    score: Floats
    information: Floats
    null_variance: Floats
    exact: bool = field(default=False, kw_only=True)

    def __len__(self) -> int:
        return int(self.score.shape[-1])

    def until(self, weeks: int) -> Scores:
        """The first so many weeks."""
        return self._some(slice(0, weeks))

    def last(self, weeks: int) -> Scores:
        """The last so many weeks: whether what was once known is known still."""
        return self._some(slice(max(len(self) - weeks, 0), None))

    def _some(self, which: slice) -> Scores:
        parts = (self.games, self.score, self.information, self.null_variance)
        return Scores(self.weeks[which], *(part[..., which] for part in parts), exact=self.exact)


@dataclass(frozen=True, eq=False)
class Edge:
    """How much of a model's opinion is right: the slope of the residual on the opinion.

    1 is an opinion to be taken at its word, 0 one that says nothing. Every array has the shape of the
    candidates; NaN where no game has an opinion, or there is only one week.

    Attributes:
        beta: sum(opinion * residual) / sum(opinion ** 2).
        se: Its week-robust standard error.
        low: Lower end of the two-sided interval.
        high: Upper end.
        bound: One-sided lower bound of the same level.
    """

    beta: Floats
    se: Floats
    low: Floats
    high: Floats
    bound: Floats


def weekly_scores(
    opinion: ArrayLike, residual: ArrayLike, weeks: ArrayLike, sd: ArrayLike = MARGIN_SD, *, exact: bool = False
) -> Scores:
    """Week sums of the score; a game without an opinion or a result is in none of them.

    >>> weekly_scores([1.0, -2.0, 1.0], [3.0, 1.0, 4.0], weeks=[1, 1, 2]).score
    array([1., 4.])

    Args:
        opinion: Shape (..., n).
        residual: The same shape, or one that broadcasts to it.
        weeks: Label of each game's week, shape (n,), unique across seasons.
        sd: Of a residual when there is nothing to know, in points: a number, or of shape (..., n).
        exact: Whether that sd is known and no guess; see `Scores`.

    Raises:
        UsageError: Shapes that do not fit, an infinite number, or an sd that is not above 0.
    """
    labels = np.asarray(weeks)
    opinion, residual, sd = _broadcast(labels, opinion, residual, sd)
    known = ~np.isnan(opinion * residual)
    d = np.where(known, opinion, 0.0)
    parts = (known, d * np.where(known, residual, 0.0), d**2, (d * sd) ** 2)
    order = np.argsort(labels, kind="stable")
    distinct, starts = np.unique(labels[order], return_index=True)
    if not len(distinct):
        return Scores(distinct, *(np.zeros(part.shape) for part in parts), exact=exact)
    games, *sums = (np.add.reduceat(part[..., order].astype(np.float64), starts, axis=-1) for part in parts)
    return Scores(distinct, games, *sums, exact=exact)


def _broadcast(weeks: NDArray[np.generic], *parts: ArrayLike) -> tuple[Floats, ...]:
    """Opinion, residual and sd in one shape."""
    arrays = [np.asarray(part, dtype=np.float64) for part in parts]
    if weeks.ndim != 1 or any(part.shape[-1:] != weeks.shape for part in arrays[:2]):
        shapes = [part.shape for part in arrays[:2]]
        raise UsageError(f"opinions and residuals of shape {shapes} do not fit weeks {weeks.shape}; games come last")
    if any(np.isinf(part).any() for part in arrays) or not (arrays[2] > 0).all():
        raise UsageError("an opinion, a residual or an sd is infinite, or an sd is not above 0")
    try:
        return tuple(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = [part.shape for part in arrays]
        raise UsageError(f"opinions, residuals and sd of shape {shapes} do not fit each other") from None


def variance(scores: Scores) -> Floats:
    """Variance of the sum of scores up to each week, shape (..., weeks), if nothing is to be known.

    Week sums are squared uncentred, which keeps the standardised sum's tails light however heavy those
    of the scores are (Efron 1969). Where neighbouring weeks go together, as they do when both the market
    and the model keep their leanings, what they share is added; where they seem to go apart nothing is
    taken off. Before week 34, or where that is exact, it is at least that of independent games.
    """
    spread = np.cumsum(scores.score**2, axis=-1)
    spread += np.maximum(_carried_over(scores.score, spread), 0.0)
    floored = slice(None if scores.exact else FEW_WEEKS)
    spread[..., floored] = np.maximum(spread, np.cumsum(scores.null_variance, axis=-1))[..., floored]
    return spread


def _carried_over(score: Floats, squares: Floats) -> Floats:
    """What covariances between weeks add to the variance of the sum up to each week.

    Newey and West (1987) over sqrt(weeks) / 2 lags. Covariances are centred, lest an edge be taken for
    correlation, and what centring takes off them is put back.
    """
    count = np.arange(1.0, score.shape[-1] + 1)
    reach = np.sqrt(count) / 2
    total = np.cumsum(score, axis=-1)
    mean = total / count
    around = squares - total * mean
    carried = np.zeros_like(squares)
    for lag in range(1, int(reach[-1]) + 1 if len(count) else 0):
        now = slice(lag, None)
        product = np.cumsum(score[..., now] * score[..., :-lag], axis=-1)
        ends = total[..., now] - total[..., lag - 1 : lag] + total[..., :-lag]
        pairs = count[now] - lag
        covariance = (
            product - mean[..., now] * (ends - pairs * mean[..., now]) + around[..., now] * pairs / count[now] ** 2
        )
        carried[..., now] += 2 * np.maximum(1 - lag / (reach[now] + 1), 0.0) * (lag <= reach[now]) * covariance
    return carried


def _total_variance(scores: Scores) -> Floats:
    """`variance` at the last week alone, which is quicker; NaN where it is 0."""
    score, count = scores.score, len(scores)
    spread = (score**2).sum(axis=-1)
    reach = np.sqrt(count) / 2
    centred = score - score.mean(axis=-1, keepdims=True) if count else score
    around, carried = (centred**2).sum(axis=-1), np.zeros_like(spread)
    for lag in range(1, int(reach) + 1):
        shared = (centred[..., lag:] * centred[..., :-lag]).sum(axis=-1) + around * (count - lag) / count**2
        carried += 2 * (1 - lag / (reach + 1)) * shared
    spread = spread + np.maximum(carried, 0.0)
    if scores.exact or count <= FEW_WEEKS:
        spread = np.maximum(spread, scores.null_variance.sum(axis=-1))
    return np.where(spread > 0, spread, np.nan)


def z_score(scores: Scores) -> Floats:
    """The sum of all scores over its standard deviation: one look, N(0, 1) if nothing is to be known.

    Returns:
        Shape (...); NaN where no score is other than 0.
    """
    return np.asarray(scores.score.sum(axis=-1) / np.sqrt(_total_variance(scores)))


def fitted_edge(scores: Scores, level: float = 0.95) -> Edge:
    """Fit the share of the opinions that is right, with a week-robust interval (t over weeks).

    Raises:
        UsageError: A level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"level {level}; a level is between 0 and 1")
    weeks, information = (scores.information > 0).sum(axis=-1), scores.information.sum(axis=-1)
    information = np.where(weeks > 1, information, np.nan)
    beta = scores.score.sum(axis=-1) / information
    errors = scores.score - beta[..., None] * scores.information
    left = replace(scores, score=errors)
    freedom = np.maximum(weeks - 1, 1)
    spread = np.nan_to_num(_total_variance(left))
    se = np.sqrt(spread * weeks / freedom) / information
    one, two = (stdtrit(freedom, share) for share in (level, (1 + level) / 2))
    return Edge(beta, se, beta - two * se, beta + two * se, beta - one * se)
