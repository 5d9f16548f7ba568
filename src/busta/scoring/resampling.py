"""Scores with intervals that resample weeks in blocks: the stationary bootstrap (Politis and Romano 1994).

A resample is how often each week is in it. Every score is made from weekly sums (AUC from sums over
pairs of weeks), so that a thousand resamples cost a few matrix products. ``p`` and ``y`` are as in
`busta.scoring.proper`; ``weeks`` has the label of each game's week, shape (n,), sorts by time and is
unique across seasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, stdtrit

from busta.betting.guards import ABOVE_0, BELOW_1, LARGEST, integer, labels, numbers, scalar, within
from busta.errors import UsageError
from busta.scoring.calibration import bin_of, calibration_line, ece_luck, log_odds
from busta.scoring.proper import brier_losses, decided, log_losses, picked
from busta.scoring.summary import SCORES, scores

__all__ = ["resampled_scores", "score_intervals", "weekly_multiplicities"]

Floats = NDArray[np.float64]
Figures = dict[str, float]

BINS = 10  # those of `ece`
RANGES = dict.fromkeys(SCORES, (0.0, 1.0)) | {
    "log_loss": (0.0, np.inf),
    "calibration_slope": (-np.inf, np.inf),
    "calibration_intercept": (-np.inf, np.inf),
}
FIGURES = {"value", "low", "high"}


class _Games(NamedTuple):
    """The games that count."""

    p: Floats
    y: Floats
    week: NDArray[np.intp]  # 0 to the number of weeks - 1, in label order


class _Scored(NamedTuple):
    """One forecast: each score, on every resample, and its interval."""

    values: Figures
    drawn: dict[str, Floats]
    ends: dict[str, Figures]


def weekly_multiplicities(weeks_count: int, draws: int, mean_block: float = 1.0, seed: int = 0) -> NDArray[np.int64]:
    """How often each week is in each resample, shape (draws, weeks); a row sums to the number of weeks.

    A resample is made of blocks of consecutive weeks, each from a random week on and of a geometric
    length; after the last week comes the first.

    Args:
        weeks_count: Weeks in the sample.
        draws: Resamples.
        mean_block: Mean length of a block in weeks; 1 resamples the weeks one by one.
        seed: The same seed gives the same resamples.

    Raises:
        UsageError: No weeks or draws, a mean block below 1, or a seed below 0.
    """
    weeks_count, draws, seed = integer("weeks", weeks_count, 1), integer("draws", draws, 1), integer("as seed", seed)
    scalar("mean block", mean_block, 1, np.inf, "at least 1")
    rng = np.random.default_rng(seed)
    shape, step = (draws, weeks_count), np.arange(weeks_count)
    anew = rng.random(shape) < 1 / mean_block
    anew[:, 0] = True
    begun = np.maximum.accumulate(np.where(anew, step, 0), axis=1)
    first = np.take_along_axis(rng.integers(weeks_count, size=shape), begun, axis=1)
    taken = (first + step - begun) % weeks_count + weeks_count * np.arange(draws)[:, None]
    return np.bincount(taken.ravel(), minlength=draws * weeks_count).reshape(shape).astype(np.int64)


def resampled_scores(p: ArrayLike, y: ArrayLike, weeks: ArrayLike, multiplicities: ArrayLike) -> dict[str, Floats]:
    """Each of `SCORES` on every resample, shape (draws,), NaN where it does not apply.

    ECE keeps the bins of the whole sample. Slope and intercept take one Newton step from the whole
    sample's (k-step bootstrap: Davidson and MacKinnon 1999), some hundredths of their standard error off.

    Args:
        p: Probabilities, shape (n,).
        y: Results, shape (n,).
        weeks: Labels, shape (n,).
        multiplicities: From `weekly_multiplicities`, shape (draws, weeks); a column for every label.

    Raises:
        UsageError: p and y are no probabilities and results, shapes do not fit, a week has no label, or a
            multiplicity is missing or negative.
    """
    times = within("multiplicity", multiplicities, 0, LARGEST, "it is 0 or more")
    games, found = _games(p, y, weeks)
    if times.ndim != 2 or times.shape[1] != found:  # noqa: PLR2004
        raise UsageError(f"multiplicities {times.shape} do not have one column for each of {found} weeks")
    if np.isnan(times).any():
        raise UsageError("a multiplicity is missing; it is 0 or more")
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = _means(games, times) | {"auc": _auc(games, times), "ece": _ece(games, times)}
        resampled["calibration_slope"], resampled["calibration_intercept"] = _line(games, times)
    return {name: np.where(np.isfinite(resampled[name]), resampled[name], np.nan) for name in SCORES}


def score_intervals(
    p: ArrayLike,
    y: ArrayLike,
    weeks: ArrayLike,
    against: Mapping[str, ArrayLike],
    *,
    draws: int = 1000,
    mean_block: float = 1.0,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, dict[str, float | Figures]]:
    """Each of `SCORES` with its interval, and its difference from other forecasts of the same games.

    All forecasts are scored on the same resamples, so that a difference is a paired one. An interval
    reaches t standard deviations of the resampled scores to either side (see `_reach`) and ends where
    the score's range does. ECE has intervals of its own kind (see `_ece_ends`, `_ece_gap`).

    Args:
        p: Probabilities, shape (n,).
        y: Results, shape (n,).
        weeks: Labels, shape (n,).
        against: Other forecasts by name, each of shape (n,).
        draws: Resamples.
        mean_block: Mean length of a block of weeks.
        seed: Of the resampling.
        level: Probability that an interval is to cover.

    Returns:
        Of each score ``value``, ``low``, ``high`` and, under each other's name, ``difference`` (this less
        the other), ``low``, ``high``; NaN where they do not apply, as ends with too few weeks for the blocks.

    Raises:
        UsageError: p and y are no probabilities and results, shapes do not fit, a week has no label, no
            draws, a block below 1, a level outside (0, 1), or a forecast named as a figure is.
    """
    level = scalar("level", level, ABOVE_0, BELOW_1, "between 0 and 1")
    if not isinstance(against, Mapping) or not FIGURES.isdisjoint(against):
        raise UsageError(f"others {against!s:.60}; forecasts by name, none named {sorted(FIGURES)}")
    results, played, forecasts = _with_result(y, weeks, p, *against.values())
    count = len(np.unique(played))
    times = weekly_multiplicities(max(count, 1), draws, mean_block, seed)[:, :count]
    reach = _reach(count, mean_block, level)
    mine, *others = (_scored(said, results, played, times, reach, level) for said in forecasts)
    return {
        name: {"value": mine.values[name], **mine.ends[name]}
        | {other: _gap(name, mine, theirs, reach) for other, theirs in zip(against, others, strict=True)}
        for name in SCORES
    }


def _with_result(y: ArrayLike, weeks: ArrayLike, *forecasts: ArrayLike) -> tuple[Floats, NDArray[Any], list[Floats]]:
    """Results, weeks and forecasts of the games that have a result."""
    y, weeks = numbers("results", y), labels("weeks", weeks)
    said = [numbers("probabilities", p) for p in forecasts]
    if y.ndim != 1 or any(array.shape != y.shape for array in (weeks, *said)):
        raise UsageError("probabilities, results and weeks are not one number a game each")
    rows = ~np.isnan(y)
    return y[rows], weeks[rows], [p[rows] for p in said]


def _games(p: ArrayLike, y: ArrayLike, weeks: ArrayLike) -> tuple[_Games, int]:
    """The games that count, and how many weeks there are in all."""
    weeks, y = labels("weeks", weeks), numbers("results", y)
    if weeks.shape != y.shape:
        raise UsageError(f"weeks {weeks.shape} and results {y.shape} are not one a game each")
    found, week = np.unique(weeks, return_inverse=True)
    return _Games(*decided(p, y), week[~np.isnan(y)]), len(found)


def _sums(week: NDArray[np.intp], times: Floats, *columns: Floats) -> list[Floats]:
    """Sum of each column, one number a game, over every resample: shape (draws,) each."""
    weekly = [np.bincount(week, column, minlength=times.shape[1]) for column in columns]
    return list((times @ np.array(weekly).T).T)


def _means(games: _Games, times: Floats) -> dict[str, Floats]:
    """The scores that are one sum over another."""
    p, y, week = games
    pick = picked(p)
    right = pick * y + (1 - pick) * (1 - y)
    columns = (log_losses(p, y), brier_losses(p, y), right, pick * y, pick, y, np.ones_like(y))
    *means, hits, picks, wins, count = _sums(week, times, *columns)
    found = dict(zip(SCORES, [part / count for part in means], strict=False))
    return found | {"precision": hits / picks, "recall": hits / wins}


def _auc(games: _Games, times: Floats) -> Floats:
    """Concordant pairs over pairs, both quadratic or bilinear in the multiplicities."""
    p, y, week = games
    if np.isnan(p).any():
        return np.full(len(times), np.nan)
    won, lost = _sums(week, times, y, 1 - y)
    concordant: Floats = ((times @ _concordant(games, times.shape[1])) * times).sum(axis=1)
    return concordant / (won * lost)


def _concordant(games: _Games, weeks: int) -> Floats:
    """Pairs of a game won and one lost with a lower p, ties half, by their weeks; shape (weeks, weeks)."""
    p, y, week = games
    won, lost = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    lost = lost[np.argsort(p[lost])]
    below = np.zeros((len(lost) + 1, weeks))  # lost games so far, from low p to high, by week
    below[np.arange(1, len(lost) + 1), week[lost]] = 1
    np.cumsum(below, axis=0, out=below)
    first, last = (np.searchsorted(p[lost], p[won], side) for side in ("left", "right"))
    weekly = np.zeros((weeks, len(won)))
    weekly[week[won], np.arange(len(won))] = 0.5
    return weekly @ below[first] + weekly @ below[last]


def _ece(games: _Games, times: Floats) -> Floats:
    """Distances of the whole sample's bins: in a bin of any count, count * |mean p - rate| = |sum of p - y|."""
    p, y, week = games
    place = bin_of(p, BINS)
    gaps = [np.where(place == found, p - y, 0.0) for found in np.unique(place)]
    count, *gaps = _sums(week, times, np.ones_like(y), *gaps)
    total: Floats = np.abs(gaps).sum(axis=0) / count
    return total


