"""What anybody could have bet."""

import numpy as np
import pytest

from busta.performance.simulation import strategies
from busta.performance.simulation.strategies import as_forecast_by, coin_luck, names, strategy


def all_rows(board):
    return np.arange(len(board))


def test_each_market_has_its_strategies(season):
    assert names(season([1], 0.5)) == ("home", "away", "favourite", "underdog", "coin")
    assert names(season([1], 0.5, market="totals")) == ("over", "under", "coin")


def test_each_strategy_bets_its_side(season):
    board = season([1] * 3, 0.5, market_mean=[3, -3, 0], prices=[[1.9, 2.0]] * 3)
    sides = {name: strategy(name, board, all_rows(board)).first_side.tolist() for name in names(board)[:4]}
    assert sides == {"home": [True] * 3, "away": [False] * 3, "favourite": [True, False], "underdog": [False, True]}
    assert strategy("away", board, all_rows(board)).price.tolist() == [2.0] * 3


def test_a_strategy_bets_only_the_games_given(season):
    board = season([1] * 4, 0.5)
    assert strategy("home", board, np.array([1, 3])).game.tolist() == [1, 3]
    assert len(strategy("coin", board, np.array([], dtype=int))) == 0


def test_a_coin_is_seeded_and_fair(season):
    board = season([1] * 400, 0.5, week=1)
    tossed = strategy("coin", board, all_rows(board), seed=3).first_side
    assert (tossed == strategy("coin", board, all_rows(board), seed=3).first_side).all()
    assert (tossed != strategy("coin", board, all_rows(board), seed=4).first_side).any()
    assert tossed.mean() == pytest.approx(0.5, abs=0.1)


def test_the_luck_of_coins_spreads_as_the_binomial_says(season):
    """400 even bets at -110: ROI -4.55 % with sd 1.909 / 2 / 20 = .0477."""
    board = season([1, -1] * 200, 0.5, line=0, week=1)
    low, median, high = coin_luck(board, all_rows(board)).values()
    assert median == pytest.approx(-1 / 22, abs=0.01)
    assert low == pytest.approx(-1 / 22 - 1.96 * 0.0477, abs=0.012)
    assert high == pytest.approx(-1 / 22 + 1.96 * 0.0477, abs=0.012)


def test_luck_in_parts_is_the_same_kind_of_luck(season, monkeypatch):
    board = season([1, -1] * 50, 0.5, line=0, week=1)
    whole = coin_luck(board, all_rows(board))
    monkeypatch.setattr(strategies, "CELLS", 100 * 300)  # 300 coins at a time
    assert coin_luck(board, all_rows(board)) == pytest.approx(whole, abs=0.05)


def test_no_settled_game_no_luck(season):
    board = season([None, 1], 0.5, prices=[[1.9, 1.9], [np.nan, 1.9]])
    assert np.isnan(list(coin_luck(board, all_rows(board)).values())).all()


def test_another_model_speaks_of_the_same_games_by_their_id(season):
    board = season([1, 1, 1], 0.5, line=[0.5, 1.5, 2.5])
    other = season([1, 1], [0.6, 0.7], line=[0.5, 9.5], mean=[4, 5]).take(np.array([1, 0]))
    theirs = as_forecast_by(other, board)
    assert theirs.probability[0] == pytest.approx(0.6)
    assert theirs.mean[0] == 4
    assert np.isnan(theirs.triples[1:]).all()  # another line, another game
    assert (theirs.prices == board.prices).all()
