"""The linear members: ridge on standardised features, of outcomes (logistic) or of points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from busta.models.portable import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OfOutcomes", "OffsetLogistic", "PointsRidge", "moments"]

_STEPS = 50
_TOLERANCE = 1e-10


class OfOutcomes(ClassifierMixin):  # type: ignore[misc]
    """What classifiers share whose answer is the log-odds of class 1 on top of a fixed offset."""

    if TYPE_CHECKING:

        def log_odds(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
            """Log-odds of class 1."""
            ...

    def predict_proba(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Probabilities of class 0 and 1, shape (games, 2)."""
        p = expit(self.log_odds(X, offset))
        return np.column_stack([1 - p, p])

    def predict(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The likelier class."""
        return (self.log_odds(X, offset) > 0).astype(np.float64)


class _Ridge(BaseEstimator):  # type: ignore[misc]
    """Linear terms of standardised features under a ridge; missing values stand at the column's mean.

    Args:
        ridge: Penalty on the coefficients of standardised features.
        intercept: Whether to fit a constant, which is not penalised.
    """

    def __init__(self, ridge: float = 100.0, *, intercept: bool = True) -> None:
        self.ridge = ridge
        self.intercept = intercept

    def to_dict(self) -> dict[str, Any]:
        """The fitted member in an open format."""
        arrays = {"mean": self.mean_, "scale": self.scale_, "coef": self.coef_}
        return {"kind": "linear", "intercept": self.intercept_} | {name: each.tolist() for name, each in arrays.items()}

    def _score(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(score(np.asarray(X, dtype=np.float64), self.to_dict(), None))

    def _design(
        self, X: NDArray[np.float64], side: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Standardised features and the intercept's column, and the penalty on each."""
        X = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = X.shape[1]
        self.mean_, self.scale_ = moments(X)
        Z = np.nan_to_num((X - self.mean_) / self.scale_)
        penalty = np.full(Z.shape[1], float(self.ridge))
        if not self.intercept:
            return Z, penalty
        return np.column_stack([Z, np.ones(len(Z)) if side is None else side]), np.append(penalty, 0.0)

    def _keep(self, found: NDArray[np.float64]) -> None:
        self.coef_ = found[: self.n_features_in_]
        self.intercept_ = float(found[-1]) if self.intercept else 0.0


class OffsetLogistic(OfOutcomes, _Ridge):
    """Logistic regression whose log-odds are a fixed offset plus a ridge-penalised correction.

    Minimises ``Σ log loss + ridge/2 · |coef|²`` by Newton's method (iteratively reweighted least
    squares; Hastie, Tibshirani & Friedman 2009, 4.4.1).
    """

    def fit(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        offset: NDArray[np.float64] | None = None,
        *,
        side: NDArray[np.float64] | None = None,
        weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learns from ``X`` (games, features) and ``y`` (0 or 1), starting from ``offset``.

        ``side`` is 1 where the intercept speaks for class 1 and -1 where it speaks against it, ``weight`` how many
        games a row counts for; by default 1 everywhere.
        """
        y = np.asarray(y, dtype=np.float64)
        offset = np.zeros(len(y)) if offset is None else offset
        self.classes_ = np.array([0.0, 1.0])
        design, penalty = self._design(X, side)
        self._keep(_newton(design, y, offset, penalty, np.ones(len(y)) if weight is None else weight))
        return self

    def log_odds(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Log-odds of class 1."""
        return (np.zeros(len(X)) if offset is None else offset) + self._score(X)


class PointsRidge(RegressorMixin, _Ridge):  # type: ignore[misc]
    """Ridge regression of a margin or total, in points, on standardised features (Hoerl & Kennard 1970).

    Minimises ``Σ (target - side · intercept - z·coef)² + ridge · |coef|²`` in closed form; the ridge is in units of
    games.
    """

    def fit(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        *,
        side: NDArray[np.float64] | None = None,
        weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learns from ``X`` (games, features) and ``y`` (points); ``side`` and ``weight`` as in `OffsetLogistic`."""
        design, penalty = self._design(X, side)
        weighted = design if weight is None else design * weight[:, None]
        moment = weighted.T @ np.asarray(y, dtype=np.float64)
        self._keep(np.asarray(np.linalg.solve(weighted.T @ design + np.diag(penalty), moment), dtype=np.float64))
        return self

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected points."""
        return self._score(X)


def moments(X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation by column, missing values left out; a constant column gets scale 1."""
    known = ~np.isnan(X)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, X, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (X - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(spread > 1e-9 * (1 + np.abs(mean)), spread, 1.0)


def _newton(
    design: NDArray[np.float64],
    y: NDArray[np.float64],
    offset: NDArray[np.float64],
    penalty: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Newton's method, each step halved until it does not climb: a whole one overshoots far from the minimum."""

    def loss(weights: NDArray[np.float64]) -> float:
        z = offset + design @ weights
        return float((weight * (np.logaddexp(0.0, z) - y * z)).sum() + (penalty * weights**2).sum() / 2)

    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = expit(offset + design @ weights)
        gradient = design.T @ (weight * (p - y)) + penalty * weights
        curvature = (design * (weight * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        most = loss(weights) + _TOLERANCE
        while loss(weights - step) > most:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < _TOLERANCE:
            break
    return weights
