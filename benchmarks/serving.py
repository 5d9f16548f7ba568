"""How fast the server answers, beside MLflow's own on the same model, and what kill -9 and new champions do to it.

    python -m benchmarks.serving [WORKSPACE] [--league sim] [--seconds 10] [--kills 100] [--changes 60] [--no-mlflow]

Without a workspace three markets of the simulated league are trained first. Ends with exit code 1 if a target was
missed. All shares one machine: servers, client, and whatever else runs.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from argparse import ArgumentParser
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.load import Load, post, run

import busta
from busta.ledger.storage import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.settings import Settings

MARKETS = ("moneyline", "ats", "totals")
PREDICTIONS = "/v1/predictions"
missed: list[str] = []


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--league", default="sim")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--changes", type=float, default=60.0, help="seconds in which the champion changes five times")
    parser.add_argument("--kills", type=int, default=100, help="how often the server is killed under write load")
    parser.add_argument("--no-mlflow", action="store_true", help="leave MLflow's server out")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.workspace or trained(Path(scratch))
        settings = busta.load(home=home)
        speed(settings, asked.league, asked.seconds, mlflow=not asked.no_mlflow)
        if asked.changes:
            changes(settings, asked.league, asked.changes)
        if asked.kills:
            kills(settings, asked.league, asked.kills)
    print(f"\n{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}")
    return int(bool(missed))


def trained(home: Path) -> Path:
    """A workspace of the simulated league: three champions, and another version of the moneyline's."""
    settings = busta.load(home=home)
    busta.ingest(settings, "sim")
    for market in MARKETS:
        busta.train(settings, market, "sim")
        busta.promote_version(settings, market, "challenger", "sim", force=True)
    busta.train(busta.load(home=home, train={"seed": 21}), "moneyline", "sim")
    return home


def show(name: str, value: float, unit: str, target: float | None = None, *, least: bool = False) -> None:
    """A line of the table."""
    late = target is not None and (value < target if least else value > target)
    goal = "" if target is None else f"target {'>=' if least else '<='} {target:,g}{'   MISSED' if late else ''}"
    print(f"  {name:<58}{value:>12,.2f} {unit:<10}{goal}", flush=True)
    if late:
        missed.append(name)


# --- servers


