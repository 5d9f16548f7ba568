from __future__ import annotations

import logging
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

import busta
from busta.errors import OutsideError, UsageError
from busta.registry import connect as module
from busta.registry.connect import Registry, _ensure_database, connect, guarded, patiently
from busta.registry.publish import publish
from busta.registry.versions import fetch_model, fetch_predictions, resolve, versions
from workspaces import BUSTA, variables

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
    home.mkdir()

    found = connect(busta.load(home=home))

    assert found.uri == f"sqlite:///{home / 'mlflow.db'}"
    assert found.artifacts == home / "mlruns"
    assert sorted(path.name for path in home.iterdir()) == [".lock", "mlflow.db"]
    assert found.client.search_registered_models() == []
    before = (home / "mlflow.db").stat().st_ino
    connect(busta.load(home=home))
    assert (home / "mlflow.db").stat().st_ino == before


def test_a_workspace_that_is_not_there_is_refused_and_not_made(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere is not there; `busta init .*nowhere` makes it"):
        connect(busta.load(home=tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a?b", "a%20b", "100%"])
def test_a_workspace_whose_name_mlflow_reads_otherwise_is_refused_and_left_as_it_is(tmp_path, name):
    home = tmp_path / name
    home.mkdir()
    with pytest.raises(UsageError, match=r"has a \? or % in its path"):
        connect(busta.load(home=home))
    assert [path.name for path in tmp_path.rglob("*")] == [name]


@pytest.mark.parametrize("name", ["a b", "a#b", "br[a]ck", "ü & 'ß'", "a:b@c"])
def test_other_odd_names_of_a_workspace_keep_models(home, make_record, name):
    odd = connect(busta.load(home=home.rename(home.with_name(name))))

    published = publish(odd, make_record())

    assert fetch_model(odd, resolve(odd, make_record().name, published.version)).features == ["x"]


def files_under(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def names_the_place(database, place):
    with sqlite3.connect(database) as connection:
        return any(str(place) in line for line in connection.iterdump())


def test_a_copied_workspace_reads_and_writes_its_own_files_and_leaves_the_original_alone(registry, home, make_record):
    record = make_record()
    publish(registry, record)
    other = home.with_name("other [home]")
    shutil.copytree(home, other)
    before = files_under(home)

    copy = connect(busta.load(home=other))
    first = resolve(copy, record.name, "1")
    second = resolve(copy, record.name, publish(copy, record).version)

    assert not names_the_place(other / "mlflow.db", home)
    assert files_under(home) == before
    shutil.rmtree(home)
    for version in (first, second):
        assert fetch_model(copy, version).features == ["x"]
        assert fetch_predictions(copy, version).read_bytes() == b"stand-in"


def test_a_workspace_moved_twice_keeps_its_models_and_what_else_its_database_names(registry, home, make_record):
    record = make_record()
    publish(registry, record)
    registry.client.create_experiment("of another tool", artifact_location="s3://elsewhere/x")
    for name in ("first", "second"):
        home = home.rename(home.with_name(name))
        moved = connect(busta.load(home=home))

    assert fetch_model(moved, resolve(moved, record.name)).features == ["x"]
    other = moved.client.get_experiment_by_name("of another tool")
    assert other.artifact_location == "s3://elsewhere/x"


def test_a_workspace_that_did_not_move_is_not_written_to(registry, home):
    before = files_under(home)
    connect(busta.load(home=home))
    assert files_under(home) == before


def test_a_move_that_breaks_off_changes_nothing(registry, home, make_record, monkeypatch):
    publish(registry, make_record())
    moved = home.rename(home.with_name("moved"))
    before = (moved / "mlflow.db").read_bytes()
    texts = module._texts
    monkeypatch.setattr(module, "_texts", lambda connection: [*texts(connection), ("no such", "table")])

    with pytest.raises(OutsideError, match="was moved here and cannot be changed to say so: no such table"):
        connect(busta.load(home=moved))
    assert (moved / "mlflow.db").read_bytes() == before


@pytest.mark.slow
def test_third_parties_say_nothing_without_git_and_without_a_place_for_matplotlib(home):
    found = subprocess.run(
        [*BUSTA, "train", "moneyline", "--league", "sim", "--json"],
        env=variables(home, PATH="/nowhere", MPLCONFIGDIR="/proc/nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_what_third_parties_warn_of_is_not_logged(registry):
    for name in ("mlflow", "alembic", "matplotlib"):
        assert not logging.getLogger(name).isEnabledFor(logging.WARNING)


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
    assert module._SECONDS <= 10
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


def test_a_registry_that_cannot_be_written_to_says_so_once_and_logs_nothing(
    registry, home, make_record, capfd, monkeypatch
):
    monkeypatch.chdir(home)  # MLflow takes the address for a path, and makes its folders
    read_only = connect(at(home, f"sqlite:///file:{home / 'mlflow.db'}?mode=ro&uri=true"))

    with pytest.raises(OutsideError) as caught:
        publish(read_only, make_record())

    first, second = str(caught.value).splitlines()
    assert first.endswith("attempt to write a readonly database")
    assert second == "it may be read but not written to: change its permissions, or work on a copy"
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def waits(monkeypatch):
    """The waits between tries; time passes by them alone."""
    found = []
    monkeypatch.setattr(module.time, "sleep", found.append)
    monkeypatch.setattr(module.time, "monotonic", lambda: sum(found))
    return found


def failing(times, message):
    """Work that fails so many times."""
    tries = []

    def work():
        tries.append(1)
        if len(tries) <= times:
            raise OutsideError(message)
        return len(tries)

    return work


@pytest.mark.parametrize(
    "message",
    [
        "no MLflow server answers at http://host\ncheck it",
        "MLflow at sqlite:///x failed: (sqlite3.OperationalError) database is locked",
        "MLflow at http://host failed: API request failed: HTTPConnectionPool: Max retries exceeded with url",
        "MLflow at http://host failed: ('Connection aborted.', RemoteDisconnected('Remote end closed connection'))",
        "MLflow at postgresql://host failed: connection to server at 127.0.0.1 failed: Connection refused",
        "MLflow at postgresql://host failed: FATAL: the database system is starting up",
    ],
)
def test_what_is_away_for_a_moment_is_tried_again_at_growing_intervals(waits, caplog, message):
    assert patiently(failing(6, message), 30.0) == 7
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert caplog.messages[0] == f"{message.splitlines()[0]}; trying again for 30 s"


def test_patience_ends(waits):
    with pytest.raises(OutsideError, match="no MLflow server answers"):
        patiently(failing(99, "no MLflow server answers"), 30.0)
    assert sum(waits) <= 30.0
    with pytest.raises(OutsideError):
        patiently(failing(1, "no MLflow server answers"), 0.0)


@pytest.mark.parametrize(
    "message",
    [
        "MLflow at sqlite:///x failed: (sqlite3.OperationalError) database or disk is full",
        "MLflow at sqlite:///x failed: (sqlite3.OperationalError) attempt to write a readonly database",
        "a database postgresql:// needs the package psycopg2, which is not installed",
        "MLflow at postgresql://host failed: password authentication failed for user",
    ],
)
def test_what_does_not_pass_by_itself_is_not_waited_for(waits, message):
    with pytest.raises(OutsideError):
        patiently(failing(1, message), 30.0)
    assert waits == []


def test_a_database_that_another_program_has_locked_is_not_taken_for_a_moved_one(home, monkeypatch):
    def busy(*_):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(module, "_elsewhere", busy)

    with pytest.raises(OutsideError, match=r"mlflow\.db is locked by another program: database is locked"):
        connect(busta.load(home=home))
