"""How sure a model can be."""

import numpy as np
import pytest
from scipy.special import ndtr

from busta.performance.simulation import place
from busta.performance.simulation.uncertainty import slope_sd, win_sd


def test_the_first_season_is_as_unsure_as_its_prior_and_later_ones_learn_from_earlier_only(season):
    points = np.array([5, 5, 20, 0])  # of an sd of 10
    board = season([10, -10, 10, -10], ndtr(points / 10), line=0, year=[2020, 2020, 2021, 2022], week=1)
    # 2021: opinions of 5 and 5, residuals of 10: 1 / sqrt(1 + 50 / 100); 2022: 450 / 100
    assert slope_sd(board).tolist() == pytest.approx([1, 1, 1 / np.sqrt(1.5), 1 / np.sqrt(5.5)])


def test_a_moneyline_learns_from_who_won_in_pearson_units(season):
    """Two wins at q = .2, where s = .4: residuals of 2, and opinions of .4 * (logit .5 - logit .2) = .4 log 4."""
    board = season([3, 30, 1], 0.5, market="moneyline", line=0, close=0.2, year=[2020, 2020, 2021])
    assert slope_sd(board).tolist() == pytest.approx([1, 1, 1 / np.sqrt(1 + 2 * (0.4 * np.log(4)) ** 2 / 4)])


def test_games_without_a_result_or_a_market_teach_nothing(season):
    board = season([None, 10, 10], 0.6, year=[2020, 2020, 2021], close=[0.5, np.nan, 0.5])
    assert slope_sd(board).tolist() == [1, 1, 1]


def test_a_bet_is_as_unsure_as_it_is_far_from_the_market(season):
    board = season([1] * 4, [0.6, 0.35, 0.6, 0.6], push=[0, 0, 0.2, 0], close=[0.5, 0.5, 0.5, np.nan], prices=2.0)
    bets = place(board.triples, *board.prices.T, -1)
    assert win_sd(bets, board).tolist() == pytest.approx([0.1, 0.15, 0.1, 0.1])


def test_a_sure_push_is_as_unsure_as_a_coin(season):
    board = season([1], 0.5, push=1.0, close=0.4)
    assert win_sd(place(board.triples, *board.prices.T, -1), board).tolist() == pytest.approx([0.1])


def test_at_the_open_the_market_is_the_opening_line(season):
    board = season([1], 0.6, moment="open", close=0.6, opening=0.52)
    assert win_sd(place(board.triples, *board.prices.T), board).tolist() == pytest.approx([0.08])
