"""Real processes, killed at any moment or run at once: the workspace is always as before or complete."""

from __future__ import annotations

import random
import signal
import sqlite3
import time

import pytest

import busta
from busta.data.publish import current
from busta.data.tables import Tables
from busta.features.store import open_gold
from busta.registry.connect import connect
from busta.registry.versions import fetch_model, fetch_predictions, versions
from workspaces import Busta

pytestmark = pytest.mark.server

SIM = ("--league", "sim")
NAME = "busta-sim-moneyline"
KILLS = 14


def check(home):
    """Whatever is there is whole: tables, gold, database, and every version an alias names or the list shows."""
    settings = busta.load(home=home)
    if current(settings.tables / "sim"):
        tables = Tables(settings.tables / "sim").read()
        assert tables.games.height > 1000
        assert tables.quotes.height == 6 * tables.games.height
    if folder := current(settings.gold / "sim"):
        assert open_gold(folder).games.height > 1000
    if not (home / "mlflow.db").exists():
        return []
    with sqlite3.connect(home / "mlflow.db") as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    registry = connect(settings)
    found = versions(registry, NAME)
    for version in found:
        assert fetch_model(registry, version).features
        assert fetch_predictions(registry, version).stat().st_size > 1000
    return found


def kill(process, after):
    """Kills a process after so many seconds, as ``kill -9`` does; says whether it was still at work."""
    time.sleep(after)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


@pytest.fixture(scope="module")
def seconds(tmp_path_factory):
    """How long an ingest and a first training take on this machine, in a workspace that has nothing."""
    workspace = Busta(tmp_path_factory.mktemp("clock"), BUSTA_SIM__SEASONS="4")
    spent = []
    for command in (("ingest", "sim"), ("train", "moneyline", *SIM)):
        start = time.monotonic()
        workspace.json(*command)
        spent.append(time.monotonic() - start)
    return spent


@pytest.fixture
def workspace(tmp_path):
    return Busta(tmp_path, BUSTA_SIM__SEASONS="4")


def moments(seconds, count, seed, share=(0.05, 0.98)):
    """Moments spread over a run's length, one at random in each of ``count`` equal parts."""
    low, high = (part * seconds for part in share)
    rng = random.Random(seed)
    return [low + (high - low) * (i + rng.random()) / count for i in range(count)]


def test_an_ingest_killed_at_any_moment_leaves_tables_that_open_and_the_next_one_succeeds(workspace, seconds):
    killed = 0
    for number, moment in enumerate(moments(seconds[0], KILLS, 1, (0.4, 1.0))):
        workspace.variables["BUSTA_SIM__SEED"] = str(number % 3)  # each run has something to write
        killed += kill(workspace.start("ingest", "sim"), moment)
        check(workspace.home)

    assert killed > KILLS // 2
    assert workspace.json("ingest", "sim")["counts"]["games"]["refused"] == 0
    check(workspace.home)
    folder = workspace.home / "data" / "tables" / "sim"
    assert not list(folder.glob(".writing-*"))


def test_a_training_killed_at_any_moment_leaves_everything_whole_and_the_next_one_succeeds(workspace, seconds):
    """From an empty workspace, so that the first kills strike the ingest, the build and the database's birth."""
    killed, seen = 0, 0
    for moment in moments(seconds[1], KILLS, 2):
        killed += kill(workspace.start("train", "moneyline", *SIM), moment)
        found = check(workspace.home)
        assert len(found) >= seen
        seen = len(found)

    assert killed > KILLS // 2
    result = workspace.json("train", "moneyline", *SIM)
    newest = check(workspace.home)[0]
    assert newest.number == result["model_version"]
    assert newest.aliases == ("challenger",)
    assert workspace.json("predict", "moneyline", "--week", "2014-18", *SIM)["predictions"]
    assert not list(workspace.home.glob(".making-*"))


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_ctrl_c_ends_a_training_with_130_and_one_line(workspace, seconds, share):
    process = workspace.start("train", "moneyline", *SIM)
    time.sleep(share * seconds[1])
    assert process.poll() is None, "the training was over before the interrupt"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    if "Exception ignored" in err:  # it fell into a destructor, where Python drops it: then nothing stops
        assert (process.returncode, "verdict" in out) == (0, True)
    else:
        assert (process.returncode, out) == (130, "")
        assert err == "stopped; nothing is half-written, run it again any time\n"
    check(workspace.home)


def test_two_first_trainings_at_once_in_an_empty_workspace_both_succeed(workspace):
    processes = [workspace.start("train", "moneyline", *SIM, "--json") for _ in range(2)]
    ends = [process.communicate(timeout=300) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], ends
    found = check(workspace.home)
    assert [version.number for version in found] == ["2", "1"]
    assert sorted(version.aliases for version in found) == [(), ("challenger",)]
    assert {version.tags["verdict"] for version in found} <= {"rejected", "fit to serve", "fit to bet"}
    assert workspace.json("gate", "moneyline", *SIM)["trials"]["count"] == 1


def test_a_training_goes_on_when_its_reader_has_gone(workspace):
    process = workspace.start("train", "moneyline", *SIM, "--json")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=300)

    assert err == ""
    assert len(check(workspace.home)) == 1
