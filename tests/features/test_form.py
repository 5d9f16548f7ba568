"""Form: exponentially weighted means of a team's own games."""

import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.data.schema import FACTS
from busta.features.form import FORM, HALF_LIVES, closing_lines, finished, team_states
from support import game, games_of, quote, quotes_of, tiny_league

LEAGUE = tiny_league()
NO_QUOTES = quotes_of()
NO_FACTS = pl.DataFrame(schema=FACTS)


def textbook(values, half_life):
    """Σ w·x ÷ Σ w with w halving every half-life games, missing games left out."""
    known = [value for value in values if not math.isnan(value)]
    weights = [0.5 ** (age / half_life) for age in reversed(range(len(known)))]
    return sum(w * x for w, x in zip(weights, known, strict=True)) / sum(weights) if known else None


@st.composite
def seasons_of_boston(draw):
    """Boston's games in weekly order, home or away, some without a line."""
    count = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, quotes, seen = [], [], []
    for week in range(count):
        home = bool(rng.integers(2))
        score = tuple(rng.integers(0, 45, 2).tolist())
        day = f"2020-{9 + week // 4:02d}-{1 + 7 * (week % 4):02d}T17:00"
        row = game("BOS", "LAX", day, score) if home else game("LAX", "BOS", day, score)
        spread, total = float(rng.integers(-10, 11)), float(rng.integers(35, 55))
        if quoted := rng.uniform() < 0.7:
            quotes += [quote(row, "ats", spread), quote(row, "totals", total)]
        own, other, sign = (*score, 1) if home else (*score[::-1], -1)
        missing = 0.0 if quoted else math.nan
        seen.append(
            {
                "points_for": own,
                "points_against": other,
                "margin": own - other,
                "cover_margin": own - other - sign * spread + missing,
                "over_margin": own + other - total + missing,
                "past_spread": sign * spread + missing,
                "past_total": total + missing,
            }
        )
        rows.append(row)
    return games_of(*rows), quotes_of(*quotes), seen


@given(seasons_of_boston())
def test_form_is_the_textbook_weighted_mean_from_the_teams_own_side(history):
    games, quotes, seen = history
    states = team_states(games, quotes, NO_FACTS, LEAGUE).frame.filter(pl.col("team") == "BOS")
    for half_life in HALF_LIVES:
        for measure in seen[0]:
            expected = [textbook([float(row[measure]) for row in seen[: i + 1]], half_life) for i in range(len(seen))]
            assert states[f"{measure}_{half_life}"].to_list() == [
                None if value is None else pytest.approx(value, abs=1e-9) for value in expected
            ], (measure, half_life)


def test_a_past_line_is_told_from_the_teams_own_side():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    states = team_states(games_of(row), quotes_of(quote(row, "ats", 4.0)), NO_FACTS, LEAGUE).frame
    told = states.select("team", "past_spread_5", "cover_margin_5").rows_by_key("team", named=True, unique=True)
    assert told["BOS"] == {"past_spread_5": 4.0, "cover_margin_5": 6.0}
    assert told["LAX"] == {"past_spread_5": -4.0, "cover_margin_5": -6.0}


def test_form_goes_on_over_the_turn_of_a_season_and_ratings_know_the_share_that_is_left():
    games = games_of(game("BOS", "LAX", "2020-09-13T17:00", (20, 10)), game("BOS", "LAX", "2021-09-13T17:00", (10, 20)))
    states = team_states(games, NO_QUOTES, NO_FACTS, LEAGUE)
    boston = states.frame.filter(pl.col("team") == "BOS")
    assert boston["margin_5"][1] == pytest.approx(textbook([10, -10], 5))
    assert states.carry["elo"] == pytest.approx(2 / 3)
    assert states.carry["market_rating"] == LEAGUE.market_carry
    assert not {f.name for f in FORM if f.name.endswith(("_5", "_14"))} & states.carry.keys()


def test_a_state_is_known_four_hours_after_the_start_and_not_before():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    states = team_states(games_of(row), NO_QUOTES, NO_FACTS, LEAGUE).frame
    assert states["known_at"].to_list() == [row["kickoff"] + timedelta(hours=4)] * 2


@pytest.mark.parametrize("score", [None, (20, None), (None, 10)])
def test_a_game_without_a_result_makes_no_state(score):
    row = game("BOS", "LAX", "2020-09-13T17:00", score)
    assert team_states(games_of(row), quotes_of(quote(row, "ats", 4.0)), NO_FACTS, LEAGUE).frame.is_empty()


def test_games_are_taken_in_the_order_they_were_played_however_they_are_listed():
    rows = [game("BOS", "LAX", f"2020-09-{day}T17:00", (day, 0)) for day in (13, 20, 27)]
    straight, reverse = (
        team_states(games_of(*order), NO_QUOTES, NO_FACTS, LEAGUE).frame for order in (rows, rows[::-1])
    )
    assert straight.equals(reverse)
    assert finished(games_of(*rows[::-1]), closing_lines(NO_QUOTES), NO_FACTS)["home_score"].to_list() == [13, 20, 27]


def test_of_several_books_the_first_by_name_gives_the_closing_line():
    row = game("BOS", "LAX", "2020-09-13T17:00")
    lines = closing_lines(
        quotes_of(
            quote(row, "ats", 3.0, book="zeta"),
            quote(row, "ats", 4.0, book="alpha"),
            quote(row, "totals", 50.0, book="zeta"),
            quote(row, "ats", 9.0, book="aaa", moment="open"),
            quote(row, "moneyline", 0.0, book="aaa"),
        )
    )
    assert lines.rows(named=True) == [{"game_id": row["game_id"], "spread": 4.0, "total_line": 50.0}]


def test_a_game_with_a_total_alone_has_no_spread():
    row = game("BOS", "LAX", "2020-09-13T17:00")
    lines = closing_lines(quotes_of(quote(row, "totals", 50.0)))
    assert lines.rows(named=True) == [{"game_id": row["game_id"], "spread": None, "total_line": 50.0}]
