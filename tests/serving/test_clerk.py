"""Heavy work beside the server: in a process that is there only while there is some."""

from __future__ import annotations

import os
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from busta.errors import UsageError
from busta.serving.clerk import Aside


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