@contextmanager
def server(home: Path, port: int, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server of that workspace, until the end."""
    running = start(home, port, **more)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(20)


def start(home: Path, port: int, **more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from busta.cli import main; main()", "serve", "--port", str(port)]
    environment = os.environ | {"BUSTA_HOME": str(home)} | more
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ready(port: int, path: str = "/health/ready", seconds: float = 120.0) -> float:
    """Seconds until it answers that it is ready."""
    begun = perf_counter()
    while perf_counter() - begun < seconds:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
            return perf_counter() - begun
        time.sleep(0.02)
    raise TimeoutError(f"nothing is ready at {port}")


def cpu(pid: int) -> float:
    """Seconds of processor time a process has used: unlike a clock, they hardly know what else runs."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return json.load(answer)


# --- speed


def speed(settings: Settings, league: str, seconds: float, *, mlflow: bool) -> None:
    port = free_port()
    print(f"start, load average {os.getloadavg()[0]:.1f}")
    with server(settings.home, port):
        show("ready, slates made or looked at for the first time", ready(port), "s")
    with server(settings.home, port) as running:
        show("ready, started again", ready(port), "s", 5)
        games = newest(port, league, 300)
        features = features_of(port, league)
        ours = latencies(running, port, games, features, seconds)
    if mlflow:
        theirs = of_mlflow(settings, league, features, seconds)
        compare(ours, theirs)


def newest(port: int, league: str, most: int) -> list[str]:
    """The newest games, so many of them."""
    games: list[dict[str, Any]] = []
    (last,) = get(port, f"/v1/games?league={league}")["games"][-1:]
    for season, week in itertools.product(range(last["season"], last["season"] - 20, -1), range(25, 0, -1)):
        if len(games) < most:
            games += get(port, f"/v1/games?league={league}&week={season}-{week:02d}")["games"]
    return [game["game_id"] for game in games[:most]]


def features_of(port: int, league: str) -> dict[str, Any]:
    """A request with features of the moneyline's champion."""
    rows = get(port, f"/v1/markets?league={league}")["markets"]
    (model,) = [
        row for row in rows if (row["market"], row["information"], row["price"]) == ("moneyline", "anchored", "close")
    ]
    values = dict.fromkeys(model["features"], 0.5)
    return {"market": "moneyline", "features": values | {"market_log_odds": 0.2}}


def latencies(
    running: subprocess.Popen[bytes], port: int, games: list[str], features: dict[str, Any], seconds: float
) -> dict[str, Load]:
    found: dict[str, Load] = {}
    random.seed(1)
    one = [post(PREDICTIONS, json.dumps({"games": [game], "markets": ["moneyline"]}).encode()) for game in games]
    given = post(PREDICTIONS, json.dumps(features).encode())
    for name, request in (("a game of the store", lambda: random.choice(one)), ("features given", lambda: given)):  # noqa: S311
        run(port, request, 1, min(seconds, 5.0))
        alone, used = run(port, request, 1, seconds), cpu(running.pid)
        many = run(port, request, 16, seconds)
        used = cpu(running.pid) - used
        print(f"{name}, load average {os.getloadavg()[0]:.1f}")
        show("1 connection, p50", alone.quantile(0.5), "ms", 0.5)
        show("1 connection, p99", alone.quantile(0.99), "ms", 1.0)
        show("16 connections, p50", many.quantile(0.5), "ms")
        show("16 connections, p99", many.quantile(0.99), "ms", 10.0)
        show("16 connections, requests", many.rate, "a second", 4000, least=True)
        show("16 connections, processor time of the server", 1000 * used / max(len(many.seconds), 1), "ms each")
        show("failed", alone.failed + many.failed, "", 0)
        found |= {name: many, f"{name}, alone": alone}
    batch = post(PREDICTIONS, json.dumps({"games": games, "markets": ["moneyline"]}).encode())
    inputs = post(PREDICTIONS, json.dumps({"inputs": [features] * 300}).encode())
    print("300 games at once")
    show("games of the store, p50", run(port, lambda: batch, 1, seconds / 2).quantile(0.5), "ms", 10)
    show("features given, p50", run(port, lambda: inputs, 1, seconds / 2).quantile(0.5), "ms", 10)
    count = itertools.count()
    recorded = [json.dumps({"games": [game], "markets": ["moneyline"], "record": True}).encode() for game in games]
    wrote = run(port, lambda: post(PREDICTIONS, recorded[next(count) % len(recorded)]), 16, seconds / 2)
    show("recorded in the ledger, 16 connections, p99", wrote.quantile(0.99), "ms")
    show("recorded in the ledger, 16 connections", wrote.rate, "a second")
    return found


def of_mlflow(settings: Settings, league: str, features: dict[str, Any], seconds: float) -> dict[str, Load]:
    """The same model in `mlflow models serve`."""
    port, name = free_port(), f"busta-{league}-moneyline"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "models",
        "serve",
        "-m",
        f"models:/{name}@champion",
        "--env-manager",
        "local",
    ]
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{settings.workspace() / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # it calls uvicorn by name
    }
    running = subprocess.Popen(
        [*command, "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        ready(port, "/ping")
        values = features["features"]
        frame = {"dataframe_split": {"columns": list(values), "data": [list(values.values())]}}
        request = post("/invocations", json.dumps(frame).encode())
        run(port, lambda: request, 1, 0.5)
        return {"alone": run(port, lambda: request, 1, seconds), "many": run(port, lambda: request, 16, seconds)}
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(30)


def compare(ours: dict[str, Load], theirs: dict[str, Load]) -> None:
    print("mlflow models serve, the same model and features")
    show("1 connection, p50", theirs["alone"].quantile(0.5), "ms")
    show("16 connections, p99", theirs["many"].quantile(0.99), "ms")
    show("16 connections, requests", theirs["many"].rate, "a second")
    show("failed", theirs["many"].failed, "", 0)
    show(
        "busta's requests a second over MLflow's, features",
        ours["features given"].rate / theirs["many"].rate,
        "times",
        20,
        least=True,
    )
    show(
        "the same, games of the store", ours["a game of the store"].rate / theirs["many"].rate, "times", 20, least=True
    )


# --- new champions


def changes(settings: Settings, league: str, seconds: float) -> None:
    """Sixteen connections ask while the champion changes five times."""
    port = free_port()
    print(f"the champion changes five times in {seconds:.0f} s, load average {os.getloadavg()[0]:.1f}")
    with server(settings.home, port):
        ready(port)
        (game,) = get(port, f"/v1/games?league={league}")["games"][-1:]
        request = post(PREDICTIONS, json.dumps({"league": league, "games": [game["game_id"]]}).encode())
        change = [sys.executable, "-c", CHANGES, str(settings.home), f"busta-{league}-moneyline", str(seconds)]
        running = subprocess.Popen(change)
        load = run(port, lambda: request, 16, seconds, keep=True)
        running.wait(60)
    bodies = [json.loads(body) for body in load.bodies]
    mixed = sum(
        any(row["model_version"] != body["versions"][row["market"]] for row in body["predictions"]) for body in bodies
    )
    show("requests", len(load.seconds), "")
    show("failed", load.failed, "", 0)
    show("answers of different kinds, one a version", len(bodies), "", len({str(body["versions"]) for body in bodies}))
    show("versions seen", len({str(body["versions"]) for body in bodies}), "", 2, least=True)
    show("mixed answers", mixed, "", 0)
    show("p99", load.quantile(0.99), "ms")


CHANGES = """
import sys, time, busta
from busta.registry.connect import connect
from busta.registry.publish import CHAMPION, point
settings, name, seconds = busta.load(home=sys.argv[1]), sys.argv[2], float(sys.argv[3])
registry = connect(settings)
for turn in range(5):
    time.sleep(max(seconds / 6 - (4 if turn == 0 else 0), 1))
    point(registry, name, CHAMPION, "2" if turn % 2 == 0 else "1")
point(registry, name, CHAMPION, "1")
"""


# --- kill -9


def kills(settings: Settings, league: str, times: int) -> None:
    """The server is killed again and again while eight clients write; what it acknowledged has to be there."""
    print(f"kill -9 under write load, {times} times")
    port = free_port()
    acknowledged: list[str] = []
    games: list[str] = []
    begun = perf_counter()
    for _ in range(times):
        running = start(settings.home, port)
        ready(port)
        games = games or newest(port, league, 3000)
        stop = threading.Event()
        clients = [threading.Thread(target=write, args=(port, stop, games, acknowledged)) for _ in range(8)]
        for client in clients:
            client.start()
        time.sleep(random.uniform(0.1, 0.6))  # noqa: S311
        running.send_signal(signal.SIGKILL)
        running.wait()
        stop.set()
        for client in clients:
            client.join()
    with Ledger.open(settings.workspace() / "ledger.db") as ledger:
        keys = [entry.key for entry in ledger.read("prediction")]
        checked = ledger.verify()
    lost = set(acknowledged) - set(keys)
    show("acknowledged rows", len(acknowledged), "", 1, least=True)
    show("acknowledged and lost", len(lost), "", 0)
    show("doubled", len(keys) - len(set(keys)), "", 0)
    show("breaks in the chain", len(checked.problems), "", 0)
    show("seconds", perf_counter() - begun, "s")


def write(port: int, stop: threading.Event, games: list[str], acknowledged: list[str]) -> None:
    """Writes predictions until the server is gone; keeps the keys of those it was told are written."""
    while not stop.is_set():
        body = {"games": [random.choice(games)], "record": True}  # noqa: S311
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{PREDICTIONS}", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                found = json.load(answer)
        except OSError:
            return
        acknowledged += [entry["key"] for entry in found["recorded"]]


if __name__ == "__main__":
    sys.exit(main())
