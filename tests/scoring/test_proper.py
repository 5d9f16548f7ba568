"""Proper scores and counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.errors import UsageError
from busta.scoring.proper import accuracy, auc, brier, brier_losses, log_loss, log_losses, precision, recall

SCORES = [log_loss, brier, accuracy, precision, recall, auc]
probabilities = st.floats(0, 1)


@st.composite
def forecasts(draw):
    games = draw(st.integers(1, 40))
    p = draw(st.lists(probabilities, min_size=games, max_size=games))
    return np.array(p), np.array(draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=games, max_size=games)))


def test_losses_are_those_worked_out_by_hand():
    np.testing.assert_allclose(log_losses([0.8, 0.8], [1, 0]), -np.log([0.8, 0.2]))
    np.testing.assert_allclose(brier_losses([0.8, 0.8], [1, 0]), [0.04, 0.64])


def test_counts_are_those_worked_out_by_hand():
    p, y = [0.9, 0.8, 0.7, 0.4, 0.3, 0.1], [1, 1, 0, 1, 0, 0]
    assert accuracy(p, y) == pytest.approx(4 / 6)
    assert precision(p, y) == pytest.approx(2 / 3)
    assert recall(p, y) == pytest.approx(2 / 3)
    assert auc(p, y) == pytest.approx(8 / 9)


def test_an_even_forecast_is_half_right_and_half_a_pick():
    assert accuracy([0.5, 0.5], [1, 0]) == 0.5
    assert precision([0.5, 0.9], [0, 1]) == pytest.approx(1 / 1.5)
    assert recall([0.5, 0.9], [1, 1]) == 0.75
    assert auc([0.5, 0.5], [1, 0]) == 0.5


@given(st.floats(0.01, 0.99), probabilities)
def test_nothing_scores_better_than_the_truth_on_average(truth, said):
    for losses in (log_losses, brier_losses):
        expected = [truth * losses([p], [1])[0] + (1 - truth) * losses([p], [0])[0] for p in (truth, said)]
        assert expected[0] <= expected[1] + 1e-12


@given(forecasts())
def test_the_area_under_the_curve_is_the_share_of_ordered_pairs(forecast):
    p, y = forecast
    won, lost = p[y == 1], p[y == 0]
    if won.size and lost.size:
        pairs = np.heaviside(won[:, None] - lost, 0.5)
        assert auc(p, y) == pytest.approx(pairs.mean(), abs=1e-12)


@given(forecasts())
def test_the_sides_change_places_without_changing_what_is_symmetric(forecast):
    p, y = forecast
    for score in (brier, accuracy):
        assert score(p, y) == pytest.approx(score(1 - p, 1 - y), abs=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_pushes_and_unplayed_games_do_not_count(score):
    p, y = [0.9, 0.8, 0.3, 0.6, 0.2], [1, 0, 1, 0, 0]
    assert score([*p, 0.99, np.nan], [*y, np.nan, np.nan]) == score(p, y)


@pytest.mark.parametrize("score", SCORES)
def test_a_game_without_a_probability_is_not_hushed_up(score):
    assert np.isnan(score([0.9, np.nan, 0.2], [1, 1, 0]))


@pytest.mark.parametrize("score", SCORES)
def test_no_games_have_no_score(score):
    assert np.isnan(score([], []))
    assert np.isnan(score([0.7], [np.nan]))


def test_what_does_not_apply_is_nan():
    assert np.isnan(precision([0.4, 0.3], [1, 0]))
    assert np.isnan(recall([0.9, 0.3], [0, 0]))
    assert np.isnan(auc([0.9, 0.3], [1, 1]))


def test_a_certain_error_costs_much_but_not_everything():
    assert log_loss([0.0, 1.0], [1, 0]) == pytest.approx(-np.log(1e-15), rel=1e-3)
    assert brier([0.0, 1.0], [1, 0]) == 1


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("p", "y"), [([1.2], [1]), ([-0.1], [1]), ([0.5], [2]), ([0.5, 0.5], [1]), ([[0.5]], [[1]])])
def test_what_is_no_forecast_or_no_result_is_refused(score, p, y):
    with pytest.raises(UsageError):
        score(p, y)
