"""An audit of a market, noted with its version, and of a table made elsewhere."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import polars as pl
import pytest

import busta
from busta import Roles
from busta.errors import DataError, UsageError
from busta.registry.connect import connect
from busta.registry.versions import resolve
from busta.workflows import audit as audits
from busta.workflows.audit import AUDIT, audit, audit_table

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


def test_the_gate_knows_a_quick_audit_from_a_full_one(borrowed):
    gate = partial(busta.gate, borrowed, "totals", "sim")
    assert _leaks(gate()) == "not applicable"
    audit(borrowed, "totals", "sim")
    assert _leaks(gate()) == "passed"


def test_a_leak_that_was_found_is_in_the_gate_until_an_audit_finds_it_gone(borrowed, monkeypatch):
    monkeypatch.setattr(audits, "permuted_labels", lambda *_: audits.Finding(audits.Answer.leak, 1.0, 0.0, "skill"))
    result = audit(borrowed, "totals", "sim")
    assert (result["clean"], result["leaks"]) == (False, ["permuted labels"])
    judged = busta.gate(borrowed, "totals", "sim")
    assert _leaks(judged) == "failed"
    assert judged["verdict"] == "rejected"
    monkeypatch.undo()
    audit(borrowed, "totals", "sim")
    assert _leaks(busta.gate(borrowed, "totals", "sim")) == "passed"


def _leaks(judged):
    return next(check["answer"] for check in judged["checks"] if check["code"] == "BST009")


def test_every_training_asks_the_quick_questions(trained):
    for result in trained.results.values():
        told = result["audit"]
        assert (told["quick"], told["leaks"]) == (True, [])
        assert len(told["findings"]) > 5


def test_a_leak_found_at_the_training_rejects_the_version(settings, monkeypatch):
    leak = audits.asked("own_skill", "", lambda: audits.Finding(audits.Answer.leak, 1.0, 0.0, "it knows"))
    monkeypatch.setattr("busta.workflows.train.quick_audit", lambda *_: [leak])
    result = busta.train(settings, "ats", "sim")
    assert (result["verdict"], result["audit"]["leaks"]) == ("rejected", ["own_skill"])
    assert "BST009" in result["reason"]


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
