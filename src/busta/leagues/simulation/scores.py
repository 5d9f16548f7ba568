"""The joint distribution of margin and total that a simulated game is drawn from, in whole points.

The margin: ``P(k) ∝ weight[|k|] * normal mass of [k - 1/2, k + 1/2]`` around its centre. The weights give the
key numbers of the NFL, whose scores come in threes and sevens: with them the shares of games decided
by 3, 7, 6, 10 and 14 points are those of its box scores since 1999 (14.6, 9.1, 6.3, 5.5, 5.0 %), while
the median stays within a point of the mean (4, 5 and 11 to 13 had to give way a little for that). The
total given the margin: normal mass around its own centre times a weight for either side's points, over
the totals that this margin allows (same parity, not smaller). Every probability is a sum over these.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

__all__ = [
    "MARGINS",
    "TOTALS",
    "Floats",
    "Ints",
    "balanced_line",
    "draw",
    "given_no_push",
    "margin_pmf",
    "total_grid",
    "total_pmf",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FURTHEST = 80
MARGINS: Ints = np.arange(-FURTHEST, FURTHEST + 1)
TOTALS: Ints = np.arange(131)
CENTRES: Floats = np.arange(20, 70.25, 0.25)
"""Centres a total can have: a grid, so that one table serves all games."""

# fmt: off
KEY_NUMBERS = (  # of margins 1, 2, 3, ...; 1 after the last
    0.82, 0.67, 3.15, 0.76, 0.43, 1.42, 2.11, 0.83, 0.45, 1.46, 0.93, 0.8, 1.09, 1.66, 0.84, 1.05,
    1.27, 1.18, 0.66, 1.16, 1.62, 0.67, 0.79, 1.73, 0.92, 0.86, 1.26, 2.0, 0.88, 0.79, 2.1,
)
POINTS = (3, 0, 0.05, 2.8, 0.02, 0.06, 2, 2.5, 0.3, 1.2, 2.3, 0.5, 0.6, 1.4)  # of sides with 0, 1, 2, ...
# fmt: on


def margin_pmf(centre: Floats, sd: float, tie_weight: Floats) -> Floats:
    """Probabilities of ``MARGINS``, shape (games, margins); one tie weight a game."""
    weights = np.ones(FURTHEST + 1)
    weights[1 : len(KEY_NUMBERS) + 1] = KEY_NUMBERS
    mass = _normal_mass(MARGINS, centre, sd) * weights[np.abs(MARGINS)]
    mass[:, FURTHEST] *= tie_weight
    return _normalised(mass)


def total_grid(centre: Floats) -> Floats:
    """The nearest centre a total can have."""
    return np.asarray(np.clip(np.round(centre * 4) / 4, CENTRES[0], CENTRES[-1]))


@lru_cache(maxsize=4)
def _totals_by_margin(sd: float) -> Floats:
    """P(total | centre, |margin|), shape (centres, absolute margins, totals)."""
    size = np.arange(FURTHEST + 1)[:, None]
    allowed = ((TOTALS - size) % 2 == 0) & (size <= TOTALS)
    points = np.ones(TOTALS[-1] + FURTHEST + 1)
    points[: len(POINTS)] = POINTS
    loser, winner = np.where(allowed, (TOTALS - size) // 2, 0), np.where(allowed, (TOTALS + size) // 2, 0)
    weight = np.where(allowed, points[loser] * points[winner], 0)
    return _normalised(_normal_mass(TOTALS, CENTRES, sd)[:, None, :] * weight)


def _rows(centre: Floats) -> Ints:
    return np.asarray(np.rint((centre - CENTRES[0]) * 4), dtype=np.int64)


def total_pmf(margins: Floats, centre: Floats, sd: float) -> Floats:
    """Probabilities of ``TOTALS``, shape (games, totals), from those of the margins."""
    sizes = margins[:, FURTHEST:].copy()
    sizes[:, 1:] += margins[:, FURTHEST - 1 :: -1]
    table, rows = _totals_by_margin(sd), _rows(centre)
    result = np.empty((len(centre), len(TOTALS)))
    for row in np.unique(rows):
        games = rows == row  # einsum, not a BLAS product: the same bits on any number of threads
        result[games] = np.einsum("gm,mt->gt", sizes[games], table[row])
    return result


def draw(margins: Floats, centre: Floats, sd: float, uniform: Floats) -> Ints:
    """Home and away points, shape (games, 2), from two uniform numbers a game."""
    margin = MARGINS[_inverse(margins, uniform[:, 0])]
    total = TOTALS[_inverse(_totals_by_margin(sd)[_rows(centre), np.abs(margin)], uniform[:, 1])]
    return np.stack([total + margin, total - margin], axis=1) // 2


def given_no_push(pmf: Floats, support: Ints, line: Floats) -> Floats:
    """Probability of more than the line, given that it is not hit exactly."""
    win = np.where(support > line[:, None], pmf, 0).sum(axis=1)
    lose = np.where(support < line[:, None], pmf, 0).sum(axis=1)
    return np.asarray(win / (win + lose))


def balanced_line(pmf: Floats, support: Ints) -> Floats:
    """The whole or half point at which both sides are as nearly even as can be."""
    below = np.cumsum(pmf, axis=1)[:, :-1]
    half = 1 - below
    whole = (1 - below[:, 1:]) / (1 - below[:, 1:] + below[:, :-1])
    chance = np.empty((len(pmf), half.shape[1] + whole.shape[1]))
    chance[:, 0::2], chance[:, 1::2] = half, whole
    return np.asarray(support[0] + 0.5 + np.abs(chance - 0.5).argmin(axis=1) / 2)


def _normal_mass(support: Ints, centre: Floats, sd: float) -> Floats:
    edges = np.append(support - 0.5, support[-1] + 0.5)
    return np.asarray(np.diff(ndtr((edges - centre[:, None]) / sd), axis=1))


def _normalised(mass: Floats) -> Floats:
    return np.asarray(mass / mass.sum(axis=-1, keepdims=True))


def _inverse(pmf: Floats, uniform: Floats) -> Ints:
    """Index of the first value whose cumulated probability exceeds the uniform number."""
    return np.asarray((np.cumsum(pmf, axis=1) <= uniform[:, None] * (1 - 1e-12)).sum(axis=1))
