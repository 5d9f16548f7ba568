"""Leases: what only one busta does at a time, on all machines that share a ledger's database.

A lease stands in a table beside the ledger's and ends by itself unless its holder says that it is alive. A
holder that was killed loses it after a lease's length; at once where the next one can see that it is dead, which
is on the same machine. Time is the database's own on a server, that of the machine for SQLite's file.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from busta.data.process import is_dead, this_process
from busta.errors import OutsideError
from busta.ledger.database import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LEASES", "Lease", "leased"]

LEASES = sa.Table(
    "busta_leases",
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("taken", sa.Float, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)
_BEATS = 4
"""Signs of life in the length of a lease."""


class Lease:
    """A lease that is held; a thread of its own prolongs it."""

    def __init__(self, engine: sa.Engine, name: str, seconds: float) -> None:
        self._engine, self._name, self._seconds = engine, name, seconds
        self._holder = json.dumps(this_process() | {"token": uuid4().hex})
        self._ended = threading.Event()
        self._lost = False
        self._alive = 0.0
        self._thread = threading.Thread(target=self._beat, name=f"lease {name}", daemon=True)

    def take(self) -> None:
        """Takes it.

        Raises:
            OutsideError: Somebody else holds it, or the database is down.
        """
        with writing(self._engine) as connection:
            LEASES.create(connection, checkfirst=True)
            now = _now(connection)
            found = connection.execute(sa.select(LEASES).where(LEASES.c.name == self._name)).first()
            if found is not None and _holds(found, now):
                raise OutsideError(_taken(self._name, found, now))
            connection.execute(sa.delete(LEASES).where(LEASES.c.name == self._name))
            row = {"name": self._name, "holder": self._holder, "taken": now, "seconds": self._seconds}
            connection.execute(sa.insert(LEASES).values(**row, until=now + self._seconds))
        self._alive = time.monotonic()
        self._thread.start()

    def check(self) -> None:
        """Makes sure that it is held still; to be asked before everything that must not be done twice.

        Raises:
            OutsideError: It was lost: this process slept too long, or the database was away.
        """
        if self._lost or time.monotonic() - self._alive >= self._seconds:
            raise OutsideError(
                f"the lease {self._name!r} was lost: this process gave no sign of life for {self._seconds:g} s\n"
                "run it again: it goes on from what was recorded"
            )

    def release(self) -> None:
        """Gives it back, if it is held still; it ends by itself where the database is away."""
        self._ended.set()
        self._thread.join(self._seconds)
        try:
            with writing(self._engine) as connection:
                connection.execute(sa.delete(LEASES).where(self._mine()))
        except OutsideError:
            return

    def prolong(self) -> None:
        """A sign of life.

        Raises:
            OutsideError: The database is down.
        """
        asked = time.monotonic()
        with writing(self._engine) as connection:
            until = _now(connection) + self._seconds
            done = connection.execute(sa.update(LEASES).where(self._mine()).values(until=until))
        if done.rowcount:
            self._alive = asked
        else:
            self._lost = True

    def _mine(self) -> sa.ColumnElement[bool]:
        return (LEASES.c.name == self._name) & (LEASES.c.holder == self._holder)

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds / _BEATS):
            try:
                self.prolong()
            except OutsideError:  # the next beat may reach it; `check` knows how long there was none
                continue


@contextmanager
def leased(engine: sa.Engine, name: str, seconds: float) -> Iterator[Lease]:
    """Holds a lease.

    Args:
        engine: On the ledger's database.
        name: What is done by one at a time.
        seconds: Without a sign of life for so long it is lost.

    Raises:
        OutsideError: Somebody else holds it, or the database is down.
    """
    lease = Lease(engine, name, seconds)
    lease.take()
    try:
        yield lease
    finally:
        lease.release()


def _holds(row: Any, now: float) -> bool:
    """Whether its holder has it still; one that ends later than it can was written before the clock was set back."""
    return bool(now < row.until <= now + row.seconds) and not is_dead(json.loads(row.holder))


def _taken(name: str, row: Any, now: float) -> str:
    holder = json.loads(row.holder)
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(row.taken))
    return (
        f"another busta holds the lease {name!r}: process {holder['pid']} on {holder['host']}, since {since}\n"
        f"wait for it, or end it: {row.until - now:.0f} s after its last sign of life the lease is free"
    )


def _now(connection: sa.Connection) -> float:
    if connection.dialect.name == "postgresql":
        return float(connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()
