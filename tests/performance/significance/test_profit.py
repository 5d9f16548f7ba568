"""Expected ROI at an edge."""

import numpy as np
import pytest

from busta.betting.odds import edge
from busta.errors import UsageError
from busta.performance.significance.profit import bet_values, expected_roi, worth_staking

PRICE = 1 + 100 / 110


def test_without_an_edge_a_bet_costs_the_vig():
    base, gain = bet_values(PRICE)
    assert base == pytest.approx(-1 / 22)
    roi = expected_roi([1.0, -3.0], [True, True], base, gain)
    assert roi.at(0.0) == pytest.approx(-1 / 22)
    assert roi.at(roi.break_even) == pytest.approx(0)
    assert roi.at(1.0) == pytest.approx(base + 2 * gain)


def test_the_straight_line_is_near_the_normal():
    from scipy.special import ndtr

    base, gain = bet_values(PRICE, distance=0.5)
    for points in (0.5, 2.0):
        win = ndtr((0.5 + points) / 13.3)
        assert base + gain * points == pytest.approx(edge(win, 1 - win, PRICE), abs=0.002)


def test_stakes_weigh_in_and_games_that_are_not_bet_do_not():
    base, gain = np.array([-0.04, -0.05, np.nan]), np.array([0.05, 0.06, np.nan])
    roi = expected_roi([2.0, -1.0, np.nan], [3.0, 1.0, 0.0], base, gain)
    assert roi.base == pytest.approx((3 * -0.04 - 0.05) / 4)
    assert roi.gain == pytest.approx((3 * 0.1 + 0.06) / 4)


def test_no_bets_have_no_roi():
    roi = expected_roi([1.0], [0.0], -0.04, 0.05)
    assert np.isnan(roi.at(1.0))
    assert np.isnan(roi.break_even)


def test_candidates_have_each_their_own():
    roi = expected_roi(np.array([[1.0, 2.0], [4.0, 4.0]]), np.ones((2, 2)), -0.04, 0.05)
    np.testing.assert_allclose(roi.at([0.5, 1.0]), [-0.04 + 0.05 * 0.75, -0.04 + 0.05 * 4])


def test_only_opinions_that_clear_the_price_are_staked():
    base, gain = bet_values(PRICE)
    least = -base / gain / 0.5
    staked = worth_staking(0.5, [least * 0.99, -least * 1.01, np.nan], base, gain)
    assert staked.tolist() == [False, True, False]
    assert not worth_staking(-0.5, [10.0], base, gain).any()


@pytest.mark.parametrize("stake", [[-1.0], [np.nan]])
def test_a_stake_is_0_or_more(stake):
    with pytest.raises(UsageError, match="stake"):
        expected_roi([1.0], stake, -0.04, 0.05)


def test_a_bet_has_an_opinion():
    with pytest.raises(UsageError, match="opinion"):
        expected_roi([np.nan], [1.0], -0.04, 0.05)


@pytest.mark.parametrize(("price", "sd"), [(1.0, 13.3), (1.9, 0.0)])
def test_a_bet_has_a_price_and_a_result_a_spread(price, sd):
    with pytest.raises(UsageError):
        bet_values(price, sd=sd)
