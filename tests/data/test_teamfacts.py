"""EPA of teams: nflverse's statistics by week, and a table by game_id."""

from __future__ import annotations

import pytest

from busta.data.schema import EPA, FACTS, PASSES, PLAYS, STARTER, TURNOVERS
from busta.data.teamfacts import MOST_EPA, OF_PACE, OF_TURNOVERS, EpaByGame, NflverseTeamWeek
from busta.errors import DataError
from busta.leagues.nfl import LEAGUE

WEEKS = """season,week,team,opponent_team,passing_epa,rushing_epa
2023,1,BUF,KC,10.5,-2
2023,1,KC,BUF,3,1.25
"""
GAMES = """game_id,team,epa
2023_01_KC_BUF,BUF,8.5
2023_01_KC_BUF,KC,4.25
"""
OF_BOTH = [("2023_01_KC_BUF", "BUF", EPA, 8.5), ("2023_01_KC_BUF", "KC", EPA, 4.25)]
KINDS = pytest.mark.parametrize(
    ("source", "text"), [(NflverseTeamWeek(), WEEKS), (EpaByGame(), GAMES)], ids=["by week", "by game"]
)


@pytest.fixture
def games(sheet):
    return sheet.parse().games


def parse(source, text, games, now, columns=None):
    return source.parse(text.encode(), LEAGUE, games, columns=columns or {}, now=now)


@KINDS
def test_both_teams_have_their_epa(source, text, games, now):
    batch = parse(source, text, games, now)
    assert dict(batch.facts.schema) == FACTS
    assert batch.facts.sort("team").select("game_id", "team", "fact", "value").rows() == OF_BOTH
    assert batch.facts["label"].null_count() == 2
    assert (batch.games.height, batch.quotes.height, batch.refused.height) == (0, 0, 0)


BY_WEEK, BY_GAME = (NflverseTeamWeek(), WEEKS), (EpaByGame(), GAMES)


