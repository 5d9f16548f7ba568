from __future__ import annotations

import dataclasses
import multiprocessing
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from busta.data import tables as module
from busta.data.schema import TRUTH, Counts
from busta.data.source import RawFile
from busta.data.tables import Tables
from busta.errors import DataError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from busta.data.source import Batch


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(tmp_path / "nfl")


def files_below(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}


def test_without_tables_the_error_says_how_to_get_them(tables):
    with pytest.raises(UsageError, match="run `busta ingest nfl`"):
        tables.read()


def test_a_first_batch_is_new_throughout(tables, sheet, now):
    batch = dataclasses.replace(sheet.parse(), files=(RawFile("games.csv", "ab", "there"),))
    report = tables.update(batch, now=now)
    assert report.counts == {"games": Counts(came=4, new=4), "quotes": Counts(came=12, new=12)}
    assert (report.written, report.refused_file) == (True, None)
    games, quotes, meta, _ = tables.read()
    assert_frame_equal(games, batch.games.sort("kickoff", "game_id"))
    assert quotes.height == 12
    assert meta == {
        "version": report.version,
        "files": [{"name": "games.csv", "sha256": "ab", "origin": "there"}],
        "ingested_at": "2024-07-01T00:00:00+00:00",
        "missing": [],
    }
    assert tables.truth() is None


def test_rows_are_ordered_by_start_whatever_the_order_of_the_file(tables, sheet, tmp_path):
    tables.update(sheet.parse())
    sheet.rows.reverse()
    other = Tables(tmp_path / "other")
    assert other.update(sheet.parse()).version == tables.update(sheet.parse()).version
    assert tables.read().games["kickoff"].is_sorted()
    assert tables.read().quotes["known_at"].is_sorted()


def test_the_same_batch_again_writes_nothing(tables, sheet):
    sheet.rows[0]["total_line"] = "x"
    first = tables.update(sheet.parse())
    before = files_below(tables.folder)
    second = tables.update(sheet.parse())
    assert second.counts == {"games": Counts(came=4, unchanged=4), "quotes": Counts(came=12, unchanged=11, refused=1)}
    assert (second.written, second.version, second.refused_file) == (False, first.version, first.refused_file)
    assert files_below(tables.folder) == before


def test_a_corrected_score_changes_that_game_alone(tables, sheet):
    tables.update(sheet.parse())
    sheet.rows[2]["home_score"] = "31"
    report = tables.update(sheet.parse())
    assert report.counts == {"games": Counts(4, 0, 1, 3, 0), "quotes": Counts(12, 0, 0, 12, 0)}
    assert tables.read().games.filter(game_id="2023_02_BUF_LV")["home_score"].to_list() == [31]


def test_rows_absent_from_an_update_stay(tables, sheet, make_game):
    tables.update(sheet.parse())
    sheet.rows = [make_game(3, "KC", "LA"), make_game(1, "KC", "BUF", spread_line="4")]
    report = tables.update(sheet.parse())
    assert report.counts == {"games": Counts(2, 1, 0, 1, 0), "quotes": Counts(6, 3, 1, 2, 0)}
    games, quotes, *_ = tables.read()
    assert (games.height, quotes.height) == (5, 15)


def test_a_file_that_says_nothing_of_a_column_leaves_what_was_known(tables, sheet):
    tables.update(sheet.parse())
    report = tables.update(sheet.without("roof", "div_game").parse())
    assert report.counts["games"] == Counts(came=4, unchanged=4)
    assert report.missing == ("div_game", "roof")
    sheet.rows[0]["roof"] = ""
    assert tables.update(sheet.parse()).counts["games"].changed == 1


def test_a_file_without_starts_and_grounds_leaves_those_that_are_known(tables, sheet):
    sheet.rows[0] |= {"gametime": "20:20", "location": "Neutral"}
    tables.update(sheet.parse())
    before = tables.read()
    report = tables.update(sheet.without("gametime", "location").parse())
    assert not report.written
    assert report.counts == {"games": Counts(came=4, unchanged=4), "quotes": Counts(came=12, unchanged=12)}
    assert_frame_equal(tables.read().games, before.games)
    assert_frame_equal(tables.read().quotes, before.quotes)


