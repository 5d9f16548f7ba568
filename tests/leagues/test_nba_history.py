"""Two rows a game become one; what cannot be right is refused, and said."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from busta.data.schema import FINAL_LAG, GAMES, QUOTES
from busta.leagues.nba import LEAGUE

GAME = "2014-11-05_MIA_BOS"
TIMES = "1 games have a day and no time: each is taken to start at 22:30, when the last of a night do"
SAYS_NOTHING = {"spread": "", "total": "", "moneyLine": "", "opponentMoneyLine": ""}
ABROAD = {"home/visitor": "vs"}
SUM = "are not of one game: each is -100 and less or 100 and more, and their implied probabilities sum to 1.0 to 1.15"


def reasons(batch):
    return batch.refused["reason"].to_list()


# what two rows become


def test_two_rows_become_one_game_of_the_team_at_home(nba_load, nba_pair):
    batch = nba_load(*nba_pair())
    (game,) = batch.games.rows(named=True)
    assert batch.games.schema == pl.Schema(GAMES)
    assert [game[name] for name in ("game_id", "season", "week", "phase", "neutral")] == [
        GAME,
        2015,
        6,
        "regular",
        False,
    ]
    assert [game[name] for name in ("home_team", "away_team", "home_score", "away_score")] == ["BOS", "MIA", 101, 95]
    assert [game[name] for name in ("division", "roof", "surface", "venue")] == [None] * 4
    assert (batch.refused.height, batch.missing, batch.warnings) == (0, (), (TIMES,))


def test_it_does_not_matter_which_row_comes_first(nba_load, nba_pair):
    one, other = nba_load(*nba_pair()), nba_load(*reversed(nba_pair()))
    assert one.games.equals(other.games)
    assert one.quotes.equals(other.quotes)


def test_moneylines_are_homes_and_aways_and_lines_have_no_prices(nba_load, nba_pair):
    quotes = nba_load(*nba_pair()).quotes
    assert quotes.schema == pl.Schema(QUOTES)
    assert quotes.select("market", "moment", "line", "first_price", "second_price", "known_at_assumed").rows() == [
        ("moneyline", "close", 0.0, pytest.approx(1.5), pytest.approx(2.7), True),
        ("ats", "close", 5.0, None, None, True),
        ("totals", "close", 201.5, None, None, True),
    ]


@pytest.mark.parametrize(
    ("said", "moneylines", "line"), [(-5, (-200, 170), 5.0), (5.5, (170, -200), -5.5), (0, (-110, -110), 0.0)]
)
def test_a_spread_is_turned_to_be_positive_where_home_is_favoured(nba_load, nba_pair, said, moneylines, line):
    batch = nba_load(*nba_pair(spread=said, moneyLine=moneylines[0], opponentMoneyLine=moneylines[1]))
    assert repr(batch.quotes.filter(market="ats")["line"].to_list()) == repr([line])  # not minus nothing


def test_a_game_both_of_whose_rows_are_at_home_is_on_neutral_ground(nba_load, nba_pair):
    rows = nba_pair(other=ABROAD, team="Miami", opponent="Boston")
    for order in (rows, rows[::-1]):
        batch = nba_load(*order)
        found = batch.games.select("game_id", "home_team", "home_score", "neutral").rows()
        assert found == [(GAME, "BOS", 95, True)]
        assert batch.quotes["line"].to_list() == [0.0, -5.0, 201.5]
        assert batch.quotes["first_price"][0] == pytest.approx(2.7)
        said = f"1 games both of whose rows are at home are taken to be on neutral ground: {GAME}"
        assert batch.warnings == (TIMES, said)


def test_rows_that_repeat_each_other_are_taken_once_with_a_warning(nba_load, nba_pair):
    rows = nba_pair()
    half_time = rows[0] | {"secondHalfTotal": 120}  # which is not read
    batch = nba_load(*rows, half_time, *rows)
    assert (batch.games.height, batch.refused.height) == (1, 0)
    assert batch.warnings == ("3 rows stand more than once with the same values; taken once", TIMES)


def test_games_to_come_have_no_score(nba_load, nba_pair):
    batch = nba_load(*nba_pair(score="", opponentScore="", date="2099-12-01", season=2100))
    assert batch.games.select("home_score", "away_score").rows() == [(None, None)]
    assert batch.quotes.height == 3


def test_optional_columns_that_are_not_there_are_named(nba_load, nba_pair):
    batch = nba_load(*nba_pair(), without=("moneyLine", "opponentMoneyLine", "secondHalfTotal"))
    assert batch.missing == ("moneyLine", "opponentMoneyLine")
    assert batch.quotes["market"].to_list() == ["ats", "totals"]


def test_a_market_of_which_neither_row_says_anything_has_no_quote(nba_load, nba_pair):
    batch = nba_load(*nba_pair(**SAYS_NOTHING))
    assert (batch.games.height, batch.quotes.height, batch.refused.height) == (1, 0, 0)


def test_the_week_of_a_game_does_not_depend_on_which_games_a_file_has(nba_load, nba_pair):
    weeks = {"2014-10-28": 5, "2014-11-02": 5, "2014-11-03": 6, "2015-04-15": 29}
    rows = [row for day in weeks for row in nba_pair(date=day)]
    assert nba_load(*rows).games["week"].to_list() == list(weeks.values())
    assert nba_load(*rows[-2:]).games["week"].to_list() == [29]


@pytest.mark.parametrize(("day", "start"), [("2014-10-30", "2014-10-31T02:30"), ("2014-12-25", "2014-12-26T03:30")])
def test_a_game_is_taken_to_start_when_the_last_of_a_night_do(nba_load, nba_pair, day, start):
    batch = nba_load(*nba_pair(date=day))
    kickoff = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert batch.games.select("kickoff", "kickoff_assumed").rows() == [(kickoff, True)]
    assert set(batch.quotes["known_at"]) == {kickoff - timedelta(seconds=1)}


def test_no_score_is_known_before_the_last_game_of_a_night_is_over_and_all_are_by_the_next_matinee(nba_load, nba_pair):
    """Games last two and a half hours, and the earliest starts at noon, Eastern."""
    kickoff = nba_load(*nba_pair()).games["kickoff"][0]
    final = (kickoff + FINAL_LAG).astimezone(ZoneInfo(LEAGUE.zone)).replace(tzinfo=None)
    assert datetime(2014, 11, 6, 1) < final < datetime(2014, 11, 6, 12)  # noqa: DTZ001


# what is refused


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"date": "5.11.2014"}, "column date: '5.11.2014' is not a date such as 2022-09-08"),
        ({"date": ""}, "column date: it is missing"),
        ({"season": ""}, "column season: it is missing"),
        ({"season": "2014/15"}, "column season: '2014/15' is not a number"),
        ({"season": 2014}, "the day 2014-11-05 is not in the season that ends in 2014"),
        ({"season": 2016}, "the day 2014-11-05 is not in the season that ends in 2016"),
        ({"season": 300_000}, "the day 2014-11-05 is not in the season that ends in 300000"),
        ({"season": -1}, "the day 2014-11-05 is not in the season that ends in -1"),
        ({"team": "Springfield"}, "column team: 'Springfield' is no team of the league nba"),
        ({"team": ""}, "column team: it is missing"),
        ({"opponent": "Hornets"}, "column opponent: 'Hornets' is no team of the league nba"),
        ({"home/visitor": "home"}, "column home/visitor: 'home' is none of vs, @"),
        ({"home/visitor": ""}, "column home/visitor: it is missing"),
        ({"score": "x"}, "column score: 'x' is not a number"),
        ({"opponentScore": 95.5}, "column opponentScore: '95.5' is not a whole number"),
    ],
)
@pytest.mark.parametrize("which", ["own", "other"])
def test_a_row_that_cannot_be_right_is_refused_and_leaves_the_other_one_alone(
    nba_load, nba_pair, which, changes, reason
):
    batch = nba_load(*nba_pair(**{which: changes}), *nba_pair(team="Utah", opponent="Denver"))
    assert set(batch.games["game_id"]) == set(batch.quotes["game_id"]) == {"2014-11-05_DEN_UTA"}
    bad, left, opponent = (2, 3, "Boston") if which == "own" else (3, 2, "Miami")
    said = dict(batch.refused.filter(table="games").select("row", "reason").iter_rows())
    assert said[bad].startswith(reason)
    assert said[left] == f"the row of {opponent} is not there, or was refused itself"
    assert batch.refused.height == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"other": {"score": 96}}, "its two rows have other scores: 101-95 and 101-96"),
        ({"own": {"opponentScore": ""}}, "its two rows have other scores: 101-? and 101-95"),
        (
            {"date": "2020-10-05", "season": 2020, "other": {"season": 2021}},
            "its two rows are of the seasons 2020 and 2021",
        ),
        ({"own": {"home/visitor": "@"}}, "neither of its two rows is at home"),
        ({"score": 99, "opponentScore": 99}, "99-99 is no final score: a game goes on until somebody has won"),
        ({"score": 0, "opponentScore": 0}, "0-0 is no final score"),
        ({"score": 500}, "home_score 500 is not within 0 to 400"),
        ({"opponentScore": ""}, "only one of the two scores is there"),
        ({"date": "2099-12-01", "season": 2100}, "it has a score and starts in the future"),
    ],
)
def test_two_rows_that_are_not_one_game_are_refused_with_their_quotes(nba_load, nba_pair, changes, reason):
    batch = nba_load(*nba_pair(**changes))
    assert (batch.games.height, batch.quotes.height) == (0, 0)
    assert batch.refused["table"].to_list() == ["games"]
    assert reasons(batch)[0].startswith(reason)


@pytest.mark.parametrize(("which", "opponent"), [(0, "Miami"), (1, "Boston")])
def test_a_row_without_that_of_the_other_team_is_refused(nba_load, nba_pair, which, opponent):
    batch = nba_load(nba_pair()[which])
    assert batch.refused.rows() == [("games", 2, GAME, f"the row of {opponent} is not there, or was refused itself")]


def test_a_team_that_plays_itself_is_refused(nba_load, nba_pair):
    batch = nba_load(*nba_pair(team="Seattle", opponent="Oklahoma City"))
    assert batch.games.is_empty()
    assert reasons(batch) == ["a team plays itself"] * 2


def test_a_row_that_contradicts_an_earlier_one_is_refused_and_the_first_is_kept(nba_load, nba_pair):
    rows = nba_pair()
    batch = nba_load(*rows, rows[0] | {"score": 110}, rows[1] | {"total": 190})
    assert batch.games["home_score"].to_list() == [101]
    assert batch.refused.select("row", "reason").rows() == [
        (4, "line 2 has this row of Boston already, with other values; the first is kept"),
        (5, "line 3 has this row of Miami already, with other values; the first is kept"),
    ]


def test_a_line_of_the_file_that_is_no_row_is_refused(nba_load, nba_pair):
    batch = nba_load(*nba_pair(), more="2014-11-06,2015,Utah\n")
    assert batch.games.height == 1
    assert reasons(batch) == ["3 fields where the header has 12"]


@pytest.mark.parametrize(
    ("market", "changes", "reason"),
    [
        ("moneyline", {"moneyLine": 240, "opponentMoneyLine": -200}, f"the moneylines 240 and -200 {SUM}"),
        ("moneyline", {"moneyLine": -300, "opponentMoneyLine": 8}, f"the moneylines -300 and 8 {SUM}"),
        ("moneyline", {"moneyLine": 120, "opponentMoneyLine": -7.5}, f"the moneylines 120 and -7.5 {SUM}"),
        ("moneyline", {"moneyLine": -650, "opponentMoneyLine": -650}, f"the moneylines -650 and -650 {SUM}"),
        ("moneyline", {"opponentMoneyLine": ""}, f"the moneylines -200 and nothing {SUM}"),
        ("moneyline", {"moneyLine": "even"}, "column moneyLine: 'even' is not a number"),
        ("moneyline", {"other": {"moneyLine": 180}}, "its two rows have other moneylines: -200 and -200, 170 and 180"),
        ("ats", {"other": {"spread": -5}}, "the spreads -5 and -5 of its two rows are not one line"),
        ("ats", {"own": {"spread": ""}}, "the spreads nothing and 5 of its two rows are not one line"),
        ("ats", {"spread": -41}, "the spread -41 is beyond 40.0 points"),
        ("ats", {"spread": "pk"}, "column spread: 'pk' is not a number"),
        ("ats", {"spread": -5.25}, "a line is whole or half; a quarter line is two bets"),
        ("totals", {"other": {"total": 200}}, "the totals 201.5 and 200 of its two rows are not one line"),
        ("totals", {"other": {"total": ""}}, "the totals 201.5 and nothing of its two rows are not one line"),
        ("totals", {"total": 99}, "the total 99 is not within 140.0 to 300.0"),
        ("totals", {"total": 0}, "the total 0 is not within 140.0 to 300.0"),
        ("totals", {"total": 200.25}, "a line is whole or half; a quarter line is two bets"),
        ("totals", {"total": "over"}, "column total: 'over' is not a number"),
    ],
)
def test_a_quote_that_cannot_be_right_is_refused_alone_and_its_game_stays(nba_load, nba_pair, market, changes, reason):
    batch = nba_load(*nba_pair(**changes))
    assert batch.games.height == 1
    assert set(batch.quotes["market"]) == {"moneyline", "ats", "totals"} - {market}
    assert batch.refused.rows() == [("quotes", 2, GAME, f"{market}: {reason}")]


@pytest.mark.parametrize("moneylines", [(0, 0), (-650, -650), ("", "")])
def test_a_spread_of_nothing_is_a_pickem_beside_moneylines_alone(nba_load, nba_pair, moneylines):
    batch = nba_load(*nba_pair(spread=0, moneyLine=moneylines[0], opponentMoneyLine=moneylines[1]))
    assert batch.quotes["market"].to_list() == ["totals"]
    assert "ats: a spread of 0 beside moneylines that are none is no pick'em but nothing" in reasons(batch)


def test_a_spread_and_a_moneyline_that_favour_different_teams_are_kept_with_a_warning(nba_load, nba_pair):
    batch = nba_load(*nba_pair(spread=5))
    assert batch.quotes.height == 3
    assert batch.warnings == (TIMES, f"spread and moneyline favour different teams in 1 games, kept: {GAME}")


@pytest.mark.parametrize("seed", range(20))
def test_no_row_is_lost_without_a_word(nba_load, nba_pair, seed):
    rng = np.random.default_rng(seed)
    teams = ["Boston", "Miami", "Utah", "Denver", "Seattle", "New York", "Atlanta", "Chicago"]
    rows = [row for i in range(0, 8, 2) for row in nba_pair(team=teams[i], opponent=teams[i + 1])]
    odd = ["", "x", "vs", "@", 0, -1, 101, "2014-11-06", *teams]
    for _ in range(rng.integers(1, 12)):
        place, column = rng.integers(len(rows)), str(rng.choice(list(rows[0])))
        rows[place] = rows[place] | {column: odd[rng.integers(len(odd))]}
    batch = nba_load(*rows)
    games = batch.refused.filter(table="games")
    in_one_row = games["reason"].str.contains("its two rows|neither|final score|only one of").sum()
    repeated = sum(int(text.split()[0]) for text in batch.warnings if "stand more than once" in text)
    assert 2 * batch.games.height + games.height + in_one_row + repeated == len(rows)