@pytest.mark.parametrize(
    ("kind", "old", "new", "reason"),
    [
        (BY_GAME, "8.5", "x", "column epa: 'x' is not a number"),
        (BY_WEEK, "10.5", "x", "column passing_epa: 'x' is not a number"),
        (BY_GAME, "8.5", "999", f"an EPA of 999.0 is none, being beyond {MOST_EPA} points"),
        (BY_WEEK, "10.5", "999", f"an EPA of 997.0 is none, being beyond {MOST_EPA} points"),
        (BY_WEEK, "2023,1,BUF,KC", "2023,1,Bufalo,KC", "'Bufalo' is no team of the league nfl"),
        (BY_GAME, "KC_BUF,BUF", "KC_BUF,Bufalo", "'Bufalo' is no team of the league nfl"),
        (BY_GAME, "KC_BUF,BUF", "KC_BUF,MIA", "the team does not play in that game"),
        (BY_WEEK, "2023,1,BUF,KC", "2023,1,BUF,MIA", "there is no game of BUF against MIA in week 1 of 2023"),
        (BY_GAME, "2023_01_KC_BUF,BUF", "2023_09_KC_BUF,BUF", "there is no 2023_09_KC_BUF in the games"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_alone(kind, old, new, reason, games, now):
    source, text = kind
    batch = parse(source, text.replace(old, new, 1), games, now)
    (refused,) = batch.refused.rows(named=True)
    assert reason in refused["reason"]
    assert (refused["table"], refused["row"], batch.facts.height) == ("facts", 2, 1)


@KINDS
def test_a_row_without_a_number_says_nothing(source, text, games, now):
    batch = parse(source, text.replace("10.5", "").replace("8.5", "NA"), games, now)
    assert (batch.facts.height, batch.refused.height) == (1, 0)


def test_a_game_is_found_by_other_names_of_its_teams(sheet, now):
    sheet.rows[0] |= {"game_id": "2023_01_STL_OAK", "away_team": "STL", "home_team": "OAK"}
    text = "game_id,team,epa\n2023_01_LAR_LVR,LAR,3\n2023_01_STL_OAK,OAK,1\n"
    batch = parse(EpaByGame(), text, sheet.parse().games, now)
    assert batch.facts.select("game_id", "team", "value").rows() == [
        ("2023_01_STL_OAK", "LA", 3.0),
        ("2023_01_STL_OAK", "LV", 1.0),
    ]


@KINDS
def test_another_file_is_none_of_them(source, text, games, now):
    with pytest.raises(DataError, match="team"):
        parse(source, "a,b\n1,2\n", games, now)


def test_a_row_that_stands_twice_is_taken_once_and_a_contrary_one_refused(games, now):
    batch = parse(EpaByGame(), GAMES + GAMES.splitlines()[1] + "\n2023_01_KC_BUF,KC,9\n", games, now)
    assert batch.facts.height == 2
    assert batch.warnings == ("1 facts stand more than once with the same values; taken once",)
    assert batch.refused["reason"].to_list() == ["epa: line 3 has it already, with another value; the first is kept"]


def test_the_starting_quarterbacks_come_with_the_games(sheet):
    sheet.rows[0] |= {"home_qb_id": "00-0034857", "away_qb_id": "00-0033873"}
    batch = sheet.parse()
    assert batch.facts.rows() == [
        ("2023_01_KC_BUF", "BUF", STARTER, None, "00-0034857"),
        ("2023_01_KC_BUF", "KC", STARTER, None, "00-0033873"),
    ]


def test_facts_of_a_refused_game_go_with_it(sheet):
    sheet.rows[0] |= {"home_qb_id": "00-0034857", "home_score": "x"}
    batch = sheet.parse()
    assert batch.facts.is_empty()
    assert batch.refused["table"].to_list() == ["games"]


@pytest.mark.real_data
def test_the_real_file_of_a_season_is_taken_whole(real_batch, real_file, now):
    raw = real_file.with_name("nflverse_team_week_2018.csv").read_bytes()
    batch = NflverseTeamWeek().parse(raw, LEAGUE, real_batch.games, columns={}, now=now)
    assert (batch.facts.height, batch.refused.height) == (4 * 534, 0)  # two rows of each of 267 games, four facts each
    assert batch.facts["game_id"].n_unique() == 267


PLAYED = f"""season,week,team,opponent_team,passing_epa,rushing_epa,{",".join((*OF_PACE, *OF_TURNOVERS))}
2023,1,BUF,KC,10.5,-2,30,2,18,1,0,1,0
2023,1,KC,BUF,3,1.25,0,0,0,,0,0,0
"""


def test_pace_passes_and_turnovers_come_with_the_statistics_by_week(games, now):
    batch = parse(NflverseTeamWeek(), PLAYED, games, now)
    told = {(team, fact): value for team, fact, value in batch.facts.select("team", "fact", "value").iter_rows()}
    assert told == {
        ("BUF", EPA): 8.5,
        ("BUF", PLAYS): 50,
        ("BUF", PASSES): pytest.approx(32 / 50),
        ("BUF", TURNOVERS): 2,
        ("KC", EPA): 4.25,
        ("KC", PLAYS): 0,  # and so no share of anything; one kind of turnover is not told, and so none is
    }
    assert batch.missing == ()


def test_columns_that_a_file_does_not_have_are_named_and_their_facts_untold(games, now):
    batch = parse(NflverseTeamWeek(), WEEKS, games, now)
    assert batch.missing == (*OF_PACE, *OF_TURNOVERS)
    assert set(batch.facts["fact"]) == {EPA}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [(",30,", ",130,", "150.0 plays cannot be right"), (",30,", ",x,", "column attempts: 'x' is not a number")],
)
def test_a_row_whose_plays_cannot_be_right_is_refused_once_with_all_its_facts(old, new, reason, games, now):
    batch = parse(NflverseTeamWeek(), PLAYED.replace(old, new, 1), games, now)
    assert [reason in why for why in batch.refused["reason"]] == [True]
    assert set(batch.facts["team"]) == {"KC"}
