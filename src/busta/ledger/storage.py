"""The ledger: an append-only, hash-chained log of predictions, bets and results."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from busta.errors import DataError
from busta.ledger.chain import GENESIS, Checked, Draft, Entry, canonical, check, link
from busta.ledger.database import ENTRIES, connected, reading, writing
from busta.ledger.lease import leased

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from busta.ledger.lease import Lease
    from busta.settings import Settings

    Row = tuple[int, str, str, str, str, str]

__all__ = ["Checked", "Draft", "Entry", "Ledger"]

WAIT = 30.0
"""Seconds to wait for another writer."""
COLUMNS = tuple(ENTRIES.c.keys())
RUN = "busta.run_id"  # in the stored body, where the chain of hashes holds it, too
ROWS = 500  # keys looked up, and rows fetched, at a time


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """A ledger that is open; threads may share it, processes open their own.

    What `append` returned is on disk, whatever happens next.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime] = _now, run_id: str | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._about = {RUN: run_id} if run_id else {}

    @classmethod
    def open(
        cls, url: str | Path, *, wait: float = WAIT, clock: Callable[[], datetime] = _now, run_id: str | None = None
    ) -> Self:
        """Opens the ledger there, or makes it.

        Args:
            url: ``sqlite:///FILE``, ``postgresql://…``, or the path of an SQLite file.
            wait: Seconds to wait for another writer.
            clock: What time it is.
            run_id: What its entries are to say of who wrote them.

        Raises:
            UsageError: No such kind of database, or no such folder.
            OutsideError: It is down, or cannot be made there.
        """
        return cls(connected(url, wait), clock, run_id)

    @classmethod
    def of(cls, settings: Settings, *, wait: float = WAIT, run_id: str | None = None) -> Self:
        """The ledger of the settings: that of ``ledger.url``, or the workspace's own.

        Args:
            settings: All settings.
            wait: Seconds to wait for another writer.
            run_id: What its entries are to say of who wrote them.

        Raises:
            UsageError: The workspace is not there, or ``ledger.url`` is no address.
            OutsideError: The database is down, or cannot be made.
        """
        return cls.open(settings.ledger.url or settings.workspace() / "ledger.db", wait=wait, run_id=run_id)

    def append(self, drafts: Iterable[Draft]) -> list[Entry]:
        """Writes all of them in one transaction, or nothing.

        Returns:
            An entry for each; the one that is there already where kind, key and body are the same, whoever wrote it.

        Raises:
            DataError: A draft that cannot be written, or one whose key is there with another body.
            OutsideError: The database is down, locked, full or read-only.
        """
        written = [(draft, canonical(self._signed(draft))) for draft in drafts]
        if not written:
            return []
        with writing(self._engine) as connection:
            there = _present(connection, [draft for draft, _ in written])
            at = self._clock().astimezone(UTC).isoformat()
            rows = _rows(written, there, _head(connection), at)
            if rows:
                connection.execute(sa.insert(ENTRIES), [dict(zip(COLUMNS, row, strict=True)) for row in rows])
        fresh = {row[0] for row in rows}
        return [_entry(row, fresh=fresh) for row in (there[draft.kind, draft.key] for draft, _ in written)]

    def _signed(self, draft: Draft) -> Draft:
        return replace(draft, body={**draft.body, **self._about}) if self._about else draft

    def read(self, kind: str | None = None, after: int = 0) -> list[Entry]:
        """The entries in order, of one kind or all, those after a number.

        Raises:
            OutsideError: The database is down.
        """
        asked = sa.select(ENTRIES).where(ENTRIES.c.seq > after).order_by(ENTRIES.c.seq)
        if kind is not None:
            asked = asked.where(ENTRIES.c.kind == kind)
        with reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(asked)]

    def find(self, kind: str, key: str) -> Entry | None:
        """The entry of that key, ``None`` where there is none.

        Raises:
            OutsideError: The database is down.
        """
        asked = sa.select(ENTRIES).where(ENTRIES.c.kind == kind, ENTRIES.c.key == key)
        with reading(self._engine) as connection:
            row = connection.execute(asked).first()
        return None if row is None else _entry(row)

    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry; 0 and zeros where there is none.

        Raises:
            OutsideError: The database is down.
        """
        with reading(self._engine) as connection:
            return _head(connection)

    def last(self, kinds: Collection[str]) -> int:
        """The number of the last entry of those kinds; 0 where there is none.

        Raises:
            OutsideError: The database is down.
        """
        asked = sa.select(sa.func.max(ENTRIES.c.seq)).where(ENTRIES.c.kind.in_(kinds))
        with reading(self._engine) as connection:
            return connection.execute(asked).scalar() or 0

    def verify(self, head: str | None = None) -> Checked:
        """Looks at the whole chain; see `busta.ledger.chain.check`.

        Raises:
            OutsideError: The database is down.
        """
        asked = sa.select(ENTRIES).order_by(ENTRIES.c.seq)
        with reading(self._engine) as connection:
            rows = connection.execution_options(yield_per=ROWS).execute(asked)
            return check((tuple(row) for row in rows), head)

    def lease(self, name: str, seconds: float) -> AbstractContextManager[Lease]:
        """Holds what only one busta does at a time, on all machines that share this ledger's database.

        Args:
            name: What is done.
            seconds: Without a sign of life for so long it is lost.

        Raises:
            OutsideError: Somebody else holds it, or the database is down.
        """
        return leased(self._engine, name, seconds)

    def close(self) -> None:
        """Lets go of the database; what was written stays."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _present(connection: sa.Connection, drafts: Sequence[Draft]) -> dict[tuple[str, str], Row]:
    """The rows that have the kind and key of a draft."""
    found: dict[tuple[str, str], Row] = {}
    for kind in dict.fromkeys(draft.kind for draft in drafts):
        keys = list(dict.fromkeys(draft.key for draft in drafts if draft.kind == kind))
        for start in range(0, len(keys), ROWS):
            some = ENTRIES.c.key.in_(keys[start : start + ROWS])
            rows = connection.execute(sa.select(ENTRIES).where(ENTRIES.c.kind == kind, some))
            found |= {(row.kind, row.key): tuple(row) for row in rows}
    return found


