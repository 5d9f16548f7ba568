"""An audit of a market, noted with its version, and of a table made elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

import busta
from busta import Roles
from busta.errors import DataError, UsageError
from busta.features.build import CATALOG, build_events
from busta.features.store import MemoryGold
from busta.leagues.sim import LEAGUE as SIM
from busta.leagues.sim import World, play
from busta.markets.dataset import assemble
from busta.performance.audit.ask import asked, leaks
from busta.performance.audit.edge import acquitted, suspects
from busta.performance.audit.finding import Answer, Finding
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import note, resolve
from busta.workflows.judging import audit as audits
from busta.workflows.judging.audit import AUDIT, audit, audit_table, noted_audit, quick_audit
from support import gold_from

ROLES = Roles(target="home_win", time="when", line="said")
OF_TRAINING = ["replay", "another future", "order of folds", "poisoned folds", "permuted labels"]


@pytest.fixture(scope="module")
def table():
    """Games that a line foretells and an honest column, with a column that was told the result of every other one."""
    rng = np.random.default_rng(3)
    said = rng.uniform(0.2, 0.8, 1200)
    won = (rng.random(1200) < said).astype(int)
    told = np.where(np.arange(1200) % 2 == 0, won + rng.normal(0, 0.3, 1200), rng.normal(0.5, 0.6, 1200))
    when = pl.datetime_range(pl.datetime(2015, 1, 1), pl.datetime(2030, 1, 1), "1d", eager=True)[:1200]
    honest = said + rng.normal(0, 0.1, 1200)
    return pl.DataFrame({"when": when, "home_win": won, "said": said, "form": honest, "x": told})


@pytest.mark.slow
def test_a_market_is_clean_and_the_audit_is_noted_with_its_newest_version(borrowed):
    steps: list[tuple[int, int]] = []

    result = audit(borrowed, "ats", "sim", progress=lambda *step: steps.append(step))

    assert result["clean"], result["leaks"]
    assert [row["name"] for row in result["findings"]][:5] == OF_TRAINING
    assert {row["answer"] for row in result["findings"]} == {"clean", "not applicable"}
    assert (result["model_version"], result["notes"]) == ("1", {})
    assert steps[0] == (0, 6)
    assert steps[-1] == (6, 6)
    json.dumps(result, allow_nan=False)
    found = resolve(connect(borrowed), "busta-sim-ats", "1").tags[AUDIT]
    assert len(found) < 5000, "what MLflow keeps of a tag"
    assert json.loads(found)["leaks"] == []
    assert json.loads(found)["quick"] is False


@pytest.mark.slow
def test_the_gate_knows_a_quick_audit_from_a_full_one(borrowed):
    gate = partial(busta.gate, borrowed, "totals", "sim")
    assert _leaks(gate()) == "not applicable"
    audit(borrowed, "totals", "sim")
    assert _leaks(gate()) == "passed"


@pytest.mark.slow
def test_a_leak_that_was_found_is_in_the_gate_until_an_audit_finds_it_gone(borrowed, monkeypatch):
    monkeypatch.setattr(
        "busta.performance.audit.pipeline.permuted_labels", lambda *_: Finding(Answer.leak, 1.0, 0.0, "skill")
    )
    result = audit(borrowed, "totals", "sim")
    assert (result["clean"], result["leaks"]) == (False, ["permuted labels"])
    judged = busta.gate(borrowed, "totals", "sim")
    assert _leaks(judged) == "failed"
    assert judged["verdict"] == "rejected"
    monkeypatch.undo()
    audit(borrowed, "totals", "sim")
    assert _leaks(busta.gate(borrowed, "totals", "sim")) == "passed"


def test_an_audit_that_cannot_be_read_is_as_good_as_none_and_said(borrowed):
    registry = connect(borrowed)
    version = resolve(registry, "busta-sim-totals", "1")
    assert noted_audit(replace(version, tags={})) == (None, {})
    for damaged in ("{", "[]", "{}", "null", '{"at": "", "quick": true, "leaks": 3, "findings": []}'):
        assert noted_audit(replace(version, tags={AUDIT: damaged}))[0] is None
    note(registry, version, {AUDIT: "{"})
    judged = busta.gate(borrowed, "totals", "sim")
    assert _leaks(judged) == "not applicable"
    assert "`busta audit` makes it again" in judged["notes"]["audit"]


def _leaks(judged):
    return next(check["answer"] for check in judged["checks"] if check["code"] == "BST009")


def test_every_training_asks_the_quick_questions(trained):
    for result in trained.results.values():
        told = result["audit"]
        assert (told["quick"], told["leaks"]) == (True, [])
        assert len(told["findings"]) > 5


def test_a_leak_found_at_the_training_rejects_the_version(settings, monkeypatch):
    leak = asked("own_skill", "", lambda: Finding(Answer.leak, 1.0, 0.0, "it knows"))
    monkeypatch.setattr("busta.workflows.training.train.quick_audit", lambda *_, **__: [leak])
    result = busta.train(settings, "ats", "sim")
    assert (result["verdict"], result["audit"]["leaks"]) == ("rejected", ["own_skill"])
    assert "BST009" in result["reason"]


@pytest.fixture(scope="module")
def edge():
    """Sixteen seasons of a league whose line is five points off for half of the teams."""
    world = play(World(seasons=16, seed=8, edge=5.0))
    gold = gold_from(world.games, world.quotes, SIM)
    return gold, assemble(gold, SIM, pick("market", "ats"), blind=False, moment="close")


@pytest.mark.slow
def test_an_edge_that_a_replay_finds_again_is_no_leak(edge, settings):
    found = {row["name"]: row for row in quick_audit(settings, *edge)}
    assert leaks(found.values()) == []
    assert found["replay"]["answer"] == found["another future"]["answer"] == "clean"
    assert "an edge, not a leak" in found["own_skill"]["words"]
    assert found["own_skill"]["figure"] > found["own_skill"]["threshold"]


def test_an_edge_in_a_store_made_elsewhere_cannot_be_told_from_a_leak(edge, settings):
    found = {row["name"]: row for row in quick_audit(settings, *edge, foreign=True)}
    assert "own_skill" in leaks(found.values())
    assert found["replay"]["answer"] == "not applicable"


@pytest.mark.slow
def test_a_leak_that_a_replay_finds_is_no_edge(world, settings, monkeypatch):
    monkeypatch.setattr(audits, "build_events", _told)
    gold = MemoryGold(world.games, world.quotes, _told(world.games, world.quotes, SIM), CATALOG, {})
    data = assemble(gold, SIM, pick("market", "ats"), blind=False, moment="close")
    assert {"replay", "another future", "own_skill"} <= set(leaks(quick_audit(settings, gold, data)))


def _told(games, quotes, league, **options):
    """The honest events with some of the margin in a rating."""
    events = build_events(games, quotes, league, **options)
    margin = games.select("game_id", margin=(pl.col("home_score") - pl.col("away_score")).fill_null(0) * 3)
    form = events["form"].join(margin, on="game_id", how="left", maintain_order="left")
    return events | {"form": form.with_columns(pl.col("elo_diff") + pl.col("margin")).drop("margin")}


@pytest.mark.parametrize(("times", "names"), [(4.9, []), (5.1, ["own_skill"])])
def test_what_goes_beyond_any_edge_stays_a_leak(times, names):
    row = asked("own_skill", "", lambda: Finding(Answer.leak, times * 0.08, 0.08, "it knows", ("x",)))
    assert leaks(acquitted([row])) == names
    assert suspects([row]) == ([] if names else ["own_skill"])
    row = asked("copies", "", lambda: Finding(Answer.leak, 2.0, 1.0, "rows twice"))
    assert leaks(acquitted([row])) == ["copies"], "nothing honest has those"


@pytest.mark.slow
def test_without_a_version_the_audit_is_noted_with_none(settings):
    result = audit(settings, "ats", "sim")
    assert result["model_version"] is None
    assert "no version of busta-sim-ats learned from this store yet" in result["notes"]["version"]


def test_a_store_made_elsewhere_cannot_be_rebuilt(settings):
    gold = busta.open_version(settings, "sim")
    folder = settings.gold / "sim" / gold.manifest["version"]
    result = audit(settings, "ats", "sim", gold_path=folder)
    answers = {row["name"]: row["answer"] for row in result["findings"]}
    assert answers["replay"] == answers["another future"] == "not applicable"
    assert answers["poisoned folds"] == "clean"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_that_was_told_is_caught_and_its_twin_is_clean(tmp_path, table, suffix):
    file = tmp_path / f"mine{suffix}"
    _write(table, file)
    result = audit_table(file, ROLES)
    assert not result["clean"]
    assert "own_skill" in result["leaks"]
    assert next(row for row in result["findings"] if row["name"] == "own_skill")["columns"] == ["x"]
    _write(table.drop("x"), file)
    assert audit_table(file, ROLES)["clean"]


def _write(table, file):
    table.write_csv(file) if file.suffix == ".csv" else table.write_parquet(file)


def test_what_is_no_table_is_refused_with_what_is(tmp_path, table):
    with pytest.raises(UsageError, match="no file"):
        audit_table(tmp_path / "none.csv", ROLES)
    with pytest.raises(UsageError, match=r"neither \.csv nor \.parquet"):
        audit_table(tmp_path / "none.xlsx", ROLES)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="cannot be read as a table"):
        audit_table(tmp_path / "bad.parquet", ROLES)
    table.write_csv(tmp_path / "mine.csv")
    with pytest.raises(UsageError, match=r"unknown column .margin..*home_win"):
        audit_table(tmp_path / "mine.csv", Roles(target="margin", time="when"))


def test_a_table_too_large_to_read_is_refused(tmp_path, monkeypatch, table):
    table.write_csv(tmp_path / "mine.csv")
    monkeypatch.setattr(audits, "MAX_BYTES", 1000)
    with pytest.raises(DataError, match="at most 1,000 are read"):
        audit_table(tmp_path / "mine.csv", ROLES)
