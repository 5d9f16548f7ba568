"""Seconds and bytes of the reports of a workspace's models, imports apart; by default three markets are simulated.

    python benchmarks/report.py [WORKSPACE] [--league sim] [--seasons 23]

Ends with exit code 1 if a target was missed.
"""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MARKETS = ("moneyline", "ats", "totals")
SECONDS, BYTES = 2.0, 1_500_000


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--league", default=None)
    parser.add_argument("--seasons", type=int, default=23, help="of the simulated league")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if asked.workspace is None:
            simulate(Path(scratch), asked.seasons)
        return measure(asked.workspace or Path(scratch), asked.league or ("nfl" if asked.workspace else "sim"))


def simulate(home: Path, seasons: int) -> None:
    """Trains the three markets on as many seasons as the NFL's files have."""
    import busta

    settings = busta.load(home=home, sim={"seasons": seasons})
    busta.ingest(settings, "sim")
    for market in MARKETS:
        busta.train(settings, market, "sim")


def measure(home: Path, league: str) -> int:
    load, report = timed("import", imported)
    settings = load(home=home)
    missed = False
    for turn in ("first", "again"):
        for market in MARKETS:
            result = timed(f"{market}, {turn}", lambda: report(settings, market, league))  # noqa: B023
            size = Path(result["report"]).stat().st_size
            late = turn == "again" and timed.seconds > SECONDS  # type: ignore[attr-defined]
            missed |= late or size > BYTES
            print(f"  {size:,} bytes{'  above target' if size > BYTES else ''}{'  too slow' if late else ''}")
    print(f"targets: {SECONDS} s a report in a process that is running, {BYTES:,} bytes")
    return int(missed)


def imported() -> tuple[Any, Any]:
    """All that a report imports, MLflow among it."""
    import mlflow  # noqa: F401

    from busta.settings import load
    from busta.workflows.judging.report import report

    return load, report


def timed(name: str, run: Callable[[], Any]) -> Any:
    start = perf_counter()
    result = run()
    timed.seconds = perf_counter() - start  # type: ignore[attr-defined]
    print(f"{name:<24}{timed.seconds:>8.2f} s")  # type: ignore[attr-defined]
    return result


if __name__ == "__main__":
    sys.exit(main())
