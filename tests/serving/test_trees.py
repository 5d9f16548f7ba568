from __future__ import annotations

import numpy as np
import pytest
import xgboost as xgb

from busta.serving.trees import FEW, Trees


def grown(tmp_path, depth, rounds, objective="reg:squarederror", **more):
    rng = np.random.default_rng(depth)
    X = rng.normal(size=(500, 5)).astype(np.float32)
    X[rng.random(X.shape) < 0.2] = np.nan
    y = np.nan_to_num(X[:, 0]) + rng.normal(size=500)
    y = y if objective == "reg:squarederror" else (y > 0).astype(float)
    booster = xgb.train(
        {"max_depth": depth, "objective": objective, "nthread": 1, **more}, xgb.DMatrix(X, y, nthread=1), rounds
    )
    booster.save_model(tmp_path / "trees.ubj")
    return booster, X


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic"])
@pytest.mark.parametrize(("depth", "rounds"), [(1, 1), (2, 80), (4, 20), (9, 5), (1, FEW + 1)])
def test_they_say_what_xgboost_says_also_of_what_is_missing(tmp_path, depth, rounds, objective):
    booster, X = grown(tmp_path, depth, rounds, objective)
    trees, nothing = Trees(tmp_path / "trees.ubj"), np.zeros(len(X), dtype=np.float32)
    wanted = booster.inplace_predict(X, base_margin=nothing, predict_type="margin")
    assert np.array_equal(trees.inplace_predict(X, nothing, "margin"), wanted)  # to the last bit
    assert np.array_equal(
        trees.inplace_predict(X[7:8], nothing[:1], "margin"), trees.inplace_predict(X, nothing, "margin")[7:8]
    )
    assert np.array_equal(
        np.array([trees.alone(row) for row in X.tolist()]), trees.inplace_predict(X, nothing, "margin")
    )
    whole = X[~np.isnan(X).any(axis=1)]
    assert np.abs(trees.inplace_predict(whole, nothing[: len(whole)] + 1, "margin") - 1).max() > 0


def test_trees_without_a_split_are_their_leaf(tmp_path):
    booster, X = grown(tmp_path, 2, 3, min_child_weight=1e9)
    nothing = np.zeros(len(X), dtype=np.float32)
    wanted = booster.inplace_predict(X, base_margin=nothing, predict_type="margin")
    assert np.abs(Trees(tmp_path / "trees.ubj").inplace_predict(X, nothing, "margin") - wanted).max() < 1e-6


def test_what_holds_no_trees_is_refused(tmp_path):
    file = tmp_path / "trees.ubj"
    file.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"trees\.ubj holds no trees"):
        Trees(file)
    grown(tmp_path, 1, 1)
    with pytest.raises(ValueError, match="give a margin"):
        Trees(file).inplace_predict(np.zeros((1, 5), np.float32), np.zeros(1, np.float32), "value")
