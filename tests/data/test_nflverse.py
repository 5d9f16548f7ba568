from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from busta.betting.odds import american_to_decimal
from busta.data.nflverse import NflverseGames, american_price
from busta.data.schema import GAMES, QUOTES
from busta.errors import DataError, UsageError
from busta.leagues.nfl import LEAGUE

if TYPE_CHECKING:
    from busta.data.source import Batch


def only_game(batch: Batch, game_id: str = "2023_01_KC_BUF") -> dict[str, Any]:
    return batch.games.row(by_predicate=pl.col("game_id") == game_id, named=True)


def quote(batch: Batch, market: str, game_id: str = "2023_01_KC_BUF") -> dict[str, Any]:
    return batch.quotes.row(by_predicate=(pl.col("game_id") == game_id) & (pl.col("market") == market), named=True)


def reasons(batch: Batch) -> list[tuple[Any, ...]]:
    return batch.refused.select("table", "row", "reason").rows()


def test_a_clean_file_is_taken_whole(sheet):
    batch = sheet.parse()
    assert (batch.games.height, batch.quotes.height, batch.refused.height) == (4, 12, 0)
    assert (dict(batch.games.schema), dict(batch.quotes.schema)) == (GAMES, QUOTES)
    assert (batch.warnings, batch.missing) == ((), ())


def test_a_start_is_eastern_time_in_summer_and_winter(sheet):
    sheet.rows[0] |= {"gameday": "2023-09-10", "gametime": "13:00"}
    sheet.rows[1] |= {"gameday": "2023-12-31", "gametime": "20:20"}
    batch = sheet.parse()
    assert only_game(batch)["kickoff"] == datetime(2023, 9, 10, 17, tzinfo=UTC)
    assert only_game(batch, "2023_01_LA_SEA")["kickoff"] == datetime(2024, 1, 1, 1, 20, tzinfo=UTC)


def test_a_missing_start_is_one_in_the_afternoon_and_says_so(sheet):
    sheet.rows[0]["gametime"] = ""
    batch = sheet.parse()
    assert only_game(batch)["kickoff"].hour == 17
    assert batch.games["kickoff_assumed"].to_list() == [True, False, False, False]


def test_nine_in_the_morning_is_the_evening_before_2006(sheet):
    old = {"season": "2004", "gameday": "2004-09-13", "gametime": "09:00"}
    sheet.rows[0] |= old
    sheet.rows[1] |= {"gametime": "09:30", "location": "Neutral"}
    batch = sheet.parse()
    assert only_game(batch)["kickoff"] == datetime(2004, 9, 14, 1, tzinfo=UTC)
    assert batch.games["kickoff_assumed"].to_list() == [True, False, False, False]
    assert "1 games up to 2005" in batch.warnings[0]
    assert only_game(batch, "2023_01_LA_SEA")["kickoff"].hour == 13


def test_an_evening_in_europe_is_the_morning(sheet):
    sheet.rows[0] |= {"gametime": "21:30", "stadium_id": "LON00", "location": "Neutral"}
    sheet.rows[1] |= {"gametime": "21:30"}
    sheet.rows[2] |= {"gametime": "09:30", "stadium_id": "GER00", "location": "Neutral"}
    batch = sheet.parse()
    assert only_game(batch)["kickoff"] == datetime(2023, 9, 10, 13, 30, tzinfo=UTC)
    assert batch.games["kickoff_assumed"].to_list() == [True, False, False, False]
    assert batch.warnings == ("1 games in Europe are taken to start 12 hours earlier, in the morning: 2023_01_KC_BUF",)


@pytest.mark.real_data
def test_the_real_file_has_5_games_in_europe_at_night(real_batch):
    (warning,) = [text for text in real_batch.warnings if "Europe" in text]
    assert warning.endswith(": 2017_03_BAL_JAX, 2017_04_NO_MIA, 2017_08_MIN_CLE, 2018_07_TEN_LAC, 2018_08_PHI_JAX")


def test_a_file_without_a_location_column_does_not_say_what_ground_is_neutral(sheet):
    sheet.rows[0]["location"] = ""
    assert sheet.parse().games["neutral"].to_list() == [False] * 4
    assert sheet.without("location").parse().games["neutral"].null_count() == 4


def test_teams_go_by_todays_codes_whatever_they_are_called(sheet):
    sheet.rows[0] |= {"home_team": "buffalo bills", "away_team": "Chiefs"}
    sheet.rows[1] |= {"home_team": "OAK", "away_team": "SD"}
    batch = sheet.parse()
    assert batch.games.select("home_team", "away_team").rows()[:2] == [("BUF", "KC"), ("LV", "LAC")]


