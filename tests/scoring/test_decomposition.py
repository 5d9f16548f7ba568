"""The terms of the Brier score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from busta.errors import UsageError
from busta.scoring.decomposition import brier_decomposition
from busta.scoring.proper import brier

forecasts = st.lists(
    st.tuples(st.sampled_from([0, 0.1, 0.25, 0.5, 0.6, 1]) | st.floats(0, 1), st.booleans()), min_size=1
)


@given(forecasts)
def test_the_terms_add_up_to_the_score_and_none_is_negative(games):
    p, y = np.array(games, dtype=float).T
    found = brier_decomposition(p, y)
    total = found.miscalibration - found.discrimination + found.uncertainty
    assert total == pytest.approx(brier(p, y), abs=1e-12)
    assert min(found.miscalibration, found.discrimination, found.uncertainty) >= 0


@given(forecasts)
def test_the_recalibration_is_the_isotonic_regression_of_scikit_learn(games):
    p, y = np.array(games, dtype=float).T
    place = np.unique(p, return_inverse=True)[1]  # exact ties: scikit-learn also merges near ones
    recalibrated = IsotonicRegression().fit_transform(place.astype(float), y)
    expected = brier(p, y) - np.mean((recalibrated - y) ** 2)
    assert brier_decomposition(p, y).miscalibration == pytest.approx(expected, abs=1e-9)


def test_ties_in_p_are_pooled_whatever_their_order():
    p = [0.2, 0.2, 0.6, 0.6]
    for y in ([0, 0, 1, 0], [0, 0, 0, 1]):
        found = brier_decomposition(p, y)
        assert found.miscalibration == pytest.approx(0.025)
        assert found.discrimination == pytest.approx(0.0625)
        assert found.uncertainty == pytest.approx(0.1875)


def test_a_forecast_the_wrong_way_round_discriminates_nothing():
    found = brier_decomposition([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1])
    assert found.discrimination == 0
    assert found.miscalibration == pytest.approx(brier([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]) - 0.25)


def test_calibrated_rates_have_no_miscalibration():
    assert brier_decomposition([0.5, 0.5, 1.0, 0.0], [1, 0, 1, 0]).miscalibration == 0


def test_pushes_do_not_count():
    assert brier_decomposition([0.3, 0.6, 0.9], [0, 1, np.nan]) == brier_decomposition([0.3, 0.6], [0, 1])


@pytest.mark.parametrize(("p", "y"), [([], []), ([0.4], [np.nan]), ([0.4, np.nan], [1, 0])])
def test_without_games_or_a_probability_there_is_nothing_to_split(p, y):
    found = brier_decomposition(p, y)
    assert np.isnan([found.miscalibration, found.discrimination, found.uncertainty]).all()


def test_what_is_no_probability_is_refused():
    with pytest.raises(UsageError):
        brier_decomposition([1.2], [1])
