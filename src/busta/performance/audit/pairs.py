"""Pairs of rows that are the same game: copied, or seen from the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["Pairs", "copied", "mirrored"]

GRID = 0.02
"""Width, in standard deviations, within which two values are the same: more than rounding or a little noise."""
RICH = 20
"""Fewest distinct values of a column for two rows that agree in it to mean anything."""
KEYS, COLUMNS_A_KEY = 12, 3
CROWD = 4
"""Most rows that share a key for its pairs to be looked at: more share it by nature."""
SAME = 0.8
"""Share of the rich columns in which the two rows of a pair agree; a date or a counter may differ."""
FEWEST_CELLS = 3
NEAR = np.timedelta64(14, "D")
"""Two rows of the same teams further apart are two games."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows, shape (pairs, 2), and whether their targets are such as one game would have."""

    rows: Codes
    agree: NDArray[np.bool_]


def copied(table: Table) -> Pairs:
    """Rows that agree in most of what they hold; ``agree`` where the target is the same, too."""
    cells = _cells(table)
    rows = _candidates(cells, cells)
    rows = rows[_share(np.abs(cells[rows[:, 0]] - cells[rows[:, 1]]) < GRID, cells, rows) >= SAME]
    return _with_target(table, rows, signs=(1,))


def mirrored(table: Table) -> Pairs:
    """Rows that agree in most of what they hold when one is read from the other side.

    That is with teams, signs, probabilities or pairs of columns swapped; ``agree`` where the target is the
    opposite one (or, as a total's, the same).
    """
    cells = _cells(table)
    rows = _candidates(_unsigned(table, cells), cells) if table.teams is None else _swapped_teams(table)
    rows = rows[_mirror_share(table, cells, rows) >= SAME]
    if table.teams is None:  # else they tell a copy from a mirror
        rows = rows[~(np.abs(cells[rows[:, 0]] - cells[rows[:, 1]]) < GRID).all(axis=1)]
    return _with_target(table, rows, signs=(-1, 1))


def _cells(table: Table) -> Floats:
    """Rich columns in standard deviations, and the line; a column that is spread by outliers stays coarse."""
    columns = [*table.X.T[~table.categorical], *([] if table.line is None else [table.line])]
    rich = [x / _scale(x) for x in columns if np.unique(x[~np.isnan(x)]).size >= RICH]
    return np.column_stack(rich) if rich else np.empty((len(table), 0))


def _scale(x: Floats) -> float:
    return float(np.nanstd(x)) or 1.0


def _unsigned(table: Table, cells: Floats) -> Floats:
    """The same from either side: sizes of what has both signs, distances from a half of what is a probability."""
    raw = [*table.X.T[~table.categorical], *([] if table.line is None else [table.line])]
    kept = [x for x in raw if np.unique(x[~np.isnan(x)]).size >= RICH]
    either = np.abs(cells)
    for column, x in enumerate(kept):
        if np.nanmin(x) >= 0 and np.nanmax(x) <= 1:
            either[:, column] = np.abs(x - 0.5) / _scale(x)
    return either


def _candidates(keyed: Floats, cells: Floats) -> Codes:
    """Pairs of rows that fall on one grid point in some three columns."""
    width = cells.shape[1]
    if width < FEWEST_CELLS:
        return np.empty((0, 2), dtype=np.int64)
    rng = np.random.default_rng(0)
    grid = np.floor(np.where(np.isnan(keyed), 0.0, keyed) / GRID).astype(np.int64)
    empty = np.isnan(keyed)
    found = []
    for _ in range(KEYS):
        chosen = rng.choice(width, COLUMNS_A_KEY, replace=False)
        rows = np.flatnonzero(~empty[:, chosen].any(axis=1))
        found.append(_grouped(rows, grid[np.ix_(rows, chosen)]))
    return np.unique(np.concatenate(found), axis=0)


def _grouped(rows: Codes, key: Codes) -> Codes:
    """All pairs of rows with the same key, where few share it."""
    mixed = key @ np.array([1, 1_000_003, 998_244_353])
    order = np.argsort(mixed, kind="stable")
    ordered, value = rows[order], mixed[order]
    start = np.flatnonzero(np.concatenate([[True], value[1:] != value[:-1]])) if rows.size else np.empty(0, np.int64)
    size = np.diff(np.append(start, rows.size))
    first = np.repeat(start, size)
    crowd = np.repeat(size, size)
    pairs = []
    for step in range(1, CROWD):
        here = np.arange(rows.size - step) if rows.size > step else np.empty(0, dtype=np.int64)
        both = (first[here] == first[here + step]) & (crowd[here] <= CROWD)
        pairs.append(np.sort(np.column_stack([ordered[here[both]], ordered[here[both] + step]]), axis=1))
    return np.concatenate(pairs)


def _share(same: NDArray[np.bool_], cells: Floats, rows: Codes) -> Floats:
    """Share of the cells, filled in both rows, that are the same; 0 with too few."""
    both = ~np.isnan(cells[rows[:, 0]] + cells[rows[:, 1]])
    count = both.sum(axis=1)
    return np.where(count >= FEWEST_CELLS, (same & both).sum(axis=1) / np.maximum(count, 1), 0.0)


def _mirror_share(table: Table, cells: Floats, rows: Codes) -> Floats:
    """The same share with each cell equal, negated, complementary or found in another column of the other row."""
    one, other = cells[rows[:, 0]], cells[rows[:, 1]]
    either = _unsigned(table, cells)
    same = np.abs(either[rows[:, 0]] - either[rows[:, 1]]) < GRID
    for column in range(cells.shape[1]):
        same[:, column] |= (np.abs(one[:, [column]] - other) < GRID / 100).any(axis=1)
    return _share(same, cells, rows)


def _swapped_teams(table: Table) -> Codes:
    """Pairs of rows of the same two teams, listed the other way round, within two weeks."""
    teams = table.teams if table.teams is not None else np.empty((0, 2), dtype=np.int64)
    base = int(teams.max()) + 2
    low, high = teams.min(axis=1), teams.max(axis=1)
    order = np.lexsort((table.time, low * base + high))
    found = []
    for step in (1, 2):
        one, other = order[:-step], order[step:]
        fit = (teams[one] == teams[other][:, ::-1]).all(axis=1) & (table.time[other] - table.time[one] <= NEAR)
        found.append(np.sort(np.column_stack([one[fit], other[fit]]), axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _with_target(table: Table, rows: Codes, signs: tuple[int, ...]) -> Pairs:
    """Drops pairs without both targets; of several readings of the target the one that most pairs agree with."""
    one, other = table.y[rows[:, 0]], table.y[rows[:, 1]]
    known = ~np.isnan(one + other)
    opposite = 1 - one if table.binary else -one
    readings = [(one if sign > 0 else opposite)[known] == other[known] for sign in signs]
    return Pairs(rows[known], max(readings, key=lambda reading: int(reading.sum())))
