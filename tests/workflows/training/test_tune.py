"""A training that searches settings of its members."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

import busta
from busta.registry.connect import connect
from busta.registry.trials import trials
from busta.registry.versions import fetch, resolve
from workspaces import _template, forget_variables

TRIALS = 4
MEMBERS = {"anchored": {"members": ("linear", "points")}}


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A workspace with a training that searched, the same training again, and how far each said it was."""
    home = shutil.copytree(_template(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("tuned") / "home")
    seen: list[tuple[int, int, float | None]] = []
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        settings = busta.load(home=home, tune={"trials": TRIALS}, train=MEMBERS)
        first = busta.train(settings, "moneyline", "sim", tuning=lambda *told: seen.append(told))
        again = busta.train(settings, "moneyline", "sim", tuning=lambda *told: seen.append(told))
    return settings, first, again, seen


def test_a_search_is_told_kept_in_mlflow_and_found_again(tuned):
    settings, first, again, seen = tuned
    tuning = first["tuning"]
    assert tuning["candidates"] == TRIALS
    assert len(tuning["folds"]) == first["folds"]
    assert tuning["log_loss"]["nested"] <= tuning["log_loss"]["as_set"] + 0.01
    assert seen == [(TRIALS, TRIALS, seen[0][2])], "the second training tried nothing anew"
    assert again["tuning"] == tuning
    assert again["metrics"] == first["metrics"]
    assert json.dumps(first, allow_nan=False)

    registry = connect(settings)
    version = resolve(registry, first["model"], first["model_version"])
    rows = list(csv.DictReader(fetch(registry, version, "candidates.csv").read_text().splitlines()))
    assert [int(row["candidate"]) for row in rows] == list(range(-1, TRIALS))
    below = registry.client.search_runs(
        [registry.experiment(first["model"])], f"tags.`mlflow.parentRunId` = '{first['run_id']}'"
    )
    assert {run.data.params["candidate"] for run in below} == {str(i) for i in range(-1, TRIALS)}
    assert all(run.info.status == "FINISHED" for run in below)
    assert any(run.data.metrics["search.tested_log_loss"] > 0 for run in below)


def test_a_nested_search_is_one_trial_and_a_training_without_it_another(tuned):
    settings, first, again, _ = tuned
    assert first["trials"]["number"] == again["trials"]["number"] == 1
    assert len({trial.recipe for trial in trials(connect(settings), "sim", "moneyline")}) == 1
    plain = busta.train(busta.load(home=settings.home, train=MEMBERS), "moneyline", "sim")
    assert plain["trials"]["number"] == 2
    assert plain["tuning"] is None
    assert "--tune" in plain["notes"]["tuning"]
