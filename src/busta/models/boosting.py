"""The boosted members: XGBoost trees of outcomes, from the market's log-odds (``base_margin``), or of points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import xgboost as xgb
from scipy.special import logit
from sklearn.base import BaseEstimator, RegressorMixin

from busta.models.linear import OfOutcomes
from busta.models.portable import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OffsetBoosting", "PointsBoosting"]


class _Trees(BaseEstimator):  # type: ignore[misc]
    """Gradient-boosted trees (Chen & Guestrin 2016) on top of a fixed start.

    One thread a fit: folds run side by side instead, and results do not depend on how many do.

    Args:
        rounds: Number of trees; the other arguments are XGBoost's of the same name.
        signs: Of each feature, 1 where the trees may only rise with it, -1 where they may only fall, 0 where they may
            do both (``monotone_constraints``); empty is 0 for all.
        intercept: Whether to start from the level of the target on top of what is given.
    """

    objective: str

    def __init__(
        self,
        rounds: int = 80,
        max_depth: int = 2,
        eta: float = 0.02,
        subsample: float = 0.7,
        colsample_bytree: float = 0.5,
        min_child_weight: float = 40.0,
        reg_lambda: float = 30.0,
        max_bin: int = 64,
        seed: int = 0,
        signs: tuple[int, ...] = (),
        *,
        intercept: bool = True,
    ) -> None:
        self.rounds = rounds
        self.max_depth = max_depth
        self.eta = eta
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.max_bin = max_bin
        self.seed = seed
        self.signs = signs
        self.intercept = intercept

    def _grow(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        start: NDArray[np.float64],
        weight: NDArray[np.float64] | None,
    ) -> None:
        self.n_features_in_ = X.shape[1]
        matrix = xgb.QuantileDMatrix(
            np.asarray(X, dtype=np.float32), y, weight=weight, base_margin=start, max_bin=self.max_bin, nthread=1
        )
        self.booster_ = xgb.train(self._parameters(), matrix, num_boost_round=self.rounds)

    def _score(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(score(X, self.to_dict(), self.booster_))

    def to_dict(self) -> dict[str, Any]:
        """The fitted member in an open format, without its trees (``booster_``)."""
        return {"kind": "boosting", "intercept": self.intercept_}

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "tree_method": "hist",
            "nthread": 1,
            "seed": self.seed,
            "max_depth": self.max_depth,
            "eta": self.eta,
            "subsample": self.subsample,
            "colsample_bytree": self.colsample_bytree,
            "min_child_weight": self.min_child_weight,
            "lambda": self.reg_lambda,
            "max_bin": self.max_bin,
            **({"monotone_constraints": self.signs} if any(self.signs) else {}),
        }


class OffsetBoosting(OfOutcomes, _Trees):
    """Boosted trees whose log-odds are a fixed offset plus the trees.

    With ``intercept`` they start from the base rate on top of the offset.
    """

    objective = "binary:logistic"

    def fit(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        offset: NDArray[np.float64] | None = None,
        *,
        side: NDArray[np.float64] | None = None,
        weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learns from ``X`` (games, features; NaN is missing) and ``y`` (0 or 1), starting from ``offset``.

        ``side`` is 1 where the base rate is class 1's and -1 where it is class 0's, ``weight`` how many games a row
        counts for; by default 1 everywhere.
        """
        y = np.asarray(y, dtype=np.float64)
        side = np.ones(len(y)) if side is None else side
        rate = np.average(np.where(side > 0, y, 1 - y), weights=weight)
        self.classes_ = np.array([0.0, 1.0])
        self.intercept_ = float(logit(np.clip(rate, 1e-6, 1 - 1e-6))) if self.intercept else 0.0
        self._grow(X, y, self.intercept_ * side + (np.zeros(len(y)) if offset is None else offset), weight)
        return self

    def log_odds(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Log-odds of class 1."""
        return (np.zeros(len(X)) if offset is None else offset) + self._score(X)


class PointsBoosting(RegressorMixin, _Trees):  # type: ignore[misc]
    """Boosted trees of a margin or total, in points, by least squares."""

    objective = "reg:squarederror"

    def fit(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        *,
        side: NDArray[np.float64] | None = None,
        weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learns from ``X`` (games, features; NaN is missing) and ``y`` (points).

        ``side`` is -1 where the level of the target counts against it, ``weight`` how many games a row counts for; by
        default 1 everywhere.
        """
        y = np.asarray(y, dtype=np.float64)
        side = np.ones(len(y)) if side is None else side
        self.intercept_ = float(np.average(side * y, weights=weight)) if self.intercept else 0.0
        self._grow(X, y, self.intercept_ * side, weight)
        return self

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected points."""
        return self._score(X)