def test_a_file_without_starts_moves_a_game_to_another_day(tables, sheet):
    tables.update(sheet.parse())
    sheet.rows[0]["gameday"] = "2023-09-11"
    report = tables.update(sheet.without("gametime").parse())
    assert report.counts["games"] == Counts(came=4, changed=1, unchanged=3)
    moved = tables.read().games.filter(game_id="2023_01_KC_BUF").row(0, named=True)
    assert (moved["kickoff"].day, moved["kickoff_assumed"]) == (11, True)


def unplayed(sheet, *places):
    for place in places:
        sheet.rows[place] |= {"home_score": "", "away_score": ""}


def test_a_game_that_is_to_come_and_is_moved_is_named_with_its_new_start(tables, sheet, now):
    unplayed(sheet, 2, 3)
    tables.update(sheet.parse())
    sheet.rows[0]["gameday"] = "2023-09-11"  # it has a score: a correction, and no news to a bettor
    sheet.rows[2] |= {"gameday": "2023-09-19", "gametime": "19:00"}
    report = tables.update(sheet.parse())

    assert report.warnings == ("1 games were moved: 2023_02_BUF_LV to 2023-09-19 23:00",)
    assert tables.update(sheet.parse()).warnings == ()


def test_a_start_that_was_only_assumed_is_not_moved(tables, sheet):
    unplayed(sheet, 2)
    tables.update(sheet.without("gametime").parse())
    assert tables.update(sheet.parse()).warnings == ()


def test_a_game_that_the_source_has_no_more_is_named_while_it_matters(tables, sheet, make_game):
    unplayed(sheet, 1)
    sheet.rows.append(make_game(3, "KC", "LA"))
    tables.update(sheet.parse())
    whole, without = sheet.rows, [row for row in sheet.rows if row["game_id"] != "2023_01_LA_SEA"]
    kickoff = tables.read().games.filter(game_id="2023_01_LA_SEA")["kickoff"][0]

    def warnings(rows, days):
        sheet.rows = rows
        return tables.update(sheet.parse(), now=kickoff + timedelta(days=days)).warnings

    words = "1 games are not in the source any more, called off or moved to another id: 2023_01_LA_SEA"
    assert warnings(without, -3) == warnings(without, 29) == (words,)
    assert warnings(without, 31) == ()
    assert warnings(without[-1:], 1) == ()  # one week alone says nothing of another
    assert warnings(whole, 1) == ()


def test_a_new_game_of_unsaid_ground_is_at_home(tables, sheet):
    tables.update(sheet.without("location").parse())
    assert tables.read().games["neutral"].to_list() == [False] * 4


def test_quotes_without_a_time_move_with_their_game(tables, sheet):
    sheet.rows[0]["gametime"] = "20:20"
    tables.update(sheet.parse())
    sheet.rows[0]["gametime"] = "13:00"
    bare = sheet.without("spread_line", "total_line", "home_moneyline", "away_moneyline")
    report = tables.update(bare.parse())
    assert report.counts == {"games": Counts(came=4, changed=1, unchanged=3), "quotes": Counts()}
    games, quotes, *_ = tables.read()
    assert quotes.height == 12
    timed = quotes.join(games, on="game_id").select(pl.col("kickoff") - pl.col("known_at"))
    assert timed.to_series().unique().to_list() == [timedelta(seconds=1)]
    assert not tables.update(bare.parse()).written


def test_a_quote_with_a_time_at_or_after_the_new_start_of_its_game_is_refused(tables, sheet):
    sheet.rows[0]["gametime"] = "20:20"
    batch = sheet.parse()
    real = dataclasses.replace(batch, quotes=batch.quotes.with_columns(known_at_assumed=pl.lit(value=False)))
    tables.update(real)
    sheet.rows[0]["gametime"] = "13:00"
    moved = sheet.parse()
    report = tables.update(dataclasses.replace(moved, quotes=moved.quotes.clear()))
    assert report.counts["quotes"] == Counts()
    assert report.warnings == (
        "3 quotes were made at or after the new start of their game and are gone: 2023_01_KC_BUF",
    )
    assert tables.read().quotes.height == 9
    late = tables.update(dataclasses.replace(real, games=moved.games))
    assert late.counts["quotes"] == Counts(came=12, unchanged=9, refused=3)
    assert (late.written, late.warnings) == (False, ())
    for refused in (report, late):
        reasons = pl.read_csv(refused.refused_file)["reason"].to_list()
        assert len(reasons) == 3
        assert all(reason.endswith(": it was made at or after the start of its game") for reason in reasons)


