"""Filters and abstention."""

import numpy as np
import pytest
from scipy.special import ndtr

from busta.errors import UsageError
from busta.performance.simulation import Choice, choose
from busta.performance.simulation.choice import favourites, within


def rows(board, **asked):
    return choose(board, Choice(**asked)).bets.game.tolist()


def test_edges_outside_the_range_are_left_out_with_their_reason(season):
    board = season([1] * 4, [0.5, 0.53, 0.6, 0.3], prices=2.0)
    found = choose(board, Choice(min_edge=0.05, max_edge=0.3))
    assert found.bets.game.tolist() == [1, 2]
    assert found.abstained == {"edge below 5.0%": 1, "edge above 30.0%: too good to be true": 1}


def test_a_game_without_a_price_is_not_bet(season):
    board = season([1, 1], [0.6, np.nan], prices=[[np.nan, np.nan], [2, 2]])
    found = choose(board, Choice())
    assert len(found.bets) == 0
    assert found.abstained == {"no price or no probability": 2}


def test_seasons_and_teams_are_filtered_first(season):
    board = season([1] * 3, 0.6, year=[2020, 2021, 2021], home=["BOS", "PHX", "BOS"], away=["LAX", "NEW", "NEW"])
    assert within(board, Choice(seasons=(2021,))).tolist() == [False, True, True]
    assert within(board, Choice(teams=("LAX", "PHX"))).tolist() == [True, True, False]
    assert rows(board, seasons=(2021,), teams=("BOS",)) == [2]
    assert choose(board, Choice(seasons=(2021,))).abstained == {}


def test_only_one_side(season):
    board = season([1] * 2, [0.6, 0.4])
    assert (rows(board, side="home"), rows(board, side="away")) == ([0], [1])
    assert choose(board, Choice(side="home")).abstained == {"not on home": 1}


def test_favourite_and_underdog_go_by_the_market(season):
    board = season([1] * 3, [0.6, 0.4, 0.6], market_mean=[3, 3, 0])
    assert favourites(board).tolist() == [0, 0, -1]
    assert (rows(board, role="favourite"), rows(board, role="underdog")) == ([0], [1])
    assert choose(board, Choice(role="favourite")).abstained == {"not on the favourite": 2}


def test_the_favourite_of_a_total_is_the_shorter_price(season):
    board = season([50] * 4, 0.6, market="totals", line=45, prices=[[1.8, 2.1], [2.1, 1.8], [1.9, 1.9], [np.nan, 1.9]])
    assert favourites(board).tolist() == [0, 1, -1, -1]


def test_assumed_prices_can_be_left_alone(season):
    board = season([1] * 2, 0.6, assumed=[True, False])
    assert rows(board) == [0, 1]
    assert rows(board, assumed_prices=False) == [1]
    assert choose(board, Choice(assumed_prices=False)).abstained == {"the price is assumed": 1}


def test_the_strongest_opinions_take_their_threshold_from_earlier_seasons(season):
    """2020: opinions of 1 to 5, so the strongest 40 % of 2021 begin at 3.4, whatever 2021's own are."""
    year = [2020] * 5 + [2021] * 4
    points = np.array([1, -2, 3, -4, 5, 3.3, 3.5, -9, 8])
    board = season([1] * 9, ndtr(points / 10), year=year, week=1)
    found = choose(board, Choice(strongest=0.4))
    assert found.bets.game.tolist() == [6, 7, 8]
    assert found.abstained == {
        "no earlier season to take the threshold from": 5,
        "opinion not among the 40% strongest of earlier seasons": 1,
    }


def test_a_difference_from_nothing_is_not_strong(season):
    board = season([1] * 3, 0.6, year=[2020, 2021, 2021], close=[0.5, np.nan, 0.5])
    assert rows(board, strongest=1.0) == [2]


def test_the_first_rule_that_applies_is_the_reason(season):
    board = season([1], 0.5, assumed=True)
    assert choose(board, Choice(side="home", assumed_prices=False)).abstained == {"edge below 2.0%": 1}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"seasons": (2019,)}, r"unknown season '2019'.*Allowed: 2020"),
        ({"teams": ("BSO",)}, "unknown tiny team 'BSO'.*Allowed: BOS, LAX, PHX, NEW"),
        ({"side": "over"}, "unknown side of ats 'over'.*Allowed: home, away"),
    ],
)
def test_what_these_forecasts_do_not_have_is_refused_with_what_they_have(season, asked, says):
    with pytest.raises(UsageError, match=says):
        choose(season([1], 0.6), Choice(**asked))


@pytest.mark.parametrize(
    "wrong", [{"min_edge": np.nan}, {"min_edge": -2}, {"max_edge": 0.01}, {"strongest": 0}, {"strongest": np.nan}]
)
def test_rules_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=r"edge|strongest"):
        Choice(**wrong)


def test_a_choice_of_all_games_and_sides_is_not_filtered():
    assert not Choice(min_edge=0.1, strongest=0.4).filtered
    assert all(Choice(**part).filtered for part in ({"seasons": (1,)}, {"teams": ("A",)}, {"side": "home"}))
    assert Choice(role="underdog").filtered


def test_an_unknown_role_is_refused():
    with pytest.raises(UsageError, match="role 'dog'"):
        Choice(role="dog")
