"""No column knows the luck of a team or level over all its rows: what only their outcomes put together tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import chi2

from busta.performance.audit.association import ranks
from busta.performance.audit.blocks import MOST_TEAMS, additive, seasons
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.surprise import surprise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.blocks import Additive
    from busta.performance.audit.surprise import Surprise
    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["DETECTOR"]

LEAST_P = 1e-7
"""Chance of mean outcomes as near to a function of the column; some hundred columns are asked."""
ALLOWED = 0.55
"""Left-over variance of mean outcomes over what luck makes it. Who knew the true strength of every team would have
1; less beside a season's mean line, which has learned of that season's luck: last season's results leave .67 then.
Season-end figures have 0 to .4."""
LEAST_SPREAD = 0.25
"""Least variance of mean outcomes over that of luck. Where both sides of a game stand in a block they cancel."""
FEWEST_BLOCKS, FEWEST_IN_BLOCK = 12, 5
POWERS = 3
MOSTLY = 0.5
"""Least share of levels that belong to one team; two teams may have the same share of wins."""


class _Blocks(NamedTuple):
    """Mean outcomes of blocks, their variance by luck, and what may explain them; shape (blocks,) each."""

    mean: Floats
    variance: Floats
    column: list[Floats]
    honest: list[Floats]


def _run(table: Table) -> Finding:
    """Tries each column by its own levels, then by teams and seasons, then by teams."""
    surprises, season = surprise(table), seasons(table.time)
    numbers = np.flatnonzero(~table.categorical).tolist()
    asked = [(column, figures) for column in numbers for figures in _by_level(surprises, table, column)]
    signs = (-1,) if table.binary else (-1, 1)
    for when in (season, np.zeros_like(season)) if season[-1] else (season,):
        for column, known in additive(table, when).items():
            asked += [(column, _by_team(surprises, table, known, sign)) for sign in signs]
    found = [(p, left, column) for column, figures in asked if figures is not None for left, p in [figures]]
    if not found:
        return Finding(Answer.not_applicable, None, None, "no column stays the same over blocks of rows")
    guilty = sorted((p, left, column) for p, left, column in found if left < ALLOWED and p < LEAST_P)
    if not guilty:
        words = "no column knows more of mean outcomes than luck leaves to be known"
        return Finding(Answer.clean, min(found)[1], ALLOWED, words)
    names = tuple(dict.fromkeys(table.names[column] for _, _, column in guilty))
    left = guilty[0][1]
    words = (
        f"{names[0]!r} leaves {left:.0%} of the luck in the mean outcomes of teams or levels (allowed {ALLOWED:.0%}): "
        "it was made from these very outcomes"
    )
    return Finding(Answer.leak, left, ALLOWED, words, names)


def _by_level(surprises: Surprise, table: Table, column: int) -> list[tuple[float, float] | None]:
    """Each distinct value of a column is a block; where each belongs to one team, also among those of a team."""
    dense, _ = ranks(table.X[surprises.rows, column])
    levels, filled = int(dense.max()) + 1, dense >= 0
    if not FEWEST_BLOCKS <= levels <= filled.sum() / FEWEST_IN_BLOCK:
        return []
    rows, code = surprises.rows[filled], dense[filled]
    count = np.bincount(code, minlength=levels)
    value = np.bincount(code, table.X[rows, column], levels) / count
    blocks = _Blocks(
        np.bincount(code, table.y[rows], levels) / count,
        np.bincount(code, surprises.weight[filled] ** 2, levels) / count**2,
        _powers(value),
        _honest(surprises, np.bincount(code, surprises.expected[filled], levels) / count),
    )
    used = count >= FEWEST_IN_BLOCK
    found = [_left(blocks, used)]
    for owned, indicators in _owners(table, rows, code, levels):
        found.append(_left(blocks._replace(honest=[*blocks.honest, *indicators]), used & owned))
    return found


def _owners(table: Table, rows: Codes, code: Codes, levels: int) -> list[tuple[NDArray[np.bool_], list[Floats]]]:
    """Which levels belong to one team, as first and as second one, and indicators of that team, where most do.

    Out-of-fold means of a target by team come in a level for each team and fold: the lower, the more of the
    team's luck lies in that fold.
    """
    if table.teams is None:
        return []
    found = []
    order = np.argsort(code, kind="stable")
    start = np.searchsorted(code[order], np.arange(levels))
    for team in table.teams[rows].T:
        low, high = (edge.reduceat(team[order], start) for edge in (np.minimum, np.maximum))
        owned = np.asarray(low == high)
        names = np.unique(low[owned])
        if owned.mean() > MOSTLY and 1 < names.size <= levels / 2 and names.size <= MOST_TEAMS:
            found.append((owned, [(low == name).astype(np.float64) for name in names[1:]]))
    return found


def _honest(surprises: Surprise, expected: Floats) -> list[Floats]:
    """What a line says of the mean outcomes; ratings have learned the luck of a block's own earlier rows."""
    return [expected] if surprises.yardstick == "line" else []


