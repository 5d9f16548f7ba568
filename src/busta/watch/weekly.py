"""Week by week, how far each feature's mean is from what earlier seasons had in the same weeks.

Three questions are asked of these deviations. Is the recent level another than that of the seasons trained on? Has it
changed against the weeks before? Did it jump from one week to the next? A feature that every game of a season shares,
such as the usual total, tells little by its level, as seasons differ anyway, and all by a jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from busta.watch.calendar import POST
from busta.watch.nulls import straightened, t_tail

if TYPE_CHECKING:
    from busta.watch.calendar import Calendar

__all__ = ["LEAST", "LOOKBACK", "Weekly", "freedom", "location_tails", "mapped", "weekly"]

Floats = NDArray[np.float64]

LEAST = 10
"""Games with a value, below which nothing is said of them."""
LOOKBACK = 6
"""Weeks before the recent ones that these are held against for a change."""
FLOOR = 0.01
"""The least multiple of the variance of independent games that a scale may be; of rare events, which may have been away
for years by luck, up to 1."""


@dataclass(frozen=True, eq=False)
class Weekly:
    """Weeks with games, in order of time, by feature.

    Attributes:
        week: Day it begins, shape (weeks,).
        season: Shape (weeks,).
        stage: As the games', shape (weeks,); of a week with games of both kinds the play-offs'.
        trained: Whether all of its games were trained on, shape (weeks,).
        games: Values, shape (weeks, features).
        off: Mean less that of trained games at that stage, in standard deviations, shape (weeks, features);
            NaN where there is no value. Of a season trained on, the other seasons' mean counts.
        skew: Third moment of the deviations of games trained on, shape (features,).
    """

    week: NDArray[np.datetime64]
    season: NDArray[np.int64]
    stage: NDArray[np.int64]
    trained: NDArray[np.bool_]
    games: Floats
    off: Floats
    skew: Floats

    @property
    def floor(self) -> Floats:
        """The least that the scale of a statistic may be, shape (features,)."""
        return np.clip(self.skew**2 / 4, FLOOR, 1.0)

    def pooled(self, first: int, last: int) -> tuple[Floats, Floats]:
        """Deviation and games of the weeks from the one position up to, not with, the other."""
        games = self.games[first:last]
        total = games.sum(axis=0)
        off = np.where(games > 0, self.off[first:last], 0.0)
        return np.where(total > 0, (off * games).sum(axis=0) / np.maximum(total, 1), np.nan), total


def mapped(stage: NDArray[np.int64], trained: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stages as they are looked up among those trained on: beyond the last one, the last one of its kind.

    >>> mapped(np.array([3, 17, 1001]), np.array([0, 3, 16])).tolist()
    [3, 16, 16]
    """
    known = np.unique(trained)
    place = np.searchsorted(known, stage, side="right") - 1
    return np.asarray(known[np.maximum(place, 0)])


def weekly(values: Floats, when: Calendar, trained: NDArray[np.bool_]) -> Weekly:
    """The weeks of those games.

    Args:
        values: Shape (games, features), NaN where missing.
        when: The games' calendar.
        trained: Which games the champion was trained on, shape (games,).
    """
    stage = mapped(when.stage, when.stage[trained])
    mean, yard, seasons = _by_stage(values, when, stage, trained)
    label, at = np.unique(when.week, return_inverse=True)
    place = np.searchsorted(np.unique(stage), stage)
    off = (values - mean[place]) / yard[place]
    games, total = _sums(off, at, len(label))
    last = np.zeros(len(label), dtype=np.int64)
    last[at] = np.arange(len(at))  # a game of the week
    whole = np.bincount(at, trained, minlength=len(label)) == np.bincount(at, minlength=len(label))
    found = np.where(games > 0, total / np.maximum(games, 1), np.nan)
    count = seasons[place[last]]
    own = np.where(whole[:, None] & (count > 1), count / np.maximum(count - 1, 1), 1.0)
    return Weekly(label, when.season[last], stage[last], whole, games, found * own, _third_moment(off[trained]))


