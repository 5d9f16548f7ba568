"""The contract of a ledger, held by both kinds of database."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import cast

import psycopg
import pytest
import sqlalchemy as sa

from busta.errors import DataError, OutsideError, UsageError
from busta.ledger.chain import GENESIS, Draft
from busta.ledger.database import connected, reading
from busta.ledger.storage import Ledger
from databases import PASSWORD

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def clock():
    """Each look at it is a second later."""
    seconds = count()
    return lambda: START + timedelta(seconds=next(seconds))


@pytest.fixture
def ledger(ledger_url, clock):
    with Ledger.open(ledger_url, clock=clock) as found:
        yield found


def bet(number, **body):
    return Draft("bet", f"bet-{number}", {"stake": 1.5, "price": 1.91, "number": number} | body)


def sql(url, *statements):
    """Runs statements past busta, as a person with the database's own tools."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
    else:
        with psycopg.connect(url) as connection:
            for statement in statements:
                connection.execute(statement)


def unguarded(url, *statements):
    """The same without the triggers, as a person who means harm."""
    if url.startswith("sqlite"):
        names = ("ledger_no_update", "ledger_no_delete", "ledger_at_the_end")
        sql(url, *(f"DROP TRIGGER {name}" for name in names), *statements)
    else:
        sql(url, "ALTER TABLE ledger_entries DISABLE TRIGGER USER", *statements)


def test_what_was_appended_is_read_in_order(ledger):
    written = ledger.append([bet(1), bet(2)]) + ledger.append([Draft("result", "g1", {"home": 3, "when": START})])

    assert ledger.read() == written
    assert [entry.seq for entry in written] == [1, 2, 3]
    assert written[0].body == {"stake": 1.5, "price": 1.91, "number": 1}
    assert written[2].body["when"] == "2026-01-02T03:04:05+00:00"
    assert written[0].at == written[1].at == START
    assert ledger.read("bet") == written[:2]
    assert ledger.read(after=2) == written[2:]
    assert ledger.read("bet", after=1) == written[1:2]


def test_an_empty_ledger_has_nothing_and_is_sound(ledger):
    assert ledger.read() == []
    assert ledger.head() == (0, GENESIS)
    assert ledger.append([]) == []
    checked = ledger.verify(GENESIS)
    assert (checked.entries, checked.head, checked.problems) == (0, GENESIS, ())


def test_the_same_key_with_the_same_body_is_written_once(ledger):
    (first,) = ledger.append([bet(1)])
    again, other, twice = ledger.append([bet(1), bet(2), bet(2)])

    assert again == first
    assert (first.new, again.new, other.new, twice.new) == (True, False, True, True)
    assert other == twice
    assert len(ledger.read()) == 2


def test_the_same_key_with_another_body_is_refused_and_nothing_of_that_append_is_written(ledger):
    ledger.append([bet(1)])
    with pytest.raises(DataError, match="has another bet under the key 'bet-1', entry 1"):
        ledger.append([bet(7), bet(1, stake=2.0)])
    with pytest.raises(DataError, match="has another bet under the key 'bet-8'"):
        ledger.append([bet(8), bet(8, stake=2.0)])

    assert [entry.key for entry in ledger.read()] == ["bet-1"]


def test_a_key_belongs_to_its_kind(ledger):
    ledger.append([Draft("bet", "k", {}), Draft("result", "k", {"a": 1})])

    assert ledger.find("result", "k").body == {"a": 1}
    assert ledger.find("bet", "k").seq == 1
    assert ledger.find("void", "k") is None


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (Draft("wager", "k", {}), "no entry of kind 'wager'"),
        (Draft("bet", "", {}), "1 to 300 printable"),
        (Draft("bet", "a\nb", {}), "1 to 300 printable"),
        (Draft("bet", "a\0b", {}), "1 to 300 printable"),
        (Draft("bet", "k" * 301, {}), "1 to 300 printable"),
        (Draft("bet", cast("str", 7), {}), "1 to 300 printable"),
        (Draft("bet", "k", {"price": float("nan")}), "cannot be written"),
        (Draft("bet", "k", {"price": float("inf")}), "cannot be written"),
        (Draft("bet", "k", {"at": datetime(2026, 1, 1)}), "has no zone"),  # noqa: DTZ001
        (Draft("bet", "k", {"what": {1, 2}}), "is no text, number"),
    ],
)
def test_what_cannot_be_written_is_refused(ledger, draft, words):
    with pytest.raises(DataError, match=words):
        ledger.append([bet(1), draft])

    assert ledger.read() == []


