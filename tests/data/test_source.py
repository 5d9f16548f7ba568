from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from busta.data.nflverse import NflverseGames
from busta.data.source import concatenate, from_files, listed
from busta.errors import DataError, UsageError
from busta.leagues.nfl import LEAGUE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from busta.data.source import Batch


def read(*paths: Path, now: datetime) -> Batch:
    return from_files(NflverseGames(), paths, LEAGUE, columns={}, now=now)


def test_a_file_comes_with_its_name_and_checksum(sheet, tmp_path, now):
    path = tmp_path / "games.csv"
    path.write_bytes(sheet.raw)
    (file,) = read(path, now=now).files
    assert (file.name, file.sha256, file.origin) == ("games.csv", hashlib.sha256(sheet.raw).hexdigest(), str(path))


def test_of_several_files_the_later_one_wins_and_reasons_name_theirs(sheet, tmp_path, now):
    (tmp_path / "1.csv").write_bytes(sheet.raw)
    sheet.rows[0] |= {"home_score": "30", "total_line": "50"}
    sheet.rows[1] |= {"home_score": "x", "total_line": "50"}
    (tmp_path / "2.csv").write_bytes(sheet.without("roof").raw)
    (tmp_path / "notes.txt").write_text("not read")
    batch = read(tmp_path, now=now)
    assert batch.games.sort("game_id")["home_score"].to_list() == [30, 23, 23, 23]
    assert batch.quotes.filter(market="totals").sort("game_id")["line"].to_list() == [50, 44.5, 44.5, 44.5]
    assert batch.refused["reason"].to_list() == ["2.csv: column home_score: 'x' is not a number"]
    assert (batch.missing, [file.name for file in batch.files]) == (("roof",), ["1.csv", "2.csv"])


def test_one_batch_is_itself(sheet):
    batch = sheet.parse()
    assert concatenate([batch]) is batch


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path, now):
    with pytest.raises(UsageError, match="no file or folder"):
        read(tmp_path / "none.csv", now=now)
    with pytest.raises(UsageError, match=r"no .csv file in the folder"):
        read(tmp_path, now=now)


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path, now, monkeypatch):
    path = tmp_path / "games.csv"
    path.write_text("x")
    monkeypatch.setattr(
        type(path), "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    with pytest.raises(UsageError, match=r"cannot read .*Permission denied"):
        read(path, now=now)


def test_of_several_files_the_bad_one_is_named(sheet, tmp_path, now):
    (tmp_path / "1.csv").write_bytes(sheet.raw)
    (tmp_path / "2.csv").write_bytes(b"x,y\n1,2\n")
    with pytest.raises(DataError, match=r"2\.csv: not nflverse games.csv"):
        read(tmp_path, now=now)


def test_files_that_contradict_each_other_on_a_game_are_a_warning(sheet, tmp_path, now):
    (tmp_path / "1.csv").write_bytes(sheet.raw)
    sheet.rows[0]["home_score"] = "30"
    sheet.rows[2]["spread_line"] = "4"
    (tmp_path / "2.csv").write_bytes(sheet.raw)
    assert read(tmp_path, now=now).warnings == (
        "the files contradict each other on 2 games, the later one is taken: 2023_01_KC_BUF, 2023_02_BUF_LV",
    )


def test_a_file_that_says_less_or_more_contradicts_nothing(sheet, tmp_path, now):
    sheet.rows[0] |= {"gametime": "20:20", "location": "Neutral"}
    less = sheet.without(*NflverseGames.optional)
    full = sheet.parse(now=now)
    for name, first, second in (("a", sheet, less), ("b", less, sheet)):
        (tmp_path / f"{name}1.csv").write_bytes(first.raw)
        (tmp_path / f"{name}2.csv").write_bytes(second.raw)
        batch = read(tmp_path / f"{name}1.csv", tmp_path / f"{name}2.csv", now=now)
        assert batch.warnings == ()
        columns = ("kickoff", "kickoff_assumed", "neutral")
        assert batch.games.select(columns).equals(full.games.select(columns))


def test_a_long_list_is_its_first_five_and_a_count():
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
