"""ROI by t over weeks."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from busta.errors import UsageError
from busta.performance.significance.ratio import weekly_ratio


def test_with_equal_turnover_it_is_students_t():
    profit = np.random.default_rng(1).normal(-0.5, 3, 30)
    ratio = weekly_ratio(profit, np.full(30, 10.0))
    low, high = ttest_1samp(profit / 10, 0).confidence_interval()
    assert (ratio.low, ratio.high) == pytest.approx((low, high))
    assert ratio.value == pytest.approx(profit.mean() / 10)


def test_weeks_without_bets_say_nothing():
    ratio = weekly_ratio([1.0, 0.0, -2.0, 0.0], [2.0, 0.0, 3.0, 0.0])
    assert (ratio.low, ratio.high) == pytest.approx(
        tuple(
            float(end)
            for end in (weekly_ratio([1.0, -2.0], [2.0, 3.0]).low, weekly_ratio([1.0, -2.0], [2.0, 3.0]).high)
        )
    )


def test_it_covers_with_weeks_of_different_size():
    rng = np.random.default_rng(2)
    bets = rng.integers(0, 9, (2000, 40)).astype(float)
    profit = bets * rng.normal(-0.05, 0.5, bets.shape)
    ratio = weekly_ratio(profit, bets)
    assert 0.93 <= np.mean((ratio.low <= -0.05) & (ratio.high >= -0.05)) <= 0.97


def test_no_bets_have_no_roi_and_one_week_no_interval():
    ratio = weekly_ratio([[0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]])
    np.testing.assert_array_equal(ratio.value, [np.nan, 0.5])
    assert np.isnan(ratio.low).all()


@pytest.mark.parametrize(
    ("above", "below", "level"),
    [([1.0], [1.0, 2.0], 0.95), ([1.0], [-1.0], 0.95), (1.0, 1.0, 0.95), ([1.0], [1.0], 1.0)],
)
def test_what_does_not_fit_is_refused(above, below, level):
    with pytest.raises(UsageError):
        weekly_ratio(above, below, level)
