"""What DVC calls the state of a workspace."""

from __future__ import annotations

import subprocess

import pytest

from busta.workflows.training.lineage import git_commit, of_pipeline

LOCK = """
schema: '2.0'
stages:
  ingest@sim: {cmd: a, outs: [{path: data/tables/sim, md5: aa.dir}]}
  build@sim: {cmd: b, outs: [{path: data/gold/sim, md5: bb.dir}]}
  odd: {cmd: c}
"""


@pytest.fixture(autouse=True)
def _outside_of_dvc(monkeypatch):
    for name in ("DVC_STAGE", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_pipeline_there_is_nothing_to_say(tmp_path):
    assert of_pipeline(tmp_path, "sim") == {}


def test_the_state_is_the_lock_and_the_checksum_of_the_data(tmp_path):
    (tmp_path / "dvc.lock").write_text(LOCK)

    found = of_pipeline(tmp_path, "sim")

    assert found["dvc_data"] == "bb.dir"
    assert len(found["dvc_lock"]) == 64
    assert set(of_pipeline(tmp_path, "nfl")) == {"dvc_lock"}


def test_the_revision_is_the_commit_of_the_workspace_or_the_one_an_experiment_started_from(tmp_path, monkeypatch):
    (tmp_path / "dvc.lock").write_text(LOCK)
    for words in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a", "--allow-empty"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert of_pipeline(tmp_path, "sim")["dvc_revision"] == git_commit(tmp_path) != "none"

    monkeypatch.setenv("DVC_STAGE", "train@sim-ats")
    monkeypatch.setenv("DVC_EXP_NAME", "tipsy-duck")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "abc")

    found = of_pipeline(tmp_path, "sim")
    assert (found["dvc_revision"], found["dvc_stage"], found["dvc_experiment"]) == (
        "abc",
        "train@sim-ats",
        "tipsy-duck",
    )


@pytest.mark.parametrize("text", ["", "[", "a: 1", "stages: 1", "stages: {a: {outs: [{path: data/gold/sim}]}}"])
def test_a_lock_that_dvc_did_not_write_says_nothing_of_the_data(tmp_path, text):
    (tmp_path / "dvc.lock").write_text(text)

    assert set(of_pipeline(tmp_path, "sim")) == {"dvc_lock"}
