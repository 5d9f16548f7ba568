"""Trials as the registry keeps them."""

from dataclasses import replace

import mlflow
import pytest

from busta.registry import ab_trials as module
from busta.registry.ab_trials import Declared, ab_trials, conclude, declare
from busta.registry.trials import trials

LEAGUE, MARKET = "sim", "moneyline"
SAID = Declared("busta-sim-moneyline", "1", "2", alpha=0.05, planned=2, beta=0.025, margin=0.002, horizon=2800)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on a second with every look."""
    seconds = iter(range(1_000_000_000, 2_000_000_000))
    monkeypatch.setattr(module.time, "time", lambda: float(next(seconds)))


def test_a_market_without_a_trial_has_none(registry):
    assert ab_trials(registry, LEAGUE, MARKET) == []


def test_a_trial_is_kept_as_it_was_declared(registry, clock):
    trial = declare(registry, LEAGUE, MARKET, SAID)

    assert ab_trials(registry, LEAGUE, MARKET) == [trial]
    assert (trial.declared, trial.number, trial.decision, trial.deleted) == (SAID, 1, {}, False)
    assert 1_000_000_000_000 <= trial.started < 1_000_000_010_000


def test_what_was_declared_cannot_be_changed(registry):
    trial = declare(registry, LEAGUE, MARKET, SAID)

    with pytest.raises(mlflow.MlflowException, match="Changing param values is not allowed"):
        registry.client.log_param(trial.id, "alpha", 0.5)

    assert ab_trials(registry, LEAGUE, MARKET)[0].declared == SAID


def test_a_deleted_trial_still_counts(registry, clock):
    first = declare(registry, LEAGUE, MARKET, SAID)
    registry.client.delete_run(first.id)

    second = declare(registry, LEAGUE, MARKET, replace(SAID, model="busta-sim-moneyline-blind"))

    assert second.number == 2
    assert [trial.deleted for trial in ab_trials(registry, LEAGUE, MARKET)] == [True, False]


def test_another_market_counts_for_itself(registry, clock):
    declare(registry, LEAGUE, MARKET, SAID)
    assert declare(registry, LEAGUE, "ats", SAID).number == 1


def test_a_start_that_was_killed_before_it_declared_anything_is_no_trial(registry, clock):
    declare(registry, LEAGUE, MARKET, SAID)
    experiment = registry.experiment("busta-sim-moneyline-ab-trials")
    registry.client.create_run(experiment)

    assert len(ab_trials(registry, LEAGUE, MARKET)) == 1


def test_the_decision_is_kept_with_the_path_that_led_to_it(registry, clock):
    trial = declare(registry, LEAGUE, MARKET, SAID)

    conclude(registry, trial, {"decision": "win", "reason": "better"}, [{"log_e_value": 1.0}, {"log_e_value": 4.5}])

    (found,) = ab_trials(registry, LEAGUE, MARKET)
    assert (found.decision["decision"], found.decision["reason"]) == ("win", "better")
    assert found.decision["ended_at"]
    assert [each.value for each in registry.client.get_metric_history(trial.id, "log_e_value")] == [1.0, 4.5]
    assert registry.client.get_run(trial.id).info.status == "FINISHED"


def test_no_trial_of_two_versions_counts_as_a_recipe_that_was_tried(registry):
    declare(registry, LEAGUE, MARKET, SAID)
    assert trials(registry, LEAGUE, MARKET) == []
