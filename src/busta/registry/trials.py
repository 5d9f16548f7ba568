"""What was tried on a market: the registry's own record, which the gate counts by."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from busta.registry.connect import Registry, guarded, is_database
from busta.registry.named import RECIPE
from busta.registry.versions import model_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["RECIPE", "SEARCHED", "Plan", "Trial", "count", "declare", "look", "number", "trials"]

SEARCHED = "searched"
_PLAN = "busta.plan"
_FOUND = "log_loss"
"""The figure without which a run found none."""
_TAGS = (RECIPE, SEARCHED, "seasons", "hyperparameters")
_PAGE = 1000
"""Runs asked for at once, the most that MLflow gives by default."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run that found figures.

    Attributes:
        model: Name of the registered model it was made for.
        run_id: Its run.
        started: Milliseconds since 1970.
        recipe: Digest of everything that was chosen: settings, seed, features, information and price.
        searched: Trials it stands for: 1, also for a search nested inside the folds.
        season: Last season it learned from, 0 where the run does not say.
        artifacts: Where MLflow keeps its run's files.
    """

    model: str
    run_id: str
    started: int
    recipe: str
    searched: int = 1
    season: int = 0
    artifacts: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was declared with a market's first trial, and holds from then on.

    Attributes:
        planned: How many recipes were to be tried.
        horizon: Games after registration at which those are judged.
        alpha: Chance, over all trials, of calling informative what is not.
    """

    planned: int
    horizon: int
    alpha: float

    def __str__(self) -> str:
        return f"{self.planned} trials, {self.horizon} games and alpha {self.alpha:g}"


def family(league: str, market: str) -> list[str]:
    """Names of the models that are tried on the same games: blind and anchored, close and open."""
    return [
        model_name(league, market, blind=blind, moment=moment)
        for blind in (False, True)
        for moment in ("close", "open")
    ]


def trials(registry: Registry, league: str, market: str) -> list[Trial]:
    """Every run of the market that found figures, oldest first.

    Failed and deleted runs count as well, if their figures were there to be looked at.
    """
    names = family(league, market)
    with guarded(registry.uri):
        experiments = {name: registry.client.get_experiment_by_name(name) for name in names}
        ids = {found.experiment_id: name for name, found in experiments.items() if found is not None}
        read = _from_tables if is_database(registry.uri) else _from_server
        found = list(read(registry, ids)) if ids else []
    return sorted(found, key=lambda trial: (trial.started, trial.run_id))


def count(found: Sequence[Trial]) -> int:
    """Distinct recipes among the trials: training one again, on newer games, is no new trial."""
    return sum(_first(found).values())


def number(found: Sequence[Trial], recipe: str) -> int:
    """Which trial in order of time a recipe is, from 1; the next one if it was never tried.

    A hand-picked best of a search counts as its last.

    >>> tried = [Trial("m", "1", 1, "a"), Trial("m", "2", 2, "b", searched=10), Trial("m", "3", 3, "a")]
    >>> number(tried, "a"), number(tried, "b"), number(tried, "c"), count(tried)
    (1, 11, 12, 11)
    """
    total = 0
    for name, searched in _first(found).items():
        total += searched
        if name == recipe:
            return total
    return total + 1


def look(found: Sequence[Trial], recipe: str, season: int) -> int:
    """Which look at a recipe a training up to that season is, from 1.

    Training again on a season that was looked at is no new look; one more season is.

    >>> tried = [Trial("m", "1", 1, "a", season=2020), Trial("m", "2", 2, "a", season=2021)]
    >>> look(tried, "a", 2021), look(tried, "a", 2022), look(tried, "b", 2022)
    (2, 3, 1)
    """
    return len({trial.season for trial in found if trial.recipe == recipe and trial.season <= season} | {season})


def declare(registry: Registry, league: str, market: str, plan: Plan) -> Plan:
    """The plan in force: the one declared with the market's first trial, else this one, which is noted."""
    with guarded(registry.uri):
        experiment = registry.experiment(family(league, market)[0])
        declared = registry.client.get_experiment(experiment).tags.get(_PLAN)
        if declared is None:
            registry.client.set_experiment_tag(experiment, _PLAN, json.dumps(asdict(plan)))
    return plan if declared is None else Plan(**json.loads(declared))


def _from_server(registry: Registry, models: Mapping[str, str]) -> Iterator[Trial]:
    """The trials in those experiments, asked for page by page."""
    from mlflow.entities import ViewType

    token: str | None = None
    while True:
        page = registry.client.search_runs(
            list(models), run_view_type=ViewType.ALL, max_results=_PAGE, page_token=token
        )
        for run in page:
            if _FOUND in run.data.metrics:
                info = run.info
                yield _trial(models[info.experiment_id], info.run_id, info.start_time, info.artifact_uri, run.data.tags)
        token = page.token
        if not token:
            return


def _from_tables(registry: Registry, models: Mapping[str, str]) -> Iterator[Trial]:
    """The same, read from MLflow's tables: its search makes an object of every figure of a run, 6 ms a run."""
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlRun, SqlTag
    from sqlalchemy import create_engine, select

    with_figures = select(SqlLatestMetric.run_uuid).where(SqlLatestMetric.key == _FOUND)
    chosen = SqlRun.experiment_id.in_(map(int, models)) & SqlRun.run_uuid.in_(with_figures)
    runs = select(SqlRun.experiment_id, SqlRun.run_uuid, SqlRun.start_time, SqlRun.artifact_uri).where(chosen)
    said = select(SqlTag.run_uuid, SqlTag.key, SqlTag.value).join(SqlRun).where(chosen, SqlTag.key.in_(_TAGS))
    engine = create_engine(registry.uri)
    tags: dict[str, dict[str, str]] = {}
    try:
        with engine.connect() as connection:
            for run, key, value in connection.execute(said):
                tags.setdefault(run, {})[key] = value
            for experiment, run, started, artifacts in connection.execute(runs):
                yield _trial(models[str(experiment)], run, started, artifacts, tags.get(run, {}))
    finally:
        engine.dispose()


def _trial(model: str, run_id: str, started: int, artifacts: str, tags: Mapping[str, str]) -> Trial:
    """A run as a trial; one of an older busta, which noted no recipe, goes by its model and settings."""
    recipe = tags.get(RECIPE) or f"{model} {tags.get('hyperparameters', run_id)}"
    season = tags.get("seasons", "").rpartition("-")[2]
    searched = int(tags.get(SEARCHED, 1))
    return Trial(model, run_id, started, recipe, searched, int(season) if season.isdecimal() else 0, artifacts)


def _first(found: Sequence[Trial]) -> dict[str, int]:
    """The distinct recipes in order of their first trial, and how many trials each stands for."""
    first: dict[str, int] = {}
    for trial in found:
        first[trial.recipe] = max(first.get(trial.recipe, 0), trial.searched)
    return first
