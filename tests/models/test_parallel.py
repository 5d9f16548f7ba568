"""Where fits run changes no result, and a cluster that is not what it should be is refused."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import busta
from busta.errors import DataError, OutsideError, UsageError
from busta.models import parallel
from busta.models.parallel import side_by_side, versions
from busta.models.splits import walk_forward
from busta.models.study import Study
from busta.models.tuning import search
from busta.models.walk import walk
from busta.settings import Boosting, Members, Train, Tune
from support import planted

TREES = Members(members=("linear", "boosting"), boosting=Boosting(rounds=20))
TRAIN = Train(anchored=TREES, first_test_season=2005, min_train_games=100)
HERE = str(Path(__file__).parent)


def add(shared, one, other=0):
    return shared + one + other


def refuse(shared, word):
    raise DataError(f"{word} of {shared}")


def slow(shared, seconds, folder):
    (Path(folder) / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(seconds)
    return shared


def algebra(_shared):
    time.sleep(0.2)
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def figures(found):
    """All numbers of a walk."""
    arrays = [found.probability, found.triples, found.member_log_odds, found.importances, found.closing]
    named = [found.baselines, found.means, found.distribution_scores]
    return (
        [each.tobytes() for each in arrays]
        + [values.tobytes() for each in named for values in each.values()]
        + [found.final.spec, {name: bytes(booster.save_raw()) for name, booster in found.final.boosters.items()}]
    )


def searched(tmp_path, train, name, data=None):
    tune = Tune(trials=20)
    found = search(planted(seasons=8) if data is None else data, train, tune, Study("s", tune, 1, tmp_path / name))
    return [(each.number, each.values, each.losses, each.guides) for each in found.candidates], found.chosen


def on(address):
    return TRAIN.model_copy(update={"cluster": address})


# On threads


def test_results_come_in_the_order_of_the_calls_and_each_that_ends_is_counted():
    done = []
    with side_by_side(Train(jobs=2), 10) as pool:
        assert pool.run([(add, 1), (add, 2, 3), (add, 4)], lambda: done.append(1)) == [11, 15, 14]
        assert pool.run([]) == []
    assert len(done) == 3


def test_an_error_of_a_call_is_the_callers():
    with pytest.raises(DataError, match="nothing of 10"), side_by_side(Train(jobs=1), 10) as pool:
        pool.run([(refuse, "nothing")] + [(add, 1)] * 20)


def test_dask_is_not_imported_without_a_cluster(monkeypatch):
    for name in ("dask", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    assert walk(planted(), Train(jobs=2)).probability.size


def test_a_cluster_without_dask_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r'pip install "busta\[cluster\]"'), side_by_side(on("tcp://x:1"), 0):
        pass


def test_algebra_has_one_thread_within_and_all_of_them_afterwards():
    before = algebra(0)
    with side_by_side(Train(jobs=2), 0) as pool:
        assert pool.run([(algebra,), (algebra,)]) == [[1] * len(before)] * 2
    assert algebra(0) == before


# On a cluster within this process


def test_a_walk_is_the_same_bit_for_bit_on_a_cluster(cluster):
    data, seen = planted(seasons=6), []
    found = walk(data, on(cluster), lambda done, of: seen.append((done, of)))
    assert figures(found) == figures(walk(data, TRAIN))
    assert seen == [(n, len(found.folds) + 1) for n in range(1, len(found.folds) + 2)]


@pytest.mark.slow
def test_a_search_is_the_same_on_a_cluster(cluster, tmp_path):
    one, other = searched(tmp_path, on(cluster), "cluster"), searched(tmp_path, TRAIN, "threads")
    assert one == other
    assert any(not losses for _, _, losses, _ in one[0]), "some were given up"


def test_an_error_on_a_worker_is_the_callers(cluster):
    with pytest.raises(DataError, match="nothing of 10"), side_by_side(on(cluster), 10) as pool:
        pool.run([(refuse, "nothing"), (add, 1)])


def test_the_cluster_is_still_there_afterwards(cluster):
    for shared in (1, 2):
        with side_by_side(on(cluster), shared) as pool:
            assert pool.run([(add, 1), (add, 1)]) == [shared + 1] * 2, "the same call twice is run twice"


@pytest.mark.parametrize("address", ["nonsense", "foo://x:1", "http://user:secret@127.0.0.1:9", "tls://127.0.0.1:9"])
def test_an_address_that_cannot_be_one_is_refused_in_two_lines_before_a_client_is_made(monkeypatch, address):
    monkeypatch.setattr("distributed.Client", None)
    with pytest.raises(OutsideError, match="no Dask scheduler answers at") as error, side_by_side(on(address), 0):
        pass
    assert len(str(error.value).splitlines()) == 2
    assert "secret" not in str(error.value)


def test_an_address_where_nobody_listens_is_refused_in_bounded_time(monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 1.0)
    begin = time.monotonic()
    with pytest.raises(OutsideError, match="Timed out"), side_by_side(on(f"tcp://127.0.0.1:{free_port()}"), 0):
        pass
    assert time.monotonic() - begin < 10


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(parallel, "PATIENCE", 1.0)
    empty = LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp", host="127.0.0.1")
    with empty, pytest.raises(OutsideError, match="has no workers"), side_by_side(on(empty.scheduler_address), 0):
        pass


def test_a_cluster_that_loses_its_workers_at_work_is_told(monkeypatch, tmp_path):
    from distributed import LocalCluster

    monkeypatch.setattr(parallel, "PATIENCE", 1.0)
    local = LocalCluster(n_workers=1, processes=False, dashboard_address=":0", protocol="tcp", host="127.0.0.1")
    with local, side_by_side(on(local.scheduler_address), 0) as pool:
        local.scale(0)
        with pytest.raises(OutsideError, match="was lost at work"):
            pool.run([(slow, 1, str(tmp_path))] * 2)


@pytest.mark.parametrize("name", [*versions()])
def test_another_version_of_anything_is_refused_with_both(name):
    theirs = versions() | {name: "0.0"}
    client = SimpleNamespace(run=lambda *_, **__: {"tcp://w:1": theirs})
    with pytest.raises(OutsideError) as error:
        parallel._agree(client, "tcp://s:1")
    assert f"{name} 0.0 (here {versions()[name]})" in str(error.value)
    assert len(str(error.value).splitlines()) == 2
    with pytest.raises(OutsideError, match=name):
        parallel._there(theirs, add, 1, 1)


def test_versions_name_the_code_itself():
    assert versions()["busta"] != busta.__name__
    assert versions()["busta"].endswith(f"({parallel._code()})")


# On real ones


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def dask(tmp_path):
    """Starts `dask …` processes of this Python, which can import what this one can; ends them."""
    started = []

    def start(*words, path=()):
        roots = [*path, *sys.path, HERE]
        log = (tmp_path / f"dask{len(started)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--no-dashboard"],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(roots)},
                cwd=tmp_path,
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def address(dask):
    port = free_port()
    dask("scheduler", "--host", "127.0.0.1", "--port", str(port))
    return f"tcp://127.0.0.1:{port}"


def worker(dask, address, **path):
    return dask("worker", address, "--nthreads", "1", "--no-nanny", "--name", str(time.monotonic_ns()), **path)


@pytest.fixture
def _patient(monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 60.0)  # a worker takes its time to start on a busy machine


def two_workers(dask, address):
    from distributed import Client

    found = [worker(dask, address) for _ in range(2)]
    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return found


@pytest.mark.server
@pytest.mark.usefixtures("_patient")
def test_a_walk_and_a_search_are_the_same_with_two_worker_processes_of_which_one_is_killed(dask, address, tmp_path):
    data = planted(seasons=8, weeks=10)
    workers = two_workers(dask, address)
    assert figures(walk(data, on(address))) == figures(walk(data, TRAIN))
    with side_by_side(on(address), 0) as pool:
        assert {count for counts in pool.run([(algebra,)] * 4) for count in counts} == {1}

    seen = []

    def kill_one(*told):
        if not seen:
            workers[0].send_signal(signal.SIGKILL)
        seen.append(told)

    train = on(address)
    tune = Tune(trials=20)
    found = search(data, train, tune, Study("s", tune, 1, tmp_path / "cluster"), kill_one)
    assert workers[0].wait(10) == -signal.SIGKILL
    here = searched(tmp_path, TRAIN, "threads", data)
    assert ([(each.number, each.values, each.losses, each.guides) for each in found.candidates], found.chosen) == here
    assert len(found.settings) == len(walk_forward(data, train)) + 1


@pytest.mark.server
@pytest.mark.usefixtures("_patient")
def test_what_a_killed_worker_was_at_another_one_does(dask, address, tmp_path):
    workers = two_workers(dask, address)

    def kill_one_at_work():
        while len(list(tmp_path.glob("*-*"))) < 2:
            time.sleep(0.05)
        workers[0].kill()

    threading.Thread(target=kill_one_at_work, daemon=True).start()
    with side_by_side(on(address), np.arange(3)) as pool:
        found = pool.run([(slow, 3, str(tmp_path))] * 2)
    assert [each.tolist() for each in found] == [[0, 1, 2]] * 2
    assert len(list(tmp_path.glob("*-*"))) == 3, "one of the two was begun twice"


@pytest.mark.server
@pytest.mark.usefixtures("_patient")
def test_a_worker_with_other_code_of_the_same_version_is_refused(dask, address, tmp_path):
    other = tmp_path / "other" / "busta"
    shutil.copytree(Path(busta.__file__).parent, other, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "models" / "linear.py").write_text("# other code\n")
    worker(dask, address, path=[str(other.parent)])
    with (
        pytest.raises(OutsideError, match=r"would not give the same results: busta .* \(here "),
        side_by_side(on(address), 0),
    ):
        pass


@pytest.mark.server
@pytest.mark.usefixtures("_patient")
def test_a_worker_without_busta_is_refused(dask, address, tmp_path):
    (tmp_path / "broken" / "busta").mkdir(parents=True)
    (tmp_path / "broken" / "busta" / "__init__.py").write_text("")
    worker(dask, address, path=[str(tmp_path / "broken")])
    with pytest.raises(OutsideError, match="cannot run busta"), side_by_side(on(address), 0):
        pass
