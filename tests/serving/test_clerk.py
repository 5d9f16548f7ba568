"""Heavy work beside the server: in a process that is there only while there is some."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from busta.errors import UsageError
from busta.serving.clerk import Aside
from servers import until


def refuse():
    raise UsageError("no such thing")


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_work_is_done_in_a_process_that_goes_when_there_is_none(tmp_path):
    aside = Aside(partial(os.mkdir, tmp_path / "prepared"), idle=60.0)
    first = aside.do(os.getpid)
    assert first != os.getpid()
    assert (tmp_path / "prepared").is_dir()
    aside.rest()
    assert aside.do(os.getpid) == first
    with pytest.raises(UsageError, match="no such thing"):
        aside.do(refuse)
    aside._last = time.monotonic() - 61.0
    aside.rest()
    assert not is_there(first)
    aside.rest()


def test_a_process_that_has_died_is_followed_by_another():
    aside = Aside(os.getpid)
    first = aside.do(os.getpid)
    with pytest.raises(BrokenProcessPool):
        aside.do(os.abort)
    second = aside.do(os.getpid)
    assert second != first
    aside._last -= 100.0
    aside.rest()


CHAIN = """
import os, sys, time
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from busta.serving.clerk import Aside, end_with_parent

def name(who):
    Path(sys.argv[1], who).write_text(str(os.getpid()))

def work():
    name("aside")
    time.sleep(600)

def helper():
    end_with_parent()
    name("helper")
    Aside(os.getpid).do(work)

if __name__ == "__main__":
    get_context("spawn").Process(target=helper).start()
    time.sleep(600)
"""


def test_kill_9_of_the_server_ends_all_that_works_beside_it_in_the_middle_of_its_work(tmp_path):
    (tmp_path / "chain.py").write_text(CHAIN)
    server = subprocess.Popen([sys.executable, tmp_path / "chain.py", tmp_path])
    files = [tmp_path / "helper", tmp_path / "aside"]
    until(lambda: all(file.exists() and file.read_text() for file in files))
    server.kill()
    server.wait()
    until(lambda: not any(is_there(int(file.read_text())) for file in files))
