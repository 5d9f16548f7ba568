from __future__ import annotations

import pytest

from busta.errors import UsageError
from busta.workflows.predicting.price_words import Pick, find_game, read_spread, read_teaser, read_total
from support import game, games_of, tiny_league

LEAGUE = tiny_league(aliases={"boston": "BOS", "angels": "LAX"})
FIRST = game("BOS", "LAX", "2022-11-13 18:00", week=10)
AGAIN = game("BOS", "LAX", "2022-12-18 18:00", week=15)
OTHER = game("PHX", "NEW", "2022-11-13 21:00", week=10)
GAMES = games_of(FIRST, AGAIN, OTHER)


@pytest.mark.parametrize(
    ("text", "week", "date", "found"),
    [
        (FIRST["game_id"], None, None, FIRST),
        ("LAX@BOS", "2022-15", None, AGAIN),
        ("angels @ Boston", None, "2022-11-13", FIRST),
        ("NEW@PHX", None, None, OTHER),
    ],
)
def test_a_game_is_found_by_its_id_or_its_teams(text, week, date, found):
    assert find_game(GAMES, LEAGUE, text, week, date)["game_id"] == found["game_id"]


@pytest.mark.parametrize(
    ("text", "week", "says"),
    [
        ("LAX@BOS", None, "is 2 games, the last"),
        ("BOS@LAX", "2022-10", "BOS is at home there; write LAX@BOS"),
        ("PHX@BOS", None, "tiny has no game 'PHX@BOS'; give an id such as"),
        ("nonsense", "2022-10", "tiny has no game 'nonsense' in 2022-10"),
        ("2022_10_LAX_BOS", None, "tiny has no game '2022_10_LAX_BOS'; give an id such as"),
        ("XYZ@BOS", None, "unknown tiny team 'XYZ'"),
        ("LAX@BOS", "22-10", "give season and week"),
    ],
)
def test_a_game_that_is_not_there_or_not_one_is_refused(text, week, says):
    with pytest.raises(UsageError, match=says):
        find_game(GAMES, LEAGUE, text, week, None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("BOS -3.5", 3.5),
        ("boston +3", -3),
        ("LAX +3.5", 3.5),
        ("angels -1.25", -1.25),
        ("-7", 7),
        ("BOS pk", 0),
        ("0", 0),
    ],
)
def test_a_spread_is_read_in_the_books_way(text, line):
    found = read_spread(text, LEAGUE, FIRST)

    assert found == line
    assert str(found) != "-0.0"


@pytest.mark.parametrize("text", ["", "BOS", "BOS 3.1", "nan", "BOS inf", "3,5"])
def test_a_spread_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=r'give a team and its points, by quarters, as "BOS -3.5"'):
        read_spread(text, LEAGUE, FIRST)


def test_a_team_that_plays_elsewhere_has_no_spread_here():
    with pytest.raises(UsageError, match=r"PHX does not play in LAX@BOS .*; LAX and BOS do"):
        read_spread("PHX -3", LEAGUE, FIRST)


def test_a_total_is_above_0_and_by_quarters():
    assert read_total(45.25) == 45.25
    for wrong in (-1, 0, 45.1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="give points above 0, by quarters"):
            read_total(wrong)


def test_a_teaser_has_points_and_legs_of_games_of_the_same_week():
    found = read_teaser("6 BOS under NEW over:phx", tiny_league(aliases={"phx": "PHX"}), GAMES, FIRST)

    assert found.points == 6
    assert found.picks == (
        Pick(FIRST["game_id"], "margin", first=True),
        Pick(FIRST["game_id"], "total", first=False),
        Pick(OTHER["game_id"], "margin", first=False),
        Pick(OTHER["game_id"], "total", first=True),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "give points by halves and legs"),
        ("6", "give points by halves and legs"),
        ("BOS over", "give points by halves and legs"),
        ("6.25 BOS", "give points by halves and legs"),
        ("6 XYZ", "unknown tiny team 'XYZ'"),
    ],
)
def test_a_teaser_that_is_none_is_refused(text, says):
    with pytest.raises(UsageError, match=says):
        read_teaser(text, LEAGUE, GAMES, FIRST)


def test_a_team_without_a_game_in_that_week_is_no_leg():
    with pytest.raises(UsageError, match="PHX plays 0 games in the week of"):
        read_teaser("6 PHX", LEAGUE, GAMES, AGAIN)
