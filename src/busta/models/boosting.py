"""The boosted member: XGBoost trees that start from the market's log-odds (``base_margin``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import xgboost as xgb
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin

from busta.models.portable import boosting_log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OffsetBoosting"]


class OffsetBoosting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gradient-boosted trees whose log-odds are a fixed offset plus the trees (Chen & Guestrin 2016).

    One thread a fit: folds run side by side instead, and results do not depend on how many do.

    Args:
        rounds: Number of trees; the other arguments are XGBoost's of the same name.
        intercept: Whether to start from the base rate on top of the offset.
    """

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
        self.intercept = intercept

    def fit(self, X: NDArray[np.float64], y: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> Self:
        """Learns from ``X`` (games, features; NaN is missing) and ``y`` (0 or 1), starting from ``offset``."""
        y = np.asarray(y, dtype=np.float64)
        self.classes_ = np.array([0.0, 1.0])
        self.n_features_in_ = X.shape[1]
        self.intercept_ = float(logit(np.clip(y.mean(), 1e-6, 1 - 1e-6))) if self.intercept else 0.0
        start = self.intercept_ + (np.zeros(len(y)) if offset is None else offset)
        matrix = xgb.QuantileDMatrix(
            np.asarray(X, dtype=np.float32), y, base_margin=start, max_bin=self.max_bin, nthread=1
        )
        self.booster_ = xgb.train(self._parameters(), matrix, num_boost_round=self.rounds)
        return self

    def log_odds(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Log-odds of class 1."""
        start = np.zeros(len(X)) if offset is None else offset
        return np.asarray(boosting_log_odds(X, start, self.to_dict(), self.booster_))

    def predict_proba(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Probabilities of class 0 and 1, shape (games, 2)."""
        p = expit(self.log_odds(X, offset))
        return np.column_stack([1 - p, p])

    def predict(self, X: NDArray[np.float64], offset: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The likelier class."""
        return (self.log_odds(X, offset) > 0).astype(np.float64)

    def importances(self) -> NDArray[np.float64]:
        """Share of the trees' gain by feature, shape (features,)."""
        gain = np.zeros(self.n_features_in_)
        for name, value in self.booster_.get_score(importance_type="total_gain").items():
            gain[int(name[1:])] = float(np.mean(value))
        return gain / gain.sum() if gain.sum() > 0 else gain

    def to_dict(self) -> dict[str, Any]:
        """What ``model.json`` holds of the member; the trees go to ``boosting.ubj``."""
        return {"kind": "boosting", "file": "boosting.ubj", "intercept": self.intercept_}

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "binary:logistic",
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
        }
