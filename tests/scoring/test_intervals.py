"""Intervals by week."""

import numpy as np
import pytest

from busta.errors import UsageError
from busta.scoring.intervals import weekly_ratio_interval


def season(rng, games=240, legs=3):
    """Profits of a true ROI of 0 on 16 games a week, the legs of a game won and lost together."""
    week = np.repeat(np.arange(games) // 16, legs)
    shared = rng.normal(size=games).repeat(legs)
    profit = np.where(0.9 * shared + np.sqrt(0.19) * rng.normal(size=games * legs) > 0, 1.0, -1.0)
    return profit, week


def test_the_interval_covers_the_truth_as_often_as_it_says_with_correlated_legs():
    rng = np.random.default_rng(11)
    seasons = [season(rng) for _ in range(400)]
    assert 0.90 <= coverage(seasons) <= 0.98
    alone = [(profit, np.arange(len(profit))) for profit, _ in seasons[:100]]
    assert coverage(alone) < 0.85  # what treating every bet as its own week would cost


def coverage(seasons):
    """Share of the seasons whose interval holds the true ROI of 0."""
    intervals = [weekly_ratio_interval(profit, 1.0, week, draws=300) for profit, week in seasons]
    return np.mean([low <= 0 <= high for low, high in intervals])


def test_stakes_weigh_in():
    profit, stake, week = [10.0, -1.0, 0.5], [10.0, 1.0, 1.0], [1, 2, 3]
    low, high = weekly_ratio_interval(profit, stake, week)
    assert -1 <= low < 9.5 / 12 < high <= 1


def test_rows_of_a_week_come_and_go_together():
    assert weekly_ratio_interval([5.0, -5.0, 5.0, -5.0], 1.0, [1, 1, 2, 2]) == (0.0, 0.0)


def test_the_same_seed_gives_the_same_interval_whatever_the_order_of_rows():
    profit, week = season(np.random.default_rng(2))
    first = weekly_ratio_interval(profit, 1.0, week, seed=5)
    assert weekly_ratio_interval(profit[::-1], 1.0, week[::-1], seed=5) == first
    assert weekly_ratio_interval(profit, 1.0, week, seed=6) != first


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
        ([1.0, 2.0], [0.0, 0.0], [1, 2]),
    ],
)
def test_there_is_no_interval_without_two_weeks_and_all_numbers(above, below, weeks):
    assert np.isnan(weekly_ratio_interval(above, below, weeks)).all()


def test_weeks_without_turnover_do_not_spoil_the_interval():
    interval = weekly_ratio_interval([0.5, 0.0], [1.0, 0.0], [1, 2])
    assert interval == (0.5, 0.5)


@pytest.mark.parametrize("wrong", [{"level": 1.0}, {"level": 0.0}, {"draws": 0}])
def test_a_level_outside_0_to_1_or_no_draws_are_refused(wrong):
    with pytest.raises(UsageError):
        weekly_ratio_interval([1.0, 2.0], 1.0, [1, 2], **wrong)


def test_numbers_that_do_not_fit_the_weeks_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        weekly_ratio_interval([1.0, 2.0, 3.0], 1.0, [1, 2])
