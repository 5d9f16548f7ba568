from __future__ import annotations

import json
import shutil
import threading

import pytest

from busta.data.publish import current, publish
from busta.errors import UsageError
from busta.serving.engine import Engine, Kind
from busta.serving.state import STATE, NothingServedError, read_state

CLOSE = Kind("sim", "anchored", "close")


@pytest.fixture
def root(served, tmp_path):
    return shutil.copytree(served.home / "serving", tmp_path / "serving")


@pytest.fixture
def copied(root):
    """Publishes another version of the anchored slate at the close, with something changed."""
    first = current(root / "sim-anchored-close")

    def make(name, change):
        def write(folder):
            shutil.copytree(first, folder, dirs_exist_ok=True)
            change(folder)

        publish(root / "sim-anchored-close", name, write)

    return make


def renumber(folder, number):
    about = json.loads((folder / "about.json").read_text())
    for version in about["markets"].values():
        version["version"] = number
    (folder / "about.json").write_text(json.dumps(about))
    for market in about["markets"]:
        text = (folder / market / "answers").read_text()
        (folder / market / "answers").write_text(text.replace('"model_version": "1"', f'"model_version": "{number}"'))


def test_without_slates_nothing_is_served(tmp_path):
    engine = Engine(tmp_path / "serving")
    engine.refresh()
    assert not engine.ready
    assert engine.age() is None
    with pytest.raises(NothingServedError, match="busta train"):
        engine.slate(None, "anchored", "close")


def test_what_is_asked_for_is_found_or_told(root):
    engine = Engine(root)
    engine.refresh()
    assert engine.slate(None, "anchored", "close") is engine.slates[CLOSE]
    with pytest.raises(UsageError, match=r"unknown league 'nba'.*Allowed: sim"):
        engine.slate("nba", "anchored", "close")
    with pytest.raises(UsageError, match="unknown league 'x'"):
        engine.slate("x", "blind", "close")


def test_a_new_slate_takes_the_place_of_the_old_one_whole(root, copied):
    engine = Engine(root)
    engine.refresh()
    before = engine.slates[CLOSE]
    copied("b" * 16, lambda folder: renumber(folder, "2"))
    engine.refresh()
    after = engine.slates[CLOSE]
    assert set(before.versions.values()) == {"1"}
    assert set(after.versions.values()) == {"2"}
    game = before.games[0]["game_id"]
    assert before.price(game, [], []) == after.price(game, [], [])  # the old files are still read


def test_readers_never_see_a_mixture(root, copied):
    engine, wrong, stop = Engine(root, seconds=0.001), [], threading.Event()

    def ask():
        while not stop.is_set():
            slate = engine.slate(None, "anchored", "close")
            answer = json.loads(slate.markets["ats"].predictions[slate.games[-1]["game_id"]])
            if answer["model_version"] != slate.versions["ats"]:
                wrong.append(answer)

    engine.start()
    readers = [threading.Thread(target=ask) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in (2, 3):
        copied(f"{number:016}", lambda folder, n=number: renumber(folder, str(n)))
        while set(engine.slates[CLOSE].versions.values()) != {str(number)}:
            pass
    stop.set()
    for reader in readers:
        reader.join()
    engine.stop()
    assert not wrong


@pytest.mark.parametrize(
    "damage", ["about.json", "games.json", "ats/answers", "ats/model/model.json", "joint.margin.npy"]
)
@pytest.mark.parametrize("how", ["gone", "cut"])
def test_a_slate_that_cannot_be_read_leaves_the_one_before_it(root, copied, damage, how):
    def break_it(folder):
        file = folder / damage
        if how == "gone":
            file.unlink()
        else:
            file.write_bytes(b"\x00cut")

    engine = Engine(root)
    engine.refresh()
    before = engine.slates[CLOSE]
    copied("c" * 16, break_it)
    engine.refresh()
    assert engine.slates[CLOSE] is before
    assert "sim-anchored-close" in engine.problems
    copied("d" * 16, lambda folder: renumber(folder, "3"))
    engine.refresh()
    assert set(engine.slates[CLOSE].versions.values()) == {"3"}
    assert not engine.problems


def test_it_is_ready_once_its_own_watcher_has_looked(root):
    engine = Engine(root, token="mine")  # noqa: S106
    engine.refresh()
    assert not engine.ready
    (root / STATE).write_text(json.dumps({"at": 0, "token": "another's", "error": None}))
    engine.refresh()
    assert not engine.ready
    (root / STATE).write_text(json.dumps({"at": 0, "token": "mine", "error": "MLflow is down"}))
    engine.refresh()
    assert engine.ready
    assert engine.age() > 0
    engine.wait()
    assert read_state(root / "nothing") == {}