def _line(games: _Games, times: Floats) -> tuple[Floats, Floats]:
    """Slope and intercept, one Newton step from those of the whole sample."""
    p, y, week = games
    slope, intercept = calibration_line(p, y)
    x = log_odds(p)
    fitted = expit(slope * x + intercept)
    miss, weight = y - fitted, fitted * (1 - fitted)
    by_x, by_one, xx, x1, one = _sums(week, times, x * miss, miss, x * x * weight, x * weight, weight)
    spread = xx * one - x1 * x1
    return slope + (one * by_x - x1 * by_one) / spread, intercept + (xx * by_one - x1 * by_x) / spread


def _reach(weeks: int, mean_block: float, level: float) -> float:
    """Standard deviations of a resampled score that an interval reaches to either side.

    The resampled variance weighs the covariance of weeks k apart by q**k, q = 1 - 1 / mean_block
    (Politis and Romano 1994). It falls short by the sum of the weights over the weeks, and has the
    degrees of freedom of that lag window (Priestley 1981). For blocks of one week that is W / (W - 1)
    and Student's t with W - 1, as in `weekly_ratio_interval`.
    """
    q = 1 - 1 / mean_block
    freedom = weeks * (1 - q * q) / (1 + q * q) - 1
    short = 2 * mean_block - 1
    if freedom <= 0 or weeks <= short:
        return np.nan
    return float(stdtrit(freedom, (1 + level) / 2)) * float(np.sqrt(weeks / (weeks - short)))


