from __future__ import annotations

import numpy as np
import pytest
import xgboost as xgb

from busta.models.portable import LOG_ODDS, MEAN, SHIFT, PortableModel
from busta.serving.alone import Alone
from busta.serving.trees import Trees

CALIBRATIONS = [
    {"kind": "linear", "intercept": 0.03, "slope": 0.9},
    {"kind": "beta", "intercept": 0.1, "a": 1.1, "b": 0.8},
    {"kind": "isotonic", "from": [-1.0, 0.0, 0.4, 2.0], "to": [-0.8, 0.1, 0.3, 1.5]},
]


@pytest.mark.parametrize("calibration", CALIBRATIONS, ids=lambda each: each["kind"])
@pytest.mark.parametrize("about", [LOG_ODDS, MEAN, SHIFT])
def test_a_game_alone_gets_the_bits_it_gets_among_others(about, calibration, tmp_path):
    rng = np.random.default_rng(3)
    X = np.where(rng.random((200, 11)) < 0.1, np.nan, rng.normal(size=(200, 11)))
    xgb.train({"nthread": 1}, xgb.DMatrix(X, np.nan_to_num(X[:, 0]), nthread=1), 30).save_model(tmp_path / "t.ubj")
    terms = {name: rng.uniform(0.5, 2, size=11) for name in ("mean", "scale", "coef")}
    members = [
        {"name": "constant", "kind": "constant", "head": LOG_ODDS, "intercept": 0, "weight": 0.0},
        {"name": "linear", "kind": "linear", "head": about, "sd": 13.0, "intercept": -0.2, "weight": 0.7, **terms},
        {"name": "trees", "kind": "trees", "head": about, "sd": 13.0, "intercept": 0.1, "weight": 0.3},
    ]
    spec = {"features": [], "information": "anchored", "has_line": True, "calibration": calibration, "members": members}
    portable = PortableModel(spec, {"trees": Trees(tmp_path / "t.ubj")})
    offset, line = rng.normal(size=200), rng.integers(-20, 20, size=200) / 2
    alone = Alone(portable)
    found = [alone.log_odds(*each) for each in zip(X.tolist(), offset.tolist(), line.tolist(), strict=True)]
    assert np.array_equal(found, portable.log_odds(X, offset, line))
