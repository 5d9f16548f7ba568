"""Does the champion read what it was trained on? Each feature's recent values against those of earlier seasons.

Recent are the last weeks after the training; they are held against the same weeks of the seasons trained on. Five
p-values a feature, of PSI, of the distribution function's distance, of level, change and jump, and one of missing
values, are combined into one; Holm's correction counts the features, and the level of a season is shared among its
weeks, so that a season without a change has at most alpha false alarms on average, of all features together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from busta.watch import nulls
from busta.watch.calendar import POST
from busta.watch.distance import against_rest, quantiles
from busta.watch.weekly import LEAST, SEASONS, freedom, location_tails, mapped, weekly

if TYPE_CHECKING:
    from busta.watch.calendar import Calendar
    from busta.watch.distance import Distances

__all__ = ["BINS", "FEWEST", "WEEKS", "Drift", "Scales", "Window", "drift", "recent", "usual"]

Floats = NDArray[np.float64]

WEEKS = 3
"""That are recent, at most: a change is to be found within them."""
FEWEST = 30
"""Games that the recent weeks have together, if need be by more weeks: play-offs are few."""
BINS = 5
"""Of PSI: 48 games, three weeks of the NFL, fill more with less than ten each."""
TESTS = ("psi", "ks", "level", "change", "jump", "missing")


@dataclass(frozen=True)
class Window:
    """The weeks that are recent.

    Attributes:
        weeks: The day each begins.
        games: Which games they have, shape (games,).
    """

    weeks: NDArray[np.datetime64]
    games: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scales:
    """What PSI and KS come to without a change, as multiples of those of independent games, each with its freedom."""

    psi: tuple[Floats, Floats]
    ks: tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class Drift:
    """What one look found; arrays have an entry a feature.

    Attributes:
        games: Recent games with a value.
        psi: NaN where there is nothing to go by; so are the others.
        psi_critical: What it has to reach to give an alarm by itself.
        ks: Distance of the distribution functions.
        tails: p-value of each of `TESTS`, shape (6, features).
        p: All of these combined.
        missing: Share of recent games without a value.
        missing_before: Share of the games they are held against.
        outside: Share of recent values out of the range trained on.
        shift: Recent level less that of earlier seasons, in standard deviations.
        alarm: Whether it is more than luck.
    """

    games: Floats
    psi: Floats
    psi_critical: Floats
    ks: Floats
    tails: Floats
    p: Floats
    missing: Floats
    missing_before: Floats
    outside: Floats
    shift: Floats
    alarm: NDArray[np.bool_]


def recent(when: Calendar, trained: NDArray[np.bool_], end: np.datetime64, weeks: int = WEEKS) -> Window:
    """The last weeks after the training that began by that day, with enough games if there are enough.

    Args:
        when: The games' calendar.
        trained: Which games the champion was trained on.
        end: Weeks that began later are not looked at.
        weeks: How many.
    """
    after = ~trained & (when.week <= end)
    found, count = np.unique(when.week[after], return_counts=True)
    enough = np.searchsorted(np.cumsum(count[::-1]), FEWEST) + 1
    found = found[-max(weeks, int(enough)) :]
    return Window(found, after & np.isin(when.week, found))


def drift(
    values: Floats,
    when: Calendar,
    trained: NDArray[np.bool_],
    window: Window,
    alpha: float,
    scales: Scales | None = None,
) -> Drift:
    """One look at all features.

    Args:
        values: Shape (games, features), NaN where missing; games in order of time, none after the recent ones.
        when: Their calendar.
        trained: Which the champion was trained on, shape (games,).
        window: The recent ones.
        alpha: False alarms of all features in a season without a change, at most, on average.
        scales: Of as many weeks as are recent, by whoever looks more than once at what was trained on.
    """
    level = alpha / _looks(when, trained)
    weeks = weekly(values, when, trained)
    at = np.flatnonzero(np.isin(weeks.week, window.weeks))
    first, last = int(at[0]), int(at[-1]) + 1
    own, scales = _apart(values, when, trained, window), scales or usual(values, when, trained, last - first)
    sizes = (own.games, own.others)
    tails = [
        nulls.psi_tail(own.psi, *sizes, own.bins, *scales.psi),
        nulls.ks_tail(own.ks, *sizes, *scales.ks),
    ]
    tails = [np.where(own.games >= LEAST, tail, np.nan) for tail in tails]
    absent, (missing, before) = _missing(values, when, trained, window)
    p_all = np.stack([*tails, *location_tails(weeks, first, last), absent])
    p = nulls.combined(p_all)
    critical = nulls.psi_critical(level / len(p) / len(TESTS), *sizes, own.bins, *scales.psi)
    return Drift(
        games=own.games,
        psi=own.psi,
        psi_critical=critical,
        ks=own.ks,
        tails=p_all,
        p=p,
        missing=missing,
        missing_before=before,
        outside=_outside(values, trained, window),
        shift=weeks.pooled(first, last)[0],
        alarm=nulls.holm(p, level),
    )


def _looks(when: Calendar, trained: NDArray[np.bool_]) -> int:
    """Weeks of the longest season: so often is it looked at."""
    pairs = np.unique(np.stack([when.season[trained], when.stage[trained]]), axis=1)[0]
    return int(np.unique(pairs, return_counts=True)[1].max())


def _alike(when: Calendar, trained: NDArray[np.bool_], games: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The games trained on that were played in the same weeks of their season as those."""
    wanted = np.unique(mapped(when.stage[games], when.stage[trained]))
    return trained & np.isin(when.stage, wanted)


