"""Bets chosen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.errors import UsageError
from busta.performance.simulation import Bets, lay, place, slip

EVEN = [[0.6, 0.0, 0.4], [0.4, 0.0, 0.6], [0.505, 0.0, 0.495]]


def test_bets_are_taken_by_row():
    bets = place(EVEN, 2.0, 2.0)
    assert bets.take(np.array([False, True])).game.tolist() == [1]
    assert bets.take(np.array([1, 0])).first_side.tolist() == [False, True]


def test_a_strategy_without_probabilities_lays_its_side_where_that_has_a_price():
    prices = np.array([[2.0, 1.8], [2.1, 1.7], [np.nan, 1.9], [1.9, np.nan]])
    bets = lay(np.array([0, 1, 0, -1]), prices)
    assert bets.game.tolist() == [0, 1]
    assert bets.first_side.tolist() == [True, False]
    assert bets.price.tolist() == [2.0, 1.7]
    assert np.isnan([bets.win, bets.lose, bets.edge]).all()


@given(st.floats(0, 0.99), st.floats(1.1, 5))
def test_slippage_takes_its_share_of_the_profit_of_each_price(slippage, price):
    bets = place([[0.9, 0.0, 0.1]], price, 1.1, -1)
    worse = slip(bets, slippage)
    assert worse.price - 1 == pytest.approx((1 - slippage) * (bets.price - 1))
    assert worse.edge == pytest.approx(worse.win * (worse.price - 1) - worse.lose)


@pytest.mark.parametrize("slippage", [-0.01, 1.0, np.nan])
def test_slippage_outside_0_to_1_is_refused(slippage):
    with pytest.raises(UsageError, match="slippage"):
        slip(place(EVEN, 2.0, 2.0), slippage)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"price": np.array([np.nan, 2.0])}, "without a price"),
        ({"price": np.array([1.0, 2.0])}, "price 1.0"),
        ({"price": np.array([-2.0, 2.0])}, "price -2.0"),
        ({"win": np.array([-0.1, 0.5])}, "probability to win -0.1"),
        ({"lose": np.array([0.5, 1.5])}, "probability to lose 1.5"),
        ({"win": np.array([0.5])}, "one number a bet"),
    ],
)
def test_bets_that_cannot_be_are_refused(changes, says):
    good = place(EVEN, 2.0, 2.0)
    with pytest.raises(UsageError, match=says):
        replace(good, **changes)


def test_bets_have_one_dimension():
    two = np.zeros((1, 1))
    with pytest.raises(UsageError, match="one number a bet"):
        Bets(two.astype(int), two == 0, two + 2, two, two, two)


@pytest.mark.parametrize(
    ("triples", "price", "says"),
    [
        ([[1.2, 0.0, -0.2]], 2.0, "probability"),
        ([[0.7, 0.0, 0.7]], 2.0, "sum to 1"),
        ([[0.5, 0.0, 0.5]], 0.9, "price 0.9"),
    ],
)
def test_a_board_that_cannot_be_is_refused(triples, price, says):
    with pytest.raises(UsageError, match=says):
        place(triples, price, 2.0)


@pytest.mark.parametrize("triple", [(0.6, 0.1, 0.4), (0.5, 0.0, 0.4), (0.6, -0.1, 0.5)])
def test_probabilities_of_a_game_sum_to_one(triple):
    with pytest.raises(UsageError, match="sum to 1"):
        place([triple], 2.0, 2.0)


def test_a_least_edge_that_is_no_number_is_refused():
    with pytest.raises(UsageError, match="min_edge"):
        place([(0.6, 0.0, 0.4)], 2.0, 2.0, min_edge=float("nan"))
