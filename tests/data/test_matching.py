from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from busta.data.matching import find_games, team_codes
from busta.leagues.nfl import LEAGUE
from support import game, games_of

NIGHT = game("KC", "BUF", "2023-09-11T00:20")  # Sunday evening in the league's zone


def found(day: date, home: str | None, away: str, *games: dict[str, Any]) -> str | None:
    rows = pl.DataFrame(
        {"day": [day], "home_team": [home], "away_team": [away]}, schema_overrides={"home_team": pl.String}
    )
    (row,) = find_games(rows, games_of(*games), LEAGUE).iter_rows(named=True)
    assert (row["game_id"] is None) == (row["kickoff"] is None)
    return row["game_id"]


def test_a_day_is_the_leagues_own_and_not_that_of_utc():
    assert found(date(2023, 9, 10), "KC", "BUF", NIGHT) == NIGHT["game_id"]
    earlier = game("KC", "BUF", "2023-09-11T18:00")
    assert found(date(2023, 9, 10), "KC", "BUF", NIGHT, earlier) == NIGHT["game_id"]
    assert found(date(2023, 9, 11), "KC", "BUF", NIGHT, earlier) == earlier["game_id"]


def test_a_day_may_be_off_by_one_and_no_more():
    assert found(date(2023, 9, 9), "KC", "BUF", NIGHT) == NIGHT["game_id"]
    assert found(date(2023, 9, 11), "KC", "BUF", NIGHT) == NIGHT["game_id"]
    assert found(date(2023, 9, 12), "KC", "BUF", NIGHT) is None
    assert found(date(2023, 9, 8), "KC", "BUF", NIGHT) is None


def test_two_games_that_fit_alike_are_none():
    again = game("KC", "BUF", "2023-09-12T17:00")
    assert found(date(2023, 9, 11), "KC", "BUF", NIGHT, again) is None
    twice = game("KC", "BUF", "2023-09-10T17:00")
    assert found(date(2023, 9, 10), "KC", "BUF", NIGHT, twice) is None


def test_both_teams_count_and_who_is_at_home():
    assert found(date(2023, 9, 10), "BUF", "KC", NIGHT) is None
    assert found(date(2023, 9, 10), "KC", "LV", NIGHT) is None
    assert found(date(2023, 9, 10), None, "BUF", NIGHT) is None


def test_rows_stay_in_their_order_and_number():
    rows = pl.DataFrame(
        {
            "day": [date(2023, 9, 10), None, date(2023, 9, 10)],
            "home_team": ["LV", "KC", "KC"],
            "away_team": ["LA", "BUF", "BUF"],
        }
    )
    matched = find_games(rows, games_of(NIGHT), LEAGUE)
    assert matched.drop("game_id", "kickoff").equals(rows)
    assert matched["game_id"].to_list() == [None, None, NIGHT["game_id"]]


def test_a_name_of_no_team_or_of_two_has_no_code():
    table = pl.DataFrame({"home_team": ["Chiefs", "New York", None], "away_team": ["Bills", "0", "KC"]})
    assert team_codes(table, LEAGUE) == {"Chiefs": "KC", "Bills": "BUF", "KC": "KC"}
