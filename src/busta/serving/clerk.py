"""Work that needs more than a server should load, done by a process beside it: recording bets, making slates."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any

from busta.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Aside", "Clerk", "end_with_parent"]

log = logging.getLogger(__name__)
IDLE = 60.0  # seconds after which a process that has nothing to do gives its memory back


class Clerk:
    """One process that does one thing after the other.

    Args:
        prepare: Called once in it, ahead of the first request; can be sent to another process.
        most: Calls that may wait.
    """

    def __init__(self, prepare: Callable[[], None], most: int) -> None:
        self._prepare = prepare
        self._most = most
        self._waiting = 0
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Begins to prepare."""
        self._pool = _pool(self._prepare)
        self._pool.submit(os.getpid)

    def stop(self) -> None:
        """Ends; the server has answered whoever waited before it calls this."""
        if self._pool is None:
            return
        processes = list((self._pool._processes or {}).values())  # noqa: SLF001 - public from Python 3.14 on
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    async def do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What the work returns, done there; it and its arguments can be sent to another process.

        Raises:
            OutsideError: Too much waits already, or the process has died; the next call begins another.
            BustaError: The work's own.
        """
        if self._waiting >= self._most:
            raise OutsideError(f"{self._waiting} bets wait already (serve.queue); try again")
        if self._pool is None:
            self.start()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        except BrokenProcessPool as exc:
            log.warning("the process that records bets has died; the next bet begins another")
            self._pool = None
            raise OutsideError(
                "the process that records bets has died; send the bet again, it is recorded once"
            ) from exc
        finally:
            self._waiting -= 1


class Aside:
    """A process for heavy work that comes now and then: there while there is some, and a minute longer.

    Args:
        prepare: Called once in it, ahead of the work; can be sent to another process.
        idle: How long it stays with nothing to do, in seconds.
    """

    def __init__(self, prepare: Callable[[], None], idle: float = IDLE) -> None:
        self._prepare = prepare
        self._idle = idle
        self._pool: ProcessPoolExecutor | None = None
        self._last = 0.0

    def do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What the work returns, done there; it and its arguments can be sent to another process.

        Raises:
            Exception: The work's own.
            BrokenProcessPool: The process has died; the next call begins another.
        """
        if self._pool is None:
            self._pool = _pool(self._prepare)
        try:
            return self._pool.submit(work, *arguments).result()
        except BrokenProcessPool:
            self._pool = None
            raise
        finally:
            self._last = time.monotonic()

    def rest(self) -> None:
        """Ends the process if it has had nothing to do for long enough."""
        if self._pool is not None and time.monotonic() - self._last >= self._idle:
            self._pool.shutdown()
            self._pool = None


def _pool(prepare: Callable[[], None]) -> ProcessPoolExecutor:
    """One process that is none of this one's memory."""
    return ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin, initargs=(prepare,))


def _begin(prepare: Callable[[], None]) -> None:
    end_with_parent()
    prepare()


def end_with_parent() -> None:
    """From now on this process ends when the one that started it does, even by ``kill -9`` and in the middle of work.

    Ctrl-C is the parent's business from here on.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def wait() -> None:
        parent.join()  # type: ignore[union-attr]
        os._exit(0)

    if parent is not None:
        threading.Thread(target=wait, name="busta-parent", daemon=True).start()
