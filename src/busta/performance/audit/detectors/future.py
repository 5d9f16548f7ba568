"""What a team's earlier rows said does not tell its surprises: no column knew them ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from busta.performance.audit.association import ranks
from busta.performance.audit.blocks import seasons
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.surprise import surprise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["DETECTOR"]

LEAST_Z = 6.0
"""As of single columns: some thousand looks."""
ALLOWED = 0.08
"""Correlation of surprises with what stood in earlier rows: an honest column's is nearly nothing beyond a line."""
VIEWS = {"difference": (1.0, -1.0), "sum": (1.0, 1.0), "first team": (1.0, 0.0), "second team": (0.0, 1.0)}
"""How a column may belong to the two teams: the weight of a row in which a team is the first or the second one."""


def _run(table: Table) -> Finding:
    """Each column as the mean and the last of a team's earlier rows of the season, against the line's surprises.

    A column that holds a team's later results (a season's end, a mean without the row itself, the next game) knows
    in each row the surprises of the team's following games.
    """
    surprises = surprise(table)
    numbers = np.flatnonzero(~table.categorical)
    if table.teams is None or surprises.yardstick != "line" or not numbers.size:
        return Finding(Answer.not_applicable, None, None, "asked of tables with a line, teams and numbers only")
    scores = np.column_stack([_scores(x) for x in table.X[:, numbers].T])
    z = np.max([np.abs(surprises.z(past[surprises.rows])) for past in _pasts(table, scores)], axis=0)
    root = float(np.sqrt(surprises.size))
    allowed = max(ALLOWED, LEAST_Z / root)
    order = np.argsort(-z, kind="stable")
    figure = float(z[order[0]]) / root
    if figure <= allowed:
        words = "what columns said of a team before does not tell its surprises"
        return Finding(Answer.clean, figure, allowed, words)
    names = tuple(table.names[numbers[k]] for k in order if z[k] / root > allowed)
    words = f"{names[0]!r} foretold surprises of a team's later games: correlation {figure:.2f}, allowed {allowed:.2f}"
    return Finding(Answer.leak, figure, allowed, words, names)


def _scores(x: Floats) -> Floats:
    """Normal scores, 0 where empty."""
    share = ranks(x)[1]
    return np.where(np.isnan(share), 0.0, ndtri(np.where(np.isnan(share), 0.5, share)))


def _pasts(table: Table, scores: Floats) -> list[Floats]:
    """The columns' means over each row's teams' earlier rows, and their last ones, in every view; by row and column."""
    teams = table.teams if table.teams is not None else np.empty((0, 2), dtype=np.int64)
    block = (seasons(table.time)[:, None] * (int(teams.max()) + 2) + teams + 1).T.ravel()
    row = np.tile(np.arange(len(table)), 2)
    order = np.lexsort((row, block))
    found = []
    for view in VIEWS.values():
        weight = np.repeat(view, len(table))[order]
        means, last = _before(
            scores[row[order]] * weight[:, None], np.abs(weight), block[order], table.time[row[order]]
        )
        for past in (means, last):
            by_side = np.empty_like(past)
            by_side[order] = past
            first, second = by_side[: len(table)], by_side[len(table) :]
            found.append(first + second if view == VIEWS["sum"] else first - second)
    return found


def _before(values: Floats, weight: Floats, block: Codes, time: NDArray[np.datetime64]) -> tuple[Floats, Floats]:
    """Mean of the earlier values of a block and the last of them, 0 where there is none; rows sorted by block."""
    start = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]]))
    begin = np.repeat(start, np.diff(np.append(start, block.size)))
    new = np.concatenate([[True], (block[1:] != block[:-1]) | (time[1:] != time[:-1])])
    end = np.maximum.accumulate(np.where(new, np.arange(block.size), 0))  # rows of one time know nothing of each other
    sums = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])
    count = np.concatenate([[0.0], np.cumsum(weight)])
    size = (count[end] - count[begin])[:, None]
    means = np.where(size > 0, (sums[end] - sums[begin]) / np.maximum(size, 1.0), 0.0)
    seen = np.maximum.accumulate(np.where(weight > 0, np.arange(block.size), -1))
    at = np.where(end > 0, seen[np.maximum(end - 1, 0)], -1)
    last = np.where((at >= begin)[:, None], values[np.maximum(at, 0)], 0.0)
    return means, last


EDGE = 5.0
"""A line that is off for some teams all season is so in their later games, too; see own_skill."""

DETECTOR = Detector("future", "no column knew a team's later surprises", _run, EDGE)
