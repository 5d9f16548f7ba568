"""Intervals by week."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from busta.errors import UsageError
from busta.scoring.intervals import ratio_of_sums, weekly_ratio_interval

numbers = st.floats(-10, 10).map(lambda x: round(x, 3))


def season(rng, games=240, legs=3):
    """Profits of a true ROI of 0 on 16 games a week, the legs of a game won and lost together."""
    week = np.repeat(np.arange(games) // 16, legs)
    shared = rng.normal(size=games).repeat(legs)
    profit = np.where(0.9 * shared + np.sqrt(0.19) * rng.normal(size=games * legs) > 0, 1.0, -1.0)
    return profit, week


def coverage(seasons):
    """Share of the seasons whose interval holds the true ROI of 0."""
    intervals = [weekly_ratio_interval(profit, 1.0, week) for profit, week in seasons]
    return np.mean([low <= 0 <= high for low, high in intervals])


def test_the_interval_covers_the_truth_as_often_as_it_says_with_correlated_legs():
    rng = np.random.default_rng(11)
    seasons = [season(rng) for _ in range(1000)]
    assert 0.93 <= coverage(seasons) <= 0.97
    alone = [(profit, np.arange(len(profit))) for profit, _ in seasons[:100]]
    assert coverage(alone) < 0.85  # what treating every bet as its own week would cost


def test_it_covers_with_as_few_as_five_weeks():
    rng = np.random.default_rng(12)
    assert 0.93 <= coverage([season(rng, games=80) for _ in range(1000)]) <= 0.97


def test_the_interval_is_the_one_worked_out_by_hand():
    # R = 9.5 / 12; residuals of the weeks 10 - 10 R, -1 - R, 0.5 - R; three weeks of which one has most of it
    # count as 144 / 102, so there is one degree of freedom: t at .975 is 12.7062
    ratio, error, freedom = ratio_of_sums([10.0, -1.0, 0.5], [10.0, 1.0, 1.0])
    residuals = np.array([2.083333, -1.791667, -0.291667])
    assert (ratio, freedom) == (pytest.approx(9.5 / 12), 1)
    assert error == pytest.approx(np.sqrt(1.5 * (residuals**2).sum()) / 12, rel=1e-5)
    low, high = weekly_ratio_interval([10.0, -1.0, 0.5], [10.0, 1.0, 1.0], [1, 2, 3])
    assert (low, high) == pytest.approx((ratio - 12.7062047 * error, ratio + 12.7062047 * error), rel=1e-6)


def test_weeks_alike_have_a_degree_of_freedom_each_but_one_and_a_large_one_costs_them():
    alike = ratio_of_sums([3.0, -1.0, 0.5, 2.0], [4.0] * 4).freedom
    uneven = ratio_of_sums([3.0, -1.0, 0.5, 2.0], [8.0, 4.0, 2.0, 2.0]).freedom
    assert (alike, uneven) == (pytest.approx(3), pytest.approx(256 / 88 - 1))


@given(st.lists(numbers, min_size=2, max_size=30).filter(lambda x: np.std(x) > 1e-6))
def test_one_row_a_week_is_the_t_test_of_the_textbooks(x):
    expected = ttest_1samp(x, 0.0)
    mean, error, freedom = ratio_of_sums(x, np.ones(len(x)))
    assert mean == pytest.approx(np.mean(x), abs=1e-9)
    assert error == pytest.approx(np.std(x, ddof=1) / np.sqrt(len(x)), rel=1e-9)
    assert freedom == pytest.approx(expected.df)
    assert weekly_ratio_interval(x, 1.0, np.arange(len(x))) == pytest.approx(expected.confidence_interval(), abs=1e-6)


def test_one_side_leaves_the_other_open():
    profit, week = season(np.random.default_rng(4))
    both = weekly_ratio_interval(profit, 1.0, week, level=0.90)
    assert weekly_ratio_interval(profit, 1.0, week, level=0.95, side="low") == (pytest.approx(both[0]), np.inf)
    assert weekly_ratio_interval(profit, 1.0, week, level=0.95, side="high") == (-np.inf, pytest.approx(both[1]))


def test_rows_of_a_week_come_and_go_together():
    assert weekly_ratio_interval([5.0, -5.0, 5.0, -5.0], 1.0, [1, 1, 2, 2]) == (0.0, 0.0)


def test_the_order_of_rows_does_not_matter():
    profit, week = season(np.random.default_rng(2))
    assert weekly_ratio_interval(profit[::-1], 1.0, week[::-1]) == weekly_ratio_interval(profit, 1.0, week)


@pytest.mark.parametrize("stake", [-1.0, [1.0, -1.0, 2.0]])
def test_negative_stakes_are_refused(stake):
    with pytest.raises(UsageError, match=r"denominator -1\.0 cannot be right; it is finite and 0 or more"):
        weekly_ratio_interval([1.0, 2.0, 4.0], stake, [1, 2, 3])


@pytest.mark.parametrize(
    "weeks", [[1, np.nan], [1, None], [None, None], ["a", None], np.array(["NaT", "NaT"], "M8[D]")]
)
def test_a_row_without_a_week_is_refused(weeks):
    with pytest.raises(UsageError, match="missing"):
        weekly_ratio_interval([1.0, 2.0], 1.0, weeks)


def test_a_side_nobody_knows_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"unknown side of an interval 'foo'\. Allowed: both, low, high"):
        weekly_ratio_interval([1.0, 2.0], 1.0, [1, 2], side="foo")


@pytest.mark.parametrize("weeks", [["2020-01", "2020-02"], np.array(["2020-01-05", "2020-01-12"], "M8[D]"), [0.5, 1.5]])
def test_weeks_may_be_labelled_in_any_way_that_sorts(weeks):
    assert weekly_ratio_interval([1.0, 2.0], 1.0, weeks) == weekly_ratio_interval([1.0, 2.0], 1.0, [1, 2])


def test_a_higher_level_is_a_wider_interval():
    profit, week = season(np.random.default_rng(3))
    narrow, wide = (weekly_ratio_interval(profit, 1.0, week, level=level) for level in (0.5, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("above", "below", "weeks"),
    [
        ([], [], []),
        ([1.0, 2.0], 1.0, [7, 7]),
        ([1.0, np.nan], 1.0, [1, 2]),
        ([1.0, 2.0], [1.0, np.nan], [1, 2]),
        ([1.0, 2.0], [0.0, 0.0], [1, 2]),
        ([0.5, 0.0], [1.0, 0.0], [1, 2]),
    ],
)
def test_there_is_no_interval_without_two_weeks_and_all_numbers(above, below, weeks):
    assert np.isnan(weekly_ratio_interval(above, below, weeks)).all()


def test_weeks_without_turnover_do_not_spoil_the_interval():
    played = weekly_ratio_interval([0.5, 0.1], 1.0, [1, 3])
    assert weekly_ratio_interval([0.5, 0.0, 0.1], [1.0, 0.0, 1.0], [1, 2, 3]) == played


@pytest.mark.parametrize("level", [1.0, 0.0, np.nan])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(UsageError):
        weekly_ratio_interval([1.0, 2.0], 1.0, [1, 2], level=level)


def test_numbers_that_do_not_fit_the_weeks_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        weekly_ratio_interval([1.0, 2.0, 3.0], 1.0, [1, 2])


def test_it_covers_with_weeks_of_different_size_in_many_worlds_at_once():
    rng = np.random.default_rng(2)
    bets = rng.integers(0, 9, (2000, 40)).astype(float)
    profit = bets * rng.normal(-0.05, 0.5, bets.shape)
    low, high = ratio_of_sums(profit, bets).interval()
    assert 0.93 <= np.mean((low <= -0.05) & (high >= -0.05)) <= 0.97


def test_no_bets_have_no_ratio_and_one_week_no_interval():
    found = ratio_of_sums([[0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]])
    np.testing.assert_array_equal(found.value, [np.nan, 0.5])
    assert np.isnan(found.interval()).all()
    assert np.isnan(found.interval(side="low")).all()