def test_texts_numbers_and_times_come_back_as_they_were(ledger):
    kickoff = datetime(2026, 1, 1, 19, tzinfo=timezone(timedelta(hours=-5)))
    body = {
        "a": 0.1 + 0.2,
        "b": 1e-300,
        "c": 'ö "quoted" \\ \0 \ud800',
        "d": None,
        "e": [True, {"z": 1, "y": 2}],
        "f": 2**70,
    }
    (written,) = ledger.append([Draft("audit", "schlüssel 'x'", body | {"kickoff": kickoff, "day": kickoff.date()})])

    assert ledger.read() == [written]
    assert written.body == body | {"kickoff": "2026-01-02T00:00:00+00:00", "day": "2026-01-01"}
    assert ledger.verify().problems == ()


def test_thousands_of_entries_are_found_again(ledger):
    drafts = [bet(number) for number in range(2000)]
    ledger.append(drafts)
    again = ledger.append([*drafts, bet(2000)])

    assert sum(entry.new for entry in again) == 1
    assert ledger.verify().entries == 2001


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET body = '{}' WHERE seq = 1",
        "DELETE FROM ledger_entries",
        "INSERT INTO ledger_entries VALUES (9, 'now', 'bet', 'x', '{}', 'h')",
        "INSERT INTO ledger_entries VALUES (1, 'now', 'bet', 'x', '{}', 'h')",
    ],
)
def test_the_database_itself_refuses_to_change_its_entries(ledger, ledger_url, statement):
    ledger.append([bet(1), bet(2)])
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="append-only"):
        sql(ledger_url, statement)

    assert ledger.verify().problems == ()


def test_sqlite_does_not_replace_either(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.open(url) as ledger:
        ledger.append([bet(1), bet(2)])
        for seq, key in ((1, "x"), (3, "bet-1")):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                sql(url, f"INSERT OR REPLACE INTO ledger_entries VALUES ({seq}, 'now', 'bet', '{key}', '{{}}', 'h')")

        assert [entry.key for entry in ledger.read()] == ["bet-1", "bet-2"]


def test_postgresql_does_not_truncate_either(postgres):
    url = postgres.fresh()
    with Ledger.open(url) as ledger:
        ledger.append([bet(1)])
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            sql(url, "TRUNCATE ledger_entries")


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["UPDATE ledger_entries SET body = '{\"stake\":9}' WHERE seq = 2"], r"entry 2 \(bet bet-2\) is not what was"),
        (["UPDATE ledger_entries SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3"], "entry 3 .* is not what was"),
        (["UPDATE ledger_entries SET hash = (SELECT hash FROM ledger_entries WHERE seq = 1) WHERE seq = 2"], "entry 2"),
        (
            [f"UPDATE ledger_entries SET seq = {new} WHERE seq = {old}" for old, new in ((2, 99), (3, 2), (99, 3))],
            "entry 2 .* is not what was written, or not in its place",
        ),
        (["DELETE FROM ledger_entries WHERE seq = 2"], "entry 2 is missing: after 1 comes 3"),
        (["DELETE FROM ledger_entries WHERE seq = 1"], "entry 1 is missing: after 0 comes 2"),
    ],
)
def test_a_change_past_the_triggers_shows(ledger, ledger_url, statements, words):
    ledger.append([bet(1), bet(2), bet(3), bet(4)])
    unguarded(ledger_url, *statements)

    assert any(re.search(words, problem) for problem in ledger.verify().problems)


def test_an_end_that_was_cut_off_shows_to_whoever_knows_the_head(ledger, ledger_url):
    ledger.append([bet(1), bet(2), bet(3)])
    _, head = ledger.head()
    ledger.append([bet(4)])
    assert ledger.verify(head).problems == ()
    unguarded(ledger_url, "DELETE FROM ledger_entries WHERE seq > 2")

    assert ledger.verify().problems == ()
    assert ledger.verify(head).problems == (f"the head {head} is not in the chain: its end was cut off or rewritten",)


def test_threads_that_write_at_once_keep_one_chain(ledger):
    def work(worker):
        for number in range(15):
            ledger.append([bet(f"{worker}-{number}"), bet("shared", worker=0)])

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    checked = ledger.verify()
    assert (checked.entries, checked.problems) == (61, ())


WRITER = """
import sys
from busta.ledger.storage import Draft, Ledger
with Ledger.open(sys.argv[1]) as ledger:
    print("open", flush=True)
    for number in range(40):
        ledger.append([Draft("bet", f"theirs-{number}", {}), Draft("result", f"r{number}", {"n": number})])
"""


