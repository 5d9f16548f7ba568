"""Explanations that add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit, ndtr

from busta.models.ensemble import fit
from busta.models.explain import explain
from busta.models.portable import logit_of_normal, normal_of_logit
from busta.settings import Boosting, Linear, Members, Train
from support import planted

EVERY = Members(
    members=("linear", "boosting", "points", "points_boosting"),
    linear=Linear(ridge=10.0),
    boosting=Boosting(rounds=40, eta=0.1, min_child_weight=1.0, reg_lambda=1.0),
    points_boosting=Boosting(rounds=40, eta=0.1, min_child_weight=1.0, reg_lambda=1.0),
)
CALIBRATIONS = [
    {"kind": "linear", "slope": 1.0, "intercept": 0.0},
    {"kind": "beta", "a": 0.8, "b": 1.1, "intercept": 0.05},
    {"kind": "isotonic", "from": [-1.0, 0.0, 2.0], "to": [-0.7, 0.1, 1.5]},
]


def fitted(market="ats", *, blind, weights=(0.1, 0.2, 0.3, 0.25, 0.15), calibration=0):
    data = planted(market=market, blind=blind)
    data.X[::7, 1] = np.nan
    members = fit(data, np.arange(500), Train(anchored=EVERY, blind=EVERY))
    return data, members.model(np.array(weights), CALIBRATIONS[calibration])


@pytest.mark.parametrize("calibration", range(3))
@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("market", ["moneyline", "ats", "totals"])
def test_the_parts_add_up_to_what_the_model_says(market, blind, calibration):
    data, model = fitted(market, blind=blind, calibration=calibration)
    found = explain(model, data.X, data.offset, data.line)
    np.testing.assert_allclose(found.log_odds, model.log_odds(data.X, data.offset, data.line), rtol=0, atol=1e-9)
    assert found.linear.shape == found.trees.shape == data.X.shape
    np.testing.assert_allclose(found.market, 0 if blind else data.offset, atol=1e-12)


def test_a_missing_value_has_no_linear_part():
    data, model = fitted(blind=True, weights=(0, 0.5, 0, 0.5, 0))
    found = explain(model, data.X, data.offset, data.line)
    assert not found.linear[::7, 1].any()
    assert found.linear[1::7, 1].all()
    assert not found.trees.any()


def test_linear_parts_alone_are_the_terms_of_the_regression():
    data, model = fitted(blind=False, weights=(0, 1, 0, 0, 0))
    member = model.spec["members"][1]
    found = explain(model, data.X, data.offset, data.line)
    terms = (data.X - member["mean"]) / member["scale"] * member["coef"]
    np.testing.assert_allclose(found.linear, np.nan_to_num(terms), atol=1e-12)
    np.testing.assert_allclose(found.level, member["intercept"])


def test_the_feature_that_carries_the_signal_has_the_largest_part():
    data, model = fitted(blind=False)
    parts = np.abs(explain(model, data.X[500:], data.offset[500:], data.line[500:]).features).mean(axis=0)
    assert parts.shape == (4,)
    assert parts.argmax() == 0
    assert parts[0] > 2 * parts[1:].max()


def test_a_game_where_nothing_moves_is_explained_by_market_and_level():
    data, model = fitted(blind=False)
    still = np.repeat([model.spec["members"][1]["mean"]], 3, axis=0)
    found = explain(model, still, data.offset[:3], data.line[:3])
    np.testing.assert_allclose(found.linear, 0, atol=1e-9)
    np.testing.assert_allclose(found.log_odds, model.log_odds(still, data.offset[:3], data.line[:3]), atol=1e-9)


@settings(max_examples=200)
@given(st.floats(-6, 6))
def test_the_normal_s_log_odds_are_close_and_their_inverse_exact(z):
    assert expit(logit_of_normal(z)) == pytest.approx(ndtr(z), abs=1.5e-4)
    assert normal_of_logit(logit_of_normal(z)) == pytest.approx(z, abs=1e-9)
    assert logit_of_normal(normal_of_logit(logit(ndtr(z)))) == pytest.approx(logit(ndtr(z)), abs=1e-9)
