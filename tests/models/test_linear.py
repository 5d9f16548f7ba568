"""The linear member, against an independent optimiser."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.base import clone

from busta.models.linear import OffsetLogistic, PointsRidge
from support import won


def problem(seed=0, games=400, features=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(3, [1, 5, 0.1, 20][:features], (games, features))
    offset = rng.normal(0, 0.8, games)
    y = won(1 / (1 + np.exp(-(offset + 0.4 + 0.7 * (X[:, 0] - 3)))), seed)
    return X, y, offset


def reference(X, y, offset, ridge, *, intercept=True):
    """Σ log loss + ridge/2 · |coef|² by BFGS."""
    Z = (X - X.mean(axis=0)) / X.std(axis=0)

    def loss(weights: Any) -> float:
        log_odds = offset + Z @ weights[:-1] + intercept * weights[-1]
        return np.logaddexp(0, np.where(y > 0, -log_odds, log_odds)).sum() + ridge / 2 * (weights[:-1] ** 2).sum()

    return minimize(loss, np.zeros(X.shape[1] + 1), method="BFGS", options={"gtol": 1e-7}).x


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("ridge", [0.5, 100.0, 3000.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_it_finds_the_minimum_that_an_independent_optimiser_finds(ridge, intercept):
    X, y, offset = problem()
    model = OffsetLogistic(ridge, intercept=intercept).fit(X, y, offset)
    expected = reference(X, y, offset, ridge, intercept=intercept)
    np.testing.assert_allclose(model.coef_, expected[:-1], atol=1e-5)
    assert model.intercept_ == pytest.approx(expected[-1] if intercept else 0.0, abs=1e-5)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e4), st.floats(-12, 12))
def test_at_the_minimum_the_gradient_is_zero_however_far_away_it_starts(seed, ridge, shift):
    X, y, offset = problem(seed, games=60)
    model = OffsetLogistic(ridge).fit(X, y, offset + shift)
    p = model.predict_proba(X, offset + shift)[:, 1]
    Z = (X - model.mean_) / model.scale_
    np.testing.assert_allclose(Z.T @ (p - y) + ridge * model.coef_, 0, atol=1e-5)
    assert (p - y).sum() == pytest.approx(0, abs=1e-5)


def test_an_offset_that_is_wrong_by_a_constant_is_taken_back_whole():
    """A whole Newton step from here overshoots without end."""
    y = np.tile([0.0, 1.0], 50)
    for wrong in (1.0, 3.0, 5.0, -8.0):
        model = OffsetLogistic().fit(np.zeros((100, 1)), y, np.full(100, wrong))
        assert model.intercept_ == pytest.approx(-wrong)


def test_outcomes_that_a_feature_separates_give_finite_coefficients():
    X = np.linspace(-1, 1, 80)[:, None]
    model = OffsetLogistic(ridge=1e-6).fit(X, (X[:, 0] > 0).astype(float))
    assert np.isfinite(model.coef_).all()
    assert model.predict(X).tolist() == (X[:, 0] > 0).astype(float).tolist()


def test_without_a_correction_to_learn_it_returns_the_offset():
    X, y, offset = problem()
    model = OffsetLogistic(ridge=1e12, intercept=False).fit(X, y, offset)
    np.testing.assert_allclose(model.log_odds(X, offset), offset, atol=1e-6)


def test_the_offset_is_added_as_it_is():
    X, y, offset = problem()
    model = OffsetLogistic(10.0).fit(X, y, offset)
    np.testing.assert_allclose(model.log_odds(X, offset + 1) - model.log_odds(X, offset), 1.0)
    np.testing.assert_allclose(model.log_odds(X, offset) - offset, model.log_odds(X))


def test_no_offset_is_an_offset_of_zero():
    X, y, _ = problem()
    one, other = OffsetLogistic(10.0).fit(X, y), OffsetLogistic(10.0).fit(X, y, np.zeros(len(y)))
    assert one.to_dict() == other.to_dict()


def test_a_missing_value_stands_at_the_mean_of_those_that_are_known():
    X, y, offset = problem()
    holes = X.copy()
    holes[::7, 1] = np.nan
    filled = np.where(np.isnan(holes), np.nanmean(holes, axis=0), holes)
    model = OffsetLogistic(10.0).fit(holes, y, offset)
    np.testing.assert_allclose(model.mean_, np.nanmean(holes, axis=0))
    np.testing.assert_allclose(model.scale_, np.nanstd(holes, axis=0))
    np.testing.assert_allclose(model.log_odds(holes, offset), model.log_odds(filled, offset))


def test_a_column_that_is_constant_or_all_missing_counts_nothing():
    X, y, offset = problem()
    plain = OffsetLogistic(10.0).fit(X, y, offset)
    more = np.column_stack([X, np.full(len(y), 1e9), np.full(len(y), np.nan)])
    model = OffsetLogistic(10.0).fit(more, y, offset)
    assert model.coef_[-2:].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(model.log_odds(more, offset), plain.log_odds(X, offset))
    assert np.isfinite(model.log_odds(more * 2, offset)).all()


def test_units_of_the_features_do_not_matter():
    X, y, offset = problem()
    one, other = OffsetLogistic(50.0).fit(X, y, offset), OffsetLogistic(50.0).fit(X * 1000 - 7, y, offset)
    np.testing.assert_allclose(one.log_odds(X, offset), other.log_odds(X * 1000 - 7, offset), atol=1e-9)


def test_probabilities_sum_to_one_and_the_likelier_class_is_predicted():
    X, y, offset = problem()
    model = OffsetLogistic(10.0).fit(X, y, offset)
    p = model.predict_proba(X, offset)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X, offset), p[:, 1] > 0.5)
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X)[:, 1] > 0.5)


def test_it_is_an_sklearn_estimator():
    model = OffsetLogistic(ridge=7.0, intercept=False)
    assert model.get_params() == {"ridge": 7.0, "intercept": False}
    twin = clone(model)
    assert twin is not model
    assert twin.get_params() == model.get_params()
    X, y, _ = problem()
    assert clone(model).set_params(ridge=3.0).fit(X, y).score(X, y) > 0.5


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1000))
def test_ridge_of_points_is_least_squares_with_a_penalty(seed, ridge):
    """Its gradient is 0: what the penalty pulls, the residuals pull back."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 3)) * [1, 10, 100] + [0, 5, -7]
    y = X @ [1, 0.1, 0.01] + rng.normal(size=60) + 20
    model = PointsRidge(ridge=ridge).fit(X, y)
    residual = y - model.predict(X)
    Z = (X - model.mean_) / model.scale_
    np.testing.assert_allclose(Z.T @ residual, ridge * model.coef_, atol=1e-8)
    assert residual.sum() == pytest.approx(0, abs=1e-8)


def test_without_an_intercept_points_are_those_of_the_terms_alone():
    X = np.array([[1.0, np.nan], [2.0, 1.0], [4.0, 3.0]])
    model = PointsRidge(ridge=1.0, intercept=False).fit(X, np.array([1.0, 2.0, 3.0]))
    assert model.intercept_ == 0.0
    assert model.predict(np.array([model.mean_])) == pytest.approx(0.0)
    assert np.isfinite(model.predict(X)).all()
