from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from busta.data.archive import BookArchive
from busta.errors import DataError
from busta.leagues.nfl import LEAGUE, MOST_MOVE, MOST_SPREAD, TOTALS

if TYPE_CHECKING:
    from busta.data.source import Batch

SOURCE = BookArchive(MOST_SPREAD, TOTALS, MOST_MOVE)


def row(**changes: Any) -> dict[str, Any]:
    """Kansas City at Buffalo, that opened as favourite by 2.5 and a total of 45."""
    usual = {
        "season": 2023, "date": 20230910.0, "home_team": "Bills", "away_team": "Chiefs", "home_final": "23",
        "home_close_ml": -150, "away_close_ml": 130, "home_open_spread": -2.5, "away_open_spread": 2.5,
        "home_close_spread": -3.0, "away_close_spread": 3.0, "open_over_under": 45.0, "close_over_under": 44.5,
    }  # fmt: skip
    return usual | changes


def opened(spread: float, close: float, **changes: Any) -> dict[str, Any]:
    return row(home_open_spread=spread, away_open_spread=-spread, home_close_spread=close, **changes)


@pytest.fixture
def parse(sheet, now):
    games = sheet.parse().games

    def parsed(*rows: Any) -> Batch:
        return SOURCE.parse(json.dumps(rows).encode(), LEAGUE, games, columns={}, now=now)

    return parsed


def reasons(batch: Batch) -> list[str]:
    return batch.refused["reason"].to_list()


def test_a_game_has_its_opening_spread_and_total_without_prices_a_week_before_the_start(parse, sheet):
    batch = parse(row())
    kickoff = sheet.parse().games.filter(game_id="2023_01_KC_BUF")["kickoff"][0]
    found = batch.quotes.select("game_id", "market", "book", "moment", "line", "first_price", "second_price").rows()
    assert found == [
        ("2023_01_KC_BUF", "ats", "sportsbook", "open", 2.5, None, None),
        ("2023_01_KC_BUF", "totals", "sportsbook", "open", 45.0, None, None),
    ]
    assert batch.quotes["known_at"].to_list() == [kickoff - timedelta(days=7)] * 2
    assert batch.quotes["known_at_assumed"].all()
    assert (batch.refused.height, batch.warnings) == (0, ())


def test_the_books_sign_is_the_teams_and_ours_is_the_home_sides(parse):
    batch = parse(opened(6.5, 7))
    assert batch.quotes.filter(market="ats")["line"].to_list() == [-6.5]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"home_team": 0}, "column home_team: '0' is no team of the league nfl"),
        ({"away_team": "NewYork"}, "column away_team: 'NewYork' is no team of the league nfl"),
        ({"date": 20231310.0}, "column date: '20231310.0' is not a date such as 20110908"),
        ({"date": None}, "column date: '' is not a date such as 20110908"),
        ({"date": 20230913.0}, "no game, or not one alone, of Chiefs at Bills within a day of 2023-09-13 is in the"),
        ({"home_team": "Chiefs", "away_team": "Bills"}, "no game, or not one alone, of Bills at Chiefs within a day"),
        ({"home_team": None}, "no game, or not one alone, of Chiefs at nobody within a day of 2023-09-10 is in"),
    ],
)
def test_a_row_of_no_game_is_refused_for_both_markets(parse, changes, reason):
    batch = parse(row(), row(**changes))
    assert batch.quotes.height == 2
    assert batch.refused["row"].to_list() == [2, 2]
    for market, said in zip(("ats", "totals"), reasons(batch), strict=True):
        assert said.startswith(f"{market}: {reason}")


def test_a_day_that_is_off_by_one_is_the_game_of_those_teams(parse):
    assert parse(row(date=20230911.0)).quotes["game_id"].unique().to_list() == ["2023_01_KC_BUF"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (opened(0, 3), "an opening spread of 0 is a pick'em or none, which cannot be told apart"),
        (opened(-45, -3), "the opening spread -45.0 is beyond 30.0 points"),
        (row(away_open_spread=3.5), "the opening spreads -2.5 and 3.5 of the two teams are not one line"),
        (opened(-2.5, -44.5, close_over_under=3), "the closing spread -44.5 is a total: the favourite changed, and"),
        (opened(-2.5, 0), "the closing spread is 0, so the sign of the opening one means nothing"),
        (row(away_close_ml=-150), "the moneylines -150 and -150 are not of one game: the row is shifted"),
        (row(home_close_ml=200), "the moneylines 200 and 130 are not of one game: the row is shifted"),
        (opened(-2.5, -18), "the opening spread -2.5 is more than 15.0 points from the close, -18.0"),
        (row(home_open_spread="pk"), "column home_open_spread: 'pk' is not a number"),
        (row(home_close_spread="x"), "column home_close_spread: 'x' is not a number"),
        (opened(-2.25, -3), "a line is whole or half; a quarter line is two bets"),
    ],
)
def test_an_opening_spread_that_cannot_be_trusted_is_refused_alone(parse, bad, reason):
    batch = parse(bad)
    assert batch.quotes["market"].to_list() == ["totals"]
    (said,) = reasons(batch)
    assert said.startswith(f"ats: {reason}")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"open_over_under": 2.5}, "the opening total 2.5 is not within 25.0 to 75.0"),
        ({"open_over_under": 0.0}, "the opening total 0.0 is not within 25.0 to 75.0"),
        ({"open_over_under": 75.5}, "the opening total 75.5 is not within 25.0 to 75.0"),
        ({"open_over_under": 60.0}, "the opening total 60.0 is more than 15.0 points from the close, 44.5"),
        ({"open_over_under": "?"}, "column open_over_under: '?' is not a number"),
    ],
)
def test_an_opening_total_that_cannot_be_is_refused_alone(parse, changes, reason):
    batch = parse(row(**changes))
    assert batch.quotes["market"].to_list() == ["ats"]
    assert reasons(batch) == [f"totals: {reason}"]