def _powers(value: Floats) -> list[Floats]:
    scaled = (value - value.mean()) / max(float(value.std()), 1e-300)
    return [scaled**power for power in range(1, POWERS + 1)]


def _by_team(surprises: Surprise, table: Table, known: Additive, sign: int) -> tuple[float, float] | None:
    """Each team's season is a block, of its games as first and as second team.

    Args:
        surprises: Outcomes and what was expected of them.
        table: The table.
        known: The column.
        sign: -1 where what one side wins the other loses; 1 for totals.
    """
    place = np.full(len(table), -1)
    place[surprises.rows] = np.arange(surprises.size)
    used = place[known.rows] >= 0
    at, sides = place[known.rows][used], known.blocks[used]
    y, expected = table.y[surprises.rows][at], surprises.expected[at]
    whole = 1.0 if table.binary and sign < 0 else 0.0
    code = np.concatenate([sides[:, 0], sides[:, 1]])
    size = known.first.size
    count = np.maximum(np.bincount(code, minlength=size), 1)

    def mean(first: Floats, second: Floats) -> Floats:
        return np.asarray(np.bincount(code, np.concatenate([first, second]), size) / count)

    variance = surprises.weight[at] ** 2
    against = mean(np.nan_to_num(known.first[sides[:, 1]]), np.nan_to_num(known.first[sides[:, 0]]))
    blocks = _Blocks(
        mean(y, whole + sign * y),
        mean(variance, variance) / count,
        [known.first, known.second, against],
        _honest(surprises, mean(expected, whole + sign * expected)),
    )
    filled = ~np.isnan(known.first + known.second) & (np.bincount(code, minlength=size) >= FEWEST_IN_BLOCK)
    return _left(blocks, filled)


def _left(blocks: _Blocks, used: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Variance that the column leaves over that of luck, and its lower-tail chance; ``None`` where not to be told."""
    count = int(used.sum())
    freedom = count - 1 - len(blocks.column) - len(blocks.honest)
    if count < FEWEST_BLOCKS or freedom < FEWEST_BLOCKS / 2:
        return None
    scale = 1 / np.sqrt(blocks.variance[used])
    honest = _rest(blocks.mean[used], blocks.honest, used, scale)
    if honest < LEAST_SPREAD * count:
        return None
    square = _rest(blocks.mean[used], [*blocks.honest, *blocks.column], used, scale)
    return square / freedom, float(chi2.cdf(square, freedom))


def _rest(mean: Floats, columns: list[Floats], used: NDArray[np.bool_], scale: Floats) -> float:
    """Weighted sum of squares that a fit leaves."""
    design = np.column_stack([np.ones_like(mean), *(each[used] for each in columns)]) * scale[:, None]
    design = design / np.maximum(np.abs(design).max(axis=0), 1e-300)
    aim = mean * scale
    return float(((aim - design @ np.linalg.lstsq(design, aim, rcond=None)[0]) ** 2).sum())


DETECTOR = Detector("luck", "no column knows the luck of all rows put together", _run)
