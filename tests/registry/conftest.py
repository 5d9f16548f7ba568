from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import pytest

from busta.models.portable import FORMAT
from busta.registry.publish import Record
from workspaces import _no_variables, home, registry, settings

__all__ = ["_no_variables", "home", "registry", "settings"]

NAME = "busta-sim-moneyline"


def write_model(folder):
    """A blind model of one feature: 0.3 + 2 x, and trees that say 0."""
    import xgboost as xgb

    matrix = xgb.DMatrix(np.array([[0.0], [1.0]]), label=np.array([0.0, 1.0]))
    booster = xgb.train({"base_score": 0.5, "objective": "binary:logistic", "nthread": 1}, matrix, 0)
    linear = {
        "name": "linear",
        "kind": "linear",
        "head": "log_odds",
        "mean": [0.0],
        "scale": [1.0],
        "intercept": 0.3,
        "coef": [2.0],
        "weight": 1.0,
    }
    trees = {"name": "boosting", "kind": "boosting", "head": "log_odds", "file": "boosting.ubj"}
    spec = {
        "format": FORMAT,
        "has_line": False,
        "features": ["x"],
        "information": "blind",
        "members": [linear, trees | {"intercept": 0.0, "weight": 0.0}],
        "calibration": {"kind": "linear", "slope": 1.0, "intercept": 0.0},
    }
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(spec))
    booster.save_model(folder / "boosting.ubj")


@pytest.fixture(scope="session")
def make_record():
    """A training's record; any part of it can be given."""

    def make(**changes):
        parts = {
            "name": NAME,
            "started": time.time(),
            "params": {"seed": "7"},
            "metrics": {"log_loss": 0.61},
            "steps": [("season.log_loss", 2012, 0.6), ("season.log_loss", 2013, 0.62)],
            "tags": {"information": "blind", "verdict": "not proven"},
            "write_model": write_model,
            "write_artifacts": lambda folder: (folder / "predictions.parquet").write_bytes(b"stand-in"),
            "example": pd.DataFrame({"x": [0.0, 1.0]}),
            "requirements": ["mlflow", "numpy", "pandas", "xgboost-cpu"],
        }
        return Record(**parts | changes)

    return make
