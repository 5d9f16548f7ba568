"""Puts a folder in place as a whole: written aside, renamed to its content id, then pointed at.

    ROOT/CURRENT        the name of the version in force
    ROOT/<content id>/  a version, never changed once it stands there
    ROOT/.writing-*     a version being written; what a killed run leaves is removed by the next one
    ROOT/.lock          held by the one writer

Killed at any moment, ``CURRENT`` names the old version or the new one, and both are complete. No polars here: the
server and what watches beside it start without.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from filelock import FileLock, Timeout

from busta.errors import DataError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["atomic_write", "current", "locked", "publish"]

CURRENT = "CURRENT"
WRITING = ".writing-"
LOCK_SECONDS = 600.0


def publish(root: Path, name: str, write: Callable[[Path], None], *, keep: int | None = None) -> Path:
    """Makes ``root/name`` with what ``write`` puts into an empty folder, and points ``CURRENT`` at it.

    Where that version stands already, it is only pointed at: its name says what is in it.

    Args:
        root: Folder of all versions; made where it is missing.
        name: The version, a content id.
        write: Fills the folder it is given.
        keep: Versions to keep, the newest and this one among them; all by default.

    Returns:
        The version's folder.

    Raises:
        OutsideError: The disk is full or refuses; nothing has changed then.
    """
    target = root / name
    with locked(root), _disk(root):
        _remove_leftovers(root)
        if target.is_dir():
            os.utime(target)  # the newest again: pruning goes by time
        else:
            _write_aside(target, write)
        atomic_write(root / CURRENT, name.encode())
        if keep is not None:
            _prune(root, name, keep)
    return target


def current(root: Path) -> Path | None:
    """The folder ``CURRENT`` points at; ``None`` where nothing was published.

    Raises:
        DataError: It points at a folder that is not there.
    """
    pointer = root / CURRENT
    try:
        name = pointer.read_text().strip()
    except FileNotFoundError:
        return None
    folder = root / name
    if not name or name.startswith(".") or folder.parent != root or not folder.is_dir():
        raise DataError(
            f"{pointer} points at {name!r}, which is not there; restore it, or delete {pointer} and run again"
        )
    return folder


def atomic_write(path: Path, content: bytes) -> None:
    """Writes a file so that its old or its new content is seen, never a part.

    Raises:
        OutsideError: The disk is full or refuses.
    """
    aside = path.with_name(f"{WRITING}{path.name}-{uuid4().hex[:8]}")
    with _disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        _sync(path.parent)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Holds the one writer's lock of that folder; the thread that holds it may enter again.

    Raises:
        OutsideError: Another process kept it for ten minutes.
    """
    with _disk(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / ".lock", timeout=LOCK_SECONDS, is_singleton=True)
        try:
            lock.acquire()
        except Timeout as exc:
            raise OutsideError(
                f"another busta has been writing to {root} for {LOCK_SECONDS:.0f} s; wait for it or end it"
            ) from exc
    try:
        yield
    finally:
        lock.release()


def _write_aside(target: Path, write: Callable[[Path], None]) -> None:
    aside = target.with_name(f"{WRITING}{target.name}-{uuid4().hex[:8]}")
    aside.mkdir(parents=True)
    try:
        write(aside)
        for path in (*aside.rglob("*"), aside):
            _sync(path)
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)  # the error that matters is on its way up
        raise
    _sync(target.parent)


def _remove_leftovers(root: Path) -> None:
    """Removes what killed writers left; the lock is held, so no living one is at work here."""
    for path in root.glob(f"{WRITING}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _prune(root: Path, name: str, keep: int) -> None:
    """Removes all versions but the newest ``keep``, by the time they were put in force."""
    versions = [path for path in root.iterdir() if len(path.name) == len(name) and path.is_dir()]
    versions.sort(key=lambda path: (path.name == name, path.stat().st_mtime_ns), reverse=True)
    for old in versions[keep:]:
        shutil.rmtree(old)


def _sync(path: Path) -> None:
    """Has the disk keep a file or the entries of a folder before anything later."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turns the disk's errors into one that says what to do."""
    try:
        yield
    except OSError as exc:
        first = "make it writable" if exc.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "free some space"
        raise OutsideError(
            f"cannot write {path}: {exc.strerror or exc}. Nothing was changed; "
            f"{first} or set BUSTA_HOME to another disk"
        ) from exc
