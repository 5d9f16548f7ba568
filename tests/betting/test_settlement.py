"""The one payoff formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.odds import fair_price
from busta.betting.settlement import label, outcome, settle
from busta.errors import UsageError

points = st.integers(-80, 80).map(float)
lines = st.integers(-60, 60).map(lambda half: half / 2)
prices = st.floats(1.01, 50)


def test_a_win_pays_the_price_and_a_loss_costs_the_stake():
    assert settle([10, 10], 3.5, [True, False], 1.91, 100).tolist() == pytest.approx([91, -100])


@given(points, st.booleans(), prices, st.floats(0, 1000))
def test_a_push_returns_the_stake(value, first_side, price, stake):
    assert float(settle(value, value, first_side, price, stake)) == 0.0


@given(points, lines, prices)
def test_one_of_two_opposite_bets_wins_unless_both_push(value, line, price):
    first, second = settle(value, line, [True, False], price)
    if value == line:
        assert first == second == 0
    else:
        assert sorted((first, second)) == pytest.approx([-1, price - 1])


@given(points, lines, st.booleans(), prices, st.floats(0, 100))
def test_profit_scales_with_the_stake(value, line, first_side, price, stake):
    unit = float(settle(value, line, first_side, price))
    assert float(settle(value, line, first_side, price, stake)) == pytest.approx(stake * unit)


@given(st.lists(points, min_size=2, max_size=40), lines)
def test_both_sides_at_the_fair_prices_of_what_happened_earn_nothing(values, line):
    won, lost = np.mean(np.array(values) > line), np.mean(np.array(values) < line)
    if won and lost:
        for first_side, price in ((True, fair_price(won, lost)), (False, fair_price(lost, won))):
            assert settle(values, line, first_side, price).sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("missing", ["value", "line", "price", "stake"])
@pytest.mark.parametrize("value", [0.0, 3.0, 9.0])
def test_what_is_missing_leaves_a_bet_unsettled(missing, value):
    bet = {"value": value, "line": 3.0, "first_side": True, "price": 1.9, "stake": 1.0} | {missing: np.nan}
    assert np.isnan(settle(**bet))


@pytest.mark.parametrize("price", [1.0, 0.0, -110.0])
def test_a_price_that_is_not_decimal_is_refused(price):
    with pytest.raises(UsageError, match="a decimal price is finite and above 1"):
        settle([1.0, 2.0], 0, True, [1.9, price])


def test_a_negative_stake_is_refused():
    with pytest.raises(UsageError, match=r"stake -5\.0"):
        settle(1.0, 0, True, 1.9, -5)


def test_the_outcome_is_the_side_that_won():
    sides = outcome([4, 3, 2], 3)
    assert sides.tolist() == [1, 0, -1]
    assert sides.dtype == np.int8


def test_an_unplayed_game_has_no_outcome():
    with pytest.raises(UsageError, match="1 games have no result"):
        outcome([4, np.nan], 3)


def test_labels_are_missing_for_pushes_and_unplayed_games():
    np.testing.assert_array_equal(label([4, 3, 2, np.nan, 1], [3, 3, 3, 3, np.nan]), [1, np.nan, 0, np.nan, np.nan])


@given(points, lines, prices)
def test_the_label_agrees_with_the_profit(value, line, price):
    profit, target = float(settle(value, line, True, price)), float(label(value, line))
    assert (profit > 0, profit < 0) == (target == 1, target == 0)
