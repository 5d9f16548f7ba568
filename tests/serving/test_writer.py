from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

import pytest

from busta.errors import DataError, OutsideError
from busta.ledger.chain import Draft
from busta.ledger.storage import Ledger
from busta.serving.writer import Writer


def draft(key, **body):
    return Draft("prediction", str(key), body or {"game_id": str(key)})


@contextmanager
def writing(opened, most=1000):
    writer = Writer(opened, most)
    writer.start()
    yield writer
    writer.stop()


class Slow:
    """A ledger that waits until it is let go, and counts its transactions."""

    def __init__(self, ledger):
        self.ledger, self.go, self.calls = ledger, threading.Event(), []

    def append(self, drafts):
        self.go.wait(5)
        self.calls.append(len(drafts))
        return self.ledger.append(drafts)

    def close(self):
        self.ledger.close()


def test_what_gathers_while_it_writes_is_written_together(tmp_path):
    slow = Slow(Ledger.open(tmp_path / "ledger.db"))

    async def run(writer):
        tasks = [asyncio.create_task(writer.append([draft(n), draft(f"{n}b")])) for n in range(50)]
        await asyncio.sleep(0.1)
        slow.go.set()
        return await asyncio.gather(*tasks)

    with writing(lambda: slow) as writer:
        entries = asyncio.run(run(writer))
        assert writer.waiting == 0
    assert len(slow.calls) <= 2
    assert sum(slow.calls) == 100
    assert [[entry.key for entry in each] for each in entries] == [[str(n), f"{n}b"] for n in range(50)]
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert [entry.seq for entry in ledger.read()] == list(range(1, 101))
        assert ledger.verify().problems == ()


def test_one_that_is_refused_takes_no_other_with_it(tmp_path):
    slow = Slow(Ledger.open(tmp_path / "ledger.db"))

    async def run(writer):
        drafts = [draft("a"), draft("same", said=1), draft("same", said=2), draft("b")]
        tasks = [asyncio.create_task(writer.append([each])) for each in drafts]
        await asyncio.sleep(0.1)
        slow.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    with writing(lambda: slow) as writer:
        a, first, second, b = asyncio.run(run(writer))
    assert isinstance(second, DataError)
    assert [entry.key for (entry,) in (a, first, b)] == ["a", "same", "b"]


def test_a_ledger_that_is_down_refuses_and_takes_again_once_it_is_up(tmp_path):
    up = threading.Event()

    def opened():
        if not up.is_set():
            raise OutsideError("the ledger is down")
        return Ledger.open(tmp_path / "ledger.db")

    with writing(opened) as writer:
        with pytest.raises(OutsideError, match="is down"):
            asyncio.run(writer.append([draft("a")]))
        assert writer.waiting == 0
        up.set()
        (entry,) = asyncio.run(writer.append([draft("a")]))
    assert entry.seq == 1


def test_an_error_nobody_foresaw_is_told_to_whoever_waits():
    class Broken:
        def append(self, _):
            raise RuntimeError("postgresql://me:secret@host")

        def close(self): ...

    with writing(Broken) as writer, pytest.raises(OutsideError, match="RuntimeError") as caught:
        asyncio.run(writer.append([draft("a")]))
    assert "secret" not in str(caught.value)


def test_more_than_may_wait_is_refused_at_once(tmp_path):
    slow = Slow(Ledger.open(tmp_path / "ledger.db"))

    async def run(writer):
        first = asyncio.create_task(writer.append([draft(n) for n in range(8)]))
        await asyncio.sleep(0.05)
        with pytest.raises(OutsideError, match=r"8 rows wait.*serve.queue"):
            await writer.append([draft(n) for n in range(8, 12)])
        slow.go.set()
        await first

    with writing(lambda: slow, most=10) as writer:
        asyncio.run(run(writer))


def test_who_gave_up_waiting_hurts_nobody(tmp_path):
    slow = Slow(Ledger.open(tmp_path / "ledger.db"))

    async def run(writer):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.append([draft("a")]), 0.05)
        slow.go.set()
        return await writer.append([draft("a")])

    with writing(lambda: slow) as writer:
        (entry,) = asyncio.run(run(writer))
    assert entry.seq == 1
