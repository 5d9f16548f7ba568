"""Which process it is that holds or writes something, and whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_dead", "this_process"]

_START_TIME = 19  # place of a process's start in /proc/PID/stat, after its name


def this_process() -> dict[str, Any]:
    """What tells this process from all others: ``host``, ``pid``, when it ``started``, the ``world`` it lives in."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid()), "world": _world()}


def is_dead(process: Mapping[str, Any]) -> bool:
    """Whether a process can be seen to have ended: one of this machine that is gone, or another one by now.

    >>> is_dead(this_process()), is_dead(this_process() | {"world": "another machine's"})
    (False, False)
    """
    if process["world"] is None or process["world"] != _world():
        return False
    return bool(process["started"] != _started(process["pid"]))


def _world() -> str | None:
    """What tells this machine's processes since it was started from all others; ``None`` where that is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _started(pid: int) -> str | None:
    """When a process was started, in the kernel's ticks; ``None`` where there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[_START_TIME]
