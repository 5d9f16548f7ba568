"""The connection to MLflow: the workspace's own SQLite file, or the tracking server of the settings."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from busta.errors import OutsideError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from busta.settings import Settings

__all__ = ["Registry", "connect", "guarded"]


@dataclass(frozen=True)
class Registry:
    """A client of the tracking server and registry in use.

    Attributes:
        client: MLflow's client.
        uri: What it is connected to.
        artifacts: Where a local registry keeps its files; ``None`` leaves it to the server.
    """

    client: MlflowClient
    uri: str
    artifacts: Path | None

    def experiment(self, name: str) -> str:
        """The id of the experiment of that name, made if it is not there."""
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(name)
        if found is None:
            location = (self.artifacts / name).as_uri() if self.artifacts else None
            try:
                return str(self.client.create_experiment(name, artifact_location=location))
            except MlflowException:  # another training made it in this moment
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        return str(found.experiment_id)


def connect(settings: Settings) -> Registry:
    """Connects to MLflow; the workspace's own database is made on first use.

    Raises:
        OutsideError: The tracking server does not answer.
    """
    _quiet()
    uri = settings.tracking.tracking_uri
    artifacts = None
    if uri is None:
        home = settings.home.resolve()
        database, artifacts = home / "mlflow.db", home / "mlruns"
        _ensure_database(database)
        uri = f"sqlite:///{database}"
    import mlflow

    with guarded(uri):
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        if artifacts is None:
            client.search_experiments(max_results=1)
    return Registry(client, uri, artifacts)


class guarded:  # noqa: N801 - used like a function
    """Turns MLflow's and the network's errors into one line that says what is wrong."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        import mlflow.exceptions
        import requests
        import sqlalchemy.exc

        known = (mlflow.exceptions.MlflowException, requests.RequestException, sqlalchemy.exc.SQLAlchemyError)
        if isinstance(error, known):
            first = str(error).strip().splitlines()[0][:200]
            raise OutsideError(
                f"MLflow at {_without_password(self.uri)} failed: {_without_password(first)}\n"
                "check tracking.tracking_uri and that the server runs; `busta doctor` tells more"
            ) from error


def _ensure_database(database: Path) -> None:
    """Makes the database beside its place and moves it there whole, so that it is never half migrated.

    Of two first trainings at once, one wins; the other's empty database is thrown away.
    """
    if database.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with tempfile.TemporaryDirectory(prefix=".making-", dir=database.parent) as folder:
        made = Path(folder) / database.name
        store = SqlAlchemyStore(f"sqlite:///{made}", (database.parent / "mlruns").as_uri())
        store.engine.dispose()
        try:
            os.link(made, database)
        except FileExistsError:
            return


def _quiet() -> None:
    """No telemetry, and only warnings in the log."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_password(text: str) -> str:
    import re

    return re.sub(r"://[^@/\s]*@", "://***@", text)
