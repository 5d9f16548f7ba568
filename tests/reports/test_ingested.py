"""What ingest refused and assumed."""

from __future__ import annotations

import polars as pl

from busta.data.source import REFUSED
from busta.reports.ingested import facts_of, ingested

GAMES = pl.DataFrame(
    {"season": [2020, 2021, 2022], "home_score": [3, 7, None], "kickoff_assumed": [True, False, False]}
)
QUOTES = pl.DataFrame(
    {"first_price": [1.9, None, 1.9], "second_price": [1.9, None, None], "known_at_assumed": [True, True, False]}
)


def refused(*rows):
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return pl.DataFrame(dict(zip(REFUSED, map(list, columns), strict=True)), schema=REFUSED)


def test_rows_and_what_nobody_recorded_are_counted():
    found = ingested(GAMES, QUOTES, refused())
    assert found["last_season"] == 2021
    assert dict(facts_of(found)) == {
        "games": "3; of 1 the hour of the start is assumed",
        "quotes": "3; of 2 the time is assumed (a close a second before the start, an open seven days), "
        "2 have a line without both prices",
        "refused": "0 rows by the ingests of this workspace",
    }


def test_rows_refused_for_one_reason_stand_together_and_the_same_row_once():
    rows = [("quotes", n, f"game {n}", f"a.csv: ats: spread {n}.5 is wrong") for n in (1, 2, 2)]
    found = ingested(GAMES, QUOTES, refused(*rows, ("games", 9, None, "no date")))
    assert list(facts_of(found))[2:] == [
        ("refused", "3 rows by the ingests of this workspace"),
        ("quotes, 2 such as", "game 1: a.csv: ats: spread 1.5 is wrong"),
        ("games, 1", "no date"),
    ]
