"""PSI and KS against what they are by hand, one feature and group at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.watch.distance import EMPTY, against_rest, quantiles


def by_hand(first, second):
    """The greatest distance of two distribution functions, tried at every value."""
    return max(abs((first <= at).mean() - (second <= at).mean()) for at in [*first, *second])


tied = st.lists(st.one_of(st.integers(0, 4).map(float), st.just(np.nan)), min_size=4, max_size=40)


@given(tied, tied)
def test_ks_is_what_it_is_by_hand_with_ties_and_gaps(first, second):
    values = np.array([*first, *second])
    group = np.repeat([0, 1], [len(first), len(second)])
    known = [part[~np.isnan(part)] for part in (np.array(first), np.array(second))]

    found = against_rest(values[:, None], group, 2, quantiles(values[:, None], 3))

    if all(len(part) for part in known):
        assert found.ks[:, 0] == pytest.approx(by_hand(*known))
    else:
        assert np.isnan(found.ks).all()


def test_psi_is_the_sum_over_bins_and_each_holds_half_a_game_more():
    values = np.array([1.0, 1, 2, 3, 1, 2, 2, 2])
    edges = np.array([[1.5], [2.5]])
    p, q = (np.array(counts) + EMPTY for counts in ([2, 1, 1], [1, 3, 0]))
    p, q = p / p.sum(), q / q.sum()

    found = against_rest(values[:, None], np.repeat([0, 1], 4), 2, edges)

    assert found.psi[0, 0] == pytest.approx(((p - q) * np.log(p / q)).sum())
    assert found.psi[1, 0] == pytest.approx(found.psi[0, 0])
    assert found.bins[0, 0] == 3


def test_a_bin_that_nobody_is_in_counts_for_nothing():
    values = np.tile([0.0, 1.0], 20)[:, None]

    found = against_rest(values, np.repeat([0, 1], 20), 2, quantiles(values, 10))

    assert found.psi == pytest.approx(0)
    assert (found.bins == 2).all()


def test_each_group_is_held_against_all_others():
    rng = np.random.default_rng(0)
    values, group = rng.normal(size=(90, 2)), np.repeat([0, 1, 2], 30)

    found = against_rest(values, group, 3, quantiles(values, 4))

    for number in range(3):
        rest = values[group != number, 1]
        assert found.ks[number, 1] == pytest.approx(by_hand(values[group == number, 1], rest))
    assert found.effective[0, 0] == pytest.approx(20)
