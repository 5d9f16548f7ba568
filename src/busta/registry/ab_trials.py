"""Trials of a challenger against the champion, each an MLflow run that declares its rule before the first game.

A run's parameters cannot be changed in MLflow, a deleted run still counts, and which trial of its market it
is follows from when it started: so none can be started again until it is won. Those that were
only trained stand in `busta.registry.trials`.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from busta.registry.connect import guarded
from busta.registry.versions import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.registry.connect import Registry

__all__ = ["ABTrial", "Declared", "ab_trials", "conclude", "declare"]

DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared with a trial, and cannot be changed.

    Attributes:
        model: Name of the registered model.
        champion: Number of the version that is champion.
        challenger: Number of the version that is tried.
        alpha: Chance of a false win that all trials of the market share; that of the first trial holds.
        planned: How many trials were planned on the market; that of the first trial holds.
        beta: Chance of giving up a challenger that is better by the margin.
        margin: Log loss a game that is worth waiting for.
        horizon: Games after which the trial ends.
    """

    model: str
    champion: str
    challenger: str
    alpha: float
    planned: int
    beta: float
    margin: float
    horizon: int


@dataclass(frozen=True, slots=True)
class ABTrial:
    """A trial as the registry keeps it.

    Attributes:
        id: Of its run.
        number: Which trial of the market it is, from 1: blind and anchored, close and open together.
        started: Milliseconds since 1970; games that kick off later count.
        declared: Its rule.
        deleted: Whether somebody deleted its run.
        decision: What was noted at its end: ``decision``, ``reason``, ``decided_at`` and more; empty while it runs.
    """

    id: str
    number: int
    started: int
    declared: Declared
    deleted: bool = False
    decision: Mapping[str, str] = field(default_factory=dict)


def ab_trials(registry: Registry, league: str, market: str) -> list[ABTrial]:
    """All trials of a market, oldest first."""
    with guarded(registry.uri):
        experiment = registry.client.get_experiment_by_name(_experiment(league, market))
        runs = _runs(registry, experiment.experiment_id) if experiment else []
    runs = sorted(runs, key=lambda run: (run.info.start_time, run.info.run_id))
    return [_trial(run, number) for number, run in enumerate(runs, 1)]


def declare(
    registry: Registry, league: str, market: str, declared: Declared, tags: Mapping[str, str] | None = None
) -> ABTrial:
    """Starts a trial, a run with those tags: from now on its games count."""
    from mlflow.entities import Param

    name = f"{declared.model}: {declared.challenger} against {declared.champion}"
    with guarded(registry.uri):
        run = registry.client.create_run(
            registry.experiment(_experiment(league, market)),
            start_time=int(time.time() * 1000),
            tags={"mlflow.runName": name, **(tags or {})},
        )
        params = [Param(key, str(value)) for key, value in asdict(declared).items()]
        registry.client.log_batch(run.info.run_id, params=params)
    return next(trial for trial in ab_trials(registry, league, market) if trial.id == run.info.run_id)


def conclude(
    registry: Registry, trial: ABTrial, decision: Mapping[str, str], path: Sequence[Mapping[str, float]]
) -> None:
    """Ends a trial: notes the decision, and the figures of each week as the run's metrics."""
    from mlflow.entities import Metric, RunTag

    at = int(time.time() * 1000)
    metrics = [Metric(name, value, at, week) for week, figures in enumerate(path) for name, value in figures.items()]
    with guarded(registry.uri):
        for start in range(0, len(metrics), 900):  # MLflow takes at most 1,000 figures at once
            registry.client.log_batch(trial.id, metrics=metrics[start : start + 900])
        tags = {**decision, "ended_at": now()}
        registry.client.log_batch(trial.id, tags=[RunTag(*pair) for pair in tags.items()])
        registry.client.set_terminated(trial.id)


def _experiment(league: str, market: str) -> str:
    return f"busta-{league}-{market}-ab-trials"


def _runs(registry: Registry, experiment: str) -> list[Any]:
    """Those that declared something; a start that was killed before it did has looked at nothing."""
    from mlflow.entities import ViewType

    found: list[Any] = []
    token = None
    while True:
        page = registry.client.search_runs([experiment], run_view_type=ViewType.ALL, page_token=token)
        found += [run for run in page if "horizon" in run.data.params]
        token = page.token
        if not token:
            return found


def _trial(run: Any, number: int) -> ABTrial:
    said = run.data.params
    declared = Declared(
        said["model"],
        said["champion"],
        said["challenger"],
        alpha=float(said["alpha"]),
        planned=int(said["planned"]),
        beta=float(said["beta"]),
        margin=float(said["margin"]),
        horizon=int(said["horizon"]),
    )
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
    gone = run.info.lifecycle_stage != "active"
    return ABTrial(run.info.run_id, number, run.info.start_time, declared, gone, tags if DECISION in tags else {})