def _apart(values: Floats, when: Calendar, trained: NDArray[np.bool_], window: Window) -> Distances:
    """Recent games against the same weeks of earlier seasons, shape (features,) each."""
    alike = _alike(when, trained, window.games)
    rows = np.flatnonzero(alike | window.games)
    group = window.games[rows].astype(np.int64)
    found = against_rest(values[rows], group, 2, quantiles(values[alike], BINS))
    return type(found)(*(getattr(found, name)[1] for name in ("games", "others", "ks", "psi", "bins")))


def usual(values: Floats, when: Calendar, trained: NDArray[np.bool_], length: int) -> Scales:
    """What so many weeks of each season trained on come to, held against the same weeks of the other seasons."""
    seasons = np.unique(when.season[trained])
    block = np.where(when.stage >= POST, POST, when.stage // length)
    psi, ks, season = [], [], []
    for part in np.unique(block[trained]):
        rows = np.flatnonzero(trained & (block == part))
        group = np.searchsorted(seasons, when.season[rows])
        found = against_rest(values[rows], group, len(seasons), quantiles(values[rows], BINS))
        enough = (found.games >= LEAST) & (found.others >= LEAST)
        size = np.maximum(found.effective, 1e-9)
        psi.append(np.where(enough, found.psi * size / np.maximum(found.bins - 1, 1), np.nan))
        ks.append(np.where(enough, found.ks * np.sqrt(size) / nulls.KOLMOGOROV_MEAN, np.nan))
        season.append(seasons)
    label = np.concatenate(season)
    return Scales(_scale(np.concatenate(psi), label, 1), _scale(np.concatenate(ks), label, 2))


def _scale(ratio: Floats, season: NDArray[np.int64], power: int) -> tuple[Floats, Floats]:
    """Mean of the ratios to that power, at least 1, and its degrees of freedom; NaN with too few seasons."""
    known = ~np.isnan(ratio)
    count = known.sum(axis=0)
    mean = np.where(known, ratio, 0.0).sum(axis=0) / np.maximum(count, 1)
    seasons = np.array([len(np.unique(season[each])) for each in known.T])
    scale = np.where(seasons >= SEASONS, np.maximum(mean**power, 1.0), np.nan)
    return scale, freedom(ratio - mean, season)


def _missing(
    values: Floats, when: Calendar, trained: NDArray[np.bool_], window: Window
) -> tuple[Floats, tuple[Floats, Floats]]:
    """p-value of the missing values, and the shares that are missing, recently and before."""
    gaps = np.isnan(values)
    alike = _alike(when, trained, window.games)
    now, then = gaps[window.games], gaps[alike]
    scale = _gap_scale(gaps, when, trained)
    tail = nulls.missing_tail(now.sum(axis=0), len(now), then.sum(axis=0), len(then), scale)
    return tail, (now.mean(axis=0), then.mean(axis=0))


def _gap_scale(gaps: NDArray[np.bool_], when: Calendar, trained: NDArray[np.bool_]) -> Floats:
    """How much more the missing shares of seasons differ than those of independent games."""
    seasons = np.unique(when.season[trained], return_inverse=True)[1]
    count = np.bincount(seasons).astype(np.float64)
    share = np.stack([np.bincount(seasons, column) for column in gaps[trained].T], axis=1) / count[:, None]
    mean = gaps[trained].mean(axis=0)
    expected = mean * (1 - mean)
    found = ((share - mean) ** 2 * count[:, None]).mean(axis=0) / np.where(expected > 0, expected, 1)
    return np.asarray(np.maximum(found, 1.0), dtype=np.float64)


def _outside(values: Floats, trained: NDArray[np.bool_], window: Window) -> Floats:
    mine, now = values[trained], values[window.games]
    low, high = (np.where(np.isnan(mine), fill, mine) for fill in (np.inf, -np.inf))
    known = ~np.isnan(now)
    out = known & ((now < low.min(axis=0)) | (now > high.max(axis=0)))
    return np.asarray(out.sum(axis=0) / np.maximum(known.sum(axis=0), 1), dtype=np.float64)