def test_an_unknown_team_is_refused_and_never_guessed(sheet):
    sheet.rows[0]["home_team"] = "Bufalo"
    sheet.rows[2]["away_team"] = ""
    batch = sheet.parse()
    assert reasons(batch) == [
        ("games", 2, "column home_team: 'Bufalo' is no team of the league nfl"),
        ("games", 4, "away_team is missing"),
    ]
    assert (batch.games.height, batch.quotes.height) == (2, 6)


def test_the_descriptive_columns_are_plain_or_null(sheet):
    sheet.rows[0] |= {"location": "Neutral", "div_game": "1", "roof": "Closed", "surface": "", "stadium_id": "LON00"}
    sheet.rows[1] |= {"game_type": "SB", "div_game": ""}
    batch = sheet.parse()
    names = ("neutral", "division", "roof", "surface", "venue", "phase")
    assert [only_game(batch)[name] for name in names] == [True, True, "closed", None, "LON00", "regular"]
    other = only_game(batch, "2023_01_LA_SEA")
    assert [other[name] for name in names] == [False, None, "outdoors", "grass", "BUF00", "post"]


def test_quotes_are_decimal_and_known_by_convention_a_second_before_the_start(sheet):
    batch = sheet.parse()
    start = only_game(batch)["kickoff"]
    moneyline, ats, totals = (quote(batch, market) for market in ("moneyline", "ats", "totals"))
    assert (moneyline["line"], moneyline["first_price"], moneyline["second_price"]) == (0, 1 + 1 / 1.5, 2.3)
    assert (ats["line"], ats["first_price"]) == (3, 1 + 1 / 1.1)
    assert (totals["line"], totals["first_price"], totals["second_price"]) == (44.5, 1 + 1 / 1.12, 1 + 1 / 1.08)
    assert {(start - q["known_at"]).total_seconds() for q in (moneyline, ats, totals)} == {1}
    assert batch.quotes["known_at_assumed"].all()
    assert batch.quotes.select("book", "moment").unique().rows() == [("nflverse", "close")]


def test_a_line_without_prices_is_a_quote_and_a_moneyline_without_prices_is_none(sheet):
    for column in ("away_moneyline", "home_moneyline", "home_spread_odds", "away_spread_odds"):
        sheet.rows[0][column] = "NA"
    batch = sheet.parse()
    assert quote(batch, "ats")["first_price"] is None
    assert batch.quotes.filter(game_id="2023_01_KC_BUF")["market"].to_list() == ["ats", "totals"]


def test_one_price_of_two_is_a_quote(sheet):
    sheet.rows[0]["away_moneyline"] = ""
    assert quote(sheet.parse(), "moneyline")["second_price"] is None


def test_prices_are_those_of_the_one_formula():
    american = [-10000, -350, -110.5, -100, -99, 0, 50, 100, 101, 2173, None]
    ours = pl.DataFrame({"a": [None if a is None else str(a) for a in american]}).select(american_price("a"))
    expected = american_to_decimal(np.array(american, dtype=np.float64))
    np.testing.assert_array_equal(ours.to_series().to_numpy(), expected)


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("spread_line", "abc", "ats: column spread_line: 'abc' is not a number"),
        ("total_line", "inf", "totals: column total_line: 'inf' is not a number"),
        ("total_line", "", "totals: line is missing"),
        ("spread_line", "95", "ats: the spread is beyond 80 points"),
        ("total_line", "0", "totals: the total is not within 0 to 500"),
        ("home_moneyline", "-50", "moneyline: column home_moneyline: -50 is no American price"),
        ("over_odds", "99.9", "totals: column over_odds: 99.9 is no American price"),
        ("home_moneyline", "1e9", "moneyline: first_price 10000001.0 is no decimal price"),
        ("home_moneyline", "110", "moneyline: its two prices are a sure win"),
    ],
)
def test_a_bad_quote_is_refused_alone(sheet, column, text, reason):
    sheet.rows[1][column] = text
    batch = sheet.parse()
    assert batch.games.height == 4
    assert batch.quotes.height == 11
    (found,) = batch.refused.rows(named=True)
    assert (found["table"], found["row"], found["game_id"]) == ("quotes", 3, "2023_01_LA_SEA")
    assert found["reason"].startswith(reason)


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("home_score", "twenty", "column home_score: 'twenty' is not a number"),
        ("home_score", "20.5", "column home_score: '20.5' is not a whole number"),
        ("week", "99999999999", "column week: '99999999999' is not a whole number"),
        ("gameday", "2023-13-01", "column gameday: '2023-13-01' is not a date such as 2022-09-08"),
        ("gametime", "noon", "column gametime: 'noon' is not a time such as 13:00"),
        ("game_type", "PRE", "column game_type: 'PRE' is none of REG, WC, DIV, CON, SB, POST"),
        ("season", "", "season is missing"),
        ("game_id", "", "game_id is missing"),
    ],
)
def test_a_bad_game_is_refused_with_its_quotes(sheet, column, text, reason):
    sheet.rows[1][column] = text
    batch = sheet.parse()
    assert (batch.games.height, batch.quotes.height) == (3, 9)
    assert reasons(batch) == [("games", 3, reason)]


