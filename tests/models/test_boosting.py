"""The boosted member."""

import numpy as np
import pytest
import xgboost as xgb
from scipy.special import logit
from sklearn.base import clone

from busta.models.boosting import OffsetBoosting, PointsBoosting
from support import won

LOOSE = {"rounds": 30, "eta": 0.2, "min_child_weight": 5.0, "reg_lambda": 1.0}


def problem(seed=0, games=600):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(games, 4))
    offset = rng.normal(0, 0.8, games)
    y = won(1 / (1 + np.exp(-(offset + 1.2 * X[:, 2]))), seed)
    return X, y, offset


@pytest.mark.parametrize("intercept", [True, False])
def test_its_log_odds_are_those_of_xgboost_with_the_offset_as_base_margin(intercept):
    X, y, offset = problem()
    model = OffsetBoosting(**LOOSE, intercept=intercept).fit(X, y, offset)
    start = offset + (logit(y.mean()) if intercept else 0)
    matrix = xgb.DMatrix(X.astype(np.float32), base_margin=start, nthread=1)
    expected = model.booster_.predict(matrix, output_margin=True)
    np.testing.assert_allclose(model.log_odds(X, offset), expected, atol=2e-6)


def test_the_offset_is_added_as_it_is():
    X, y, offset = problem()
    model = OffsetBoosting(**LOOSE).fit(X, y, offset)
    np.testing.assert_allclose(model.log_odds(X, offset) - model.log_odds(X), offset, atol=1e-12)


def test_trees_learn_only_what_the_offset_does_not_know():
    X, y, offset = problem()
    knows = offset + 1.2 * X[:, 2]
    blind, told = (OffsetBoosting(**LOOSE, intercept=False).fit(X, y, start).log_odds(X) for start in (offset, knows))
    assert np.corrcoef(blind, X[:, 2])[0, 1] > 0.8
    assert abs(np.corrcoef(told, X[:, 2])[0, 1]) < 0.5
    assert told.std() < blind.std() / 2


def test_without_a_split_worth_making_it_returns_its_start():
    X, y, offset = problem()
    anchored = OffsetBoosting(min_child_weight=1e9, reg_lambda=1e12, intercept=False).fit(X, y, offset)
    np.testing.assert_allclose(anchored.log_odds(X, offset), offset, atol=1e-6)
    assert anchored.booster_.get_score(importance_type="total_gain") == {}
    blind = OffsetBoosting(min_child_weight=1e9, reg_lambda=1e12).fit(X, y)
    np.testing.assert_allclose(blind.predict_proba(X)[:, 1], y.mean(), atol=1e-6)


def test_the_trees_split_on_the_feature_that_matters():
    X, y, offset = problem()
    gains = OffsetBoosting(**LOOSE).fit(X, y, offset).booster_.get_score(importance_type="total_gain")
    assert max(gains, key=gains.get) == "f2"


def test_a_missing_value_is_taken_and_goes_its_own_way():
    X, y, offset = problem()
    holes = X.copy()
    holes[X[:, 2] > 0.5, 2] = np.nan
    model = OffsetBoosting(**LOOSE).fit(holes, y, offset)
    found = model.log_odds(holes)
    assert np.isfinite(found).all()
    assert found[np.isnan(holes[:, 2])].mean() > found[~np.isnan(holes[:, 2])].mean() + 0.3


def test_the_same_seed_grows_the_same_trees_and_another_seed_others():
    X, y, offset = problem()
    one, same, other = (OffsetBoosting(seed=seed).fit(X, y, offset).booster_.save_raw("ubj") for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_outcomes_all_of_one_kind_keep_the_start_finite(value):
    X, _, _ = problem(games=100)
    model = OffsetBoosting().fit(X, np.full(100, value))
    assert np.isfinite(model.log_odds(X)).all()


def test_probabilities_sum_to_one_and_the_likelier_class_is_predicted():
    X, y, offset = problem()
    model = OffsetBoosting(**LOOSE).fit(X, y, offset)
    p = model.predict_proba(X, offset)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X, offset), p[:, 1] > 0.5)


def test_it_is_an_sklearn_estimator():
    model = OffsetBoosting(rounds=5, seed=3, intercept=False)
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert twin.get_params()["rounds"] == 5
    X, y, _ = problem()
    assert twin.set_params(rounds=40, eta=0.3).fit(X, y).score(X, y) > 0.55


def test_every_setting_reaches_the_trees():
    X, y, offset = problem()
    plain = OffsetBoosting(**LOOSE).fit(X, y, offset).log_odds(X)
    changes = {"rounds": 10, "max_depth": 1, "eta": 0.05, "subsample": 0.3, "colsample_bytree": 0.25,
               "min_child_weight": 40.0, "reg_lambda": 90.0, "max_bin": 4}  # fmt: skip
    for name, value in changes.items():
        other = OffsetBoosting(**LOOSE | {name: value}).fit(X, y, offset).log_odds(X)
        assert not np.array_equal(plain, other), name


def test_trees_of_points_find_the_points_a_feature_is_worth():
    X, _, _ = problem()
    rng = np.random.default_rng(4)
    target = 20 + 6 * (X[:, 0] > 0) + rng.normal(0, 2, len(X))
    model = PointsBoosting(**LOOSE).fit(X, target)
    high = X[:, 0] > 0
    assert model.predict(X)[high].mean() - model.predict(X)[~high].mean() == pytest.approx(6, abs=1)
    assert PointsBoosting(**LOOSE, intercept=False).fit(X, target).intercept_ == 0.0
    assert model.intercept_ == pytest.approx(target.mean())
