"""Which features a fold's games speak for: chosen on those games alone, so that a test block has no say.

A feature that is not chosen is missing to the members that learn: no tree splits on it, no term weighs it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import lars_path_gram

from busta.models.linear import moments
from busta.models.members import of_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Members

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]

__all__ = ["backward", "masked", "spoken_for", "stable"]

LINE_SHARE = 0.5
"""Share of the close in the points that features of a blind model are chosen for; a search does not change it."""
RIDGE = 100.0
"""Games that speak against any weight, in the regressions of `backward`."""

PAIRS = 25
"""Pairs of halves that stability selection draws."""
SHARE = 0.7
"""Share of the halves in which a feature has to be among the first."""


def spoken_for(data: Dataset, rows: Rows, settings: Members, seed: int) -> Mask:
    """The features that those games speak for, shape (features,)."""
    if settings.features == "all":
        return np.ones(len(data.names), dtype=bool)
    known, target = of_points(data, rows, LINE_SHARE)
    seasons = data.games["season"].to_numpy()[known]
    return HOW[settings.features](data.X[known], target, seasons, np.random.default_rng(seed))


def masked(data: Dataset, keep: Mask) -> Dataset:
    """The table as members see it: features that were not chosen are missing."""
    return data if keep.all() else replace(data, X=np.where(keep, data.X, np.nan))


def stable(X: Floats, target: Floats, seasons: NDArray[np.int64], rng: np.random.Generator) -> Mask:
    """Features that are among the first √p of the lasso's path on most random halves, shape (features,).

    Complementary halves (Shah & Samworth 2013) of stability selection (Meinshausen & Bühlmann 2010); with
    every feature noise at most 1 / (2 · share - 1) of them are expected to be chosen.
    """
    del seasons
    Z, target = _standard(X), target - target.mean()
    first = int(np.ceil(np.sqrt(Z.shape[1])))
    count = np.zeros(Z.shape[1])
    for _ in range(PAIRS):
        order = rng.permutation(len(Z))
        for half in (order[: len(Z) // 2], order[len(Z) // 2 :]):
            count[_first(Z[half], target[half], first)] += 1
    return np.asarray(count >= SHARE * 2 * PAIRS)


def backward(X: Floats, target: Floats, seasons: NDArray[np.int64], rng: np.random.Generator) -> Mask:
    """Features left after dropping, one after the other, each whose absence helps most, shape (features,).

    What helps is measured by a walk forward over the seasons given: squared error of a ridge regression of
    each on all before it. Without two seasons nothing is dropped.
    """
    del rng
    steps = [_Step(X, target, seasons < season, seasons == season) for season in np.unique(seasons)[1:]]
    keep = np.ones(X.shape[1], dtype=bool)
    while steps and keep.sum() > 1:
        left = np.flatnonzero(keep)
        errors = [step.errors(left) for step in steps]
        error, without = sum(each[0] for each in errors), np.sum([each[1] for each in errors], axis=0)
        worst = int(np.argmin(without))
        if without[worst] >= error:
            break
        keep[left[worst]] = False
    return keep


HOW: dict[str, Callable[[Floats, Floats, NDArray[np.int64], np.random.Generator], Mask]] = {
    "stable": stable,
    "backward": backward,
}


class _Step:
    """One season of a walk forward, reduced to what a ridge regression on any features needs."""

    def __init__(self, X: Floats, target: Floats, train: Mask, test: Mask) -> None:
        mean, scale = moments(X[train])
        Z, level = np.nan_to_num((X - mean) / scale), target[train].mean()
        self.gram, self.moment = Z[train].T @ Z[train], Z[train].T @ (target[train] - level)
        self.test, self.result = Z[test], target[test] - level

    def errors(self, left: NDArray[np.intp]) -> tuple[float, Floats]:
        """Squared error of the season by those features, and by all of them but each."""
        inverse = np.linalg.inv(self.gram[np.ix_(left, left)] + RIDGE * np.eye(len(left)))
        weights = inverse @ self.moment[left]
        residual, moved = self.result - self.test[:, left] @ weights, self.test[:, left] @ inverse
        share = weights / np.diag(inverse)  # without a feature the weights move by its column of the inverse
        error = float(residual @ residual)
        return error, error + 2 * share * (residual @ moved) + share**2 * (moved**2).sum(axis=0)


def _first(Z: Floats, target: Floats, count: int) -> list[int]:
    """The features that enter the lasso's path first (least angle regression; Efron et al. 2004)."""
    _, active, _ = lars_path_gram(
        Z.T @ target, Z.T @ Z, n_samples=len(Z), max_iter=count, method="lasso", copy_X=False, alpha_min=0
    )
    return list(active)


def _standard(X: Floats) -> Floats:
    mean, scale = moments(X)
    return np.asarray(np.nan_to_num((X - mean) / scale))
