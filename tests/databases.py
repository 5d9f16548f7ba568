"""A real PostgreSQL for tests: its own folder, a free port of the loopback, a password, and no trace left."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import psycopg

USER, PASSWORD = "busta", "a-secret-of-tests"
SECONDS = 60


def binary(name: str) -> str:
    """Where PostgreSQL's program of that name is; Debian keeps it out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = next((str(place) for place in places), None) or shutil.which(name)
    assert found, f"no {name} of PostgreSQL on this machine; `make postgres` installs it"
    return found


class Postgres:
    """A server that can be stopped and started again; its data stays until the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="busta-postgres-"))
        self.owner = self._owner()
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        if self.owner:
            for path in (self.folder, secret):
                shutil.chown(path, self.owner)
        how = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username", USER, "--no-sync", "--encoding=UTF8"]
        self._run(binary("initdb"), "-D", str(self.folder / "data"), "--locale=C", *how)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        where = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        quick = ["-c", "fsync=off", "-c", "max_connections=60"]  # what is killed here is busta, not the machine
        command = [binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *where, *quick]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, user=self.owner)
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server at once, as in a crash of it; connections are cut."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(SECONDS)
            self.process = None

    def fresh(self) -> str:
        """The address of an empty schema of a new user's own, with the password."""
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(self.url(USER), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
            connection.execute(f"CREATE SCHEMA AUTHORIZATION {name}")
        return self.url(name)

    def url(self, user: str) -> str:
        """The address of a user's part of the database, with the password."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def remove(self) -> None:
        """Stops the server and removes all it had."""
        self.stop()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(USER), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def _owner(self) -> str | None:
        """Whose server it is: PostgreSQL refuses to be root's."""
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=self.folder, user=self.owner, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
