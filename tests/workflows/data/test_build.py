from __future__ import annotations

import polars as pl
import pytest

import busta
from busta.data.schema import FACT_NAMES
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import UsageError
from busta.leagues.sim import LEAGUE
from busta.workflows.data import build


@pytest.fixture
def corrected(settings):
    """A score of the workspace was corrected and the store built anew; the versions before and after."""
    before = busta.build(settings, "sim")["version"]
    tables = Tables(settings.tables / "sim")
    game = tables.read().games.filter(pl.col("season") == 2012).head(1)
    tables.update(Batch(game.with_columns(pl.col("home_score") + 7), tables.read().quotes.clear()))
    return before, busta.build(settings, "sim")["version"]


def test_a_second_build_is_no_work(settings):
    files = {path: path.stat().st_mtime_ns for path in settings.gold.rglob("*")}

    result = busta.build(settings, "sim")

    assert result["new"] is False
    assert {path: path.stat().st_mtime_ns for path in settings.gold.rglob("*")} == files
    assert result["version"] == busta.open_version(settings, "sim").manifest["version"]
    assert result["games"] == Tables(settings.tables / "sim").read().games.height
    assert result["features"] == len(busta.catalog())
    assert set(result["missing"]) == set(FACT_NAMES), "what the simulated league does not have"


def test_a_changed_table_makes_a_new_version_and_the_old_one_stays(settings, corrected):
    before, after = corrected

    assert before != after
    assert [(row["version"], row["current"]) for row in busta.gold_versions(settings, "sim")][-1] == (before, False)
    assert {row["version"]: row["current"] for row in busta.gold_versions(settings, "sim")} == {
        before: False,
        after: True,
    }
    assert busta.open_version(settings, "sim").manifest["version"] == after
    assert busta.open_version(settings, "sim", before[:6]).manifest["version"] == before


def test_another_way_of_removing_the_vig_makes_a_new_version(settings):
    other = busta.load(home=settings.home, bets={"vig_method": "shin"})

    assert busta.build(other, "sim")["new"]
    assert busta.build(settings, "sim")["version"] != busta.build(other, "sim")["version"]


def test_another_recipe_for_the_same_values_is_a_version_once_and_then_no_work(settings, monkeypatch):
    before = busta.build(settings, "sim")["version"]
    monkeypatch.setattr(build, "_recipe", lambda *_: "another comment")

    first, second = busta.build(settings, "sim"), busta.build(settings, "sim")

    assert (first["new"], second["new"]) == (True, False)
    assert first["version"] == second["version"] != before
    assert busta.compare(settings, "sim", before, first["version"])["values_changed"] == {}


def test_a_workspace_may_have_brackets_in_its_name(home):
    odd = busta.load(home=home.rename(home.with_name("br[a]ck")))

    built = busta.build(odd, "sim")

    assert [row["version"] for row in busta.gold_versions(odd, "sim")] == [built["version"]]
    assert busta.open_version(odd, "sim").games.height == built["games"]


def test_two_versions_are_compared_by_features_games_and_values(settings, corrected):
    before, after = corrected

    difference = busta.compare(settings, "sim", before, after)

    assert difference["features_added"] == difference["features_removed"] == []
    assert difference["games_added"] == difference["games_removed"] == 0
    changed = difference["values_changed"]
    assert changed["elo_diff"] > 10
    assert not [name for name in changed if "rest" in name or "travel" in name]
    assert busta.compare(settings, "sim", after, after)["values_changed"] == {}


def test_a_later_season_adds_games_and_changes_no_feature_of_earlier_ones(settings):
    before = busta.build(settings, "sim")["version"]
    longer = busta.load(home=settings.home, sim={"seasons": 5})
    busta.ingest(longer, "sim")

    difference = busta.compare(longer, "sim", before, busta.build(longer, "sim")["version"])

    assert difference["games_added"] > 200
    assert difference["games_removed"] == 0


def test_a_manifest_says_what_a_version_is_made_of(settings):
    manifest = busta.open_version(settings, "sim").manifest

    assert manifest["tables"] == Tables(settings.tables / "sim").read().meta["version"]
    assert set(manifest) >= {"version", "league", "created_at", "code", "sources", "recipe", "features", "markets"}
    assert "home_moneyline" not in str(manifest["markets"])
    for name, features in manifest["markets"].items():
        assert name in busta.plugins.market_names()
        assert features


@pytest.mark.parametrize("version", ["zzzz", "0000000000000000"])
def test_a_version_that_is_not_there_is_refused_with_those_that_are(settings, version):
    (known,) = (row["version"] for row in busta.gold_versions(settings, "sim"))

    with pytest.raises(UsageError, match=f"unknown gold version '{version}'.* Allowed: {known}"):
        busta.open_version(settings, "sim", version)


def test_letters_that_two_versions_begin_with_are_not_enough(settings, corrected):
    with pytest.raises(UsageError, match="unknown gold version ''"):
        busta.open_version(settings, "sim", "")


def test_a_league_without_a_store_says_how_to_build_one(settings):
    assert busta.gold_versions(settings, "nfl") == []
    with pytest.raises(UsageError, match="nfl has no gold store yet; run `busta features build nfl`"):
        busta.open_version(settings, "nfl")


def test_the_catalogue_says_of_every_feature_what_it_is_and_who_uses_it():
    rows = busta.catalog()

    assert len({row["name"] for row in rows}) == len(rows) > 30
    for row in rows:
        assert row["meaning"]
        assert row["known_at"]
    assert {name for row in rows for name in row["markets"]} == set(busta.plugins.market_names())
    assert [row["markets"] for row in rows if row["name"] == "power_rating_diff"] == [["ats", "moneyline"]]


def test_what_is_no_version_or_path_is_refused(settings):
    with pytest.raises(UsageError, match="unknown gold version '-3'"):
        busta.open_version(settings, "sim", -3)  # 3 may be how one begins
    with pytest.raises(UsageError, match=r"gold_path = 3: needed is a path"):
        build.gold_of(settings, LEAGUE, 3)
    with pytest.raises(UsageError, match="no gold store at nowhere"):
        build.gold_of(settings, LEAGUE, "nowhere")
