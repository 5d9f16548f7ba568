"""A writer of the ledger that is killed under load: what it was told is written stays written."""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random

import pytest

from busta.ledger.storage import Ledger

pytestmark = pytest.mark.slow

KILLS = 20
WRITER = """
import sys, threading
from busta.ledger.storage import Draft, Ledger

ledger, life = Ledger.open(sys.argv[1]), sys.argv[2]

def write(thread):
    for number in range(10**6):
        name = f"{life}-{thread}-{number}"
        ledger.append([Draft("bet", name, {"stake": 1.0}), Draft("prediction", name, {"win": 0.5})])
        sys.stdout.write(name + "\\n")
        sys.stdout.flush()

for thread in range(3):
    threading.Thread(target=write, args=(thread,)).start()
"""


def test_a_writer_killed_at_any_moment_leaves_every_entry_it_was_told_of_and_a_sound_chain(ledger_url):
    rng, told = Random(20), set()
    with Ledger.open(ledger_url) as ledger:
        for life in range(KILLS):
            before = ledger.head()
            command = [sys.executable, "-c", WRITER, ledger_url, str(life)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
                first = writer.stdout.readline()  # it is at work
                time.sleep(rng.uniform(0, 0.3))
                writer.kill()
                rest = writer.stdout.read()
            whole = (first + rest).rpartition("\n")[0]
            told |= set(whole.split())

            checked = ledger.verify(before[1])
            assert checked.problems == ()
            bets, predictions = ({entry.key for entry in ledger.read(kind)} for kind in ("bet", "prediction"))
            assert told <= bets
            assert bets == predictions, "half of a transaction is there"
            assert checked.entries == len(bets) + len(predictions)
    assert len(told) > KILLS
