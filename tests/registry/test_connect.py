from __future__ import annotations

import socket
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

import busta
from busta.errors import OutsideError, UsageError
from busta.registry import connect as module
from busta.registry.connect import Registry, _ensure_database, connect, guarded
from busta.registry.versions import versions

QUICKLY = 3.0  # seconds; a person waits at most _SECONDS more


def at(home, uri):
    return busta.load(home=home, tracking={"tracking_uri": uri})


@pytest.fixture
def half_made(monkeypatch):
    """Stands in for MLflow's migrations: writes part of a database, then lets the test go on or breaks off."""
    made = []

    def store(uri, _artifacts):
        file = uri.removeprefix("sqlite:///")
        with sqlite3.connect(file) as database:
            database.execute("create table experiments (id)")
        made.append(file)
        for act in acts:
            act()
        return SimpleNamespace(engine=SimpleNamespace(dispose=lambda: None))

    acts = []
    monkeypatch.setattr("mlflow.store.tracking.sqlalchemy_store.SqlAlchemyStore", store)
    return SimpleNamespace(made=made, acts=acts)


@pytest.fixture
def server():
    """An HTTP server of one thread that answers everything with a status of the test's choice."""
    answer = {"status": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield SimpleNamespace(uri=f"http://127.0.0.1:{running.server_port}", answer=answer)
        running.shutdown()
        thread.join()


def test_the_workspaces_own_database_is_made_whole_once(tmp_path):
    home = tmp_path / "new"

    found = connect(busta.load(home=home))

    assert found.uri == f"sqlite:///{home / 'mlflow.db'}"
    assert found.artifacts == home / "mlruns"
    assert sorted(path.name for path in home.iterdir()) == [".lock", "mlflow.db"]
    assert found.client.search_registered_models() == []
    before = (home / "mlflow.db").stat().st_ino
    connect(busta.load(home=home))
    assert (home / "mlflow.db").stat().st_ino == before


def test_of_two_first_connections_at_once_one_makes_the_database_and_the_other_waits(tmp_path, half_made):
    both_came = threading.Event()
    half_made.acts.append(lambda: both_came.wait(5) and time.sleep(0.2))
    threads = [threading.Thread(target=_ensure_database, args=(tmp_path / "mlflow.db",)) for _ in range(2)]

    for thread in threads:
        thread.start()
    both_came.set()
    for thread in threads:
        thread.join(10)

    assert len(half_made.made) == 1
    assert (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError, sqlite3.OperationalError])
def test_a_creation_that_breaks_off_leaves_no_database(tmp_path, half_made, kind):
    def break_off():
        raise kind

    half_made.acts.append(break_off)

    with pytest.raises(kind):
        _ensure_database(tmp_path / "mlflow.db")
    assert len(half_made.made) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_what_a_killed_creation_left_is_cleared_away_by_the_next(tmp_path, half_made):
    (tmp_path / ".making-dead").mkdir()
    (tmp_path / ".making-dead" / "mlflow.db").write_bytes(b"half")

    _ensure_database(tmp_path / "mlflow.db")

    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "mlflow.db"]


def test_a_database_that_is_none_is_refused_quickly(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    start = time.monotonic()

    with pytest.raises(OutsideError, match="file is not a database"):
        connect(busta.load(home=tmp_path))
    assert time.monotonic() - start < QUICKLY


@pytest.mark.parametrize(
    "uri",
    [
        "http://me:hunter2@127.0.0.1:9",
        "http://me:hunt/er2@127.0.0.1:9",
        "http://me:hunt@er2@127.0.0.1:9",
        "postgresql+psycopg2://me:hunter2@127.0.0.1:9/mlflow",
        "sqlite:////nowhere/at/all/mlflow.db",
        "carrier-pigeon://me:hunter2@coop",
    ],
)
def test_a_server_that_is_not_there_is_said_quickly_and_without_password(tmp_path, uri):
    start = time.monotonic()

    with pytest.raises(OutsideError) as caught:
        versions(connect(at(tmp_path, uri)), "busta-sim-ats")

    assert time.monotonic() - start < QUICKLY
    assert caught.value.exit_code == 5
    assert 1 <= len(str(caught.value).splitlines()) <= 2
    assert uri.partition("://")[0] in str(caught.value)
    for secret in ("hunt", "er2", "me:"):
        assert secret not in str(caught.value)


def test_a_server_that_never_answers_is_waited_for_a_few_seconds_only(tmp_path, monkeypatch):
    assert module._SECONDS <= 5
    monkeypatch.setattr(module, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        start = time.monotonic()
        with pytest.raises(OutsideError, match=r"no MLflow server answers at http://127\.0\.0\.1"):
            connect(at(tmp_path, f"http://127.0.0.1:{mute.getsockname()[1]}"))
        assert time.monotonic() - start < QUICKLY


def test_a_server_that_is_overloaded_is_not_asked_for_minutes(tmp_path, server):
    server.answer["status"] = 503
    start = time.monotonic()

    with pytest.raises(OutsideError, match="no MLflow server answers"):
        connect(at(tmp_path, server.uri))
    assert time.monotonic() - start < QUICKLY


def test_a_server_that_answers_is_taken_and_no_database_is_made(tmp_path, server):
    found = connect(at(tmp_path, server.uri + "/"))

    assert found.artifacts is None
    assert list(tmp_path.iterdir()) == []


def test_other_errors_pass_the_guard_as_they_are():
    for error in (UsageError("x"), ValueError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, guarded("sqlite://"):
            raise error
        assert caught.value is error


@pytest.mark.parametrize(("text", "said"), [("", "MlflowException"), ("down\nand out", "down"), ("x" * 999, "x" * 200)])
def test_mlflows_errors_become_one_line_and_what_to_do(text, said):
    from mlflow.exceptions import MlflowException

    with pytest.raises(OutsideError) as caught, guarded("http://me:hunter2@host"):
        raise MlflowException(text)
    first, second = str(caught.value).splitlines()
    assert first == f"MLflow at http://***@host failed: {said}"
    assert "busta doctor" in second


def test_an_experiment_is_made_once(registry):
    assert registry.experiment("a") == registry.experiment("a") != registry.experiment("b")


def test_an_experiment_that_another_training_makes_at_the_same_moment_is_shared():
    from mlflow.exceptions import MlflowException

    class Client:
        made = None

        def get_experiment_by_name(self, _name):
            return self.made

        def create_experiment(self, name, artifact_location):
            self.made = SimpleNamespace(experiment_id="7")
            raise MlflowException("exists")

    assert Registry(Client(), "sqlite://", None).experiment("a") == "7"


def test_an_experiment_that_cannot_be_made_is_an_error():
    from mlflow.exceptions import MlflowException

    class Client:
        def get_experiment_by_name(self, _name):
            return None

        def create_experiment(self, name, artifact_location):
            raise MlflowException("read only")

    with pytest.raises(MlflowException, match="read only"):
        Registry(Client(), "sqlite://", None).experiment("a")
