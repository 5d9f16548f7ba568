"""Rows on their way to the ledger: gathered while it writes, written together, acknowledged when they are on disk."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError, DataError, OutsideError, without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from busta.ledger.chain import Draft, Entry
    from busta.ledger.storage import Ledger

__all__ = ["Writer"]

log = logging.getLogger(__name__)
TOGETHER = 1000
"""Rows that are written in one transaction."""


@dataclass(frozen=True)
class _Job:
    """Drafts that are written all or none, and who waits for them."""

    drafts: Sequence[Draft]
    done: asyncio.Future[list[Entry]]
    loop: asyncio.AbstractEventLoop

    def tell(self, entries: list[Entry] | None, error: BaseException | None) -> None:
        """Wakes who waits; from any thread."""
        self.loop.call_soon_threadsafe(self._set, entries, error)

    def _set(self, entries: list[Entry] | None, error: BaseException | None) -> None:
        if self.done.cancelled():  # it took too long; what was written stays, and the same key writes nothing again
            return
        if error is None:
            self.done.set_result(entries or [])
        else:
            self.done.set_exception(error)


class Writer:
    """One thread that writes.

    Args:
        opened: Opens the ledger; asked again after it was down.
        most: Rows that may wait.
    """

    def __init__(self, opened: Callable[[], Ledger], most: int) -> None:
        self._opened = opened
        self._most = most
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._ledger: Ledger | None = None
        self._thread = threading.Thread(target=self._write, name="busta-ledger", daemon=True)

    @property
    def waiting(self) -> int:
        """Rows that wait."""
        return self._waiting

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def stop(self) -> None:
        """Writes what waits, and ends."""
        self._jobs.put(None)
        self._thread.join()

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Writes all of them or none; returns when they are on disk.

        Raises:
            DataError: One that cannot be written, or whose key is there with another body.
            OutsideError: The ledger is down, or too many rows wait.
        """
        with self._lock:
            if self._waiting + len(drafts) > self._most:
                raise OutsideError(f"{self._waiting} rows wait for the ledger already (serve.queue); try again")
            self._waiting += len(drafts)
        loop = asyncio.get_running_loop()
        job = _Job(drafts, loop.create_future(), loop)
        self._jobs.put(job)
        return await job.done

    def _write(self) -> None:
        with suppress(BustaError):  # where it is down, whoever writes first hears it
            self._ledger = self._opened()
        while (job := self._jobs.get()) is not None:
            jobs, last = [job], False
            while not last and sum(len(each.drafts) for each in jobs) < TOGETHER:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                last = following is None
                jobs += [following] if following is not None else []
            self._together(jobs)
            if last:
                break
        if self._ledger is not None:
            self._ledger.close()

    def _together(self, jobs: Sequence[_Job]) -> None:
        """One transaction for all; where one of them is refused, one for each."""
        try:
            entries = self._append([draft for job in jobs for draft in job.drafts])
        except DataError as exc:
            if len(jobs) > 1:
                for job in jobs:
                    self._together([job])
                return
            self._tell(jobs, None, exc)
        except BaseException as exc:  # noqa: BLE001 - whoever waits is told
            log.warning("the ledger takes nothing: %s", without_password(str(exc)).splitlines()[0])
            self._tell(jobs, None, exc if isinstance(exc, BustaError) else _down(exc))
        else:
            self._tell(jobs, entries, None)

    def _tell(self, jobs: Sequence[_Job], entries: list[Entry] | None, error: BaseException | None) -> None:
        for job in jobs:
            with self._lock:
                self._waiting -= len(job.drafts)
            mine, entries = (entries or [])[: len(job.drafts)], (entries or [])[len(job.drafts) :]
            job.tell(mine, error)

    def _append(self, drafts: list[Draft]) -> list[Entry]:
        if self._ledger is None:
            self._ledger = self._opened()
        return self._ledger.append(drafts)


def _down(error: BaseException) -> Any:
    return OutsideError(f"the ledger takes nothing: {type(error).__name__}")
