"""Scores of distributions of an integer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from busta.betting.distribution import Discretised
from busta.errors import UsageError
from busta.scoring.distributional import crps, exact_log_score, normal_crps

weights = st.lists(st.floats(0.01, 1), min_size=1, max_size=8)


def distribution(of):
    return np.array(of) / np.sum(of)


@given(weights, st.integers(-5, 5), st.integers(-20, 20))
def test_the_score_is_the_expected_distance_less_half_the_expected_spread(of, low, value):
    pmf, support = distribution(of), low + np.arange(len(of))
    spread = pmf @ np.abs(support[:, None] - support) @ pmf
    expected = pmf @ np.abs(support - value) - spread / 2  # Gneiting and Raftery 2007, equation 21
    assert crps([pmf], low, [value])[0] == pytest.approx(expected, abs=1e-9)


@given(st.integers(-3, 3), st.integers(-20, 20))
def test_a_certain_forecast_costs_its_distance(said, value):
    pmf = (np.arange(-3, 4) == said).astype(float)
    assert crps([pmf], -3, [value])[0] == abs(said - value)


def test_scores_are_those_worked_out_by_hand():
    pmf = [[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]]
    np.testing.assert_allclose(crps(pmf, 1, [1, 3]), [0.8**2 + 0.5**2, 0.2**2 + 0.5**2])
    np.testing.assert_allclose(exact_log_score(pmf, 1, [1, 3]), -np.log([0.2, 0.5]))


@given(weights.filter(lambda of: len(of) > 1), weights, st.integers(-3, 3))
def test_no_forecast_beats_the_truth_on_average(of, other, low):
    truth = distribution(of)
    said = distribution(np.resize(other, len(of)))
    values = low + np.arange(len(of))
    for score in (crps, exact_log_score):
        expected = [truth @ score(np.tile(pmf, (len(of), 1)), low, values) for pmf in (truth, said)]
        assert expected[0] <= expected[1] + 1e-9


def test_a_value_thought_impossible_costs_much_but_not_everything():
    scores = exact_log_score([[0.0, 1.0]] * 3, 5, [5, 4, 7])
    np.testing.assert_allclose(scores, -np.log(1e-15))


@pytest.mark.parametrize("value", [-2.0, 0.3, 1.5])
def test_the_normal_score_is_the_integral_it_stands_for(value):
    parts = [quad(lambda x: norm.cdf(x, 0.5, 2) ** 2, -30, value), quad(lambda x: norm.sf(x, 0.5, 2) ** 2, value, 30)]
    assert normal_crps(0.5, 2.0, [value])[0] == pytest.approx(parts[0][0] + parts[1][0], abs=1e-7)


def test_a_normal_cut_into_integers_scores_nearly_as_the_normal():
    margin = Discretised(sd=13.0, weights=np.ones(201), low=-100, high=100)
    values = np.arange(-40.0, 41.0)
    pmf = margin.pmf(np.full(len(values), 3.0))
    np.testing.assert_allclose(crps(pmf, -100, values), normal_crps(3.0, 13.0, values), atol=0.02)


def test_what_is_not_played_or_not_forecast_has_no_score():
    pmf = [[0.5, 0.5], [0.5, np.nan], [0.5, 0.5]]
    for score in (crps, exact_log_score):
        assert np.isnan(score(pmf, 0, [np.nan, 0, 1])).tolist() == [True, True, False]
    assert np.isnan(normal_crps(0.0, 1.0, [np.nan, 0.0])).tolist() == [True, False]


def test_no_games_have_no_scores():
    assert crps(np.empty((0, 3)), 0, []).shape == exact_log_score(np.empty((0, 3)), 0, []).shape == (0,)


@pytest.mark.parametrize(
    ("pmf", "value"),
    [
        ([0.5, 0.5], [1]),
        ([[0.5, 0.5]], [1, 0]),
        (np.empty((1, 0)), [1]),
        ([[0.5, 0.4]], [1]),
        ([[1.5, -0.5]], [1]),
        ([[0.5, 0.5]], [0.5]),
        ([[0.5, 0.5]], [np.inf]),
    ],
)
def test_what_is_no_distribution_or_no_integer_is_refused(pmf, value):
    for score in (crps, exact_log_score):
        with pytest.raises(UsageError):
            score(pmf, 0, value)


@pytest.mark.parametrize("sd", [0.0, -1.0])
def test_a_spread_that_is_not_above_0_is_refused(sd):
    with pytest.raises(UsageError, match="finite and above 0"):
        normal_crps(0.0, sd, [1.0])
