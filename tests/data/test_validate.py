from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from busta.data.schema import GAMES, QUOTES
from busta.data.validate import check
from busta.errors import DataError

KICKOFF = datetime(2023, 9, 10, 17, tzinfo=UTC)
NOW = datetime(2024, 7, 1, tzinfo=UTC)


def games(*changes: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "season": 2023, "week": 1, "phase": "regular", "kickoff": KICKOFF, "kickoff_assumed": False,
        "home_team": "A", "away_team": "B", "home_score": 20, "away_score": 17, "neutral": False,
    }  # fmt: skip
    rows = [{"game_id": f"g{i}", "row": i + 2} | usual | change for i, change in enumerate(changes)]
    return pl.DataFrame(rows, schema=GAMES | {"row": pl.Int64()})


def quotes(*changes: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "game_id": "g0", "market": "ats", "book": "x", "moment": "close", "line": 3.0, "first_price": 1.9,
        "second_price": 1.9, "known_at": KICKOFF - timedelta(seconds=1), "known_at_assumed": True,
    }  # fmt: skip
    return pl.DataFrame([usual | {"row": 2} | change for change in changes], schema=QUOTES | {"row": pl.Int64()})


def refused(g: pl.DataFrame, q: pl.DataFrame | None = None) -> list[tuple[Any, ...]]:
    return check(g, quotes() if q is None else q, now=NOW).refused.rows()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"season": 1850}, "season 1850 is not within 1900 to 2200; the day of the game is not in its season"),
        ({"week": 61}, "week 61 is not within 0 to 60"),
        ({"week": -1}, "week -1 is not within 0 to 60"),
        ({"home_score": 401}, "home_score 401 is not within 0 to 400"),
        ({"away_score": -3}, "away_score -3 is not within 0 to 400"),
        ({"away_score": None}, "only one of the two scores is there"),
        ({"away_team": "A"}, "a team plays itself"),
        ({"home_team": None}, "home_team is missing"),
        ({"kickoff": None}, "kickoff is missing"),
        ({"phase": "pre"}, "phase pre is none of regular, post"),
        ({"game_id": ""}, "game_id  is not 1 to 100 characters long"),
        ({"kickoff": NOW + timedelta(seconds=1)}, "it has a score and starts in the future"),
        ({"season": 2021}, "the day of the game is not in its season"),
    ],
)
def test_a_game_that_breaks_a_rule_is_refused_with_the_reason(change, reason):
    ((table, row, _, said),) = refused(games({}, change))
    assert (table, row, said) == ("games", 3, reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"line": 80.5}, "ats: the spread is beyond 80 points"),
        ({"line": float("nan")}, "ats: line is missing; the spread is beyond 80 points"),
        ({"line": None}, "ats: line is missing"),
        ({"line": -3.25}, "ats: a line is whole or half; a quarter line is two bets"),
        ({"market": "totals", "line": 44.25}, "totals: a line is whole or half; a quarter line is two bets"),
        ({"market": "totals", "line": -1.0}, "totals: the total is not within 0 to 500"),
        ({"market": "totals", "line": 501.0}, "totals: the total is not within 0 to 500"),
        ({"market": "moneyline"}, "moneyline: a moneyline has a line other than 0"),
        ({"market": "corners"}, "corners: market corners is none of moneyline, ats, totals"),
        ({"moment": "noon"}, "ats: moment noon is none of open, close"),
        ({"first_price": 1.0}, "ats: first_price 1.0 is no decimal price, which is above 1 and at most 1001"),
        (
            {"second_price": float("nan")},
            "ats: second_price NaN is no decimal price, which is above 1 and at most 1001",
        ),
        ({"first_price": 2.2}, "ats: its two prices are a sure win: their implied probabilities sum to less than 1"),
        ({"known_at": KICKOFF}, "ats: it was made at or after the start of its game"),
    ],
)
def test_a_quote_that_breaks_a_rule_is_refused_alone(change, reason):
    batch = check(games({}), quotes({"book": "other"}, change), now=NOW)
    assert (batch.games.height, batch.quotes.height) == (1, 1)
    assert batch.refused.rows() == [("quotes", 2, "g0", reason)]


def test_the_edges_of_the_rules_are_allowed():
    rows = games({}, {"home_score": None, "away_score": None, "kickoff": datetime(2024, 9, 1, tzinfo=UTC)}, {"week": 0})
    fair = quotes(
        {"first_price": 2.5, "second_price": 1 + 1 / 1.5},
        {"book": "one", "second_price": None},
        {"line": -80.0, "book": "far"},
        {"line": -7.5, "book": "half"},
    )
    batch = check(rows, fair, now=NOW)
    assert (batch.games.height, batch.quotes.height, batch.refused.height) == (3, 4, 0)


