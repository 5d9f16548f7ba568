"""Reading a table for an audit."""
# ruff: noqa: DTZ001 - tables have times without a zone, too

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from busta.errors import DataError, UsageError
from busta.performance.audit import read
from busta.performance.audit.read import FEWEST_ROWS, read_table, table_of
from busta.performance.audit.table import Roles

ROWS = 240


def frame_of(**columns):
    rng = np.random.default_rng(0)
    days = pl.Series([datetime(2020, 1, 1, 18) + timedelta(days=int(d)) for d in rng.permutation(ROWS)])
    basic = {"y": pl.Series(rng.integers(0, 2, ROWS)), "t": days, "x": pl.Series(rng.normal(size=ROWS))}
    return pl.DataFrame(basic | {name: pl.Series(values) for name, values in columns.items()})


def read_it(frame, **roles):
    return read_table(frame, Roles(**({"target": "y", "time": "t"} | roles)))


def test_rows_are_sorted_by_time_and_know_where_they_stood():
    frame = frame_of()
    table = read_it(frame)
    assert (np.diff(table.time) > np.timedelta64(0)).all()
    assert (frame["x"].to_numpy()[table.position] == table.X[:, 0]).all()
    assert table.names == ("x",)
    assert table.binary
    assert table.line is table.close is table.teams is table.fold is table.prediction is None


def test_rows_of_one_time_keep_their_order():
    table = read_it(frame_of().with_columns(t=pl.lit(datetime(2020, 1, 1))))
    assert (table.position == np.arange(ROWS)).all()


