"""How far apart two samples of one feature are: PSI and the distance of Kolmogorov and Smirnov, many at a time.

The samples are groups of games, each held against all the others: seasons against each other, or recent games against
those trained on. A missing value is in no sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EMPTY", "Distances", "against_rest", "quantiles"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EMPTY = 0.5
"""Games that are added to every bin: a share of 0 has no logarithm, and few games are nearer to chi-square with it."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Of each group from all the others, shape (groups, features) each; NaN where either has no value.

    Attributes:
        games: Values in the group.
        others: Values in the other groups.
        ks: Greatest distance of the two distribution functions.
        psi: Population stability index: sum of (p - q) * log(p / q) over bins.
        bins: Bins in which either has a value.
    """

    games: Floats
    others: Floats
    ks: Floats
    psi: Floats
    bins: Floats

    @property
    def effective(self) -> Floats:
        """Games that one sample against a known distribution would have to have: n * m / (n + m)."""
        return self.games * self.others / np.maximum(self.games + self.others, 1)


def quantiles(values: Floats, bins: int) -> Floats:
    """The bounds between bins of equal count, shape (bins - 1, features); NaN for a feature without a value."""
    edges = np.full((bins - 1, values.shape[1]), np.nan)
    there = ~np.isnan(values).all(axis=0)
    edges[:, there] = np.nanquantile(values[:, there], np.arange(1, bins) / bins, axis=0)
    return edges


def against_rest(values: Floats, group: Ints, groups: int, edges: Floats) -> Distances:
    """Each group of games against all the others.

    Args:
        values: Shape (games, features).
        group: Which group each game is in, 0 to groups - 1, shape (games,).
        groups: How many there are.
        edges: Between the bins, shape (bins - 1, features).
    """
    counts = _counts(values, group, groups, edges)
    games = counts.sum(axis=2)
    others = games.sum(axis=0) - games
    void = (games == 0) | (others == 0)
    psi, bins = _psi(counts, games, others)
    ks = _ks(values, group, games, others)
    return Distances(games, others, *(np.where(void, np.nan, part) for part in (ks, psi, bins)))


def _counts(values: Floats, group: Ints, groups: int, edges: Floats) -> Floats:
    """Values in each bin, shape (groups, features, bins)."""
    features, bins = values.shape[1], len(edges) + 1
    place = np.stack([np.searchsorted(edges[:, f], values[:, f], side="right") for f in range(features)], axis=1)
    cell = (group[:, None] * features + np.arange(features)) * bins + place
    flat = np.bincount(cell[~np.isnan(values)], minlength=groups * features * bins)
    return flat.reshape(groups, features, bins).astype(np.float64)


def _psi(counts: Floats, games: Floats, others: Floats) -> tuple[Floats, Floats]:
    rest = counts.sum(axis=0) - counts
    used = counts + rest > 0
    bins = used.sum(axis=2).astype(np.float64)
    p, q = (
        (part + EMPTY) / (size + EMPTY * np.maximum(bins, 1))[..., None]
        for part, size in ((counts, games), (rest, others))
    )
    return np.where(used, (p - q) * np.log(p / q), 0.0).sum(axis=2), bins


def _ks(values: Floats, group: Ints, games: Floats, others: Floats) -> Floats:
    order = np.argsort(values, axis=0, kind="stable")  # missing values come last
    ordered, owner = np.take_along_axis(values, order, axis=0), group[order]
    known = ~np.isnan(ordered)
    ends = known.copy()  # distribution functions are compared after the last of equal values
    ends[:-1] &= ordered[:-1] != ordered[1:]
    total = np.cumsum(known, axis=0, dtype=np.int32)
    found = np.zeros(games.shape)
    for number in range(len(games)):
        own = np.cumsum((owner == number) & known, axis=0, dtype=np.int32)
        gap = np.abs(own / np.maximum(games[number], 1) - (total - own) / np.maximum(others[number], 1))
        found[number] = np.max(gap, axis=0, where=ends, initial=0.0)
    return found
