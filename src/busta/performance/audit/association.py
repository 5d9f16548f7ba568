"""How much a column tells of surprises: as a trend, in parts of its range, by its levels, by being empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.surprise import Surprise

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

__all__ = ["Link", "group_z", "links", "ranks", "trend"]

FEWEST_IN_GROUP = 20
"""Fewer rows than that are no normal sum, and no leak that a model would learn; and a few rows that share a value
are often one game and have one outcome."""
SMALLEST_WINDOW, LARGEST_WINDOW = 20, 0.5
"""The parts of a column's range that are tried have from 20 rows to half of them, in steps of two."""
BOTH_SIGNS = 0.1
"""Least share of rows on either side of zero for a column to be one team's value less the other's."""
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Link:
    """What a column tells of surprises, seen in one way.

    Attributes:
        kind: ``trend``, ``range``, ``value``, ``empty`` or ``levels``; or the view a trend was seen in.
        z: In standard errors.
        effect: As a correlation with the surprises.
    """

    kind: str
    z: float
    effect: float


def ranks(x: Floats) -> tuple[Codes, Floats]:
    """Place among the distinct values (-1 where empty) and share of rows below, ties halfway (NaN where empty)."""
    order = np.argsort(x, kind="stable")
    count = int((~np.isnan(x)).sum())
    dense, share = np.full(x.size, -1), np.full(x.size, np.nan)
    if count:
        values = x[order[:count]]
        new = np.concatenate([[True], values[1:] != values[:-1]])
        place, starts = np.cumsum(new) - 1, np.flatnonzero(new)
        ends = np.concatenate([starts[1:], [count]])
        dense[order[:count]] = place
        share[order[:count]] = ((starts + ends) / 2 / count)[place]
    return dense, share


def group_z(surprises: Surprise, code: Codes, groups: int) -> tuple[Floats, Codes]:
    """Score test of belonging to each group (as `Surprise.z` of its indicator), and rows in it; shape (groups,)."""
    weight, basis = surprises.weight, surprises.basis
    total = np.bincount(code, weight * surprises.residual, groups)
    size = np.bincount(code, weight**2, groups)
    used = np.square([np.bincount(code, weight * column, groups) for column in basis.T]).sum(axis=0)
    free = np.maximum(size - used, 0.0)
    held = free > TINY * size.sum()  # else the group is all rows
    z: Floats = np.where(held, total / np.sqrt(np.where(held, free, 1.0)), 0.0)
    return z, np.bincount(code, minlength=groups).astype(np.int64)


def links(surprises: Surprise, x: Floats, categorical: bool) -> list[Link]:
    """All links of column ``x``, shape (n,), to the surprises; none of a column that never changes."""
    dense, share = ranks(x)
    levels = int(dense.max()) + 1
    if levels + bool((dense < 0).any()) <= 1:
        return []
    found = _by_level(surprises, dense, levels)
    if not categorical:
        empty = surprises.z((dense < 0)[:, None].astype(np.float64))[0] if (dense < 0).sum() >= FEWEST_IN_GROUP else 0.0
        found += [trend(surprises, share), _by_range(surprises, x), _link(surprises, "empty", float(empty))]
    return found


def trend(surprises: Surprise, share: Floats, kind: str = "trend", times: Floats | None = None) -> Link:
    """What the normal scores of shares of rows below, shape (n,), NaN where empty, tell; or they times a column."""
    scores = np.where(np.isnan(share), 0.0, ndtri(np.where(np.isnan(share), 0.5, share)))
    scores = scores if times is None else scores * times
    return _link(surprises, kind, float(surprises.z(scores[:, None])[0]))


def _by_range(surprises: Surprise, x: Floats) -> Link:
    """The most telling part of the range; of a column of both signs also of sizes, with the signs for and against."""
    z = _scan(surprises, x, np.ones_like(x))
    if min(np.mean(x > 0), np.mean(x < 0)) > BOTH_SIGNS:
        z = max(z, _scan(surprises, np.abs(x), np.sign(np.nan_to_num(x))), key=abs)
    return _link(surprises, "range", z)


def _scan(surprises: Surprise, x: Floats, sign: Floats) -> float:
    """The largest z of a window of values (Naus 1965), rows counted with their signs; equal values stay together."""
    order = np.argsort(x, kind="stable")[: int((~np.isnan(x)).sum())]
    values, weight = x[order], (surprises.weight * sign)[order]
    parts = np.column_stack([weight * surprises.residual[order], weight**2, weight[:, None] * surprises.basis[order]])
    sums = np.vstack([np.zeros(parts.shape[1]), np.cumsum(parts, axis=0)])
    edges = np.append(np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])), order.size)
    low, high = _windows(order.size, edges)
    inside = sums[high] - sums[low]
    free = inside[:, 1] - (inside[:, 2:] ** 2).sum(axis=1)
    held = (high - low >= SMALLEST_WINDOW) & (free > TINY * sums[-1, 1])
    z = np.where(held, inside[:, 0] / np.sqrt(np.where(held, free, 1.0)), 0.0)
    return float(z[np.argmax(np.abs(z))]) if z.size else 0.0


def _windows(count: int, edges: Codes) -> tuple[Codes, Codes]:
    """First row and end of windows of doubling sizes, each a half further on, moved to where values change."""
    low, high, size = [], [], SMALLEST_WINDOW
    while size <= LARGEST_WINDOW * count:
        start = np.append(np.arange(0, count - size, size // 2), count - size)
        low.append(start)
        high.append(start + size)
        size *= 2
    if not low:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    snapped = (edges[np.searchsorted(edges, np.concatenate(ends))] for ends in (low, high))
    first, last = snapped
    return first, last


def _by_level(surprises: Surprise, dense: Codes, levels: int) -> list[Link]:
    """The most telling single value, and all of them together against a chi-square."""
    code = np.where(dense < 0, levels, dense)
    z, count = group_z(surprises, code, levels + 1)
    z[count < FEWEST_IN_GROUP] = 0.0
    freedom = max(int((count >= FEWEST_IN_GROUP).sum()), 1)
    square = float((z**2).sum())
    effect = float(np.sqrt(max(square - freedom, 0.0) / surprises.size))
    return [
        _link(surprises, "value", float(z[np.argmax(np.abs(z[:levels]))])),
        Link("levels", _normal(square, freedom), effect),
    ]


def _normal(square: float, freedom: int) -> float:
    """A chi-square as a z (Wilson and Hilferty 1931)."""
    variance = 2 / (9 * freedom)
    return float((np.cbrt(square / freedom) - (1 - variance)) / np.sqrt(variance))


def _link(surprises: Surprise, kind: str, z: float) -> Link:
    return Link(kind, z, z / float(np.sqrt(surprises.size)))