def test_all_that_is_wrong_with_a_row_is_said(sheet):
    sheet.rows[0] |= {"week": "x", "home_score": "y"}
    assert reasons(sheet.parse())[0][2] == "column week: 'x' is not a number; column home_score: 'y' is not a number"


def test_a_cut_off_line_is_refused_and_the_rest_taken(sheet):
    raw = sheet.raw.rstrip()[:-40]
    batch = NflverseGames().parse(raw, LEAGUE, columns={}, now=datetime(2024, 7, 1, tzinfo=UTC))
    assert batch.games.height == 3
    assert reasons(batch)[0][1] == 5
    assert "fields where the header has 28" in reasons(batch)[0][2]


@pytest.mark.parametrize("column", NflverseGames.optional)
def test_every_optional_column_may_be_missing_and_is_reported(sheet, column):
    batch = sheet.without(column).parse()
    assert batch.missing == (column,)
    assert batch.games.height == 4
    assert batch.refused.is_empty()
    assert batch.quotes.height == (8 if column in {"spread_line", "total_line"} else 12)


def test_without_any_optional_column_there_are_games_and_no_quotes(sheet):
    batch = sheet.without(*NflverseGames.optional).parse()
    assert set(batch.missing) == set(NflverseGames.optional)
    assert batch.quotes.is_empty()
    assert batch.games.select("roof", "surface", "venue", "division").null_count().row(0) == (4, 4, 4, 4)
    assert batch.games["kickoff_assumed"].all()


def test_a_file_of_another_kind_is_refused_with_the_columns_it_lacks(sheet):
    with pytest.raises(DataError, match=r"not nflverse games.csv: columns missing: season, home_team\."):
        sheet.without("season", "home_team").parse()


def test_the_users_columns_are_renamed_first(sheet):
    for row in sheet.rows:
        row["Home Club"], row["home_score"] = row.pop("home_team"), row["home_score"]
    batch = sheet.parse({"Home Club": "home_team", "not there": "roof"})
    assert batch.games["home_team"].to_list() == ["BUF", "SEA", "LV", "KC"]
    with pytest.raises(UsageError, match=r"maps to 'home'.*Allowed: game_id"):
        sheet.parse({"Home Club": "home"})


def test_spread_and_moneyline_that_disagree_are_a_warning(sheet):
    sheet.rows[0]["spread_line"] = "-1"
    batch = sheet.parse()
    assert batch.quotes.height == 12
    assert batch.warnings == ("spread and moneyline favour different teams in 1 games, kept: 2023_01_KC_BUF",)


@pytest.mark.real_data
def test_the_real_file_is_taken_but_for_one_sure_win(real_batch):
    assert real_batch.games.height == 6421
    assert real_batch.refused["table"].to_list() == ["quotes"]
    assert real_batch.refused["game_id"].to_list() == ["2020_01_LV_CAR"]
    assert real_batch.missing == ()
    assert real_batch.games["home_team"].n_unique() == 32
    assert dict(real_batch.quotes["market"].value_counts().rows()) == {"ats": 6421, "totals": 6421, "moneyline": 4439}


@pytest.mark.real_data
def test_the_real_file_has_102_wrong_starts_and_20_games_of_two_favourites(real_batch):
    assert [int(word) for text in real_batch.warnings for word in text.split() if word in {"102", "20"}] == [102, 20]
    assert real_batch.games["kickoff_assumed"].sum() == 259 + 102 + 5


@pytest.mark.real_data
def test_spoiled_copies_of_the_real_file_lose_the_spoiled_rows_alone(real_sheet):
    rows = [dict(row) for row in real_sheet.rows]
    rows[5000] |= {"home_moneyline": "-50"}
    rows[5001] |= {"spread_line": "abc"}
    rows[5002] |= {"under_odds": "150", "over_odds": "150"}
    rows[5003] |= {"gameday": "2030-01-01", "season": "2029"}
    rows[5004] |= {"home_score": "x"}
    rows[5005] |= {"game_id": rows[5006]["game_id"]}
    rows.append(dict(rows[100]))
    batch = type(real_sheet)(rows).parse()
    found = dict(batch.refused.select("row", pl.col("table")).rows())
    assert found == {
        5002: "quotes",
        5003: "quotes",
        5004: "quotes",
        5005: "games",
        5006: "games",
        5008: "games",
        5589: "quotes",
    }
    assert batch.games.height == 6421 - 3
    assert "1 games stand more than once with the same values; taken once" in batch.warnings


def test_a_header_without_rows_is_refused(sheet):
    with pytest.raises(DataError, match="with a header and no rows"):
        NflverseGames().parse(sheet.raw.split(b"\n")[0], LEAGUE, columns={}, now=datetime(2024, 7, 1, tzinfo=UTC))
