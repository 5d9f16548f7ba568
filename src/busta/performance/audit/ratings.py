"""The auditor's own ratings: what the teams' past outcomes say of a row, where no line was given."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["rate"]

GAIN = 0.08
"""Share of an error that a rating moves by: of common sports the best lie between .05 and .1."""


def rate(y: Floats, time: NDArray[np.datetime64], teams: NDArray[np.int64]) -> Floats:
    """What earlier rows say of each row's target, shape (rows, 2): two parts that a fit has to weigh.

    The first is the difference of two ratings (Elo 1978, without its curve), right for outcomes that one side
    wins; the second their sum, right for totals. Rows of one time learn nothing from each other.

    Args:
        y: The target, shape (rows,), NaN where there is none.
        time: In order, shape (rows,).
        teams: Codes of both sides, shape (rows, 2), -1 where there is none.
    """
    moved = np.where(np.isnan(y), 0.0, y - np.nanmean(y))
    counted = ~np.isnan(y)[:, None] & (teams >= 0)
    return np.column_stack([_one(moved, time, teams, counted, sign) for sign in (-1.0, 1.0)])


def _one(
    y: Floats,
    time: NDArray[np.datetime64],
    teams: NDArray[np.int64],
    counted: NDArray[np.bool_],
    sign: float,
) -> Floats:
    """What one kind of rating says; ``sign`` is that of the second team."""
    ratings = np.zeros(teams.max() + 2)  # the last is that of a team nobody named
    signs, said = np.array([1.0, sign]), np.zeros(len(y))
    edges = np.concatenate([[0], np.flatnonzero(np.diff(time)) + 1, [len(time)]])
    for start, end in pairwise(edges.tolist()):
        sides = teams[start:end]
        said[start:end] = ratings[sides] @ signs
        error = (y[start:end] - said[start:end])[:, None] * signs * counted[start:end]
        np.add.at(ratings, sides, GAIN * error)
        ratings[-1] = 0.0
    return said