def test_the_edges_of_the_rules_are_allowed(parse):
    assert parse(opened(-30, -15)).quotes["line"].to_list() == [30, 45]
    assert parse(row(open_over_under=25.0, close_over_under=40.0)).quotes["line"].to_list() == [2.5, 25]
    assert parse(row(open_over_under=75.0, close_over_under=60.0)).quotes["line"].to_list() == [2.5, 75]


def test_a_game_that_changed_its_favourite_keeps_its_total_and_is_told_of(parse):
    batch = parse(opened(-2.5, -44.5, close_over_under=1.0))
    assert batch.quotes.select("market", "line").rows() == [("totals", 45.0)]
    (warning,) = batch.warnings
    assert warning.startswith("1 games changed their favourite between open and close and have no opening spread")


def test_what_is_not_there_is_no_quote_and_no_refusal(parse):
    batch = parse(row(open_over_under=None), {"date": 20230910.0, "home_team": "SEA", "away_team": "LAR"})
    assert batch.quotes["market"].to_list() == ["ats"]
    assert batch.refused.is_empty()


def test_numbers_may_be_texts_and_what_is_optional_may_be_missing(parse):
    bare = {name: str(value) for name, value in row().items() if name not in SOURCE.optional}
    batch = parse(bare)
    assert (batch.quotes["line"].to_list(), batch.refused.height) == ([2.5, 45.0], 0)


def test_the_same_game_twice_keeps_the_first(parse):
    batch = parse(row(), row(date=20230911.0, open_over_under=46.0))
    assert batch.quotes["line"].to_list() == [2.5, 45.0]
    assert reasons(batch) == ["totals: line 1 has it already, with another line; the first is kept"]


def test_what_is_no_object_is_refused(parse):
    batch = parse(row(), 7)
    assert reasons(batch) == ["ats: it is no object with fields", "totals: it is no object with fields"]


def test_a_file_of_another_kind_is_refused(parse):
    with pytest.raises(DataError, match="not a sports book's archive: columns missing: date, home_team"):
        parse({"a": 1})


NUMBER = (
    st.none() | st.floats(-80, 80).map(lambda n: round(2 * n) / 2) | st.sampled_from(["pk", "", "nan", "1e9", True])
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "date": st.sampled_from([20230910, "2023-09-10", -1.0, 1e300, None]),
                "home_team": st.sampled_from(["Bills", "BUF", 0, [], {"a": 1}]),
                **dict.fromkeys(["home_open_spread", "away_open_spread", "home_close_spread"], NUMBER),
                **dict.fromkeys(["open_over_under", "close_over_under", "home_close_ml", "away_close_ml"], NUMBER),
            },
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_stands_in_it_what_is_taken_can_be(parse, changes):
    batch = parse(*(row(**change) for change in changes))
    spreads, totals = (batch.quotes.filter(market=market)["line"] for market in ("ats", "totals"))
    assert (spreads.abs() <= MOST_SPREAD).all()
    assert (spreads != 0).all()
    assert totals.is_between(*TOTALS).all()
    assert batch.quotes.height + batch.refused.height <= 2 * len(changes)


@pytest.mark.real_data
def test_the_real_archive_has_its_openings_and_they_are_near_nflverses_closes(real_batch, real_file, now):
    raw = real_file.with_name("odds_history_nfl.json").read_bytes()
    batch = SOURCE.parse(raw, LEAGUE, real_batch.games, columns={}, now=now)
    counts = dict(batch.quotes.group_by("market").len().rows())
    assert counts == {"ats": 2331, "totals": 2639}
    assert batch.refused.height == 2 * 2672 - 2331 - 2639
    closes = real_batch.quotes.select("game_id", "market", close="line")
    moved = batch.quotes.join(closes, on=["game_id", "market"]).with_columns(move=pl.col("close") - pl.col("line"))
    assert moved["move"].abs().max() <= 12
    assert moved.group_by("market").agg(pl.col("move").std())["move"].is_between(1.4, 1.9).all()
