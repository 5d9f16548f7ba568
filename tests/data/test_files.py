from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from busta.data.files import from_files
from busta.data.nflverse import NflverseGames
from busta.data.openings import OpeningSpreads
from busta.data.schema import GAMES
from busta.data.source import MAX_BYTES
from busta.errors import DataError, UsageError
from busta.leagues.nfl import LEAGUE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from busta.data.source import Batch

OPENINGS = "game_id,spread_open\n2023_01_KC_BUF,2.5\n2023_02_BUF_LV,-3\n"


def nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=GAMES)


def read(*paths: Path, now: datetime, known=nothing, columns: Mapping[str, str] | None = None) -> Batch:
    return from_files(
        paths,
        LEAGUE,
        games=(NflverseGames(),),
        quotes=(OpeningSpreads(30.0, 15.0),),
        known=known,
        columns=columns or {},
        now=now,
    )


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


def test_quotes_find_the_games_of_a_file_that_is_named_after_theirs(sheet, tmp_path, now):
    (tmp_path / "a.csv").write_text(OPENINGS)
    (tmp_path / "b.csv").write_bytes(sheet.raw)
    batch = read(tmp_path / "a.csv", tmp_path / "b.csv", now=now)
    opened = batch.quotes.filter(moment="open")
    assert opened.select("game_id", "line").rows() == [("2023_01_KC_BUF", 2.5), ("2023_02_BUF_LV", -3.0)]
    assert batch.games.height == 4
    assert [file.name for file in batch.files] == ["b.csv", "a.csv"]


def test_quotes_find_the_games_that_are_known_already(sheet, tmp_path, now):
    (tmp_path / "a.csv").write_text(OPENINGS)
    batch = read(tmp_path / "a.csv", now=now, known=lambda: sheet.parse().games)
    assert (batch.games.height, batch.quotes.height, batch.refused.height) == (0, 2, 0)


def test_the_games_that_are_known_are_not_asked_for_without_need(sheet, tmp_path, now):
    (tmp_path / "b.csv").write_bytes(sheet.raw)
    assert read(tmp_path / "b.csv", now=now, known=lambda: pytest.fail("asked")).games.height == 4


def test_a_game_that_moved_in_the_same_call_times_its_opening(sheet, tmp_path, now):
    known = sheet.parse().games
    sheet.rows[0]["gametime"] = "20:20"
    (tmp_path / "a.csv").write_text(OPENINGS)
    (tmp_path / "b.csv").write_bytes(sheet.raw)
    batch = read(tmp_path, now=now, known=lambda: known)
    timed = batch.quotes.filter(moment="open", game_id="2023_01_KC_BUF").join(batch.games, on="game_id")
    assert timed.select((pl.col("kickoff") - pl.col("known_at")).dt.total_days()).item() == 7


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path, now):
    with pytest.raises(UsageError, match="no file or folder"):
        read(tmp_path / "none.csv", now=now)
    with pytest.raises(UsageError, match=r"no .csv or .json or .parquet file in the folder"):
        read(tmp_path, now=now)


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path, now, monkeypatch):
    path = tmp_path / "games.csv"
    path.write_text("x")
    monkeypatch.setattr(type(path), "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(UsageError, match=r"cannot read .*Permission denied"):
        read(path, now=now)


def test_a_file_of_no_kind_is_refused_with_the_kinds_there_are(sheet, tmp_path, now):
    (tmp_path / "1.csv").write_bytes(sheet.raw)
    (tmp_path / "2.csv").write_bytes(b"game_id,y\n1,2\n")
    with pytest.raises(DataError) as refused:
        read(tmp_path / "1.csv", tmp_path / "2.csv", now=now)
    said = str(refused.value)
    assert said.startswith("2.csv: not nflverse games.csv: no column season, game_type, week, gameday, home_team")
    assert "not opening spreads by game_id: no column spread_open" in said
    assert said.endswith("say so under [columns] in a map: --map FILE")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04\x00\x00", b"[1, 2"])
def test_what_is_no_table_is_refused_by_its_name(tmp_path, now, raw):
    (tmp_path / "x.csv").write_bytes(raw)
    with pytest.raises(DataError, match=r"^x\.csv: not a file that nfl reads: "):
        read(tmp_path / "x.csv", now=now)


def test_files_of_no_kind_in_a_folder_are_passed_over_with_a_warning(sheet, tmp_path, now):
    (tmp_path / "games.csv").write_bytes(sheet.raw)
    (tmp_path / "nba.csv").write_text("a,b\n1,2\n")
    (tmp_path / "plays.json").write_text('[{"a": 1}]')
    batch = read(tmp_path, now=now)
    assert batch.games.height == 4
    (warning,) = batch.warnings
    assert warning == (
        f"of the files in {tmp_path}, these are of no kind that nfl reads and are passed over: nba.csv, plays.json; "
        "give one by its name to learn why"
    )
    assert batch.refused.is_empty()


def test_a_folder_with_no_file_of_a_kind_is_refused(tmp_path, now):
    (tmp_path / "nba.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"no file in .* is of a kind that nfl reads. nba.csv: not nflverse games.csv"):
        read(tmp_path, now=now)


def test_a_file_is_known_by_the_users_own_names_of_its_columns(sheet, tmp_path, now):
    (tmp_path / "games.csv").write_bytes(sheet.raw.replace(b"home_team", b"Host"))
    (tmp_path / "open.csv").write_text(OPENINGS.replace("spread_open", "First"))
    batch = read(tmp_path, now=now, columns={"Host": "home_team", "First": "spread_open"})
    assert batch.quotes.filter(moment="open").height == 2
    with pytest.raises(UsageError, match=r"\[columns\] maps to 'nothing', which the sources do not have. Allowed: gam"):
        read(tmp_path, now=now, columns={"Host": "nothing"})


def test_what_a_source_refuses_of_a_file_names_the_file(tmp_path, now):
    (tmp_path / "open.csv").write_text("game_id,spread_open\n")
    with pytest.raises(DataError, match=r"^open\.csv: opening spreads by game_id with a header and no rows"):
        read(tmp_path / "open.csv", now=now)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "pipe.csv"])
def test_a_device_or_a_pipe_is_refused_and_not_read(tmp_path, now, path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=rf"^{Path(path).name}: not a regular file but a device, a pipe or a folder"):
        read(tmp_path / path, now=now)


def test_a_file_beyond_the_limit_is_refused_with_the_limit_and_one_at_it_is_read(tmp_path, now):
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(5 * 10**9)  # nothing but a hole
    with pytest.raises(DataError, match=r"^huge\.csv: larger than 67,108,864 bytes: not a table of results$"):
        read(huge, now=now)
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES)
    with pytest.raises(DataError, match="a binary file"):
        read(huge, now=now)


def test_what_is_no_table_in_a_folder_is_passed_over(sheet, tmp_path, now):
    (tmp_path / "games.csv").write_bytes(sheet.raw)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    batch = read(tmp_path, now=now)
    assert batch.games.height == 4
    assert "passed over: folder.csv, huge.csv, pipe.json; give one" in batch.warnings[0]


def test_a_folder_of_junk_alone_is_refused(tmp_path, now):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "noise.json").write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match=r"no file in .* is of a kind that nfl reads\. folder\.csv: not a regular file"):
        read(tmp_path, now=now)
