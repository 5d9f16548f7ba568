"""The back-test."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.settlement import settle
from busta.errors import UsageError
from busta.performance.simulation import backtest, place

EVEN = [[0.6, 0.0, 0.4], [0.4, 0.0, 0.6], [0.505, 0.0, 0.495]]


@st.composite
def boards(draw):
    """Triples, both prices (some missing), values (some not played) and weeks."""
    games = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    triples = rng.dirichlet([5, 1, 5], games)
    prices = np.where(rng.uniform(size=(games, 2)) < 0.1, np.nan, rng.uniform(1.5, 3, (games, 2)))
    value = np.where(rng.uniform(size=games) < 0.1, np.nan, rng.integers(-9, 10, games))
    return triples, prices, value, rng.integers(1, 6, games)


def test_the_side_with_the_edge_is_taken():
    bets = place(EVEN, 2.0, 2.0)
    assert bets.game.tolist() == [0, 1]
    assert bets.first_side.tolist() == [True, False]
    np.testing.assert_allclose(bets.edge, 0.2)
    np.testing.assert_allclose(bets.win, 0.6)
    np.testing.assert_allclose(bets.lose, 0.4)


@given(boards(), st.floats(0, 0.3))
def test_no_bet_is_placed_below_the_least_edge_nor_without_a_price(board, min_edge):
    triples, prices, _, _ = board
    bets = place(triples, prices[:, 0], prices[:, 1], min_edge)
    edges = triples[:, [0, 2]] * (prices - 1) - triples[:, [2, 0]]
    best = np.nanmax(np.where(np.isnan(edges), -9, edges), axis=1)
    assert bets.game.tolist() == np.flatnonzero(best >= min_edge).tolist()
    np.testing.assert_allclose(bets.edge, best[bets.game])
    assert not np.isnan(bets.price).any()


def test_a_missing_price_leaves_the_other_side():
    bets = place([[0.7, 0.0, 0.3], [0.7, 0.0, 0.3]], [np.nan, np.nan], [9.0, np.nan])
    assert bets.game.tolist() == [0]
    assert bets.first_side.tolist() == [False]


def test_triples_of_another_shape_are_refused():
    with pytest.raises(UsageError, match="win, push and lose"):
        place([[0.5, 0.5]], 2.0, 2.0)


def test_figures_are_those_worked_out_by_hand():
    triples = np.tile([0.6, 0.0, 0.4], (5, 1))
    bets = place(triples, [2.0, 2.0, 2.5, 2.0, 2.0], 1.5)
    result = backtest(bets, [7, 3, 1, 9, np.nan], 3, [1, 1, 2, 2, 3], fraction=0.5, cap=0.1)
    assert (result.bets, result.unsettled, result.pushes) == (4, 1, 1)
    assert (result.turnover, result.unit_profit, result.roi) == (4, 1, 0.25)
    assert result.hit_rate == pytest.approx(2 / 3)
    stake = 0.1  # half Kelly of .2; the 2.5 price has .333, capped likewise
    growth = np.log1p(stake), np.log1p(-stake + stake)
    assert result.kelly_growth == pytest.approx(sum(growth))
    assert result.max_drawdown == 0
    assert np.isnan([result.roi_low, result.roi_high]).all()  # four bets say too little


def test_the_bankroll_of_a_bet_is_that_of_the_weeks_start():
    bets = place([[0.9, 0.0, 0.1]] * 3, 2.0, 2.0)
    result = backtest(bets, [-1, -1, 1], 0, [2, 2, 1], fraction=1.0, cap=0.2)
    assert result.kelly_growth == pytest.approx(np.log(1.2) + np.log(0.6))
    assert result.max_drawdown == pytest.approx(0.4)


def test_no_week_stakes_more_than_there_is():
    bets = place([[0.9, 0.0, 0.1]] * 4, 2.0, 2.0)
    result = backtest(bets, [1, 1, 1, -1], 0, [1, 1, 1, 1], fraction=1.0, cap=0.5)
    assert result.kelly_growth == pytest.approx(np.log(1 + 0.25 * 2))


def test_a_lost_bankroll_is_minus_infinity_and_a_full_drawdown():
    bets = place([[0.9, 0.0, 0.1]] * 2, 2.0, 2.0)
    result = backtest(bets, [-1, -1], 0, [1, 1], fraction=1.0, cap=0.5)
    assert result.kelly_growth == -np.inf
    assert result.max_drawdown == 1


def test_a_drawdown_counts_from_the_first_bankroll():
    bets = place([[0.9, 0.0, 0.1]] * 2, 2.0, 2.0)
    assert backtest(bets, [-1, 1], 0, [1, 2], cap=0.05).max_drawdown == pytest.approx(0.05)


def test_no_bets_have_counts_of_0_and_no_ratios():
    summary = backtest(place(EVEN, 1.1, 1.1), [1, 1, 1], 0, [1, 2, 3]).summary()
    counts = {"bets", "unsettled", "pushes", "turnover", "unit_profit"}
    assert all(summary.pop(name) == 0 for name in counts)
    assert np.isnan(list(summary.values())).all()


def test_a_season_of_pushes_has_no_hit_rate_but_a_turnover():
    result = backtest(place(EVEN, 2.0, 2.0), [3, 3, 3], 3, [1, 2, 3])
    assert (result.pushes, result.turnover, result.unit_profit, result.roi) == (2, 2, 0, 0)
    assert np.isnan(result.hit_rate)


@given(boards())
def test_every_profit_comes_from_the_one_payoff_formula(board):
    triples, prices, value, weeks = board
    bets = place(triples, prices[:, 0], prices[:, 1])
    result = backtest(bets, value, 0, weeks)
    profit = settle(value[bets.game], 0, bets.first_side, bets.price)
    assert result.bets + result.unsettled == len(bets)
    assert result.unit_profit == pytest.approx(np.nansum(profit))
    assert result.turnover == np.isfinite(profit).sum()


@given(boards())
def test_weeks_are_taken_in_their_order_not_in_that_of_the_rows(board):
    triples, prices, value, weeks = board
    figures = []
    for order in (np.arange(len(weeks)), np.arange(len(weeks))[::-1]):
        bets = place(triples[order], *prices[order].T)
        figures.append(backtest(bets, value[order], 0, weeks[order]).summary())
    assert figures[0] == pytest.approx(figures[1], nan_ok=True)


def test_a_bettor_without_knowledge_loses_the_vig():
    rng = np.random.default_rng(8)
    games = 20_000
    triples = np.column_stack((rng.uniform(0.56, 0.7, games), np.zeros(games)))
    triples = np.column_stack((triples, 1 - triples[:, 0]))
    result = backtest(place(triples, 21 / 11, 21 / 11), rng.choice([-1, 1], games), 0, np.arange(games) // 200)
    assert result.roi == pytest.approx(-1 / 22, abs=0.02)
    assert result.roi_high < 0
    assert result.kelly_growth < 0
    assert json.dumps(result.summary())
