"""A version trained again from what was recorded: the same bit for bit, or what is another one."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager

import polars as pl
import pytest

import busta
from busta.cli import main
from busta.data.publish import current
from busta.data.tables import Tables
from busta.errors import DataError, OutsideError, UsageError
from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.markets.moneyline import MARKET
from busta.registry.connect import connect
from busta.registry.versions import fetch, resolve, versions
from busta.workflows.data.build import gold_of
from busta.workflows.training.provenance import PROVENANCE, changes
from busta.workflows.training.reproduce import reproduce
from busta.workflows.training.train import fitted
from support import play
from workspaces import KINDS

MODEL = "busta-sim-moneyline"
NOTHING: dict[str, list[str]] = {"data": [], "settings": [], "code": [], "machine": [], "libraries": []}


def record(settings, name):
    registry = connect(settings)
    return fetch(registry, resolve(registry, MODEL), name)


@contextmanager
def edited(file, change):
    """The file as ``change`` leaves it, and as it was afterwards; the workspace is shared."""
    before = file.read_bytes()
    content = json.loads(before)
    change(content)
    file.write_text(json.dumps(content))
    try:
        yield
    finally:
        file.write_bytes(before)


def again(settings, kind="moneyline"):
    return reproduce(settings, kind.partition("-")[0], "1", "sim", **KINDS[kind])


@pytest.fixture(scope="module")
def once(trained):
    """One training for all that ask no more of it than that it is the same."""
    gold = gold_of(trained.settings, LEAGUE)
    data = assemble(gold, LEAGUE, MARKET, blind=False, moment="close")
    return fitted(trained.settings, gold, data, None, None, lambda *_: None, lambda *_: None)


@pytest.fixture
def quick(once, monkeypatch):
    monkeypatch.setattr("busta.workflows.training.reproduce.fitted", lambda *_: once)


@pytest.mark.parametrize("kind", ["moneyline", "moneyline-blind-open"])
def test_a_version_is_the_same_bit_for_bit_when_it_is_trained_again(trained, kind):
    result = again(trained.settings, kind)

    games = trained.results[kind]["games"]
    assert result["identical"]
    assert result["out_of_fold"] == {
        "identical": True, "games": games, "missing": 0, "added": 0, "different": 0, "largest_difference": 0,
        "columns": [],
    }  # fmt: skip
    assert (result["final"]["different"], result["final"]["largest_difference"]) == (0, 0)
    assert result["final"]["games"] > games
    assert (result["differs"], result["notes"]) == (NOTHING, {})
    assert result["gold_version"] == trained.results[kind]["gold_version"]


def test_nothing_is_registered_and_settings_of_today_change_nothing(borrowed):
    registry = connect(borrowed)
    before = [version.number for version in versions(registry, MODEL)]
    today = busta.load(home=borrowed.home, train={"seed": 5, "window": 1}, bets={"vig_method": "shin"}, sim={"seed": 9})

    assert again(today)["identical"]

    assert [version.number for version in versions(registry, MODEL)] == before
    assert not (borrowed.home / "data" / "tuning").exists()


def test_what_is_no_version_is_refused(trained):
    with pytest.raises(UsageError, match=r"has no version '7'; it has: 1"):
        reproduce(trained.settings, "moneyline", "7", "sim")
    with pytest.raises(UsageError, match="there is no model busta-nfl-moneyline yet"):
        reproduce(trained.settings, "moneyline", "1")


def test_a_gold_version_that_is_gone_is_built_anew_from_the_same_tables(borrowed):
    shutil.rmtree(borrowed.gold)

    result = again(borrowed)

    assert result["identical"]
    assert result["differs"]["data"] == []


def test_where_the_data_is_another_one_too_the_tables_that_differ_are_named(borrowed):
    games = Tables(borrowed.tables / "sim").read().games.drop_nulls("home_score")
    play(borrowed, **{games["game_id"].to_list()[-1]: (44, 0)})
    shutil.rmtree(borrowed.gold)

    result = again(borrowed)

    assert not result["identical"]
    assert result["differs"]["data"][0].startswith(f"gold store {gold_version(borrowed)} is gone; what there is makes ")
    assert "games holds something else" in result["differs"]["data"]
    assert "quotes holds something else" not in result["differs"]["data"]
    assert result["final"]["different"]
    assert 0 < result["final"]["largest_difference"] < 0.1
    assert "y" in result["out_of_fold"]["columns"]


def gold_version(settings):
    return resolve(connect(settings), MODEL).tags["gold_version"]


def test_a_gold_store_that_was_changed_in_its_place_is_found_out(borrowed):
    file = current(borrowed.gold / "sim") / "features" / "form.parquet"
    frame = pl.read_parquet(file)
    column = frame.columns[-1]
    frame.with_columns(pl.col(column) + 1).write_parquet(file)

    result = again(borrowed)

    assert result["differs"]["data"] == ["features/form holds something else"]


@pytest.mark.usefixtures("quick")
def test_another_library_machine_or_code_is_named_whatever_comes_out(trained):
    def change(content):
        content["libraries"] |= {"numpy": "1.0", "gone": "2.0"}
        del content["libraries"]["scipy"]
        content["versions"] |= {"numpy": "1.0", "busta": "0.0.9 (abc)", "kernels": "Zen", "Python": "3.10.1"}

    with edited(record(trained.settings, PROVENANCE), change):
        result = again(trained.settings)

    assert result["identical"]
    found = result["differs"]
    assert [each.split(" (here")[0] for each in found["code"]] == ["busta 0.0.9 (abc)"]
    assert [each.split(" (here")[0] for each in found["machine"]] == ["kernels Zen"]
    said = [each.split(" (here")[0] for each in found["libraries"]]
    assert said == ["Python 3.10.1", "numpy 1.0", "gone 2.0"]


def test_a_library_that_is_new_is_named():
    assert changes({"libraries": {"numpy": "0"}})["libraries"][1:]
    assert changes({}) == {"code": [], "machine": [], "libraries": []}


@pytest.mark.usefixtures("quick")
def test_a_difference_without_a_cause_is_said_to_have_none(trained, tmp_path):
    file = record(trained.settings, "predictions.parquet")
    kept = shutil.copy(file, tmp_path / "kept")
    frame = pl.read_parquet(file)
    nudged = pl.when(pl.int_range(pl.len()) == 3).then(pl.col("probability") + 1e-16 * 2**20).otherwise("probability")
    frame.with_columns(nudged.alias("probability"))[1:].write_parquet(file)
    try:
        result = again(trained.settings)
    finally:
        shutil.copy(kept, file)

    assert not result["identical"]
    assert result["final"]["identical"]
    found = result["out_of_fold"]
    assert (found["different"], found["missing"], found["added"], found["columns"]) == (1, 0, 1, ["probability"])
    assert found["largest_difference"] == pytest.approx(1e-10, rel=0.1)
    assert "nothing that was recorded" in result["notes"]["unexplained"]


@pytest.mark.usefixtures("quick")
def test_a_version_of_an_older_busta_is_reproduced_with_what_it_recorded(trained, tmp_path):
    file = record(trained.settings, PROVENANCE)
    kept = shutil.move(file, tmp_path / "kept")
    try:
        result = again(trained.settings)
    finally:
        shutil.move(kept, file)

    assert result["identical"]
    assert result["differs"] == NOTHING
    assert "older busta" in result["notes"]["provenance"]


def test_settings_that_this_busta_does_not_have_are_refused(trained):
    said = r"was trained with train\.magic = 3, which this busta cannot do: .*\ninstall"
    file = record(trained.settings, "configuration.json")
    with edited(file, lambda content: content["train"].update(magic=3)), pytest.raises(DataError, match=said):
        again(trained.settings)


def test_a_record_that_is_gone_is_refused(trained, tmp_path):
    file = record(trained.settings, "configuration.json")
    kept = shutil.move(file, tmp_path / "kept")
    try:
        with pytest.raises(OutsideError):
            again(trained.settings)
    finally:
        shutil.move(kept, file)


@pytest.mark.parametrize("name", ["configuration.json", "provenance.json"])
def test_a_record_that_is_damaged_is_refused(trained, name):
    file = record(trained.settings, name)
    before = file.read_bytes()
    file.write_bytes(before[:100])
    try:
        with pytest.raises(DataError, match=rf"{name} of run \w+ is damaged: .*\nrestore the file, or train again"):
            again(trained.settings)
    finally:
        file.write_bytes(before)


def test_a_training_on_a_gold_store_made_elsewhere_needs_it_named_and_ends_where_it_ended(settings, tmp_path):
    foreign = shutil.copytree(current(settings.gold / "sim"), tmp_path / "theirs")
    busta.train(settings, "totals", "sim", through=2013, gold_path=foreign)

    with pytest.raises(UsageError, match=r"was made elsewhere\nname its folder: --gold DIR"):
        reproduce(settings, "totals", 1, "sim")
    result = reproduce(settings, "totals", 1, "sim", gold_path=foreign)

    assert result["identical"]
    assert result["differs"]["data"] == []


@pytest.mark.slow
def test_a_search_is_made_again_and_finds_the_same(settings):
    busta.train(busta.load(home=settings.home, tune={"trials": 4}), "totals", "sim")
    shutil.rmtree(settings.home / "data" / "tuning")

    result = reproduce(settings, "totals", 1, "sim")

    assert result["identical"]
    assert not (settings.home / "data" / "tuning").exists()


def test_the_exit_code_says_whether_it_is_identical(trained, monkeypatch, capsys):
    monkeypatch.setenv("BUSTA_HOME", str(trained.settings.home))
    file, said = record(trained.settings, "configuration.json"), []
    for seed in (20, 21):
        with (
            edited(file, lambda content, seed=seed: content["train"].update(seed=seed)),
            pytest.raises(SystemExit) as ended,
        ):
            main(["reproduce", "moneyline", "1", "--league", "sim"])
        said.append((ended.value.code, capsys.readouterr().out))

    assert [code for code, _ in said] == [0, 3]
    assert said[0][1].startswith("busta-sim-moneyline version 1: identical, bit for bit\nout of fold: 0 of ")
    assert "not identical" in said[1][1]
    assert " predictions differ, by " in said[1][1]
    assert "settings: recipe " in said[1][1]
