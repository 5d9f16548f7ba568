"""A trained model as data in open formats, and the few lines that turn it back into probabilities.

This file is the whole run time of a registered model: it is stored beside the data and loaded by
MLflow where busta is not installed, so it imports only numpy and xgboost. A model is a folder:

    model.json      features, members (coefficients, means, scales, intercepts, weights), calibration
    boosting.ubj    the trees, in XGBoost's own binary JSON

Log-odds are sums: (market +) linear terms + trees, averaged over members, then calibrated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

OFFSET = "market_log_odds"
"""The input column that an anchored model starts from."""


def linear_log_odds(X: Any, offset: Any, member: dict[str, Any]) -> Any:
    """``offset + intercept + Σ coef · (x - mean) / scale``, a missing x standing at its mean."""
    scaled = (X - np.asarray(member["mean"])) / np.asarray(member["scale"])
    return offset + member["intercept"] + _weighted(np.nan_to_num(scaled), member["coef"])


def boosting_log_odds(X: Any, offset: Any, member: dict[str, Any], booster: Any) -> Any:
    """``offset + intercept + trees``; the trees speak in float32, the sum is made in float64."""
    matrix = np.ascontiguousarray(X, dtype=np.float32)
    nothing = np.zeros(len(matrix), dtype=np.float32)
    trees = booster.inplace_predict(matrix, base_margin=nothing, predict_type="margin")
    return offset + member["intercept"] + trees.astype(np.float64)


def blend(member_log_odds: Any, weights: Any) -> Any:
    """The weighted sum over members of log-odds, shape (games, members)."""
    return _weighted(member_log_odds, weights)


def _weighted(rows: Any, weights: Any) -> Any:
    """Sums of the rows so weighted: a game alone has the same bits as among others, which ``@`` does not promise."""
    return (np.ascontiguousarray(rows) * np.asarray(weights, dtype=np.float64)).sum(axis=1)


def calibrated(log_odds: Any, calibration: dict[str, float]) -> Any:
    """``intercept + slope · log-odds`` (Platt 1999)."""
    return calibration["intercept"] + calibration["slope"] * log_odds


class PortableModel:
    """A model read from its folder.

    Attributes:
        spec: What ``model.json`` says.
        features: The input columns, besides the offset.
        anchored: Whether the model starts from the market's log-odds.
    """

    def __init__(self, spec: dict[str, Any], booster: Any) -> None:
        self.spec = spec
        self.booster = booster
        self.features: list[str] = spec["features"]
        self.anchored: bool = spec["information"] == "anchored"

    @classmethod
    def read(cls, folder: str | Path) -> PortableModel:
        """The model stored in that folder."""
        spec = json.loads((Path(folder) / "model.json").read_text())
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(Path(folder) / "boosting.ubj")
        booster.set_param({"nthread": 1})
        return cls(spec, booster)

    def log_odds(self, X: Any, offset: Any) -> Any:
        """Log-odds of the first side given no push; ``X`` has shape (games, features)."""
        members = [
            boosting_log_odds(X, offset, member, self.booster)
            if member["kind"] == "boosting"
            else linear_log_odds(X, offset, member)
            for member in self.spec["members"]
        ]
        weights = [member["weight"] for member in self.spec["members"]]
        return calibrated(blend(np.stack(members, axis=1), weights), self.spec["calibration"])

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Probability of the first side given no push, for a DataFrame of the model's columns."""
        del params
        X = np.ascontiguousarray(model_input[self.features].to_numpy(), dtype=np.float64)
        offset = model_input[OFFSET].to_numpy().astype(np.float64) if self.anchored else np.zeros(len(X))
        return 1.0 / (1.0 + np.exp(-self.log_odds(X, offset)))


def _load_pyfunc(data_path: str) -> PortableModel:
    """What ``mlflow.pyfunc.load_model`` calls."""
    return PortableModel.read(data_path)
