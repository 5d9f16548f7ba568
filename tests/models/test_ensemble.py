"""Members fitted together and averaged in log-odds."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.errors import DataError
from busta.models.ensemble import MEMBERS, fit, fit_weights
from busta.settings import Train
from support import planted, won

EQUAL = np.array([0.5, 0.5])


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(1, 4), st.floats(0.01, 30))
def test_weights_are_never_negative_and_sum_to_one(seed, games, members, spread):
    rng = np.random.default_rng(seed)
    weights = fit_weights(rng.normal(0, spread, (games, members)), rng.integers(0, 2, games).astype(float))
    assert weights.shape == (members,)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def test_with_no_games_all_members_weigh_the_same():
    assert fit_weights(np.empty((0, 3)), np.empty(0)).tolist() == [1 / 3] * 3


def test_members_that_agree_weigh_the_same():
    log_odds = np.random.default_rng(0).normal(size=500)
    np.testing.assert_allclose(fit_weights(np.stack([log_odds] * 2, axis=1), won(np.full(500, 0.5))), EQUAL, atol=1e-6)


def test_a_member_that_knows_outweighs_one_that_guesses():
    rng = np.random.default_rng(0)
    knows = rng.normal(0, 1.5, 3000)
    y = won(1 / (1 + np.exp(-knows)))
    weights = fit_weights(np.stack([knows, rng.normal(0, 1.5, 3000)], axis=1), y)
    assert weights[0] > 0.85
    few = fit_weights(np.stack([knows, rng.normal(0, 1.5, 3000)], axis=1)[:10], y[:10])
    assert 0.4 < few[0] < 0.7, "ten games say little: shrunk to equal weights"


def test_the_ensemble_is_the_weighted_sum_of_its_members_log_odds():
    data = planted()
    rows = np.arange(400)
    fitted = replace(fit(data, rows, Train(), EQUAL), weights=np.array([0.3, 0.7]))
    X, offset = data.X[rows], data.offset[rows]
    linear, boosting = fitted.linear.log_odds(X, offset), fitted.boosting.log_odds(X, offset)
    np.testing.assert_array_equal(fitted.member_log_odds(X, offset), np.stack([linear, boosting], axis=1))
    np.testing.assert_allclose(fitted.log_odds(X, offset), 0.3 * linear + 0.7 * boosting)
    assert MEMBERS == ("linear", "boosting")


def test_blind_and_anchored_models_are_fitted_with_their_own_settings():
    data, settings = planted(), Train(seed=9)
    rows = np.arange(400)
    for blind, members in ((False, settings.anchored), (True, settings.blind)):
        fitted = fit(replace(data, blind=blind), rows, settings, EQUAL)
        assert fitted.linear.ridge == members.linear.ridge
        assert fitted.boosting.rounds == members.boosting.rounds
        assert fitted.boosting.seed == 9
        assert fitted.boosting.intercept is blind, "an anchored model starts from the market alone"


def test_a_blind_model_learns_from_outcomes_and_past_prices_in_the_share_set():
    """With the price alone as its target it does not see how the games ended."""
    data = replace(planted(), blind=True)
    data.market_log_odds[400:] = np.nan
    other = replace(data, y=1 - data.y)

    def intercept_and_coefficients(table: Any, rows: Any, share: float) -> list[float]:
        members = Train().blind.model_copy(update={"line_share": share})
        linear = fit(table, rows, Train(blind=members), EQUAL).linear
        return [linear.intercept_, *linear.coef_]

    priced, unpriced = np.arange(400), np.arange(400, len(data))
    assert intercept_and_coefficients(data, priced, 1.0) == intercept_and_coefficients(other, priced, 1.0)
    assert intercept_and_coefficients(data, priced, 0.5) != intercept_and_coefficients(other, priced, 0.5)
    learned = [intercept_and_coefficients(data, unpriced, share) for share in (0.0, 1.0)]
    assert learned[0] == learned[1], "a game without a price keeps its outcome"
    assert Train().anchored.line_share == 0


@pytest.mark.parametrize("rows", [np.array([], dtype=np.int64), np.arange(400)])
def test_outcomes_all_alike_are_nothing_to_learn_from(rows):
    data = planted()
    with pytest.raises(DataError, match=f"moneyline: cannot learn from {rows.size} games"):
        fit(replace(data, y=np.ones(len(data))), rows, Train(), EQUAL)


def test_a_push_teaches_the_distribution_only():
    data = planted(market="ats")
    pushed = np.arange(0, 400, 4)
    y, value = data.y.copy(), data.value.copy()
    y[pushed], value[pushed] = np.nan, data.line[pushed]
    rows, decided = np.arange(400), np.setdiff1d(np.arange(400), pushed)

    both = fit(replace(data, y=y, value=value), rows, Train(), EQUAL)
    alone = fit(replace(data, y=y, value=value), decided, Train(), EQUAL)

    np.testing.assert_array_equal(both.linear.coef_, alone.linear.coef_)
    assert both.distribution.to_dict() != alone.distribution.to_dict()
    assert both.distribution.sd < alone.distribution.sd


def test_games_that_all_pushed_cannot_be_learned_from():
    data = planted()
    with pytest.raises(DataError, match="more results are needed"):
        fit(replace(data, y=np.full(len(data), np.nan)), np.arange(400), Train(), EQUAL)