def test_text_becomes_codes_flags_numbers_and_times_days():
    texts = ["b", None, "a"] * (ROWS // 3)
    days = [date(1970, 1, 3)] * ROWS
    frame = frame_of(
        text=texts, flag=[True, False, None] * (ROWS // 3), day=days, bad=[1.0, np.inf, -1.0] * (ROWS // 3)
    )
    table = read_it(frame.sort("t"))
    by_name = dict(zip(table.names, table.X.T, strict=True))
    order = frame.with_row_index().sort("t")["index"].to_numpy()
    assert np.array_equal(by_name["text"], np.tile([1, np.nan, 0], ROWS // 3)[order], equal_nan=True)
    assert np.array_equal(by_name["flag"], np.tile([1, 0, np.nan], ROWS // 3)[order], equal_nan=True)
    assert np.array_equal(by_name["bad"], np.tile([1, np.nan, -1], ROWS // 3)[order], equal_nan=True)
    assert set(by_name["day"]) == {2.0}
    assert table.categorical.tolist() == [name == "text" for name in table.names]
    assert set(table.known_at) == {"day"}


@pytest.mark.parametrize(
    "time",
    [
        [f"2020-{1 + k // 28 % 12:02d}-{1 + k % 28:02d}" for k in range(ROWS)],
        [f"2020-{1 + k // 28 % 12:02d}-{1 + k % 28:02d}T19:30:00+01:00" for k in range(ROWS)],
        [date(2020, 1, 1) + timedelta(days=k) for k in range(ROWS)],
        [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=k) for k in range(ROWS)],
    ],
    ids=["dates as text", "times as text", "dates", "times in a zone"],
)
def test_times_may_be_dates_or_iso_text(time):
    table = read_it(frame_of(when=time).drop("t"), time="when")
    assert table.time.dtype == np.dtype("datetime64[us]")
    assert str(table.time[0]) in {"2020-01-01T00:00:00.000000", "2020-01-01T18:30:00.000000"}


def test_a_number_or_a_word_is_no_time():
    with pytest.raises(DataError, match="time 'y' holds Int64; allowed are dates"):
        read_table(frame_of(), Roles(target="x", time="y"))
    with pytest.raises(DataError, match="1 rows without a time, the first 'soon'"):
        read_it(frame_of(when=["2020-01-01"] * (ROWS - 1) + ["soon"]), time="when")


def test_a_role_has_a_column_of_its_own():
    with pytest.raises(UsageError, match=r"unknown column 'lin'; did you mean 'line'\?"):
        read_it(frame_of(line=[0.5] * ROWS), line="lin")
    with pytest.raises(UsageError, match="'x' was given two roles"):
        read_it(frame_of(), line="x", ignore=("x",))
    with pytest.raises(UsageError, match="unknown column 'k'"):
        read_it(frame_of(), known_at=(("x", "k"),))


def test_a_table_may_be_too_small_or_too_large(monkeypatch):
    with pytest.raises(DataError, match=f"has {FEWEST_ROWS - 1} rows"):
        read_it(frame_of().head(FEWEST_ROWS - 1))
    monkeypatch.setattr(read, "MOST_ROWS", ROWS - 1)
    with pytest.raises(DataError, match="an audit takes 200 to 239 rows"):
        read_it(frame_of())
    monkeypatch.setattr(read, "MOST_ROWS", ROWS)
    monkeypatch.setattr(read, "MOST_COLUMNS", 2)
    with pytest.raises(DataError, match="at most 2 columns"):
        read_it(frame_of())
    monkeypatch.setattr(read, "MOST_COLUMNS", 3)
    assert len(read_it(frame_of())) == ROWS
    monkeypatch.setattr(read, "MOST_CELLS", 3 * ROWS - 1)
    with pytest.raises(DataError, match="3 columns, 719 cells"):
        read_it(frame_of())


def test_a_target_is_numbers_and_not_all_the_same():
    with pytest.raises(DataError, match="150 outcomes"):
        read_it(frame_of(z=[1.0, 0.0, *[None] * 90, *[1.0] * 148]), target="z")
    with pytest.raises(DataError, match="1 of them different"):
        read_it(frame_of(z=[1] * ROWS), target="z")
    with pytest.raises(DataError, match="target 'z' holds String; allowed are numbers and flags"):
        read_it(frame_of(z=["won"] * ROWS), target="z")
    assert read_it(frame_of(z=[True, False] * (ROWS // 2)), target="z").binary
    assert not read_it(frame_of(), target="x").binary


def test_a_column_of_lists_is_refused():
    with pytest.raises(DataError, match=r"column 'z' holds List\(Int64\)"):
        read_it(frame_of(z=[[1]] * ROWS))


def test_the_line_of_a_flag_is_a_probability_and_of_a_number_any_number():
    with pytest.raises(DataError, match="'z' goes from -3 to 3; of a 0/1 target it is a probability"):
        read_it(frame_of(z=[-3.0, 3.0] * (ROWS // 2)), line="z")
    with pytest.raises(DataError, match="'z' holds no numbers"):
        read_it(frame_of(z=["a"] * ROWS), line="z")
    with pytest.raises(DataError, match="'z' holds no numbers"):
        read_it(frame_of(z=[None] * ROWS), prediction="z")
    table = read_it(frame_of(z=[-3.0, None] * (ROWS // 2)), target="x", line="z")
    assert np.isnan(table.line).sum() == ROWS // 2


def test_two_columns_of_the_same_names_are_the_teams_unless_they_are_told():
    home, away = ["a", "b", "c", "d"] * (ROWS // 4), ["b", "c", "d", "a"] * (ROWS // 4)
    frame = frame_of(home=home, away=away, other=away, city=["u", "v"] * (ROWS // 2))
    found = read_it(frame.drop("other"))
    assert found.names == ("x", "city")
    assert (found.teams[:, 1] == (found.teams[:, 0] + 1) % 4).all()
    told = read_it(frame, teams=("home", "other"))
    assert told.names == ("x", "away", "city")
    assert (told.teams == found.teams).all()


def test_flags_and_copies_are_no_teams():
    two = frame_of(home=["a", "b"] * (ROWS // 2), away=["b", "a"] * (ROWS // 2))
    assert read_it(two).teams is None
    four = ["a", "b", "c", "d"] * (ROWS // 4)
    assert read_it(frame_of(home=four, away=four)).teams is None


def test_folds_are_numbered_in_their_own_order():
    table = read_it(frame_of(f=["s2", None, "s1"] * (ROWS // 3)), fold="f")
    assert table.fold.tolist() == np.tile([1, -1, 0], ROWS // 3)[table.position].tolist()


def test_a_time_of_knowledge_is_for_one_feature_or_for_all_others():
    late, early = [datetime(2030, 1, 1)] * ROWS, [datetime(2000, 1, 1), None] * (ROWS // 2)
    text = ["2001-01-01"] * ROWS
    frame = frame_of(late=late, early=early, text=text, u=[1.0] * ROWS, v=[1.0] * ROWS)
    table = read_it(frame, known_at=(("*", "early"), ("x", "late"), ("u", "text")))
    assert table.names == ("x", "u", "v")
    assert {name: str(times.max())[:4] for name, times in table.known_at.items()} == {
        "x": "2030",
        "u": "2001",
        "v": "2000",
    }


def test_one_of_our_own_tables_has_the_markets_line(dataset):
    table = table_of(dataset)
    assert len(table) == len(dataset)
    assert set(table.known_at) == set(dataset.names)
    assert (np.diff(table.time) >= np.timedelta64(0)).all()
    assert all((times < table.time).all() for times in table.known_at.values())
    assert (table.line > 0).all()
    assert table.close is None
    opened = table_of(dataset.__class__(**{**vars(dataset), "moment": "open"}))
    assert np.array_equal(opened.close, opened.line)


@pytest.fixture(scope="module")
def dataset():
    from busta.features.build import CATALOG, build_events
    from busta.features.store import MemoryGold
    from busta.leagues import sim
    from busta.markets.dataset import assemble
    from busta.plugins import pick

    batch = sim.play(sim.World(seasons=3, seed=1, unplayed_weeks=0))
    gold = MemoryGold(
        batch.games, batch.quotes, build_events(batch.games, batch.quotes, sim.LEAGUE), CATALOG, {"version": None}
    )
    return assemble(gold, sim.LEAGUE, pick("market", "moneyline"))
