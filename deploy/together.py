"""Runs the services of compose.yaml that are ours together, without a container engine: does each find the others?

    make compose-check      # after make image-check, whose images it takes

Commands, addresses, secrets and health checks are the compose file's. In place of other makers' images stand this
machine's PostgreSQL and Prometheus and the S3-compatible server of the tests. All share a network of their own, where
the name of every service is this machine's. Needs root. Ends with exit code 1 if something is missed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import boto3
import psycopg
import yaml
from check import ROOT, Run, about, ask, container, end, missed, own, show

from databases import PASSWORD, Postgres

DEPLOY = ROOT / "deploy"
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
SECONDS = 240.0  # until a service is healthy
STORE = "http://127.0.0.1:9000"


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        place = Path(scratch)
        place.chmod(0o755)
        alone(place)
        runs = {name: stack.enter_context(container(name)) for name in ("train", "serve")}
        play(Compose(place, runs, stack), stack)
    print(f"\n{len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    return int(bool(missed))


def alone(place: Path) -> None:
    """Gives every service's name this machine's address, in namespaces that `unshare` made for this process."""
    if Path("/proc/self/ns/net").readlink() == Path(f"/proc/{os.getppid()}/ns/net").readlink():
        sys.exit("it changes names and takes ports: start it with unshare --net --mount, as make compose-check does")
    (place / "hosts").write_text(f"127.0.0.1 localhost {' '.join(SERVICES)}\n")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", str(place / "hosts"), "/etc/hosts"], check=True)


def play(compose: Compose, stack: ExitStack) -> None:
    """What docs/how-to/deploy.md tells to do, with the simulated league."""
    database = postgres(stack)
    store(stack, compose.place)
    for _ in range(2):
        compose.once("bucket")  # it may be there already
    compose.up("mlflow")
    compose.once("busta", "sim", "--seasons", "6")
    compose.once("busta", "train", "moneyline", "--league", "sim")
    compose.once("busta", "promote", "moneyline", "challenger", "--league", "sim", "--force")
    (compose.secrets / "busta_key").write_text(compose.once("busta", "keys", "add", "--name", "prometheus"))
    key = compose.once("busta", "keys", "add", "--scope", "write", "--name", "me").strip()
    compose.up("serve")
    compose.up("watch")
    game = ask(8000, key, "/v1/games?league=sim")["games"][-1]["game_id"]
    ask(8000, key, "/v1/predictions", {"league": "sim", "games": [game], "record": True})
    with psycopg.connect(database.url("busta").replace("/postgres", "/ledger")) as connection:
        counted = connection.execute("SELECT kind, count(*) FROM ledger_entries GROUP BY kind ORDER BY kind").fetchall()
    show("postgres: entries of the ledger", counted, dict(counted).get("prediction") == 1)
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(compose.secrets / "s3_credentials")
    kept = boto3.client("s3", endpoint_url=STORE).list_objects_v2(Bucket="mlflow")["KeyCount"]
    show("store: files of MLflow", kept, kept > 0)
    scraped(compose, stack)


class Compose:
    """Starts services of the compose file in containers of our images, with its secrets and one workspace."""

    def __init__(self, place: Path, runs: dict[str, Run], stack: ExitStack) -> None:
        self.place, self.secrets, self.home = place, place / "secrets", place / "home"
        self._runs, self._stack = runs, stack
        self.secrets.mkdir()
        (self.secrets / "postgres_password").write_text(PASSWORD)  # what is there is kept
        subprocess.run(["sh", DEPLOY / "secrets.sh", self.secrets], check=True)
        self.home.mkdir()
        own(self.home)

    def once(self, service: str, *words: str) -> str:
        """What a service that ends printed; it runs the words given in place of its command."""
        done = subprocess.run(self._command(service, words), stdout=subprocess.PIPE, text=True, check=False)
        show(f"{' '.join([service, *words[:2]])}: ends with", done.returncode, done.returncode == 0)
        return done.stdout

    def up(self, service: str) -> None:
        """Starts a service that stays, and waits until its health check is content."""
        began, name = time.perf_counter(), image(service)
        check = SERVICES[service].get("healthcheck") or {"test": about(name)["Healthcheck"]["Test"]}
        log = self.place / f"{service}.log"
        with log.open("w") as into:
            running = subprocess.Popen(self._command(service), stdout=into, stderr=into, start_new_session=True)
        self._stack.callback(end, running)
        healthy = False
        while not healthy and running.poll() is None and time.perf_counter() - began < SECONDS:
            healthy = self._runs[name].healthy(check["test"])
        show(f"{service}: healthy after seconds", f"{time.perf_counter() - began:.0f}", healthy)
        if not healthy:
            print(log.read_text()[-2000:])

    def _command(self, service: str, words: tuple[str, ...] = ()) -> list[str]:
        told, name = SERVICES[service], image(service)
        entry = told.get("entrypoint") or about(name)["Entrypoint"]
        command = [*words] or told.get("command") or ([] if "entrypoint" in told else about(name)["Cmd"])
        volumes = [volume.split(":") for volume in told.get("volumes", [])]
        mounts = [(self.secrets / secret, f"/run/secrets/{secret}") for secret in told.get("secrets", [])]
        mounts += [(DEPLOY / volume[0], volume[1]) for volume in volumes if volume[0].startswith(".")]
        options = [f"--volume={file.resolve()}:{to}:ro" for file, to in mounts]
        run = self._runs[name].command(
            *(word.replace("$$", "$") for word in [*entry, *command]),
            home=self.home if ["workspace", "/workspace"] in volumes else None,
            **told.get("environment", {}),
        )
        at = run.index("run") + 1
        return [*run[:at], *options, *run[at:]]


def image(service: str) -> str:
    """The name of its Dockerfile."""
    return str(Path(SERVICES[service]["build"]["dockerfile"]).stem)


def postgres(stack: ExitStack) -> Postgres:
    """PostgreSQL with the databases that the compose file's has."""
    server = Postgres()
    stack.callback(server.remove)
    server.port = 5432
    server.start()
    with psycopg.connect(server.url("busta"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE mlflow")
        for line in (DEPLOY / "postgres/databases.sql").read_text().splitlines():
            connection.execute(line.encode())
    return server


def store(stack: ExitStack, place: Path) -> None:
    """An S3-compatible server in memory."""
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "9000"]
    running = stack.enter_context(
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(place / "store").open("w"))
    )
    stack.callback(running.terminate)
    answer(f"{STORE}/moto-api/data.json")


