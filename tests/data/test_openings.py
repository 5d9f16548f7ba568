from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from busta.data.openings import OpeningSpreads
from busta.errors import DataError
from busta.leagues.nfl import LEAGUE, MOST_MOVE, MOST_SPREAD

if TYPE_CHECKING:
    from busta.data.source import Batch

SOURCE = OpeningSpreads(MOST_SPREAD, MOST_MOVE)
KC_BUF = "2023_01_KC_BUF"


@pytest.fixture
def parse(sheet, now):
    games = sheet.parse().games

    def parsed(*rows: str, header: str = "game_id,spread_open,spread_last", **columns: str) -> Batch:
        raw = "\n".join([header, *rows]).encode()
        return SOURCE.parse(raw, LEAGUE, games, columns=columns, now=now)

    return parsed


def test_an_opening_spread_is_a_quote_without_prices_a_week_before_the_start(parse, sheet):
    batch = parse(f"{KC_BUF},2.5,3.0", "2023_02_BUF_LV,-3.0,")
    kickoff = sheet.parse().games.filter(game_id=KC_BUF)["kickoff"][0]
    assert batch.quotes.row(0, named=True) == {
        "game_id": KC_BUF,
        "market": "ats",
        "book": "openings",
        "moment": "open",
        "line": 2.5,
        "first_price": None,
        "second_price": None,
        "known_at": kickoff - timedelta(days=7),
        "known_at_assumed": True,
    }
    assert batch.quotes["line"].to_list() == [2.5, -3.0]
    assert (batch.games.height, batch.refused.height) == (0, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2023_09_KC_BUF,3,3", "there is no 2023_09_KC_BUF in the games of the league nfl; ingest them first, or"),
        (f"{KC_BUF},x,3", "column spread_open: 'x' is not a number"),
        (f"{KC_BUF},3,x", "column spread_last: 'x' is not a number"),
        (f"{KC_BUF},30.5,30", "column spread_open: 30.5 is no spread, being beyond 30.0 points"),
        (f"{KC_BUF},-30.5,-30", "column spread_open: -30.5 is no spread, being beyond 30.0 points"),
        (f"{KC_BUF},7.5,-8", "the opening spread 7.5 is more than 15.0 points from the close, -8.0"),
        (f"{KC_BUF},3.25,3", "a line is whole or half; a quarter line is two bets"),
        (f"{KC_BUF},3", "2 fields where the header has 3"),
        (",3,3", "game_id is missing"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_the_reason(parse, row, reason):
    batch = parse("2023_02_BUF_LV,-3.0,-3.5", row)
    assert batch.quotes["game_id"].to_list() == ["2023_02_BUF_LV"]
    ((table, line, _, said),) = batch.refused.rows()
    assert (table, line) == ("quotes", 3)
    assert said.startswith(f"ats: {reason}")


def test_the_edges_of_the_rules_are_allowed(parse):
    batch = parse(f"{KC_BUF},30,15", "2023_02_BUF_LV,-0.0,")
    assert batch.quotes["line"].to_list() == [30.0, 0.0]
    assert str(batch.quotes["line"][1]) == "0.0"


def test_a_game_without_an_opening_has_no_quote_and_is_no_refusal(parse):
    batch = parse(f"{KC_BUF},NA,3", "2023_02_BUF_LV,-3,-3")
    assert (batch.quotes.height, batch.refused.height) == (1, 0)


def test_the_last_spread_may_be_missing_and_columns_may_have_other_names(parse):
    assert parse(f"{KC_BUF},2.5", header="game_id,spread_open").quotes.height == 1
    assert parse(f"{KC_BUF},2.5", header="game_id,First", First="spread_open").quotes["line"].to_list() == [2.5]


def test_of_two_openings_of_a_game_the_first_is_kept(parse):
    batch = parse(f"{KC_BUF},2.5,3", f"{KC_BUF},3,3")
    assert batch.quotes["line"].to_list() == [2.5]
    assert batch.refused["reason"].to_list() == ["ats: line 2 has it already, with another line; the first is kept"]


def test_a_file_of_another_kind_is_refused(parse):
    with pytest.raises(DataError, match="not opening spreads by game_id: column missing: spread_open"):
        parse("x,3", header="game_id,line")


@pytest.mark.real_data
def test_the_real_openings_are_there_for_every_season_and_near_the_close(real_batch, real_file, now):
    raw = real_file.with_name("nfl_opening_spreads_2007_2021.csv").read_bytes()
    batch = SOURCE.parse(raw, LEAGUE, real_batch.games, columns={}, now=now)
    assert (batch.quotes.height, batch.refused.height) == (4022, 3)
    closes = real_batch.quotes.filter(market="ats").select("game_id", close="line")
    moved = batch.quotes.join(closes, on="game_id").join(real_batch.games, on="game_id")
    by_season = moved.group_by("season").agg(
        pl.len(),
        (pl.col("close") - pl.col("line")).mean().alias("mean"),
        (pl.col("close") - pl.col("line")).std().alias("sd"),
    )
    assert by_season["season"].sort().to_list() == list(range(2007, 2022))
    assert by_season["len"].min() == 267
    assert by_season["mean"].abs().max() < 0.5
    assert by_season["sd"].is_between(1.3, 2.2).all()