def _rows(
    written: Iterable[tuple[Draft, str]], there: dict[tuple[str, str], Row], head: tuple[int, str], at: str
) -> list[Row]:
    """The rows that go to the end of the chain, noted in ``there``, too."""
    seq, before = head
    rows: list[Row] = []
    for draft, body in written:
        found = there.get((draft.kind, draft.key))
        if found is None:
            seq += 1
            before = link(before, seq, at, draft.kind, draft.key, body)
            there[draft.kind, draft.key] = (seq, at, draft.kind, draft.key, body, before)
            rows.append(there[draft.kind, draft.key])
        elif found[4] != body and _unsigned(found[4]) != _unsigned(body):
            raise DataError(f"the ledger has another {draft.kind} under the key {draft.key!r}, entry {found[0]}")
    return rows


def _head(connection: sa.Connection) -> tuple[int, str]:
    last = connection.execute(sa.select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)).first()
    return (last.seq, last.hash) if last else (0, GENESIS)


def _unsigned(body: str) -> str:
    """The body but for who wrote it, exactly: texts of numbers are compared, too (1 is not 1.0)."""
    found = json.loads(body)
    found.pop(RUN, None)
    return json.dumps(found)


def _entry(row: Sequence[Any], *, fresh: Collection[int] = ()) -> Entry:
    seq, at, kind, key, body, found = row
    said = json.loads(body)
    run = said.pop(RUN, None)
    return Entry(seq, datetime.fromisoformat(at), kind, key, said, found, seq in fresh, run)
