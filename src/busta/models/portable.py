"""A trained model as data in open formats, and the few lines that turn it back into probabilities.

This file is the whole run time of a registered model: it is stored beside the data and loaded by
MLflow where busta is not installed, so it imports only numpy and xgboost. A model is a folder:

    model.json      features, members (coefficients, means, scales, intercepts, weights), calibration
    *.ubj           the trees of each boosted member, in XGBoost's own binary JSON

A member scores a game, its head turns the score into log-odds; members are summed by their weights in
log-odds, then calibrated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

OFFSET = "market_log_odds"
"""The input column that an anchored model starts from."""
LINE = "line"
"""The input column of a blind model that forecasts points, in a market with lines: what they are held against."""
LOG_ODDS, MEAN, SHIFT = "log_odds", "mean", "shift"
"""What a member's score is: log-odds on top of the offset; the expected margin or total, in points; points
on top of what the market expects."""

FORMAT = 2
_CUBIC = (1.5976, 0.07056)


def logit_of_normal(z: Any) -> Any:
    """Log-odds of the standard normal's share below ``z``: 1.5976 z + 0.07056 z³, at most 1.4e-4 off in probability.

    Bowling, Khasawneh, Kaewkuekool & Cho 2009.
    """
    return _CUBIC[0] * z + _CUBIC[1] * z * z * z  # a power has other bits in an array than alone


def normal_of_logit(log_odds: Any) -> Any:
    """The ``z`` at which `logit_of_normal` gives those log-odds: the one real root of its cubic (Cardano)."""
    p, q = _CUBIC[0] / _CUBIC[1], -log_odds / _CUBIC[1]
    root = np.sqrt(p / 3)
    return -2 * root * np.sinh(np.arcsinh(1.5 * q / (p * root)) / 3)


def score(X: Any, member: dict[str, Any], booster: Any) -> Any:
    """A member's score of each game: ``intercept``, plus linear terms or trees."""
    if member["kind"] == "constant":
        return np.full(len(X), member["intercept"])
    if member["kind"] == "linear":
        scaled = (X - np.asarray(member["mean"])) / np.asarray(member["scale"])
        return member["intercept"] + _weighted(np.where(np.isnan(scaled), 0.0, scaled), member["coef"])
    matrix = np.ascontiguousarray(X, dtype=np.float32)  # trees speak in float32, the sum is made in float64
    nothing = np.zeros(len(matrix), dtype=np.float32)
    trees = booster.inplace_predict(matrix, base_margin=nothing, predict_type="margin")
    return member["intercept"] + trees.astype(np.float64)


def head(scores: Any, offset: Any, line: Any, member: dict[str, Any]) -> Any:
    """Log-odds of the first side given no push, from a member's scores."""
    if member["head"] == MEAN:
        return logit_of_normal((scores - line) / member["sd"])
    if member["head"] == SHIFT:
        return logit_of_normal(normal_of_logit(offset) + scores / member["sd"])
    return offset + scores


def blend(member_log_odds: Any, weights: Any) -> Any:
    """The weighted sum over members of log-odds, shape (games, members)."""
    return _weighted(member_log_odds, weights)


def _weighted(rows: Any, weights: Any) -> Any:
    """Sums of the rows so weighted, from left to right: a game alone has the bits it has among others."""
    return np.add.accumulate(rows * np.asarray(weights, dtype=np.float64), axis=1)[:, -1]


def calibrated(log_odds: Any, calibration: dict[str, Any]) -> Any:
    """Log-odds after a calibration.

    ``linear``: ``intercept + slope · log-odds`` (Platt 1999). ``beta``: ``intercept + a ln p - b ln(1 - p)``
    (Kull, Silva Filho & Flach 2017). ``isotonic``: on straight lines ``from`` log-odds ``to`` log-odds.
    """
    if calibration["kind"] == "beta":
        win, lose = -np.logaddexp(0.0, -log_odds), -np.logaddexp(0.0, log_odds)
        return calibration["intercept"] + calibration["a"] * win - calibration["b"] * lose
    if calibration["kind"] == "isotonic":
        return np.interp(log_odds, calibration["from"], calibration["to"]) + 0 * log_odds
    return calibration["intercept"] + calibration["slope"] * log_odds


class PortableModel:
    """A model read from its folder.

    Attributes:
        spec: What ``model.json`` says.
        boosters: The trees of each boosted member, by the member's name.
        features: The input columns, besides offset and line.
        anchored: Whether the model starts from the market's log-odds.
        reads_line: Whether it has to know the line.
    """

    def __init__(self, spec: dict[str, Any], boosters: dict[str, Any]) -> None:
        self.spec = spec
        self.boosters = boosters
        self.features: list[str] = spec["features"]
        self.anchored: bool = spec["information"] == "anchored"
        self.reads_line: bool = spec["has_line"] and any(member["head"] == MEAN for member in spec["members"])

    @classmethod
    def read(cls, folder: str | Path, load: Any = None) -> PortableModel:
        """The model stored in that folder; a ValueError where another version of this file wrote it.

        ``load`` reads a file of trees, by default with XGBoost.
        """
        spec = json.loads((Path(folder) / "model.json").read_text())
        if spec.get("format") != FORMAT:
            raise ValueError(f"it is of format {spec.get('format')}, this reads {FORMAT}; train again")
        boosters = {}
        for member in spec["members"]:
            if "file" in member:
                boosters[member["name"]] = (load or _booster)(Path(folder) / member["file"])
        return cls(spec, boosters)

    def write(self, folder: str | Path) -> None:
        """Writes the folder that `read` reads."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text(json.dumps(self.spec, indent=1))
        for member in self.spec["members"]:
            if "file" in member:
                self.boosters[member["name"]].save_model(folder / member["file"])

    def member_log_odds(self, X: Any, offset: Any, line: Any) -> Any:
        """Each member's log-odds, shape (games, members); `log_odds` says what goes in."""
        members = self.spec["members"]
        scores = [score(X, member, self.boosters.get(member["name"])) for member in members]
        heads = [head(scored, offset, line, member) for scored, member in zip(scores, members, strict=True)]
        return np.stack(heads, axis=1)

    def log_odds(self, X: Any, offset: Any, line: Any) -> Any:
        """Log-odds of the first side given no push.

        ``X`` has shape (games, features); ``offset`` (zeros for a blind model) and ``line`` have a number a game.
        """
        weights = [member["weight"] for member in self.spec["members"]]
        return calibrated(blend(self.member_log_odds(X, offset, line), weights), self.spec["calibration"])

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Probability of the first side given no push, for a DataFrame of the model's columns."""
        del params
        X = np.ascontiguousarray(model_input[self.features].to_numpy(), dtype=np.float64)
        nothing = np.zeros(len(X))
        offset = model_input[OFFSET].to_numpy().astype(np.float64) if self.anchored else nothing
        line = model_input[LINE].to_numpy().astype(np.float64) if self.reads_line else nothing
        return 1.0 / (1.0 + np.exp(-self.log_odds(X, offset, line)))


def _booster(file: Path) -> Any:
    import xgboost as xgb

    booster = xgb.Booster({"nthread": 1})
    booster.load_model(file)
    booster.set_param({"nthread": 1})
    return booster


def _load_pyfunc(data_path: str) -> PortableModel:
    """What ``mlflow.pyfunc.load_model`` calls."""
    return PortableModel.read(data_path)
