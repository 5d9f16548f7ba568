"""Critical values know how many games there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.watch import nulls
from busta.watch.distance import against_rest, quantiles

KNOWN = {"scale": 1.0, "freedom": 1e9}


def nothing_changed(n, m, worlds, bins, seed=0):
    """PSI and KS of n games against m others of the same normal distribution, in many worlds at once."""
    values = np.random.default_rng(seed).normal(size=(n + m, worlds))
    group = (np.arange(n + m) < n).astype(np.int64)
    return against_rest(values, group, 2, quantiles(values[n:], bins))


@pytest.mark.parametrize(("n", "bins"), [(64, 10), (48, 5), (256, 10)])
def test_psi_reaches_its_critical_value_as_often_as_it_says(n, bins):
    found = nothing_changed(n, 600, 1500, bins)

    for level in (0.1, 0.01):
        fires = (found.psi[1] >= nulls.psi_critical(level, n, 600, bins, **KNOWN)).mean()
        assert fires == pytest.approx(level, abs=4 * np.sqrt(level / 1500) + 0.3 * level)


def test_the_usual_threshold_of_a_tenth_fires_on_most_such_samples_without_any_drift():
    assert (nothing_changed(64, 1000, 500, 10).psi[1] > 0.1).mean() > 0.6


def test_the_tail_of_ks_is_no_lighter_than_it_is():
    found = nothing_changed(48, 700, 2000, 5)
    tail = nulls.ks_tail(found.ks[1], 48, 700, **KNOWN)

    for level in (0.1, 0.01):
        assert (tail <= level).mean() <= level + 3 * np.sqrt(level / 2000)
    assert (tail <= 0.1).mean() > 0.05


@given(st.floats(0.001, 0.5), st.integers(10, 2000), st.integers(2, 20), st.floats(1, 10), st.floats(2, 1000))
def test_the_critical_psi_is_where_its_tail_is_the_level(level, n, bins, scale, freedom):
    sizes = {"n": n, "m": 1000, "bins": bins, "scale": scale, "freedom": freedom}

    assert nulls.psi_tail(nulls.psi_critical(level, **sizes), **sizes) == pytest.approx(level, rel=1e-6)


def test_a_feature_with_one_value_has_nothing_to_tell():
    assert nulls.psi_tail(0.0, 50, 500, 1, **KNOWN) == 1
    assert np.isnan(nulls.psi_critical(0.01, 50, 500, 1, **KNOWN))


def test_a_scale_that_is_hardly_known_makes_every_tail_heavier():
    few, many = ({"scale": 1.0, "freedom": freedom} for freedom in (5, 1e6))

    assert nulls.psi_tail(0.9, 48, 700, 5, **few) > 10 * nulls.psi_tail(0.9, 48, 700, 5, **many)
    assert nulls.ks_tail(0.35, 48, 700, **few) > 10 * nulls.ks_tail(0.35, 48, 700, **many)


def test_values_that_go_missing_are_less_of_a_wonder_where_they_always_did():
    tails = [nulls.missing_tail(5, 48, before, 768, 1.0) for before in (0, 20, 80)]

    assert tails[0] < 1e-6
    assert tails == sorted(tails)
    assert nulls.missing_tail(0, 48, 0, 768, 1.0) == 1


def test_several_tests_of_a_feature_are_one_whatever_does_not_apply():
    p = np.array([[1e-6, 0.3], [0.9, np.nan], [1.0, 0.4]])

    first, second = nulls.combined(p)

    assert 1e-6 < first < 1e-5
    assert 0.2 < second < 0.7


def test_the_combined_level_holds_for_tests_that_go_together():
    rng = np.random.default_rng(4)
    z = rng.normal(size=(6, 20_000)) * 0.5 + rng.normal(size=20_000) * np.sqrt(0.75)
    p = 2 * nulls.t_tail(z, 1e9) / 2

    for level in (0.05, 0.01, 0.001):
        assert (nulls.combined(p) <= level).mean() < 1.25 * level + 2 / 20_000


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0.01, 0.2))
def test_holm_lets_none_pass_that_is_less_likely_than_one_that_fell(p, alpha):
    found = nulls.holm(np.array(p), alpha)

    fell = [each for each, yes in zip(p, found, strict=True) if yes]
    stood = [each for each, yes in zip(p, found, strict=True) if not yes]
    assert max(fell, default=0) <= min(stood, default=1)
    assert all(each <= alpha for each in fell)
