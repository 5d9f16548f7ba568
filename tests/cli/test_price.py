"""`busta price`, for people and for programs."""

from __future__ import annotations

import pytest

from workspaces import CURRENT

SIM = ("--league", "sim")
WEEK = ("--week", f"{CURRENT}-18")


@pytest.fixture
def game(run):
    return run("predict", "ats", *WEEK, *SIM, "--json").json["predictions"][2]


def test_a_game_is_priced_in_the_books_way(run, game):
    home, away = game["home_team"], game["away_team"]
    answer = run("price", f"{away}@{home}", *WEEK, *SIM, "--spread", "-3.5", "--spread", f"{away} -1", "--total", "41",
                 "--teaser", f"6 {home} under")  # fmt: skip

    assert answer.code == 0, answer.err
    for shown in (
        f"{home} -3.5",
        f"{away} +3.5",
        f"{away} -1",
        f"{home} +1",
        "over 41",
        "fair lines: ",
        f"{away} by 1-6",
    ):
        assert shown in answer.out, shown
    assert f"6: {home}" in answer.out
    assert "odd total" in answer.out


def test_a_game_is_one_object_for_programs(run, game):
    found = run("price", game["game_id"], *SIM, "--json").json
    assert found["game_id"] == game["game_id"]
    assert found["prices"]


def test_a_game_learned_from_is_marked_and_missing_markets_are_named(run):
    old = run("predict", "moneyline", "--week", "2012-10", *SIM, "--json").json["predictions"][0]["game_id"]
    answer = run("price", old, *SIM, "--blind")

    assert f"{old}*" in answer.out
    assert "* a version learned from this game" in answer.out
    assert "note: ats is no part of it: there is no model busta-sim-ats-blind yet" in answer.out


def test_totals_of_several_games_name_theirs(run, game):
    other = run("predict", "ats", *WEEK, *SIM, "--json").json["predictions"][5]
    answer = run("price", game["game_id"], *SIM, "--teaser", f"6 over over:{other['home_team']}")
    assert f" of {other['away_team']}@{other['home_team']}" in answer.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nonsense",), "sim has no game 'nonsense'"),
        (("HFD@PVD", "--week", "2014"), "give season and week"),
        (("XYZ@PVD",), "unknown sim team 'XYZ'"),
        (("HFD@PVD", "--total", "many"), "many"),
        ((), "GAME"),
    ],
)
def test_wrong_input_ends_in_a_line_or_two(run, words, says):
    answer = run("price", *words, *SIM)

    assert answer.code == 2
    assert says in answer.err
    assert len(answer.err.splitlines()) <= 2
