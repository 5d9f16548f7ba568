from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from busta.data import publish as module
from busta.data.identity import content_id
from busta.data.parquet import write_parquet
from busta.data.publish import atomic_write, current, locked, publish
from busta.errors import DataError, OutsideError


def write_text(text: str):
    return lambda folder: (folder / "file.txt").write_text(text)


def shown(root) -> str:
    folder = current(root)
    assert folder is not None
    return (folder / "file.txt").read_text()


def leftovers(root) -> list[str]:
    return [path.name for path in root.rglob(".writing-*")]


def test_nothing_is_current_before_something_is_published(tmp_path):
    assert current(tmp_path / "none") is None


def test_what_is_published_is_current(tmp_path):
    folder = publish(tmp_path / "new" / "root", "aaaa", write_text("one"))
    assert current(tmp_path / "new" / "root") == folder
    assert shown(tmp_path / "new" / "root") == "one"


def test_a_version_that_stands_is_not_written_again(tmp_path):
    publish(tmp_path, "aaaa", write_text("one"))
    publish(tmp_path, "bbbb", write_text("two"))
    publish(tmp_path, "aaaa", write_text("never"))
    assert shown(tmp_path) == "one"


@pytest.mark.parametrize("keep", [1, 2, None])
def test_only_the_newest_versions_stay(tmp_path, keep):
    for name in ("aaaa", "bbbb", "cccc", "aaaa"):
        publish(tmp_path, name, write_text(name), keep=keep)
        time.sleep(0.01)
    names = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert names == {1: ["aaaa"], 2: ["aaaa", "cccc"]}.get(keep or 0, ["aaaa", "cccc"] if keep else names)
    assert shown(tmp_path) == "aaaa"


def test_a_writer_that_fails_changes_nothing(tmp_path):
    publish(tmp_path, "aaaa", write_text("one"))

    def fail(folder) -> None:
        write_text("half")(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "bbbb", fail)
    assert shown(tmp_path) == "one"
    assert not leftovers(tmp_path)


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    publish(tmp_path, "aaaa", write_text("one"))
    (tmp_path / ".writing-bbbb-1").mkdir()
    (tmp_path / ".writing-bbbb-1" / "file.txt").write_text("half")
    (tmp_path / ".writing-CURRENT-2").write_text("bb")
    assert shown(tmp_path) == "one"
    publish(tmp_path, "cccc", write_text("three"))
    assert shown(tmp_path) == "three"
    assert not leftovers(tmp_path)


def test_a_kill_between_rename_and_pointer_leaves_the_old_version(tmp_path, monkeypatch):
    publish(tmp_path, "aaaa", write_text("one"))
    with monkeypatch.context() as patch:
        patch.setattr(module, "atomic_write", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            publish(tmp_path, "bbbb", write_text("two"))
    assert shown(tmp_path) == "one"
    publish(tmp_path, "bbbb", write_text("never"))
    assert shown(tmp_path) == "two"


KILLED = """
import sys, os, signal
from pathlib import Path
from busta.data import publish as module
steps = int(sys.argv[2])
def count(real):
    def step(*args, **kwargs):
        global steps
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
        return real(*args, **kwargs)
    return step
os.fsync = count(os.fsync)
Path.rename, Path.replace = count(Path.rename), count(Path.replace)
def write(folder):
    for name in "abc":
        (folder / name).write_text("new")
module.publish(Path(sys.argv[1]), "bbbb", write)
"""


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_the_old_or_the_new_version(tmp_path):
    ends = set()
    for step in (0, 4, 6, 7, 99):  # in a file, before and after the rename, before the pointer, never
        root = tmp_path / str(step)
        publish(root, "aaaa", lambda folder: [(folder / name).write_text("old") for name in "abc"])
        subprocess.run([sys.executable, "-c", KILLED, str(root), str(step)], check=False)
        folder = current(root)
        assert folder is not None
        texts = {(folder / name).read_text() for name in "abc"}
        assert texts == {"new"} if folder.name == "bbbb" else texts == {"old"}
        ends |= texts
        publish(root, "cccc", write_text("next"))
        assert shown(root) == "next"
    assert ends == {"old", "new"}


@pytest.mark.parametrize("pointer", ["gone", "../elsewhere", "..", ""])
def test_a_pointer_to_nothing_is_an_error_that_says_what_to_do(tmp_path, pointer):
    (tmp_path / "CURRENT").write_text(pointer)
    with pytest.raises(DataError, match="CURRENT points at"):
        current(tmp_path)


def test_a_full_disk_is_a_clear_error_and_breaks_nothing(tmp_path, monkeypatch):
    publish(tmp_path, "aaaa", write_text("one"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutsideError, match=r"No space left on device.*free some space"):
            publish(tmp_path, "bbbb", write_text("two"))
        with pytest.raises(OutsideError, match="No space left"):
            atomic_write(tmp_path / "note.txt", b"x")
    assert shown(tmp_path) == "one"
    assert not leftovers(tmp_path)
    assert not (tmp_path / "note.txt").exists()


def test_a_disk_that_may_not_be_written_to_needs_no_space(tmp_path, monkeypatch):
    def refuse(_: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutsideError, match=r"Read-only file system.*; make it writable or set BUSTA_HOME"):
        atomic_write(tmp_path / "note.txt", b"x")


def test_a_disk_that_is_full_for_a_table_is_the_same_error(tmp_path):
    with pytest.raises(OutsideError, match="No space left on device"):
        publish(tmp_path, "aaaa", lambda _: write_parquet(pl.DataFrame({"a": [1]}), Path("/dev/full")))
    assert current(tmp_path) is None


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutsideError, match="cannot write"):
        publish(tmp_path / "file" / "root", "aaaa", write_text("one"))


def test_one_writer_at_a_time_and_it_may_enter_twice(tmp_path):
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with locked(tmp_path), locked(tmp_path):
            inside += 1
            most = max(most, inside)
            time.sleep(0.02)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_lock_that_is_never_free_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.05)
    errors: list[Exception] = []

    def wait() -> None:
        try:
            with locked(tmp_path):
                pass
        except OutsideError as exc:
            errors.append(exc)

    with locked(tmp_path):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert "another busta has been writing" in str(errors[0])


def base_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {"s": ["a", None, "bc"], "f": [1.0, None, -0.0], "b": [True, None, False], "i": [1, None, 3]}
    ).with_columns(t=pl.lit(datetime(2024, 1, 1, tzinfo=UTC)))


def test_the_content_id_is_that_of_the_values_alone(tmp_path):
    frame = base_frame()
    frame.write_parquet(tmp_path / "x.parquet")
    again = pl.concat([pl.read_parquet(tmp_path / "x.parquet")[:1], frame[1:]], rechunk=False)
    assert content_id({"t": again, "a": frame}) == content_id({"a": frame, "t": again})
    assert content_id({"t": frame}) == content_id({"t": again})
    assert content_id({"t": frame.with_columns(pl.col("f").abs())}) == content_id({"t": frame})


@pytest.mark.parametrize(
    "change",
    [
        {"s": ["ab", None, "c"]},
        {"s": ["a", "", "bc"]},
        {"f": [1.0, 0.0, 0.0]},
        {"f": [1.0, float("nan"), 0.0]},
        {"b": [True, False, False]},
        {"i": [1, 0, 3]},
    ],
)
def test_the_content_id_sees_every_value(change):
    frame = base_frame()
    changed = frame.with_columns(pl.Series(name, values) for name, values in change.items())
    assert content_id({"t": changed}) != content_id({"t": frame})
    assert content_id({"t": frame.reverse()}) != content_id({"t": frame})