def _by_stage(
    values: Floats, when: Calendar, stage: NDArray[np.int64], trained: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Of the games trained on: mean, yardstick and seasons of each stage, shape (stages, features)."""
    known = np.unique(stage)
    place = np.searchsorted(known, stage[trained])
    mine = values[trained]
    games, total = _sums(mine, place, len(known))
    mean = np.where(games > 0, total / np.maximum(games, 1), _overall(mine)[0])
    _, square = _sums((mine - mean[place]) ** 2, place, len(known))
    sd = np.sqrt(square / np.maximum(games, 1))
    yard = np.maximum(sd, _overall(mine)[1])
    cells, first = np.unique(np.stack([place, when.season[trained]]), axis=1, return_inverse=True)
    present, _ = _sums(mine, first.ravel(), cells.shape[1])
    seasons, _ = _sums(np.where(present > 0, 1.0, np.nan), cells[0], len(known))
    return mean, np.where(yard > 0, yard, 1.0), seasons


def _third_moment(off: Floats) -> Floats:
    return np.asarray(np.nansum(off**3, axis=0) / np.maximum((~np.isnan(off)).sum(axis=0), 1))


def _overall(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each feature, 0 of one without a value."""
    games, total = (part[0] for part in _sums(values, np.zeros(len(values), dtype=np.int64), 1))
    mean = total / np.maximum(games, 1)
    square = np.nansum((values - mean) ** 2, axis=0)
    return mean, np.sqrt(square / np.maximum(games, 1))


def _sums(values: Floats, place: NDArray[np.int64], places: int) -> tuple[Floats, Floats]:
    """Values and their sum at each place, shape (places, features)."""
    order = np.argsort(place, kind="stable")
    found, starts = np.unique(place[order], return_index=True)
    known, total = np.zeros((2, places, values.shape[1]))
    if len(found):
        ordered = values[order]
        known[found] = np.add.reduceat(~np.isnan(ordered), starts, axis=0, dtype=np.float64)
        total[found] = np.add.reduceat(np.nan_to_num(ordered), starts, axis=0)
    return known, total


def freedom(values: Floats, season: NDArray[np.int64]) -> Floats:
    """Degrees of freedom of the mean square of ``values``, shape (blocks, features), that go together within a season.

    Of R seasons of B blocks with a correlation of r: (R - 1) * B / (1 + (B - 1) * r**2), as variances of squares add
    up (Satterthwaite 1946).
    """
    seasons = np.unique(season)
    blocks = len(season) / len(seasons)
    known, total = _sums(values, np.searchsorted(seasons, season), len(seasons))
    means = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    apart, together = (np.nan_to_num(_mean_square(part)) for part in (values, means))
    share = np.where(apart > 0, together / np.where(apart > 0, apart, 1), 1.0)
    present = np.maximum((known > 0).sum(axis=0), 1)
    r = np.minimum(np.maximum((blocks * share - 1) / max(blocks - 1, 1), 0) + present**-0.5, 1)
    return np.asarray(np.maximum(present - 1, 1) * blocks / (1 + (blocks - 1) * r**2), dtype=np.float64)


def _mean_square(values: Floats) -> Floats:
    count = (~np.isnan(values)).sum(axis=0)
    return np.asarray(np.where(count > 0, np.nansum(values**2, axis=0) / np.maximum(count, 1), np.nan))


def location_tails(weeks: Weekly, first: int, last: int) -> Floats:
    """p-values of level, change and jump of the weeks from the one position up to, not with, the other.

    Shape (3, features); NaN where there is nothing to go by.
    """
    return np.stack([_level(weeks, first, last), _change(weeks, first, last), _jump(weeks, first, last)])


def _blocks(weeks: Weekly, length: int) -> list[tuple[int, int]]:
    """The seasons trained on, cut into as many weeks as the recent ones are; play-offs are a block."""
    key = np.where(weeks.stage >= POST, POST, weeks.stage // length) + 10 * POST * weeks.season
    starts = np.flatnonzero(np.append(True, np.diff(key) != 0))
    ends = np.append(starts[1:], len(key))
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True) if weeks.trained[a:b].all()]


def _level(weeks: Weekly, first: int, last: int) -> Floats:
    blocks = _blocks(weeks, last - first)
    pooled = [weeks.pooled(*block) for block in blocks]
    z = np.array([np.where(n >= LEAST, off * np.sqrt(n), np.nan) for off, n in pooled])
    off, n = weeks.pooled(first, last)
    skew = weeks.skew / np.sqrt(np.maximum(n, 1))
    return _student(off * np.sqrt(n), z, weeks.season[[a for a, _ in blocks]], n, skew, weeks.floor)


