"""Leases: one at a time, on each kind of database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from busta.errors import OutsideError
from busta.ledger import lease as module
from busta.ledger.database import writing
from busta.ledger.lease import LEASES, Lease, leased
from busta.ledger.storage import Ledger

HOLDER = """
import sys, time
from busta.ledger.storage import Ledger
with Ledger.open(sys.argv[1]) as log, log.lease("work", float(sys.argv[2])):
    print("held", flush=True)
    time.sleep(600)
"""
ELSEWHERE = {"host": "elsewhere", "pid": 1, "started": "1", "world": "another machine", "token": "t"}


@pytest.fixture
def ledger(ledger_url):
    with Ledger.open(ledger_url) as found:
        yield found


@pytest.fixture
def engine(ledger):
    return ledger._engine


def write(engine, **changes):
    """A lease as somebody else's, elsewhere."""
    with writing(engine) as connection:
        LEASES.create(connection, checkfirst=True)
        now = module._now(connection)
        row = {"name": "work", "holder": json.dumps(ELSEWHERE), "taken": now, "until": now + 60, "seconds": 60.0}
        connection.execute(sa.insert(LEASES).values(**row | {k: now + v for k, v in changes.items()}))


def rows(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(LEASES)).all()


def test_only_one_holds_a_lease(ledger):
    with ledger.lease("work", 60) as held:
        with pytest.raises(OutsideError, match=f"process {os.getpid()} on") as caught, ledger.lease("work", 60):
            pytest.fail("two hold it")
        held.check()
    assert len(str(caught.value).splitlines()) == 2
    with ledger.lease("work", 60):
        pass


def test_other_work_has_another_lease(ledger):
    with ledger.lease("work", 60), ledger.lease("other work", 60):
        pass


def test_a_lease_is_given_back_after_an_error(ledger, engine):
    with pytest.raises(ZeroDivisionError), ledger.lease("work", 60):
        _ = 1 / 0
    assert not rows(engine)


def test_a_holder_elsewhere_keeps_it_until_it_ends(ledger, engine):
    write(engine)
    with pytest.raises(OutsideError, match="process 1 on elsewhere"), ledger.lease("work", 60):
        pytest.fail("two hold it")
    with writing(engine) as connection:
        connection.execute(sa.update(LEASES).values(until=module._now(connection) - 1))
    with ledger.lease("work", 60):
        pass


def test_a_lease_from_before_the_clock_was_set_back_is_free(ledger, engine):
    write(engine, until=3600)
    with ledger.lease("work", 60):
        pass


def test_a_killed_holder_of_this_machine_loses_it_at_once(ledger, ledger_url):
    with subprocess.Popen([sys.executable, "-c", HOLDER, ledger_url, "600"], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(OutsideError, match=f"process {other.pid}"), ledger.lease("work", 60):
            pytest.fail("two hold it")
        other.send_signal(signal.SIGKILL)
        other.wait()
    with ledger.lease("work", 60):
        pass


def test_a_killed_holder_that_nobody_can_see_loses_it_in_time(ledger, ledger_url, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", HOLDER, ledger_url, "1"], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        other.kill()
        killed = time.monotonic()
    monkeypatch.setattr("busta.data.process._world", lambda: None)
    while True:
        try:
            with ledger.lease("work", 60):
                break
        except OutsideError:
            assert time.monotonic() - killed < 5
            time.sleep(0.05)


def test_a_living_holder_keeps_it_longer_than_its_length(ledger, engine):
    with ledger.lease("work", 0.4) as held:
        time.sleep(0.8)
        held.check()
        assert len(rows(engine)) == 1


def test_a_holder_that_slept_knows_that_it_lost_it(engine, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    monkeypatch.setattr(threading.Thread, "join", lambda *_: None)
    with leased(engine, "work", 0.05) as held:
        held.check()
        time.sleep(0.1)
        with pytest.raises(OutsideError, match="no sign of life"):
            held.check()


def test_a_holder_whose_lease_another_took_knows_it_and_leaves_it_alone(engine):
    with leased(engine, "work", 60) as held:
        with writing(engine) as connection:
            connection.execute(sa.update(LEASES).values(holder=json.dumps(ELSEWHERE)))
        held.prolong()
        with pytest.raises(OutsideError, match="was lost"):
            held.check()
    assert [row.holder for row in rows(engine)] == [json.dumps(ELSEWHERE)]


def test_a_database_that_is_away_for_a_moment_costs_nothing(engine, monkeypatch):
    tries = []

    def fails(self):
        tries.append(1)
        raise OutsideError("away")

    with leased(engine, "work", 60) as held:
        monkeypatch.setattr(Lease, "prolong", fails)
        held._seconds = 0.04
        beat = threading.Thread(target=held._beat)
        beat.start()
        time.sleep(0.1)
        held._seconds = 60
        held._ended.set()
        beat.join()
        held.check()
    assert tries


def test_what_cannot_be_given_back_ends_by_itself(tmp_path, monkeypatch):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/any.db")
    lease = Lease(engine, "work", 60)
    lease.take()

    def away(_):
        raise OutsideError("away")

    monkeypatch.setattr(module, "writing", away)
    lease.release()
    assert len(rows(engine)) == 1