def _scored(p: Floats, y: Floats, weeks: NDArray[Any], times: NDArray[np.int64], reach: float, level: float) -> _Scored:
    """A forecast's scores, resamples and intervals."""
    values, drawn = scores(p, y), resampled_scores(p, y, weeks, times)
    ends = {name: _ends(values[name], drawn[name], reach, RANGES[name]) for name in SCORES}
    luck = ece_luck(p, BINS, level=(1 + level) / 2)[1]
    return _Scored(values, drawn, ends | {"ece": _ece_ends(values["ece"], drawn["ece"], reach, luck)})


def _ends(value: float, drawn: Floats, reach: float, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Figures:
    """The interval of a score or of a difference; resamples on which it does not apply are left out."""
    drawn = drawn[~np.isnan(drawn)]
    if len(drawn) < 2:  # noqa: PLR2004
        return {"low": np.nan, "high": np.nan}
    low, high = np.clip(value + reach * drawn.std() * np.array([-1, 1]), *bounds)
    return {"low": float(low), "high": float(high)}


def _ece_ends(value: float, drawn: Floats, reach: float, luck: float) -> Figures:
    """Around the value less its bias, from 0 on where the value is no more than luck.

    A mean of distances grows by resampling much as it grew by sampling, so the one estimates the
    other (Efron and Tibshirani 1993, chapter 10).
    """
    ends = _ends(2 * value - float(drawn.mean()), drawn, reach, RANGES["ece"])
    return ends | {"low": 0.0} if value <= luck and not np.isnan(ends["low"]) else ends


def _gap(name: str, mine: _Scored, theirs: _Scored, reach: float) -> Figures:
    """The difference of a score and its interval."""
    value = mine.values[name] - theirs.values[name]
    if name == "ece":
        return {"difference": value, **_ece_gap(value, mine, theirs)}
    return {"difference": value, **_ends(value, mine.drawn[name] - theirs.drawn[name], reach)}


def _ece_gap(gap: float, mine: _Scored, theirs: _Scored) -> Figures:
    """From the intervals of both (Zou and Donner 2008), as two biases do not cancel; wide rather than narrow."""
    value, other = mine.values["ece"], theirs.values["ece"]
    ends, others = mine.ends["ece"], theirs.ends["ece"]
    low = gap - float(np.hypot(value - ends["low"], others["high"] - other))
    return {"low": low, "high": gap + float(np.hypot(ends["high"] - value, other - others["low"]))}
