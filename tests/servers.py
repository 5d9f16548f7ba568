"""Servers that a test starts: a command, where it answers, and when."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx

__all__ = ["free_port", "mlflow_server", "serving", "until"]


def mlflow_server(folder, *where, port=None, **variables):
    """MLflow's server on a free port, or on that one; yields its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    return serving([*command, *map(str, where)], f"http://127.0.0.1:{port}", folder, quiet | variables, "/health")


@contextmanager
def serving(command, uri, folder, variables, path="/"):
    """A server that answers, until the end; yields its address."""
    log_file = folder / f"{uri.rpartition(':')[2]}.log"
    with log_file.open("w") as log:
        running = subprocess.Popen(
            command, cwd=folder, env=os.environ | variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 240
        while not answers(uri + path):
            assert running.poll() is None, log_file.read_text()
            assert time.monotonic() < deadline, log_file.read_text()
            time.sleep(0.3)
        yield uri
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(30)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def answers(uri):
    try:
        return httpx.get(uri, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def until(found, seconds=180):
    """Waits until it is so."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)
