from __future__ import annotations

import numpy as np
import polars as pl
import pytest

SIM = ("--league", "sim")
COLUMNS = ("--target", "home_win", "--time", "when", "--line", "said")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A thousand games, one column of which holds most of their results."""
    rng = np.random.default_rng(8)
    said = rng.uniform(0.2, 0.8, 1000)
    won = (rng.random(1000) < said).astype(int)
    day = pl.date_range(pl.date(2015, 1, 1), pl.date(2030, 1, 1), "1d", eager=True)[:1000]
    frame = pl.DataFrame({"when": day, "home_win": won, "said": said, "a": won + rng.normal(0, 1, 1000), "b": said**2})
    file = tmp_path_factory.mktemp("tables") / "mine.csv"
    frame.write_csv(file)
    return file


def test_a_leaky_table_is_an_honest_no(run, table):
    answer = run("audit", "--table", table, *COLUMNS)
    assert answer.code == 3
    assert "1000 rows, 2 features" in answer.out
    assert "(a)" in answer.out
    assert "leaks: own_skill" in answer.out
    found = run("audit", "--table", table, *COLUMNS, "--ignore", "a", "--json")
    assert (found.code, found.json["clean"]) == (0, True)


@pytest.mark.slow
def test_a_market_that_is_clean_is_a_yes(busta_in, borrowed):
    answer = busta_in(borrowed.home, "audit", "ats", *SIM)
    assert answer.code == 0
    assert answer.out.startswith("ats of sim, anchored, at the close:")
    assert "no leak found" in answer.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give a market (busta audit moneyline) or a table"),
        (("ats", "--table", "x.csv"), "one of the two"),
        (("--table", "x.csv"), "--target COLUMN"),
        (("--table", "x.csv", *COLUMNS, "--teams", "home"), "--teams HOME,AWAY"),
        (("--table", "x.csv", *COLUMNS), "no file x.csv"),
    ],
)
def test_what_is_missing_is_said(run, words, says):
    answer = run("audit", *words)
    assert answer.code == 2
    assert says in answer.err


def test_times_are_given_for_one_column_or_for_all(run, table):
    late = run("audit", "--table", table, *COLUMNS, "--ignore", "a", "--known-at", "b=when", "--json")
    assert (late.code, late.json["leaks"]) == (3, ["timestamps"])
    assert run("audit", "--table", table, *COLUMNS, "--known-at", "when", "--ignore", "a").code == 3