def test_a_folder_may_have_brackets_in_its_name(sheet, tmp_path):
    tables = Tables(tmp_path / "br[a]ck*?" / "nfl")
    version = tables.update(sheet.parse()).version
    assert not tables.update(sheet.parse()).written
    left = tables.folder / ".writing-left"
    left.mkdir()
    sheet.rows[0]["home_score"] = "1"
    assert tables.update(sheet.parse()).version != version
    assert not left.exists()


def test_refused_rows_are_kept_in_a_file_with_their_reasons(tables, sheet):
    sheet.rows[0]["home_score"], sheet.rows[1]["home_moneyline"] = "x", "-50"
    report = tables.update(sheet.parse())
    assert report.counts == {"games": Counts(came=4, new=3, refused=1), "quotes": Counts(came=9, new=8, refused=1)}
    kept = pl.read_csv(report.refused_file)
    assert kept.columns == ["table", "row", "game_id", "reason"]
    assert kept["row"].to_list() == [2, 3]


def test_a_file_of_refused_rows_alone_is_an_error_and_changes_nothing(tables, sheet):
    for row in sheet.rows:
        row["week"] = "x"
    with pytest.raises(DataError, match=r"all 4 rows were refused; the first, line 2: column week: 'x'.*\n.*\.csv"):
        tables.update(sheet.parse())
    with pytest.raises(UsageError):
        tables.read()
    assert len(list((tables.folder / "refused").iterdir())) == 1


def test_a_quote_of_no_game_is_refused(tables, sheet):
    batch = sheet.parse()
    first = batch.games["game_id"][0]
    report = tables.update(dataclasses.replace(batch, games=batch.games.filter(pl.col("game_id") != first)))
    assert report.counts["quotes"] == Counts(came=12, new=9, refused=3)
    tables.update(batch)
    more = batch.quotes.with_columns(book=pl.lit("another"))
    report = tables.update(dataclasses.replace(batch, games=batch.games.clear(), quotes=more))
    assert report.counts == {"games": Counts(), "quotes": Counts(came=12, new=12)}


def test_only_two_versions_are_kept(tables, sheet):
    for score in range(5):
        sheet.rows[0]["home_score"] = str(score)
        tables.update(sheet.parse())
    assert len([path for path in tables.folder.iterdir() if len(path.name) == 16]) == 2


def test_files_are_remembered_each_once(tables, sheet):
    files = RawFile("a", "1", "x"), RawFile("b", "2", "y")
    tables.update(dataclasses.replace(sheet.parse(), files=files[:1]))
    sheet.rows[0]["home_score"] = "1"
    tables.update(dataclasses.replace(sheet.parse(), files=files))
    assert [file["name"] for file in tables.read().meta["files"]] == ["a", "b"]


def truth_of(batch: Batch) -> pl.DataFrame:
    return batch.games.select("game_id", *(pl.lit(0.5).alias(name) for name in TRUTH if name != "game_id"))


