"""Paired losses."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from busta.errors import UsageError
from busta.performance.significance.diebold_mariano import loss_difference


def test_with_weeks_of_one_game_it_is_students_t():
    difference = np.random.default_rng(3).normal(-0.01, 0.05, 80)
    ours = loss_difference(difference, np.zeros(80), np.arange(80))
    theirs = ttest_1samp(difference, 0, alternative="less")
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_better == pytest.approx(theirs.pvalue)
    low, high = ttest_1samp(difference, 0).confidence_interval()
    assert (ours.low, ours.high) == pytest.approx((low, high))


def test_games_of_a_week_are_not_counted_as_so_many_proofs():
    week = np.random.default_rng(4).normal(-0.01, 0.05, 40)
    alone, ten = (loss_difference(np.repeat(week, n), np.zeros(40 * n), np.repeat(np.arange(40), n)) for n in (1, 10))
    assert ten.statistic == pytest.approx(alone.statistic)
    assert (ten.games, ten.weeks) == (400, 40)


def test_not_worse_by_more_than_a_margin():
    difference = np.random.default_rng(5).normal(0.0005, 0.005, 200)
    assert loss_difference(difference, np.zeros(200), np.arange(200)).p_better > 0.5
    assert loss_difference(difference, np.zeros(200), np.arange(200), margin=0.002).p_better < 0.01


def test_a_longer_look_ahead_counts_what_weeks_share():
    steps = np.random.default_rng(6).normal(0, 1, 203)
    lasting = np.convolve(steps, np.ones(4), "valid")
    narrow, wide = (loss_difference(lasting, np.zeros(200), np.arange(200), steps=n) for n in (1, 4))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    by_hand = sum(
        (1 if lag else 0.5) * (lasting - wide.mean)[lag:] @ (lasting - wide.mean)[: 200 - lag] for lag in range(4)
    )
    shrink = (201 - 8 + 4 * 3 / 200) / 200
    assert wide.statistic == pytest.approx(wide.mean * 200 / np.sqrt(2 * by_hand / shrink))


def test_what_does_not_apply_is_nan():
    nothing = loss_difference([], [], [])
    assert np.isnan(nothing.mean)
    assert nothing.games == 0
    one = loss_difference([0.1, 0.2], [0.0, np.nan], [1, 2])
    assert one.mean == pytest.approx(0.1)
    assert np.isnan([one.low, one.statistic, one.p_better]).all()
    same = loss_difference([0.5] * 5, [0.5] * 5, range(5))
    assert (same.mean, np.isnan(same.statistic)) == (0.0, True)


@pytest.mark.parametrize("bad", [{"second": [0.1]}, {"weeks": [1]}, {"level": 1.0}, {"steps": 0}])
def test_what_does_not_fit_is_refused(bad):
    with pytest.raises(UsageError):
        loss_difference(**{"first": [0.1, 0.2], "second": [0.1, 0.3], "weeks": [1, 2]} | bad)
