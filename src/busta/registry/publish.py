"""Publishing a training: one MLflow run with all it found, and one version of the registered model."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from busta.data.process import is_dead, this_process
from busta.models import portable
from busta.registry.connect import Registry, guarded, patiently
from busta.registry.named import DIGEST, RECIPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["CHALLENGER", "CHAMPION", "MODEL_FOLDER", "Published", "Record", "finish", "publish"]

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL_FOLDER = "model"
_LONGEST_TRAINING = 3 * 3600.0  # seconds
_KEY, _PROCESS = "busta.training", "busta.process"
"""Tags of a run: its training's name, and the process that writes it."""
_PARENT = "mlflow.parentRunId"


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
        key: Name of this training alone: one that is published again, because it is not known to be, is not twice.
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
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Published:
    """Where a training went."""

    run_id: str
    version: str


def publish(registry: Registry, record: Record, patience: float = 0.0) -> Published:
    """Logs the run, then registers its model, points ``challenger`` at the new version and ends the run.

    Everything heavy is logged before the version exists: a training killed before leaves champion and challenger as
    they were. Killed after, its version is whole, and its run still open; the same training, run again, finds it and
    does what is left. It runs on a thread of its own, so that Ctrl-C is heard once all is written: inside the
    database's code it would leave a lock behind.

    Args:
        registry: Where to.
        record: What there is to say.
        patience: Seconds for which MLflow may be away.

    Raises:
        OutsideError: MLflow failed.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(patiently, lambda: _publish(registry, record), patience).result()


def _publish(registry: Registry, record: Record) -> Published:
    with guarded(registry.uri), tempfile.TemporaryDirectory() as scratch:
        experiment = registry.experiment(record.name)
        published = _made(registry, experiment, record)
        if published is None:
            published = _make(registry, experiment, record, Path(scratch))
        finish(registry, record.name, published.version, published.run_id)
        _close_left_runs(registry, experiment, record.key, published.run_id)
    return published


def _make(registry: Registry, experiment: str, record: Record, scratch: Path) -> Published:
    client = registry.client
    name = f"{record.name} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(record.started))}"
    tags = {"mlflow.runName": name, _KEY: record.key, _PROCESS: _this_process()}
    run_id = client.create_run(experiment, start_time=int(record.started * 1000), tags=tags).info.run_id
    try:
        _log_figures(registry, run_id, record)
        artifacts = scratch / "artifacts"
        artifacts.mkdir()
        record.write_artifacts(artifacts)
        client.log_artifacts(run_id, str(artifacts))
        model_id = _log_model(registry, run_id, record, scratch)
        _log_candidates(registry, experiment, run_id, record)
        return Published(run_id, _register(registry, run_id, record, model_id))
    except BaseException:
        with suppress(Exception):  # the error that matters is on its way up
            if not _of_run(registry, run_id):
                client.set_terminated(run_id, status="FAILED")
        raise


def _made(registry: Registry, experiment: str, record: Record) -> Published | None:
    """The version that this very training has registered already: before a kill, or before an answer was lost.

    It is of the same recipe and came out the same; and its run has the training's own name, or was left open by a
    process that is gone.
    """
    client = registry.client
    own = client.search_runs([experiment], f"tags.`{_KEY}` = '{record.key}'")
    dead = [run for run in _open_runs(registry, experiment) if _is_left(run)]
    for run in (*own, *dead):
        for version in _of_run(registry, run.info.run_id):
            if all(version.tags.get(tag) == record.tags.get(tag) for tag in (RECIPE, DIGEST)):
                return Published(run.info.run_id, str(version.version))
    return None


def _of_run(registry: Registry, run_id: str) -> list[ModelVersion]:
    """The versions that a run has registered, oldest first; more than one only where MLflow's client asked again."""
    found = registry.client.search_model_versions(f"run_id = '{run_id}'")
    return sorted(found, key=lambda version: int(version.version))


def finish(registry: Registry, name: str, version: str, run_id: str) -> None:
    """What is left of publishing a version once it is registered: it is the challenger, and its run has ended.

    Raises:
        OutsideError: MLflow failed.
    """
    with guarded(registry.uri):
        point(registry, name, CHALLENGER, version)
        registry.client.set_terminated(run_id)


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


def _close_left_runs(registry: Registry, experiment: str, key: str, run_id: str) -> None:
    """Runs that nobody writes any more end: what kills left open, and what lost answers left of this very training."""
    before = int((time.time() - _LONGEST_TRAINING) * 1000)
    for run in _open_runs(registry, experiment):
        if _is_left(run) or _is_twin(run, key, run_id) or run.info.start_time < before:
            whole = _of_run(registry, run.info.run_id)  # all that is heavy was logged before
            registry.client.set_terminated(run.info.run_id, status="FINISHED" if whole else "KILLED")


def _this_process() -> str:
    return json.dumps(this_process())


def _is_left(run: Run) -> bool:
    """Whether the process that writes a run is known to be dead."""
    process = run.data.tags.get(_PROCESS)
    return process is not None and is_dead(json.loads(process))


def _is_twin(run: Run, key: str, run_id: str) -> bool:
    """Whether this process made a run for its training or one of the training's candidates, and never heard of it.

    Where the answer to a request is lost, MLflow's client asks again, and a server makes another run.
    """
    tags: Mapping[str, str] = run.data.tags
    return tags.get(_PROCESS) == _this_process() and (tags.get(_KEY) == key or tags.get(_PARENT) == run_id)


def _open_runs(registry: Registry, experiment: str) -> list[Run]:
    return list(registry.client.search_runs([experiment], "attributes.status = 'RUNNING'", max_results=100))


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
        tags = {_PARENT: run_id, "mlflow.runName": f"candidate {number}", _PROCESS: _this_process()}
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
    registry.client.update_run(run_id, status="RUNNING")  # MLflow took it for ended; it has no version yet
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
    registry.client.create_model_version(
        record.name,
        f"models:/{model_id}",
        run_id,
        tags=dict(record.tags),
        await_creation_for=None,
        model_id=model_id,  # a server takes the address for right only with it
    )
    first, *again = _of_run(registry, run_id)  # where an answer was lost, MLflow's client has asked again
    for version in again:
        registry.client.delete_model_version(record.name, str(version.version))
    return str(first.version)
