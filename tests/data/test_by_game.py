"""Quotes and facts in busta's own format, by game."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from busta.data.by_game import FactsByGame, QuotesByGame
from busta.data.files import from_files
from busta.data.nflverse import NflverseGames
from busta.errors import DataError
from busta.leagues.nfl import LEAGUE
from halves import FACT, FIRST_HALF, installed

if TYPE_CHECKING:
    from busta.data.source import Batch

KC_BUF = "2023_01_KC_BUF"
QUOTE = "game_id,market,line,first_price,second_price"
FACTS = "game_id,fact,home_value,away_value"


@pytest.fixture
def parse(sheet, now):
    games = sheet.parse().games

    def parsed(*rows: str, **columns: str) -> Batch:
        kind = QuotesByGame() if "market" in rows[0] else FactsByGame()
        return kind.parse("\n".join(rows).encode(), LEAGUE, games, columns=columns, now=now)

    return parsed


@pytest.fixture
def half():
    """A market of first halves is installed."""
    with installed(markets=[FIRST_HALF]):
        yield


def reasons(batch: Batch) -> list[str]:
    return batch.refused["reason"].to_list()


def test_a_quote_without_time_is_known_by_convention_at_the_close(parse, sheet):
    batch = parse(QUOTE, f"{KC_BUF},totals,44.5,-110,1.95")
    kickoff = sheet.parse().games.filter(game_id=KC_BUF)["kickoff"][0]
    assert batch.quotes.row(0, named=True) == {
        "game_id": KC_BUF,
        "market": "totals",
        "book": "own",
        "moment": "close",
        "line": 44.5,
        "first_price": pytest.approx(1 + 100 / 110),
        "second_price": 1.95,
        "known_at": kickoff - timedelta(seconds=1),
        "known_at_assumed": True,
    }
    assert (batch.games.height, batch.facts.height, batch.refused.height) == (0, 0, 0)


def test_book_moment_and_time_are_taken_where_they_are_given(parse):
    batch = parse(f"{QUOTE},book,moment,known_at", f"{KC_BUF},ats,-3,10/11,,mine,open,2023-09-01T12:00:00Z")
    (told,) = batch.quotes.rows(named=True)
    assert (told["book"], told["moment"], told["line"]) == ("mine", "open", -3)
    assert (told["first_price"], told["second_price"]) == (pytest.approx(1 + 10 / 11), None)
    assert (told["known_at"], told["known_at_assumed"]) == (datetime(2023, 9, 1, 12, tzinfo=UTC), False)


def test_an_opening_quote_without_a_time_is_a_week_old(parse, sheet):
    batch = parse(f"{QUOTE},moment", f"{KC_BUF},ats,-3,,,open")
    kickoff = sheet.parse().games.filter(game_id=KC_BUF)["kickoff"][0]
    assert batch.quotes["known_at"][0] == kickoff - timedelta(days=7)


def test_a_market_without_a_line_needs_none_in_the_file(parse):
    assert parse(QUOTE, f"{KC_BUF},moneyline,,-150,+130").quotes["line"].to_list() == [0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2023_09_KC_BUF,ats,3,-110,-110", "ats: there is no 2023_09_KC_BUF in the games of the league nfl; ingest"),
        (f"{KC_BUF},ats,x,-110,-110", "ats: column line: 'x' is not a number"),
        (f"{KC_BUF},ats,3,-110,50%", "ats: column second_price: '50%' is no price such as -110, 1.91 or 10/11"),
        (f"{KC_BUF},ats,,-110,-110", "ats: line is missing"),
        (f"{KC_BUF},ats,3.25,-110,-110", "ats: a line is whole or half; a quarter line is two bets"),
        (f"{KC_BUF},ats,81,-110,-110", "ats: the spread is beyond 80 points"),
        (f"{KC_BUF},totals,0,-110,-110", "totals: the total is not within 0 to 500"),
        (f"{KC_BUF},moneyline,3,-110,-110", "moneyline: a moneyline has a line other than 0"),
        (f"{KC_BUF},ats,3,+110,+110", "ats: its two prices are a sure win"),
        (f"{KC_BUF},spreads,3,-110,-110", "spreads: market spreads is none of moneyline, ats, totals"),
        (",ats,3,-110,-110", "ats: game_id is missing"),
        (f"{KC_BUF},ats,3,-110", "ats: 4 fields where the header has 5"),
    ],
)
def test_a_quote_that_cannot_be_right_is_refused_with_its_line(parse, row, reason):
    batch = parse(QUOTE, row, f"{KC_BUF},totals,44.5,-110,-110")
    assert batch.quotes["market"].to_list() == ["totals"]
    assert batch.refused["row"].to_list() == [2]
    assert reasons(batch)[0].startswith(reason)


@pytest.mark.parametrize(("quantity", "most"), [("total", 2000), ("home", 2000), ("margin", 1000)])
def test_a_number_that_is_not_the_final_score_has_wider_lines(parse, quantity, most):
    with installed(markets=[replace(FIRST_HALF, quantity=quantity)]):
        rows = (f"{KC_BUF},{FIRST_HALF.name},{line},-110,-110" for line in (most + 1, most))
        batch = parse(QUOTE, *rows)
    assert batch.quotes["line"].to_list() == [most]
    assert batch.refused["row"].to_list() == [2]


def test_a_time_that_is_none_is_refused(parse):
    batch = parse(f"{QUOTE},known_at", f"{KC_BUF},ats,3,-110,-110,yesterday")
    assert reasons(batch) == ["ats: column known_at: 'yesterday' is not a time such as 2022-09-04T12:00:00Z"]


def test_a_quote_made_after_the_start_is_refused(parse):
    batch = parse(f"{QUOTE},known_at", f"{KC_BUF},ats,3,-110,-110,2023-09-30T12:00:00Z")
    assert reasons(batch) == ["ats: it was made at or after the start of its game"]


def test_a_game_is_found_by_day_and_teams_however_they_are_called(parse):
    batch = parse(
        "date,home_team,away_team,market,line,first_price,second_price",
        "2023-09-10,Bills,Kansas City Chiefs,ats,3,-110,-110",
        "2023-09-10,Bills,Seahawks,ats,3,-110,-110",
        "2023-09-10,Bisons,KC,ats,3,-110,-110",
        "yesterday,BUF,KC,ats,3,-110,-110",
    )
    assert batch.quotes["game_id"].to_list() == [KC_BUF]
    assert [reason.removeprefix("ats: ") for reason in reasons(batch)] == [
        "there is no one game of SEA at BUF on 2023-09-10",
        "column home_team: 'Bisons' is no team of the league nfl",
        "column date: 'yesterday' is not a date such as 2022-09-08",
    ]


def test_a_file_that_names_no_game_is_refused_with_what_is_needed(parse):
    with pytest.raises(DataError, match="names no game; needed is the column game_id, or date, home_team, away_team"):
        parse("market,line,first_price,second_price", "ats,3,-110,-110")


def test_columns_of_the_file_may_be_called_otherwise(parse):
    batch = parse(
        "fixture,market,line,home_odds,second_price",
        f"{KC_BUF},ats,3,-110,-110",
        fixture="game_id",
        home_odds="first_price",
    )
    assert batch.quotes["game_id"].to_list() == [KC_BUF]


def test_a_fact_is_a_number_of_each_team(parse):
    batch = parse(FACTS, f"{KC_BUF},epa,3.5,-2")
    assert batch.facts.rows() == [(KC_BUF, "BUF", "epa", 3.5, None), (KC_BUF, "KC", "epa", -2, None)]


def test_a_starter_is_a_name_and_a_team_of_which_nothing_is_said_has_none(parse):
    batch = parse(FACTS, f"{KC_BUF},starter,Allen,", f"{KC_BUF},epa,,")
    assert batch.facts.rows() == [(KC_BUF, "BUF", "starter", None, "Allen")]
    assert not reasons(batch)


def test_a_fact_that_nothing_reads_is_refused_with_those_that_are_read(parse, half):
    batch = parse(FACTS, f"{KC_BUF},first_half_point,10,7", f"{KC_BUF},{FACT},10,7")
    assert batch.facts["value"].to_list() == [10, 7]
    (reason,) = reasons(batch)
    assert reason.startswith("first_half_point: unknown fact 'first_half_point'; did you mean 'first_half_points'?")
    assert reason.endswith("Allowed: epa, first_half_points, starter")


@pytest.mark.parametrize("number", ["7.5", "1001", "-1001"])
def test_what_decides_a_market_is_a_whole_number(parse, half, number):
    batch = parse(FACTS, f"{KC_BUF},{FACT},10,{number}", f"{KC_BUF},epa,{number},3")
    assert batch.facts.filter(fact=FACT).rows() == [(KC_BUF, "BUF", FACT, 10, None)]
    assert reasons(batch) == [f"{FACT}: it decides a market and is no whole number up to 1000"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2023_09_KC_BUF,epa,3,4", "epa: there is no 2023_09_KC_BUF in the games of the league nfl; ingest them first"),
        (f"{KC_BUF},epa,x,4", "epa: column home_value: 'x' is not a number"),
        (f"{KC_BUF},epa,4,x", "epa: column away_value: 'x' is not a number"),
        (f"{KC_BUF},epa,4", "epa: 3 fields where the header has 4"),
        (f"{KC_BUF},,4,3", "fact is missing"),
    ],
)
def test_a_fact_that_cannot_be_right_is_refused_once(parse, row, reason):
    batch = parse(FACTS, row)
    assert batch.facts.is_empty()
    assert len({*reasons(batch)}) == 1
    assert reasons(batch)[0].startswith(reason)


def test_only_the_line_ups_are_known_of_a_game_to_come(sheet, now):
    games = sheet.parse().games
    early = games["kickoff"].min() - timedelta(days=1)
    raw = f"{FACTS}\n{KC_BUF},epa,3,4\n{KC_BUF},starter,Allen,Mahomes\n".encode()
    batch = FactsByGame().parse(raw, LEAGUE, games, columns={}, now=early)
    assert batch.facts["label"].to_list() == ["Allen", "Mahomes"]
    assert reasons(batch) == ["epa: its game starts in the future"] * 2


def test_every_league_that_reads_files_reads_these(sheet, tmp_path, now):
    (tmp_path / "games.csv").write_bytes(sheet.raw)
    (tmp_path / "quotes.csv").write_text(f"{QUOTE}\n{KC_BUF},ats,4,-110,-110\n")
    (tmp_path / "facts.csv").write_text(f"{FACTS}\n{KC_BUF},epa,4,3\n")
    nothing = sheet.parse().games.clear()
    batch = from_files([tmp_path], LEAGUE, games=(NflverseGames(),), known=lambda: nothing, columns={}, now=now)
    assert batch.quotes.filter(book="own")["line"].to_list() == [4]
    assert batch.facts.height == 2
