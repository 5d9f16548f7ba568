"""A training on a cluster."""

from __future__ import annotations

import json

import pytest

import busta
from busta.errors import OutsideError
from busta.registry.connect import connect
from busta.registry.versions import fetch, fetch_predictions, resolve, versions

TRIALS = 4


def stored(settings, result):
    """The bytes of a version's forecasts, and what it says of its settings."""
    registry = connect(settings)
    version = resolve(registry, result["model"], result["model_version"])
    configuration = json.loads(fetch(registry, version, "configuration.json").read_text())
    return fetch_predictions(registry, version).read_bytes(), configuration


@pytest.mark.slow
def test_a_training_on_a_cluster_is_the_same_trial_with_the_same_figures(home, cluster):
    here = busta.load(home=home, tune={"trials": TRIALS})
    there = busta.load(home=home, tune={"trials": TRIALS}, train={"cluster": cluster})
    seen = []
    result = busta.train(there, "moneyline", "sim", progress=lambda *told: seen.append(told))
    (home / "data" / "tuning").rename(home / "data" / "tuned on the cluster")
    again = busta.train(here, "moneyline", "sim")
    assert result["metrics"] == again["metrics"]
    assert result["tuning"] == again["tuning"]
    assert result["trials"]["number"] == again["trials"]["number"] == 1
    assert seen[-1] == (result["folds"] + 1, result["folds"] + 1)
    assert stored(there, result)[0] == stored(here, again)[0]
    configuration = stored(there, result)[1]
    assert "cluster" not in configuration["train"], "where it was fitted is nobody's business later"
    assert "storage" not in configuration["tune"], "it may hold a password"


def test_where_there_is_no_cluster_nothing_is_registered(home):
    before = versions(connect(busta.load(home=home)), "busta-sim-moneyline")
    settings = busta.load(home=home, train={"cluster": "tcp://nowhere"})
    with pytest.raises(OutsideError, match="no Dask scheduler answers"):
        busta.train(settings, "moneyline", "sim")
    assert versions(connect(settings), "busta-sim-moneyline") == before