def scraped(compose: Compose, stack: ExitStack) -> None:
    """Prometheus with the compose file's configuration, but for the place of its key."""
    folder = Path(shutil.copytree(DEPLOY / "prometheus", compose.place / "prometheus"))
    file = folder / "prometheus.yml"
    file.write_text(file.read_text().replace("/run/secrets", str(compose.secrets)))
    words = [word for word in SERVICES["prometheus"]["command"] if not word.startswith("--config.file")]
    command = ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", *words]
    running = stack.enter_context(subprocess.Popen(command, stderr=(folder / "log").open("w")))
    stack.callback(running.terminate)
    jobs = {job["job_name"]: "unknown" for job in yaml.safe_load(file.read_text())["scrape_configs"]}
    began = time.perf_counter()
    while "unknown" in jobs.values() and time.perf_counter() - began < SECONDS:
        time.sleep(1.0)
        targets = answer("http://prometheus:9090/api/v1/targets")["data"]["activeTargets"]
        jobs |= {target["labels"]["job"]: target["health"] for target in targets}
    for job, health in jobs.items():
        show(f"prometheus: {job}", health, health == "up")


def answer(url: str) -> Any:
    """What a server says, once it does."""
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as said:
            return json.load(said)
        time.sleep(0.2)
    sys.exit(f"nothing answers at {url}")


if __name__ == "__main__":
    sys.exit(main())