def test_processes_that_write_at_once_keep_one_chain(ledger, ledger_url):
    with subprocess.Popen([sys.executable, "-c", WRITER, ledger_url], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        number, both = 0, False
        while number < 40 or not both:  # the last of ours comes after one of theirs
            both = any(entry.key.startswith("theirs") for entry in ledger.read("bet"))
            ledger.append([bet(number), Draft("result", f"r{number}", {"n": number})])
            number += 1
    assert other.returncode == 0

    checked = ledger.verify()
    assert (checked.entries, checked.problems) == (number + 40 + max(number, 40), ())


def test_a_ledger_that_two_make_at_once_is_one(ledger_url):
    ledgers = []
    threads = [threading.Thread(target=lambda: ledgers.append(Ledger.open(ledger_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, each in enumerate(ledgers):
        each.append([bet(number)])

    assert [len(each.read()) for each in ledgers] == [4, 4, 4, 4]
    for each in ledgers:
        each.close()


def test_a_locked_database_is_an_error_that_says_what_to_do(ledger_url):
    with Ledger.open(ledger_url, wait=0.2) as ledger, Ledger.open(ledger_url) as other:
        from busta.ledger.database import writing

        with writing(other._engine), pytest.raises(OutsideError, match="another program holds it; end that, or run"):
            ledger.append([bet(1)])
        assert ledger.append([bet(1)])[0].seq == 1


def test_a_reader_does_not_wait_for_a_writer(ledger, ledger_url):
    from busta.ledger.database import writing

    ledger.append([bet(1)])
    with Ledger.open(ledger_url) as other, writing(other._engine):
        assert len(ledger.read()) == 1


def test_a_server_that_is_down_is_an_error_without_its_password(postgres):
    url = postgres.fresh()
    with Ledger.open(url) as ledger:
        ledger.append([bet(1)])
        postgres.stop()
        try:
            for ask in (lambda: ledger.append([bet(2)]), ledger.read, lambda: Ledger.open(url)):
                with pytest.raises(OutsideError, match=r"check ledger\.url and that the database runs") as caught:
                    ask()
                assert PASSWORD not in str(caught.value)
        finally:
            postgres.start()
        assert [entry.seq for entry in ledger.append([bet(1), bet(2)])] == [1, 2]


def test_a_wrong_password_is_not_repeated(postgres):
    with pytest.raises(OutsideError, match="password authentication failed") as caught:
        Ledger.open(postgres.fresh().replace(PASSWORD, "another-secret"))

    assert "another-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["mysql://me:a-secret@host/db", "sqlite://", "sqlite:///:memory:", "nonsense", "http://host?password=a-secret"],
)
def test_an_address_of_another_kind_is_refused_without_its_secret(url):
    with pytest.raises(UsageError, match="allowed are sqlite:///FILE and postgresql://") as caught:
        Ledger.open(url)

    assert "a-secret" not in str(caught.value)


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "text.db").write_text("these are words, and more than enough of them to fill a header of SQLite" * 20)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
    for name in ("text.db", "other.db"):
        with pytest.raises(DataError, match="is no ledger"), Ledger.open(tmp_path / name) as ledger:
            ledger.read()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"the folder .*nowhere of ledger\.url is not there"):
        Ledger.open(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.db'}")


def test_what_a_killed_maker_left_is_removed(tmp_path):
    left = tmp_path / ".making-ledger.db-1234"
    left.write_text("half")
    Ledger.open(tmp_path / "ledger.db").close()

    assert not left.exists()
    assert (tmp_path / "ledger.db").exists()


def test_sqlite_is_in_wal_mode_and_syncs_every_commit(tmp_path):
    with Ledger.open(tmp_path / "ledger.db") as ledger, ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_an_entry_says_which_run_wrote_it_and_the_same_row_of_another_run_is_no_other(ledger_url, clock):
    with Ledger.open(ledger_url, clock=clock, run_id="first") as ledger:
        (written,) = ledger.append([bet(1)])
    with Ledger.open(ledger_url, clock=clock, run_id="second") as ledger:
        found, new = ledger.append([bet(1), bet(2)])
        assert (found, found.new, found.run_id) == (written, False, "first")
        assert (new.new, new.run_id) == (True, "second")
        assert found.body == dict(bet(1).body)
        with pytest.raises(DataError, match="has another bet under the key 'bet-1'"):
            ledger.append([bet(1, stake=2)])
    with Ledger.open(ledger_url, clock=clock) as ledger:
        again, other = ledger.append([bet(2), bet(3)])
        assert (again.run_id, again.new, other.run_id) == ("second", False, None)
        assert [entry.run_id for entry in ledger.read()] == ["first", "second", None]
        assert ledger.verify().problems == ()


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("database or disk is full", "free some space"),
        ("disk I/O error", "free some space"),
        ("unable to open database file", "its folder has to be there and writable"),
    ],
)
def test_what_to_do_about_a_disk_is_said(tmp_path, words, advice):
    engine = connected(tmp_path / "ledger.db", 1.0)
    with pytest.raises(OutsideError, match=f"{words}\n{advice}"), reading(engine):
        raise sa.exc.OperationalError("", {}, sqlite3.OperationalError(words))
    engine.dispose()