def _change(weeks: Weekly, first: int, last: int) -> Floats:
    """Changes within a season are held against such changes, those from the season before against theirs."""
    within = _before(weeks, first)[1]
    kin = [block for block in _blocks(weeks, last - first) if _before(weeks, block[0])[1] == within]
    z = np.array([_against_before(weeks, *block) for block in kin])
    now = _against_before(weeks, first, last)
    n, m = (np.maximum(weeks.pooled(*part)[1], 1) for part in ((first, last), (_before(weeks, first)[0], first)))
    skew = weeks.skew * (n**-2 - m**-2) / (1 / n + 1 / m) ** 1.5
    return _student(now, z, weeks.season[[a for a, _ in kin]], n, skew, weeks.floor)


def _before(weeks: Weekly, first: int) -> tuple[int, bool]:
    """Where the weeks start that recent ones are held against, and whether these are of the same season."""
    same = int((weeks.season[:first] == weeks.season[first]).sum())
    return max(first - (min(same, LOOKBACK) if same > 1 else LOOKBACK), 0), same > 1


def _against_before(weeks: Weekly, first: int, last: int) -> Floats:
    (off, n), (then, m) = weeks.pooled(first, last), weeks.pooled(_before(weeks, first)[0], first)
    enough = (n >= LEAST) & (m >= LEAST)
    return np.where(enough, (off - then) * np.sqrt(n * m / np.maximum(n + m, 1)), np.nan)


def _jump(weeks: Weekly, first: int, last: int) -> Floats:
    """The largest step into one of those weeks, among as many; steps across seasons are held against such steps."""
    step, n = np.diff(weeks.off, axis=0), weeks.games
    step *= np.sqrt(n[1:] * n[:-1] / np.maximum(n[1:] + n[:-1], 1))
    step[(n[1:] < LEAST) | (n[:-1] < LEAST)] = np.nan
    across, past = np.diff(weeks.season) != 0, weeks.trained[1:] & weeks.trained[:-1]
    found = np.full((last - first, weeks.off.shape[1]), np.nan)
    for row, at in enumerate(range(first, last)):
        if at > 0:
            kin = past & (across == across[at - 1])
            found[row] = _student(step[at - 1], step[kin], weeks.season[1:][kin], n[at], 0 * n[at], weeks.floor)
    tested = np.maximum((~np.isnan(found)).sum(axis=0), 1)
    least = np.min(np.where(np.isnan(found), 1.0, found), axis=0)
    return np.where(np.isnan(found).all(axis=0), np.nan, np.minimum(tested * least, 1.0))


def _student(z: Floats, past: Floats, season: NDArray[np.int64], games: Floats, skew: Floats, floor: Floats) -> Floats:
    """Tail of z over the root mean square it had in the past, shape (features,); NaN where nothing can be said."""
    if not len(past):
        return np.full(len(z), np.nan)
    scale = np.sqrt(np.maximum(_mean_square(past), floor))
    tail = t_tail(straightened(z / scale, skew), np.minimum(freedom(past, season), _heavy(past)))
    seasons = np.array([len(np.unique(season[known])) for known in ~np.isnan(past).T])
    return np.where((games >= LEAST) & (seasons >= SEASONS), tail, np.nan)


def _heavy(past: Floats) -> Floats:
    """The freedom of the t distribution with the fourth moment that those have: 4 + 6 / (kurtosis - 3).

    Rare events, such as a game on neutral ground, have none for months and then three at once. A kurtosis that may
    be a normal's, by twice its standard error sqrt(24 / n), says nothing.
    """
    square, count = _mean_square(past), np.maximum((~np.isnan(past)).sum(axis=0), 1)
    kurtosis = _mean_square(past**2) / np.where(square > 0, square, 1) ** 2
    excess = np.nan_to_num(kurtosis) - 3 - 2 * np.sqrt(24 / count)
    return np.asarray(4 + 6 / np.maximum(excess, 1e-6))


SEASONS = 3
"""Seasons trained on, below which nobody knows how much seasons differ."""