def test_a_game_that_stands_twice_alike_is_taken_once_with_a_warning():
    batch = check(games({}, {"game_id": "g0"}), quotes({}, {"row": 3}), now=NOW)
    assert (batch.games.height, batch.quotes.height, batch.refused.height) == (1, 1, 0)
    assert batch.warnings == (
        "1 games stand more than once with the same values; taken once",
        "1 quotes stand more than once with the same values; taken once",
    )


def test_of_contradicting_games_the_first_is_kept_and_the_other_refused_with_its_quotes():
    batch = check(
        games({}, {"game_id": "g0", "home_score": 3, "week": 2}), quotes({}, {"row": 3, "book": "y"}), now=NOW
    )
    assert batch.games["home_score"].to_list() == [20]
    assert batch.quotes["book"].to_list() == ["x"]
    assert batch.refused.rows() == [
        ("games", 3, "g0", "line 2 has it already, with another week, home_score; the first is kept")
    ]


def test_a_bad_first_row_makes_room_for_a_good_second_one():
    batch = check(games({"week": 99}, {"game_id": "g0"}), quotes({}, {"row": 3, "line": 4.0}), now=NOW)
    assert (batch.games.height, batch.quotes["line"].to_list()) == (1, [4.0])


def test_of_contradicting_quotes_the_first_is_kept():
    batch = check(games({}), quotes({}, {"line": 4.0}), now=NOW)
    assert batch.quotes["line"].to_list() == [3.0]
    assert batch.refused.rows() == [
        ("quotes", 2, "g0", "ats: line 2 has it already, with another line; the first is kept")
    ]


def test_quotes_without_lines_of_their_own_go_with_their_game_by_its_id():
    batch = check(games({"week": 99}, {}), quotes({}, {"game_id": "g1"}).drop("row"), now=NOW)
    assert batch.quotes["game_id"].to_list() == ["g1"]


def test_what_a_source_found_itself_comes_first_and_alone():
    bad = games({"week": 99}, {}).with_columns(pl.Series("problem", ["unreadable", None]))
    assert refused(bad) == [("games", 2, "g0", "unreadable")]


def test_frames_of_another_shape_are_an_error():
    with pytest.raises(DataError, match=r"games: .*: week \(Int32\)"):
        check(games({}).cast({"week": pl.Int64}), quotes(), now=NOW)
    with pytest.raises(DataError, match=r"quotes: .*: book \(String\)"):
        check(games({}), quotes({}).drop("book"), now=NOW)


def test_a_simulated_league_can_be_checked_too():
    batch = check(games({}, {}).drop("row"), quotes({}).drop("row"), now=NOW)
    assert (batch.games.height, batch.quotes.height) == (2, 1)
    assert batch.games.columns == list(GAMES)
    assert batch.quotes.columns == list(QUOTES)


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "game_id": st.sampled_from(["g0", "g1", ""]),
        "week": st.integers(-2, 63),
        "home_score": st.none() | st.integers(-1, 402),
        "away_team": st.sampled_from(["A", "B"]),
        "kickoff": st.sampled_from([None, KICKOFF, NOW + timedelta(days=1)]),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CHANGES, min_size=1, max_size=6))
def test_every_row_is_taken_refused_or_a_repetition(changes):
    candidates = games(*changes)
    batch = check(candidates, quotes({}), now=NOW)
    repeated = sum(int(text.split()[0]) for text in batch.warnings if " games stand" in text)
    assert batch.games.height + batch.refused.filter(table="games").height + repeated == candidates.height
    assert not batch.games["game_id"].is_duplicated().any()
    again = check(batch.games, batch.quotes, now=NOW)
    assert again.refused.is_empty()
    assert again.games.equals(batch.games)


def test_quotes_without_games_are_of_games_that_are_known():
    late = quotes({"game_id": "known"}, {"game_id": "known", "book": "late", "known_at": KICKOFF})
    batch = check(games(), late, now=NOW, known=games({"game_id": "known"}).drop("row"))
    assert (batch.games.height, batch.quotes.height) == (0, 1)
    assert batch.refused.rows() == [("quotes", 2, "known", "ats: it was made at or after the start of its game")]


def test_a_game_that_comes_anew_times_its_quotes_and_not_the_one_that_is_known():
    moved = games({"kickoff": KICKOFF - timedelta(hours=1)})
    batch = check(moved, quotes({}), now=NOW, known=games({}).drop("row"))
    assert batch.refused["reason"].to_list() == ["ats: it was made at or after the start of its game"]
