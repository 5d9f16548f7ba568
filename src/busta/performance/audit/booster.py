"""A small model of surprises: what all columns together tell of them, in one split or another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.performance.audit.surprise import surprise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from busta.performance.audit.surprise import Surprise
    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

__all__ = ["FEWEST_TESTED", "Told", "forward", "gain", "predict", "shuffled", "time_blocks", "walk_forward"]

FEWEST_TESTED = 200
"""Fewest tested rows; with fewer a gain has no error to speak of."""
MOST_TRAINED = 20_000
"""Rows a fit learns from, the latest ones; more would not change what a leak shows."""
ROUNDS = 60
PARAMETERS: dict[str, Any] = {
    "objective": "reg:squarederror",
    "base_score": 0.0,
    "tree_method": "hist",
    "nthread": 1,
    "seed": 0,
    "max_depth": 3,
    "eta": 0.06,
    "subsample": 1.0,
    "colsample_bytree": 0.5,
    "min_child_weight": 60,
    "lambda": 50.0,
    "max_bin": 32,
}
"""Trees so small that honest columns lead them to nothing against a line, and so many that a leak shows."""
WILDEST = 4.0
"""Surprises are cut there: a long shot that won must not decide."""


@dataclass(frozen=True, eq=False)
class Told:
    """Surprises as foretold from the columns.

    Attributes:
        surprise: What was to be foretold, shape (n,), by row of the yardstick.
        said: What was said, NaN where a row was in no test.
        importance: Share of the trees' gain by column, shape (features,).
    """

    surprise: Floats
    said: Floats
    importance: Floats


def predict(table: Table, surprises: Surprise, splits: Iterable[tuple[Rows, Rows]]) -> Told:
    """Learns surprises (Chen & Guestrin 2016) from each split's first rows and foretells those of its second.

    What was expected is a column, too: the size of a win tells who won to whom knows the favourite.

    Args:
        table: The table.
        surprises: Its surprises.
        splits: Places among the rows of ``surprises``, learned and tested.
    """
    import xgboost as xgb

    X = np.column_stack([table.X[surprises.rows], surprises.expected]).astype(np.float32)
    aim = np.clip(surprises.residual, -WILDEST, WILDEST)
    said, importance = np.full(aim.size, np.nan), np.zeros(X.shape[1])
    for learned, tested in splits:
        train = learned[-MOST_TRAINED:]
        matrix = xgb.QuantileDMatrix(X[train], aim[train], max_bin=PARAMETERS["max_bin"], nthread=1)
        booster = xgb.train(PARAMETERS, matrix, num_boost_round=ROUNDS)
        said[tested] = booster.inplace_predict(X[tested])
        for name, value in booster.get_score(importance_type="total_gain").items():
            importance[int(name[1:])] += float(np.mean(value))
    return Told(aim, said, importance[:-1] / max(importance[:-1].sum(), 1e-300))


@lru_cache(maxsize=2)
def forward(table: Table) -> Told | None:
    """Surprises as foretold from earlier rows only, in three steps; ``None`` with too few rows or no columns."""
    surprises = surprise(table)
    splits = walk_forward(table.time[surprises.rows])
    splits = [(learned, tested) for learned, tested in splits if learned.size >= FEWEST_TESTED]
    if not table.names or sum(tested.size for _, tested in splits) < FEWEST_TESTED:
        return None
    return predict(table, surprises, splits)


def walk_forward(time: NDArray[np.datetime64], parts: int = 5, first: int = 2) -> list[tuple[Rows, Rows]]:
    """Each part of the rows after the first ones, learned from all before; rows of one time stay together."""
    edges = _edges(time, parts)
    return [(np.arange(edges[k]), np.arange(edges[k], edges[k + 1])) for k in range(first, parts)]


def time_blocks(time: NDArray[np.datetime64], parts: int = 4) -> list[tuple[Rows, Rows]]:
    """Each part of the rows, learned from all others, earlier and later."""
    edges, rows = _edges(time, parts), np.arange(time.size)
    return [
        (np.concatenate([rows[: edges[k]], rows[edges[k + 1] :]]), rows[edges[k] : edges[k + 1]]) for k in range(parts)
    ]


def shuffled(time: NDArray[np.datetime64], parts: int = 4) -> list[tuple[Rows, Rows]]:
    """The same sizes with rows drawn by chance."""
    order, edges = np.random.default_rng(0).permutation(time.size), _edges(time, parts)
    rows = [np.sort(order[edges[k] : edges[k + 1]]) for k in range(parts)]
    return [(np.sort(np.concatenate([*rows[:k], *rows[k + 1 :]])), rows[k]) for k in range(parts)]


def gain(told: Told, other: Floats | float, weeks: NDArray[np.int64]) -> tuple[float, float]:
    """Share of the surprises' variance that is explained beyond ``other``, and its z over weeks."""
    tested = ~np.isnan(told.said + other)
    before = (told.surprise - other) ** 2 - (told.surprise - told.said) ** 2
    week = np.unique(weeks[tested], return_inverse=True)[1]
    sums = np.bincount(week, before[tested])
    spread = float(sums.std(ddof=1)) if sums.size > 1 else np.inf
    total = float((told.surprise[tested] ** 2).sum())
    z = sums.sum() / (spread * np.sqrt(sums.size)) if spread > 0 else 0.0
    return float(sums.sum()) / max(total, 1e-300), float(z)


def _edges(time: NDArray[np.datetime64], parts: int) -> Rows:
    """Where the parts begin and end."""
    inner = np.searchsorted(time, time[np.arange(1, parts) * time.size // parts])
    return np.concatenate([[0], inner, [time.size]]).astype(np.int64)
