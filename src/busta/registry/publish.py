"""Publishing a training: one MLflow run with all it found, and one version of the registered model."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from busta.models import portable
from busta.registry.connect import Registry, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

__all__ = ["CHALLENGER", "CHAMPION", "MODEL_FOLDER", "Published", "Record", "finish", "publish"]

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL_FOLDER = "model"
_LONGEST_TRAINING = 3 * 3600.0  # seconds


@dataclass(frozen=True)
class Record:
    """All there is to say of a training.

    Attributes:
        name: Name of the registered model.
        started: Seconds since 1970 at which the training began.
        params: Settings that made it, as text.
        metrics: Totals.
        steps: Figures by season or fold: ``(name, step, value)``.
        tags: Of the run and the model version alike: seasons, data, gold version, commit …
        write_model: Writes the model's folder.
        write_artifacts: Writes everything else: predictions, baselines, plots, tables.
        example: A few rows of the model's input.
        candidates: What a search tried: parameters and figures of each, logged as a run below this one.
        requirements: What a bare client needs to load the model.
    """

    name: str
    started: float
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    steps: Sequence[tuple[str, int, float]]
    tags: Mapping[str, str]
    write_model: Callable[[Path], None]
    write_artifacts: Callable[[Path], None]
    example: pd.DataFrame
    candidates: Sequence[tuple[Mapping[str, str], Mapping[str, float]]] = field(default=())
    requirements: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Published:
    """Where a training went."""

    run_id: str
    version: str


def publish(registry: Registry, record: Record) -> Published:
    """Logs the run, then registers its model and points ``challenger`` at the new version.

    Everything heavy is logged before the version exists, and the alias moves last: a training killed
    in between leaves champion and challenger as they were. It runs on a thread of its own, so that
    Ctrl-C is heard once all is written: inside the database's code it would leave a lock behind.

    Raises:
        OutsideError: MLflow failed.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_publish, registry, record).result()


def _publish(registry: Registry, record: Record) -> Published:
    client = registry.client
    with guarded(registry.uri), tempfile.TemporaryDirectory() as scratch:
        experiment = registry.experiment(record.name)
        _close_dead_runs(registry, experiment)
        run = client.create_run(
            experiment,
            start_time=int(record.started * 1000),
            tags={"mlflow.runName": f"{record.name} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(record.started))}"},
        )
        run_id = run.info.run_id
        try:
            _log_figures(registry, run_id, record)
            artifacts = Path(scratch) / "artifacts"
            artifacts.mkdir()
            record.write_artifacts(artifacts)
            client.log_artifacts(run_id, str(artifacts))
            model_id = _log_model(registry, run_id, record, Path(scratch))
            _log_candidates(registry, experiment, run_id, record)
            version = _register(registry, run_id, record, model_id)
        except BaseException:
            with suppress(Exception):  # the error that matters is on its way up
                client.set_terminated(run_id, status="FAILED")
            raise
        client.set_terminated(run_id)
        point(registry, record.name, CHALLENGER, version)
    return Published(run_id, version)


def finish(registry: Registry, name: str, version: str, run_id: str) -> None:
    """Does what is left of publishing a version that a kill came before: its run has ended, it is the challenger.

    Raises:
        OutsideError: MLflow failed.
    """
    with guarded(registry.uri):
        registry.client.set_terminated(run_id)
        point(registry, name, CHALLENGER, version)


def point(registry: Registry, name: str, alias: str, version: str) -> None:
    """Sets an alias; where two do so at once, MLflow's database refuses one, which tries again."""
    from mlflow.exceptions import MlflowException

    for wait in (0.1, 0.2, 0.4, 0.8, None):
        try:
            registry.client.set_registered_model_alias(name, alias, version)
        except MlflowException:
            if wait is None:
                raise
            time.sleep(wait)
        else:
            return


def _close_dead_runs(registry: Registry, experiment: str) -> None:
    """Runs that a kill left open are marked as failed, once no training can be that old."""
    before = int((time.time() - _LONGEST_TRAINING) * 1000)
    open_runs = f"attributes.status = 'RUNNING' and attributes.start_time < {before}"
    for run in registry.client.search_runs([experiment], open_runs, max_results=100):
        registry.client.set_terminated(run.info.run_id, status="KILLED")


def _log_figures(registry: Registry, run_id: str, record: Record) -> None:
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in record.metrics.items()]
    metrics += [Metric(name, value, now, step) for name, step, value in record.steps]
    params = [Param(name, value) for name, value in record.params.items()]
    for start in range(0, len(metrics), 900):  # MLflow takes at most 1,000 figures at once
        registry.client.log_batch(run_id, metrics=metrics[start : start + 900])
    registry.client.log_batch(run_id, params=params, tags=[RunTag(*pair) for pair in record.tags.items()])


def _log_candidates(registry: Registry, experiment: str, run_id: str, record: Record) -> None:
    """A run below the training's for everything that a search tried; none of them counts as a trial of its own."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    for number, (params, metrics) in enumerate(record.candidates):
        tags = {"mlflow.parentRunId": run_id, "mlflow.runName": f"candidate {number}"}
        run = registry.client.create_run(experiment, start_time=now, tags=tags)
        registry.client.log_batch(
            run.info.run_id,
            metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
            params=[Param(name, value) for name, value in params.items()],
            tags=[RunTag("search_of", record.name)],
        )
        registry.client.set_terminated(run.info.run_id)


def _log_model(registry: Registry, run_id: str, record: Record, scratch: Path) -> str:
    """Stores the model's data with the fixed loader beside it; returns its id."""
    import mlflow
    from mlflow.models import infer_signature

    folder = scratch / MODEL_FOLDER
    record.write_model(folder)
    loader = _loader(scratch)
    output = portable.PortableModel.read(folder).predict(record.example)
    mlflow.set_tracking_uri(registry.uri)
    mlflow.set_registry_uri(registry.uri)
    with mlflow.start_run(run_id=run_id):
        logged = mlflow.pyfunc.log_model(
            name="model",
            loader_module=loader.stem,
            data_path=str(folder),
            code_paths=[str(loader)],
            signature=infer_signature(record.example, output),
            input_example=record.example,
            pip_requirements=list(record.requirements),
            metadata={"information": record.tags.get("information", "")},
        )
    return str(logged.model_id)


def _loader(scratch: Path) -> Path:
    """The run time of a stored model, under a name of its own content: two versions never mix."""
    source = Path(portable.__file__)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:8]
    return Path(shutil.copy(source, scratch / f"busta_model_{digest}.py"))


def _register(registry: Registry, run_id: str, record: Record, model_id: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        registry.client.create_registered_model(record.name, description=record.tags.get("description", ""))
    except MlflowException as exc:
        if exc.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = registry.client.create_model_version(
        record.name,
        f"models:/{model_id}",
        run_id,
        tags=dict(record.tags),
        await_creation_for=None,
        model_id=model_id,  # a server takes the address for right only with it
    )
    return str(version.version)
