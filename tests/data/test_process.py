from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from busta.data import process as module
from busta.data.process import is_dead, this_process


def test_this_process_lives():
    assert this_process()["pid"] == os.getpid()
    assert not is_dead(this_process())


def test_a_process_of_this_machine_is_dead_once_it_was_killed_even_if_nobody_has_waited_for_it():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        known = this_process() | {"pid": other.pid, "started": module._started(other.pid)}
        assert not is_dead(known)
        other.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(known)


def test_a_number_that_another_process_has_by_now_is_a_dead_one():
    assert is_dead(this_process() | {"started": "1"})


@pytest.mark.parametrize("world", [None, "another machine"])
def test_of_processes_elsewhere_nobody_knows(world):
    assert not is_dead(this_process() | {"pid": 2**22 + 1, "world": world})


def test_where_the_system_does_not_tell_nobody_is_taken_for_dead(monkeypatch):
    me = this_process()
    monkeypatch.setattr(module, "Path", lambda _: (_ for _ in ()).throw(OSError()))
    assert this_process() == me | {"started": None, "world": None}
    assert not is_dead(me | {"pid": 2**22 + 1})
