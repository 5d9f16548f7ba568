"""What it costs to be watched: counting each request, and being scraped every second, of a server under load.

    python -m benchmarks.monitoring [WORKSPACE] [--league sim] [--workers 1] [--rounds 6] [--seconds 3]

Without a workspace three markets of the simulated league are trained first. Processor time is compared, which hardly
knows what else runs on the machine; rounds with and without scrapes take turns, the cheapest of each counts. Ends with
exit code 1 if a target was missed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import urllib.request
from argparse import ArgumentParser
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.load import post, run
from benchmarks.serving import PREDICTIONS, cpu, free_port, missed, newest, ready, server, show, trained

import busta

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

SHARED = "PROMETHEUS_MULTIPROC_DIR"
MOST = 0.02
TIMES = 50_000
CONNECTIONS = 8


class Counting(NamedTuple):
    """Seconds of processor time of each ``request``, and of each ``second``."""

    request: float
    second: float


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--league", default="sim")
    parser.add_argument("--workers", type=int, default=1, help="that count together")
    parser.add_argument("--rounds", type=int, default=6, help="with scrapes, and as many without")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        counting = counted(Path(scratch), asked.workers)
        home = asked.workspace or trained(Path(scratch))
        port = free_port()
        with server(busta.load(home=home).home, port, BUSTA_SERVE__WORKERS=str(asked.workers)) as running:
            ready(port)
            request = post(PREDICTIONS, b'{"games": ["%s"]}' % newest(port, asked.league, 1)[0].encode())
            under_load(running, port, lambda: request, asked.rounds, asked.seconds, counting)
    print(f"\n{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}")
    return int(bool(missed))


def once(work: Callable[[], object], times: int) -> float:
    """Seconds of processor time that it takes once, the best of five tries."""
    tries = []
    for _ in range(5):
        begun = process_time()
        for _ in range(times):
            work()
        tries.append((process_time() - begun) / times)
    return min(tries)


def counted(scratch: Path, workers: int) -> Counting:
    """What counting takes of a request for one game in three markets."""
    if workers > 1:
        os.environ[SHARED] = str(scratch)
    from busta.telemetry.metrics import Metrics  # the client library asks for the folder when it is imported

    metrics = Metrics()

    def work() -> None:
        for market in ("moneyline", "ats", "totals"):
            metrics.predicted("store", "sim", market, 1)
        metrics.request("POST", PREDICTIONS, 200, 0.0002)

    request = once(work, TIMES)
    show("counting a request and its three predictions", 1e6 * request, "us")
    if workers == 1:
        return Counting(request, 0.0)

    def shared() -> None:
        work()
        metrics.tell()

    sharing = once(shared, TIMES // 50) - request
    show("sharing counts with the other workers, once a second", 1e6 * sharing, "us")
    return Counting(request, sharing)


def under_load(
    running: subprocess.Popen[bytes],
    port: int,
    request: Callable[[], bytes],
    rounds: int,
    seconds: float,
    counting: Counting,
) -> None:
    """What a request costs the server, with scrapes and without."""
    measured(running, port, request, seconds)  # warm
    quiet, scraped = [], []
    for _ in range(rounds):
        quiet.append(measured(running, port, request, seconds))
        with scraping(port):
            scraped.append(measured(running, port, request, seconds))
    alone, watched = min(quiet), min(scraped)  # what else runs makes a round dearer, nothing makes it cheaper
    show("a request, no scrapes, the cheapest round", 1e6 * alone, "us")
    show("a request, scraped every second, the cheapest round", 1e6 * watched, "us")
    scrape = scrape_seconds(running, port)
    show("a scrape", 1e3 * scrape, "ms")
    share = counting.request / alone + counting.second
    show("share of the counting", 100 * share, "%")
    show("share of one scrape a second, of a busy processor", 100 * scrape, "%")
    show("share of the monitoring, both", 100 * (share + scrape), "%", 100 * MOST)
    show("the same, by the cheapest round of each", 100 * (share + watched / alone - 1), "%")


def measured(running: subprocess.Popen[bytes], port: int, request: Callable[[], bytes], seconds: float) -> float:
    """Seconds of the server's processor time for one request."""
    before = of_all(running.pid)
    load = run(port, request, CONNECTIONS, seconds)
    return (of_all(running.pid) - before) / len(load.seconds)


def of_all(pid: int) -> float:
    """Seconds of processor time that the server has used, with all that came from it."""
    return sum(map(cpu, below(pid)))


def below(pid: int) -> list[int]:
    """A process and all that come from it."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(found for task in tasks for child in task.read_text().split() for found in below(int(child)))]


def scrape_seconds(running: subprocess.Popen[bytes], port: int, times: int = 200) -> float:
    """Seconds of the server's processor time for one scrape."""
    before = of_all(running.pid)
    for _ in range(times):
        scrape(port)
    return (of_all(running.pid) - before) / times


def scrape(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        answer.read()


@contextmanager
def scraping(port: int) -> Iterator[None]:
    """Scrapes every second, until the end."""
    stop = threading.Event()

    def again() -> None:
        while not stop.wait(1.0):
            scrape(port)

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
