"""What goes wrong around a training, for `benchmarks.reliability`: processes to kill, proxies to cut, disks to fill."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from busta.cli import main as busta_main
from replay import answer, served

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from multiprocessing.context import ForkProcess

FORK = multiprocessing.get_context("fork")
PATIENT = 240.0  # seconds for a process that nothing is done to
DAY = 86_400.0


def nothing() -> None:
    """The hook of a process that runs as it is."""


@dataclass
class Command:
    """A busta that runs, forked from this process, which has all imported."""

    process: ForkProcess
    out: Path
    err: Path

    def end(self, seconds: float = PATIENT) -> int:
        """Waits for its exit code; what hangs is killed and told as a code of its own."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            return -999
        return self.process.exitcode

    def kill(self) -> bool:
        """Kills it as ``kill -9`` does; whether it was still at work."""
        alive = self.process.is_alive()
        self.process.kill()
        self.process.join()
        return alive

    @property
    def said(self) -> str:
        """What it wrote to standard error."""
        return self.err.read_text(errors="replace")


def start(
    home: Path, said: Path, arguments: tuple[str, ...], hook: Callable[[], None], more: dict[str, str]
) -> Command:
    """Starts a command in that workspace; ``hook`` runs in its process first."""
    said.mkdir(exist_ok=True)
    number = len(list(said.iterdir()))
    out, err = said / f"{number:03d}.out", said / f"{number:03d}.err"
    err.touch()
    process = FORK.Process(target=_run, args=(home, out, err, arguments, hook, more))
    process.start()
    return Command(process, out, err)


def _run(
    home: Path, out: Path, err: Path, arguments: tuple[str, ...], hook: Callable[[], None], more: dict[str, str]
) -> None:
    for number, file in ((1, out), (2, err)):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    scratch = home.parent / "tmp"
    scratch.mkdir(exist_ok=True)
    tempfile.tempdir = None
    os.environ.update({"BUSTA_HOME": str(home), "TMPDIR": str(scratch)} | more)
    hook()
    try:
        busta_main(list(arguments))
    finally:
        out.with_suffix(".imported").write_text("\n".join(sys.modules))


def asked(work: Callable[[], Any]) -> Any:
    """What ``work`` returns in a process of its own, as JSON has it: Polars' threads do not live through a fork."""
    receiver, sender = FORK.Pipe(duplex=False)

    def answer() -> None:
        try:
            sender.send(json.dumps(work()))
        except BaseException as exc:
            sender.send(json.dumps({"error": f"{type(exc).__name__}: {exc}"}))
            raise

    process = FORK.Process(target=answer)
    process.start()
    sender.close()
    found = json.loads(receiver.recv()) if receiver.poll(PATIENT) else {"error": "no answer"}
    process.join(10)
    if process.is_alive():
        process.kill()
    if isinstance(found, dict) and "error" in found:
        raise RuntimeError(found["error"])
    return found


def warm(command: Command) -> None:
    """Imports what a command did, so that the next one need not."""
    for name in command.out.with_suffix(".imported").read_text().split():
        if name not in sys.modules:
            with suppress(Exception):  # a name of something that was removed since
                import_module(name)


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """A file system of its own at that folder; gives what sets its size in bytes. Root's alone."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)

    def resize(size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size // 1024}k", folder], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def short_files(most: int) -> Callable[[], None]:
    """A hook: no file of the process may be longer, which is what others than root can have of a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return limit


def jump(after: float, by: float) -> Callable[[], None]:
    """A hook: after so many seconds the clock of the day is off by so many."""

    def shift() -> None:
        real, began = time.time, time.monotonic()

        def told() -> float:
            return real() + by * (time.monotonic() - began > after)

        mock.patch.object(time, "time", told).start()

    return shift


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """The database in the hands of another program."""
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


class Proxy:
    """Stands before a server, in a process of its own, and can be gone: connections are cut, new ones refused."""

    def __init__(self, port: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._ours, theirs = FORK.Pipe()
        self._process = FORK.Process(target=lambda: asyncio.run(_forward(theirs, self.port, port)), daemon=True)
        self._process.start()
        self._ours.recv()

    def away(self) -> None:
        """Is gone."""
        self._say("away")

    def back(self) -> None:
        """Is there again."""
        self._say("back")

    def end(self) -> None:
        """Is no more."""
        self._process.kill()
        self._process.join()

    def _say(self, word: str) -> None:
        self._ours.send(word)
        self._ours.recv()


async def _forward(control: Any, port: int, to: int) -> None:
    """Serves until told to be away, then until told to be back."""
    ends: set[asyncio.StreamWriter] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.add(writer)
        with suppress(OSError):
            answers, asks = await asyncio.open_connection("127.0.0.1", to)
            ends.add(asks)
            await asyncio.gather(_copy(reader, asks), _copy(answers, writer))
        ends.discard(writer)
        writer.close()

    door: asyncio.Server | None = None
    word = "back"
    while True:
        if word == "back" and door is None:
            door = await asyncio.start_server(meet, "127.0.0.1", port)
        elif word == "away" and door is not None:
            door.close()
            door = None
            while ends:
                ends.pop().transport.abort()
        control.send("done")
        word = await asyncio.to_thread(control.recv)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while read := await reader.read(1 << 16):
            writer.write(read)
            await writer.drain()
    writer.close()


@contextmanager
def mlflow_server(folder: Path) -> Iterator[int]:
    """A real MLflow server on a database and files of its own; gives its port."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files"]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [*command, *where], cwd=folder, env=os.environ | quiet, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", running)
        yield port
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(30)


def _wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENT
    while time.monotonic() < deadline and running.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own http address
            return
        time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {url}")


def cut(handler: BaseHTTPRequestHandler) -> None:
    """An answer that breaks off."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.wfile.write(b"game_id,season\n")
    handler.close_connection = True


@contextmanager
def site(text: str, failures: int) -> Iterator[tuple[str, str]]:
    """A source that fails so many times; gives the addresses of its games and of its teams, which it has none of."""
    ours, theirs = FORK.Pipe()

    def serve() -> None:
        with served() as found:
            bad = [(cut, answer(503))[i % 2] for i in range(failures)]
            found.answers = [*bad, answer(body=text.encode())]
            found.routes = {f"/teams/{season}": [answer(404, b"")] for season in range(2000, 2030)}
            theirs.send((found.url, found.at("/teams/{season}")))
            theirs.recv()

    process = FORK.Process(target=serve)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def spoiled(text: str, rng: random.Random) -> bytes:
    """A file of games as it must not be taken: cut, garbled, a page of a proxy, without a column, or empty."""
    header, *rows = text.splitlines()
    names = header.split(",")
    missing = names.index(rng.choice(["home_score", "gameday", "home_team", "season"]))
    without = "\n".join(
        ",".join(part for i, part in enumerate(line.split(",")) if i != missing) for line in (header, *rows)
    )
    return rng.choice(
        [
            without.encode(),
            b"<html><body>502 Bad Gateway</body></html>",
            b"",
            os.urandom(4096),
            header.upper().replace(",", ";").encode() + b"\n" + "\n".join(rows).encode(),
        ]
    )
