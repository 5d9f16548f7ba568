from __future__ import annotations

import json

import pytest

import busta
from busta.errors import DataError, OutsideError, UsageError
from workspaces import as_nflverse


def test_the_same_league_twice_is_no_news(settings):
    result = busta.ingest(settings, "sim")

    assert result["league"] == "sim"
    for counts in result["counts"].values():
        assert counts["came"] == counts["unchanged"] > 1000
        assert counts["new"] == counts["changed"] == counts["refused"] == 0
    assert result["written"] is False
    assert json.dumps(result, default=str)


def test_another_world_replaces_the_one_before_and_says_so(settings):
    result = busta.ingest(busta.load(home=settings.home, sim={"seed": 99}), "sim")

    assert result["written"] is True
    assert "games of another simulated world were replaced" in result["warnings"][0]


def test_files_of_the_users_are_read(settings, tmp_path):
    sheet = as_nflverse(settings)
    sheet.write_csv(tmp_path / "games.csv")

    result = busta.ingest(settings, "nfl", [tmp_path / "games.csv"])

    assert result["counts"]["games"]["new"] == sheet.height
    assert result["counts"]["games"]["refused"] == 0
    assert result["missing"] == ("stadium_id", "home_qb_id", "away_qb_id", "home_qb_name", "away_qb_name")


def test_one_file_is_taken_for_a_list_of_it_as_text_or_as_a_path(settings, tmp_path):
    as_nflverse(settings, (2010,)).write_csv(tmp_path / "games.csv")

    assert busta.ingest(settings, "nfl", str(tmp_path / "games.csv"))["written"]
    assert not busta.ingest(settings, "nfl", tmp_path / "games.csv")["written"]


@pytest.mark.parametrize("paths", [3, None, [3], b"games.csv"])
def test_what_is_no_path_is_refused(settings, paths):
    with pytest.raises(UsageError, match=r"^paths = .*: needed is a file or folder, or several in a list$"):
        busta.ingest(settings, "nfl", paths)


def test_a_refused_row_is_kept_in_a_file_with_its_reason(settings, tmp_path):
    sheet = as_nflverse(settings, (2010,)).with_row_index()
    spoilt = sheet.with_columns(home_team=sheet["home_team"].set(sheet["index"] == 3, "XYZ")).drop("index")
    spoilt.write_csv(tmp_path / "games.csv")

    result = busta.ingest(settings, "nfl", [tmp_path / "games.csv"])

    assert result["counts"]["games"]["refused"] == 1
    assert "'XYZ' is no team of the league nfl" in result["refused_file"].read_text()


@pytest.mark.parametrize(
    ("league", "paths", "kind", "says"),
    [
        ("xfl", [], UsageError, "unknown league 'xfl'"),
        ("nfl", ["nowhere.csv"], UsageError, "no file or folder"),
        ("nfl", ["wrong.csv"], DataError, "wrong.csv"),
        ("sim", ["wrong.csv"], DataError, "wrong.csv: not quotes by game: no column market"),
        ("nfl", [], OutsideError, "cannot fetch http://127.0.0.1:9/games.csv"),
    ],
)
def test_what_cannot_be_ingested_is_refused_and_stores_nothing(settings, tmp_path, league, paths, kind, says):
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")

    with pytest.raises(kind, match=says):
        busta.ingest(settings, league, [tmp_path / path for path in paths])
    assert not (settings.tables / "nfl" / "CURRENT").exists()


def test_a_mistyped_workspace_is_refused_and_not_made(tmp_path):
    with pytest.raises(UsageError, match="is not there; `busta init"):
        busta.ingest(busta.load(home=tmp_path / "mistyped"), "sim")
    assert not (tmp_path / "mistyped").exists()
