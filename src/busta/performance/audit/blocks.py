"""Values that stay the same over a block of rows: a level of a column, or a team's season."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["MOST_TEAMS", "Additive", "additive", "seasons"]

GAP = np.timedelta64(45, "D")
"""Rows further apart lie in two seasons."""
MOST_TEAMS = 200
"""With more of them in one season the fit takes too long."""
ADDITIVE = 0.98
"""Share of a column's variance within seasons that a value of each team has to explain to be one."""


@dataclass(frozen=True, eq=False)
class Additive:
    """A column that is one value of the first team's season plus one of the second's.

    Attributes:
        rows: Rows in which it is, shape (n,).
        blocks: Number of the season of the first and of the second team, shape (n, 2).
        first: Its value by block, as first team, shape (blocks,); NaN where unseen; mean 0 each season.
        second: As second team.
    """

    rows: Codes
    blocks: Codes
    first: Floats
    second: Floats


def seasons(time: NDArray[np.datetime64]) -> Codes:
    """Number of each row's season, for times in order: a new one begins after a long gap."""
    return np.concatenate([[0], np.cumsum(np.diff(time) > GAP)]).astype(np.int64)


def additive(table: Table, season: Codes) -> dict[int, Additive]:
    """The columns that hardly change for a team within a season, by place.

    Least squares on who played whom, season by season, all columns at once; a season in which a column has an
    empty cell does not count for it.
    """
    if table.teams is None:
        return {}
    cuts = np.flatnonzero(np.diff(season)) + 1
    fitted = [_fit(table.X[rows], rows, table.teams[rows]) for rows in np.split(np.arange(len(table)), cuts)]
    parts = [part for part in fitted if part is not None]
    found = {}
    for column in np.flatnonzero(~table.categorical).tolist():
        good = [part for part in parts if part.whole[column]]
        rest, total = (sum(float(getattr(part, name)[column]) for part in good) for name in ("rest", "total"))
        if good and rest < (1 - ADDITIVE) * total:
            found[column] = _joined(good, column, season, table.teams)
    return found


@dataclass(frozen=True, eq=False)
class _Part:
    """The fit of one season."""

    rows: Codes
    teams: tuple[Codes, Codes]
    values: tuple[Floats, Floats]
    whole: NDArray[np.bool_]
    rest: Floats
    total: Floats


def _joined(parts: list[_Part], column: int, season: Codes, teams: Codes) -> Additive:
    """One column of all those seasons."""
    width = int(teams.max()) + 1
    rows = np.concatenate([part.rows for part in parts])
    values = np.full((2, (int(season.max()) + 1) * width), np.nan)
    for part in parts:
        for side in (0, 1):
            values[side, season[part.rows[0]] * width + part.teams[side]] = part.values[side][:, column]
    return Additive(rows, season[rows][:, None] * width + teams[rows], values[0], values[1])


def _fit(X: Floats, rows: Codes, teams: Codes) -> _Part | None:
    """Each team's value as first and as second one; ``None`` with fewer rows than values."""
    named = (teams >= 0).all(axis=1)
    X, rows, sides = X[named], rows[named], teams[named]
    firsts, seconds = np.unique(sides[:, 0]), np.unique(sides[:, 1])
    count = firsts.size + seconds.size
    if rows.size < 2 * count or count > 2 * MOST_TEAMS:
        return None
    whole = np.asarray(~np.isnan(X).any(axis=0), dtype=np.bool_)
    X = np.where(whole, X, 0.0)
    X = X - X.mean(axis=0)
    design = np.hstack([sides[:, [0]] == firsts, sides[:, [1]] == seconds]).astype(np.float64)
    values = np.linalg.pinv(design.T @ design, rcond=1e-9, hermitian=True) @ (design.T @ X)
    rest, total = ((X - design @ values) ** 2).sum(axis=0), (X**2).sum(axis=0)
    one, other = values[: firsts.size], values[firsts.size :]
    return _Part(rows, (firsts, seconds), (one - one.mean(axis=0), other - other.mean(axis=0)), whole, rest, total)