def test_a_simulated_world_comes_with_its_truth_and_replaces_another(tables, sheet):
    batch = sheet.parse()
    tables.update(dataclasses.replace(batch, truth=truth_of(batch)))
    assert tables.truth().height == 4
    sheet.rows = sheet.rows[:2]
    batch = sheet.parse()
    report = tables.update(dataclasses.replace(batch, truth=truth_of(batch)))
    assert (tables.read().games.height, tables.read().quotes.height, tables.truth().height) == (2, 6, 2)
    assert report.warnings == ("2 games of another simulated world were replaced",)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_update_that_dies_leaves_the_tables_as_they_were(tables, sheet, monkeypatch, error):
    tables.update(sheet.parse())
    before = tables.read()
    sheet.rows[0]["home_score"] = "99"

    def die(frame: pl.DataFrame, path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_parquet", die)
        with pytest.raises((KeyboardInterrupt, module.DataError.__mro__[1])):
            tables.update(sheet.parse())
    assert_frame_equal(tables.read().games, before.games)
    assert tables.update(sheet.parse()).counts["games"].changed == 1


@pytest.mark.parametrize("name", ["games.parquet", "meta.json"])
def test_damaged_tables_are_a_clear_error(tables, sheet, name):
    version = tables.update(sheet.parse()).version
    (tables.folder / version / name).write_bytes(b"{")
    with pytest.raises(DataError, match=f"{name} is damaged"):
        tables.read()
    (tables.folder / version / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing; delete"):
        tables.read()


def test_tables_of_another_shape_are_a_clear_error(tables, sheet):
    version = tables.update(sheet.parse()).version
    pl.DataFrame({"game_id": ["a"]}).write_parquet(tables.folder / version / "games.parquet")
    with pytest.raises(DataError, match="other columns"):
        tables.read()


def test_a_version_pruned_while_it_is_read_is_looked_up_again(tables, sheet, monkeypatch):
    tables.update(sheet.parse())
    real, calls = module._read_meta, []

    def once(path: Path) -> dict:
        calls.append(path)
        if len(calls) == 1:
            raise FileNotFoundError(2, "gone", str(path))
        return real(path)

    monkeypatch.setattr(module, "_read_meta", once)
    assert tables.read().games.height == 4
    assert len(calls) == 2


def batches(sheet, make_game, count: int) -> list[Batch]:
    found = []
    for week in range(1, count + 1):
        sheet.rows = [
            make_game(week, "KC", "BUF", gameday="2023-10-01"),
            make_game(week, "LA", "SEA", gameday="2023-10-01"),
        ]
        found.append(sheet.parse())
    return found


def test_four_threads_updating_at_once_lose_nothing(tables, sheet, make_game):
    work = batches(sheet, make_game, 4)
    threads = [threading.Thread(target=tables.update, args=(batch,)) for batch in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tables.read().games.height, tables.read().quotes.height) == (8, 24)


def test_two_processes_updating_at_once_lose_nothing(tables, sheet, make_game):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=tables.update, args=(batch,)) for batch in batches(sheet, make_game, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert tables.read().games.height == 4


@pytest.mark.real_data
def test_the_real_file_twice_is_unchanged_and_a_corrected_score_one_change(tables, real_batch):
    assert tables.update(real_batch).counts["games"] == Counts(came=6421, new=6421)
    again = tables.update(real_batch)
    assert again.counts == {
        "games": Counts(6421, 0, 0, 6421, 0),
        "quotes": Counts(17282, 0, 0, 17281, 1),
        "facts": Counts(25684, 0, 0, 25684, 0),
    }
    assert not again.written
    score = pl.when(pl.col("game_id") == "2022_22_KC_PHI").then(36).otherwise(pl.col("home_score"))
    fixed = dataclasses.replace(real_batch, games=real_batch.games.with_columns(home_score=score.cast(pl.Int32)))
    report = tables.update(fixed)
    assert report.counts["games"] == Counts(6421, 0, 1, 6420, 0)
    assert report.counts["quotes"].changed == 0
    assert timedelta(0) < tables.read().games["kickoff"].diff().drop_nulls().max()


def test_quotes_alone_add_to_games_that_are_there_and_keep_what_was_missing(tables, sheet):
    batch = sheet.without("roof").parse()
    tables.update(batch)
    opened = batch.quotes.filter(market="ats").with_columns(moment=pl.lit("open"))
    report = tables.update(dataclasses.replace(batch, games=batch.games.clear(), quotes=opened, missing=()))
    assert report.counts == {"games": Counts(), "quotes": Counts(came=4, new=4)}
    games, quotes, meta, _ = tables.read()
    assert (games.height, quotes.height, meta["missing"]) == (4, 16, ["roof"])
    timed = quotes.filter(moment="open").join(games, on="game_id").select(pl.col("kickoff") - pl.col("known_at"))
    assert timed.to_series().unique().to_list() == [timedelta(days=7)]


def test_quotes_of_no_game_alone_are_an_error_and_change_nothing(tables, sheet):
    batch = sheet.parse()
    tables.update(batch)
    strange = batch.quotes.with_columns(game_id=pl.lit("x")).head(1)
    with pytest.raises(DataError, match=r"all 1 rows were refused.*there is no game of that id"):
        tables.update(dataclasses.replace(batch, games=batch.games.clear(), quotes=strange))
    assert tables.read().quotes.height == 12
