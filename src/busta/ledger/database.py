"""The database of the ledger: SQLite or PostgreSQL, one table that can only be added to.

The database itself refuses to change or remove an entry, and to add one anywhere but at the end
(triggers). One writer at a time: SQLite's ``BEGIN IMMEDIATE``, a lock of PostgreSQL's own.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import NullPool

from busta.errors import DataError, OutsideError, UsageError, without_password

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ENTRIES", "connected", "guarded", "reading", "writing"]

ENTRIES = sa.Table(
    "ledger_entries",
    sa.MetaData(),
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "key"),
)

SECONDS = 5  # to wait for a server's first answer
MAKING = ".making-"
LOCK = 0x6275737461
"""Of PostgreSQL's advisory locks, the one that a writer holds to the end of its transaction."""

SQLITE = (
    """
    CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    # INSERT OR REPLACE removes a row without a word to the trigger above
    """
    CREATE TRIGGER ledger_at_the_end BEFORE INSERT ON ledger_entries
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entries)
      OR EXISTS (SELECT 1 FROM ledger_entries WHERE kind = NEW.kind AND key = NEW.key)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry goes to its end'); END
    """,
)
POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
    """,
    """
    CREATE OR REPLACE FUNCTION ledger_at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entries) THEN
        RAISE EXCEPTION 'the ledger is append-only: an entry goes to its end';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
    """,
    """
    CREATE TRIGGER ledger_at_the_end BEFORE INSERT ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_at_the_end()
    """,
)


def connected(url: str | Path, wait: float) -> sa.Engine:
    """An engine on the ledger's database, which is made where it is missing.

    Args:
        url: ``sqlite:///FILE``, ``postgresql://…``, or the path of an SQLite file.
        wait: Seconds to wait for another writer.

    Raises:
        UsageError: No such kind of database.
        OutsideError: It is down, or nothing can be written there.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        file = Path(str(address.database)).absolute()
        engine = _sqlite(file, wait)
        with guarded(engine):
            _ensure_file(file)
        return engine
    engine = _postgresql(address, wait)
    try:
        with writing(engine) as connection:
            _ensure_table(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _address(url: str | Path) -> sa.URL:
    if isinstance(url, Path):
        return sa.URL.create("sqlite", database=str(url))
    allowed = "allowed are sqlite:///FILE and postgresql://USER@HOST/DATABASE"
    try:
        address = sa.make_url(url)
    except exc.ArgumentError as error:
        raise UsageError(f"ledger.url is no address of a database; {allowed}") from error
    backend = address.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or address.database in (None, "", ":memory:"):
        raise UsageError(f"ledger.url {without_password(url)!r} is no database that lasts; {allowed}")
    return address.set(drivername="sqlite")


def _sqlite(file: Path, wait: float) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(file)), connect_args={"timeout": wait})

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _ensure_file(file: Path) -> None:
    """Makes the file beside its place and moves it there whole, so that it is never half made."""
    if file.exists():
        return
    if not file.parent.is_dir():
        raise UsageError(f"the folder {file.parent} of ledger.url is not there; make it, or name another")
    from busta.data.publish import locked  # with polars, which only this needs

    with locked(file.parent):
        if file.exists():
            return
        for left in file.parent.glob(f"{MAKING}{file.name}-*"):  # by a killed run; no living one holds the lock
            left.unlink()
        aside = file.with_name(f"{MAKING}{file.name}-{uuid4().hex[:8]}")
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(aside)), poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")  # kept in the file
            connection.commit()
            _make(connection, SQLITE)
            connection.commit()
        aside.rename(file)


def _postgresql(address: sa.URL, wait: float) -> sa.Engine:
    options = {
        "connect_timeout": SECONDS,
        "options": f"-c lock_timeout={max(1, round(1000 * wait))}",
        "application_name": "busta",
    }
    try:
        return sa.create_engine(address, connect_args=options, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise OutsideError(f"PostgreSQL needs the package {error.name}; install busta[postgres]") from error


def _ensure_table(connection: sa.Connection) -> None:
    if not sa.inspect(connection).has_table(ENTRIES.name):
        _make(connection, POSTGRESQL)


def _make(connection: sa.Connection, triggers: tuple[str, ...]) -> None:
    ENTRIES.create(connection)
    for trigger in triggers:
        connection.exec_driver_sql(trigger)


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that sees the ledger as it is at one moment."""
    with guarded(engine), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction of the one writer; all of it is written at its end, or nothing."""
    with guarded(engine), engine.connect().execution_options(write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield connection


@contextmanager
def guarded(engine: sa.Engine) -> Iterator[None]:
    """Turns the database's errors into one that says what to do; never with a password in it.

    Raises:
        OutsideError: It is down, locked, read-only, or full.
        DataError: What is there is no ledger.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        where = without_password(engine.url.render_as_string(hide_password=True))
        words = without_password(said.splitlines()[0])[:200]
        if any(each in words for each in ("not a database", "malformed", "no such table", "no such column")):
            raise DataError(
                f"{where} is no ledger: {words}\nrestore it from a copy, or set ledger.url to another"
            ) from (error)
        raise OutsideError(f"the ledger at {where} failed: {words}\n{_advice(words)}") from error


def _advice(words: str) -> str:
    if "lock" in words:
        return "another program holds it; end that, or run this again: what is written already is not written twice"
    if "readonly" in words or "read-only" in words or "permission denied" in words:
        return "it may be read but not written to: change its permissions, or set ledger.url to another"
    if "unable to open" in words:  # SQLite's writes beside its file, to read it, too
        return "its folder has to be there and writable; or set ledger.url to another"
    if "full" in words or "disk I/O" in words:  # what SQLite says where it cannot even make its shared memory
        return "free some space and run this again: what is written already is not written twice"
    return "check ledger.url and that the database runs, then run this again: nothing is written twice"
