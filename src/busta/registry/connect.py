"""The connection to MLflow: the workspace's own SQLite file, or the tracking server of the settings."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from busta.data.publish import locked
from busta.errors import OutsideError, UsageError, without_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient

    from busta.settings import Settings

__all__ = ["Registry", "connect", "guarded", "is_database", "patiently"]

log = logging.getLogger(__name__)
T = TypeVar("T")

_SECONDS = 10.0  # to wait for a first answer: where there is no server the refusal comes at once, a busy one is late
_MAKING = ".making-"
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_PASSING = re.compile(
    r"(?i)database (?:\w+ )?is locked|no MLflow server answers|connection (?:refused|reset|aborted|timed out)"
    r"|remote end closed|remotedisconnected|max retries exceeded|read timed out|server closed the connection"
    r"|terminating connection|the database system is|could not connect to server|error code 50[234]"
)
"""What servers and databases say that are away for a moment, and none of what has to be mended."""


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
    """Connects to MLflow; the workspace's own database is made on first use and follows the workspace.

    Raises:
        UsageError: The workspace is not there, or MLflow cannot work under its name.
        OutsideError: The tracking server does not answer.
    """
    _quiet()
    uri = settings.tracking.tracking_uri
    artifacts = None
    if uri is None:
        home = _nameable(settings.workspace())
        database, artifacts = home / "mlflow.db", home / "mlruns"
        _ensure_database(database)
        uri = f"sqlite:///{database}"
    import mlflow

    with guarded(uri):
        _knock(uri)
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        if artifacts:
            _follow(artifacts.with_name("mlflow.db"), artifacts.as_uri())
        return Registry(client, uri, artifacts)


def _nameable(home: Path) -> Path:
    if set("?%") & set(str(home)):
        raise UsageError(f"the workspace {home} has a ? or % in its path, and MLflow takes none; rename it")
    return home


def _follow(database: Path, artifacts: str) -> None:
    """Where the workspace was moved or copied, has its database name the files that stand beside it.

    MLflow notes every file by its absolute place; those in the old ``mlruns`` become those in this one.
    """
    try:
        if not _elsewhere(database, artifacts):
            return
        with locked(database.parent), closing(sqlite3.connect(database)) as connection, connection:
            for old in _elsewhere(database, artifacts):  # unless another busta did it in the meantime
                for table, column in _texts(connection):
                    connection.execute(
                        f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?)'  # noqa: S608 - MLflow's names
                        f' WHERE substr("{column}", 1, ?) = ?',
                        (artifacts, len(old) + 1, len(old) + 1, f"{old}/"),
                    )
    except sqlite3.Error as exc:
        if "locked" in str(exc):
            raise OutsideError(
                f"{database} is locked by another program: {exc}\nwait for that program to end, or end it"
            ) from exc
        raise OutsideError(f"{database} was moved here and cannot be changed to say so: {exc}") from exc


def _elsewhere(database: Path, artifacts: str) -> set[str]:
    """The ``mlruns`` of other places in which the database has the default experiment's or busta's own."""
    ours = "SELECT artifact_location FROM experiments WHERE experiment_id = 0 OR name LIKE 'busta-%'"
    with closing(sqlite3.connect(database)) as connection:
        places = [str(place) for (place,) in connection.execute(ours)]
    found = {match[1] for place in places if (match := re.fullmatch(r"(file://.*/mlruns)/[^/]+", place))}
    return found - {artifacts}


def _texts(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND (c.type LIKE '%CHAR%' OR c.type LIKE '%TEXT%')"
    ).fetchall()


def patiently(work: Callable[[], T], seconds: float) -> T:
    """What ``work`` returns; where MLflow is away it is tried again, at growing intervals, for so many seconds.

    Args:
        work: Does something with MLflow that may be done again.
        seconds: After the first failure in which another try may begin; with 0 there is none.

    Raises:
        OutsideError: MLflow is still away, or will not come back by itself: no room, no permission, a wrong address.
    """
    end, wait = None, _FIRST_WAIT
    while True:
        try:
            return work()
        except OutsideError as exc:
            now = time.monotonic()
            end = end or now + seconds
            if not _PASSING.search(f"{exc} {exc.__cause__}") or now + wait > end:
                raise
            log.warning("%s; trying again for %.0f s", str(exc).splitlines()[0], end - now)
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def is_database(uri: str) -> bool:
    """Whether MLflow keeps its record in a database that is reached from here, not behind a server."""
    from mlflow.store.db.db_types import DATABASE_ENGINES

    return uri.partition(":")[0].partition("+")[0] in DATABASE_ENGINES


def _knock(uri: str) -> None:
    """One quick look whether there is an answer; left to itself, MLflow tries again for minutes."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request
    from sqlalchemy import create_engine, inspect

    scheme = uri.partition(":")[0]
    if scheme in {"http", "https"}:
        try:
            http_request(get_default_host_creds(uri.rstrip("/")), "/health", "GET", max_retries=0, timeout=_SECONDS)
        except MlflowException as exc:
            raise OutsideError(
                f"no MLflow server answers at {without_password(uri)}\n"
                "check tracking.tracking_uri and that the server runs"
            ) from exc
    elif is_database(uri):
        try:
            engine = create_engine(uri)
        except ModuleNotFoundError as exc:
            raise OutsideError(f"a database {scheme}:// needs the package {exc.name}, which is not installed") from exc
        inspect(engine).get_table_names()
        engine.dispose()


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
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            advice = "check tracking.tracking_uri and that the server runs; `busta doctor` tells more"
            if re.search("read-?only", first):  # as SQLite and PostgreSQL say it
                advice = "it may be read but not written to: change its permissions, or work on a copy"
            raise OutsideError(
                f"MLflow at {without_password(self.uri)} failed: {without_password(first)[:200]}\n{advice}"
            ) from error


def _ensure_database(database: Path) -> None:
    """Makes the database beside its place and moves it there whole, so that it is never half migrated.

    Of two first trainings at once, one makes it and the other waits.
    """
    if database.exists():
        return
    with locked(database.parent):
        if database.exists():
            return
        for left in database.parent.glob(f"{_MAKING}*"):  # by a killed run; no living one holds the lock
            shutil.rmtree(left)
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        with tempfile.TemporaryDirectory(prefix=_MAKING, dir=database.parent) as folder:
            made = Path(folder) / database.name
            store = SqlAlchemyStore(f"sqlite:///{made}", (database.parent / "mlruns").as_uri())
            store.engine.dispose()
            made.rename(database)


def _quiet() -> None:
    """No telemetry, only errors in the log, nothing on standard output, and no tries that last for minutes."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    for name in ("mlflow", "alembic", "matplotlib", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # its errors are raised as well
