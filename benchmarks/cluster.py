"""Seconds of a walk forward and of a search, on two threads and on two Dask workers of this machine.

    python -m benchmarks.cluster [--trials 20] [--address tcp://…]

On the real NFL games in BUSTA_TEST_DATA, moneyline, anchored. Exits with 1 where the results differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.real import gold, table

from busta.models.study import Study
from busta.models.tuning import search
from busta.models.walk import walk
from busta.settings import Train, Tune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from busta.markets.dataset import Dataset

TRAIN = Train(first_test_season=2009)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--address", help="of a scheduler; by default two workers are started here")
    options = parser.parse_args()
    data = table(gold("nfl"), "nfl", "moneyline", 2015, blind=False)
    print(f"{len(data)} games, {len(data.names)} features, test seasons {TRAIN.first_test_season} to 2015")
    before = perf_counter()
    with workers(options.address) as address:
        print(f"cluster ready after {perf_counter() - before:.1f} s")
        there = TRAIN.model_copy(update={"cluster": address})
        ways = {"threads": TRAIN, "cluster, cold": there, "cluster": there}
        same = [
            say("walk forward", {name: timed(walked, data, train) for name, train in ways.items()}),
            say(
                f"search, {options.trials} candidates",
                {name: timed(searched, data, train, options.trials) for name, train in ways.items()},
            ),
        ]
    sys.exit(not all(same))


@contextmanager
def workers(address: str | None) -> Iterator[str]:
    """The address given, or that of two worker processes of one thread."""
    if address:
        yield address
        return
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


def timed(run: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = perf_counter()
    found = run(*arguments)
    return perf_counter() - start, found


def walked(data: Dataset, train: Train) -> bytes:
    found = walk(data, train)
    return found.probability.tobytes() + found.member_log_odds.tobytes()


def searched(data: Dataset, train: Train, trials: int) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        tune = Tune(trials=trials)
        found = search(data, train, tune, Study("benchmark", tune, train.seed, Path(folder) / "trials.log"))
    return [found.chosen, [(each.values, each.losses, each.guides) for each in found.candidates]]


def say(what: str, found: dict[str, tuple[float, Any]]) -> bool:
    """Prints the seconds of each way; whether all came to the same."""
    same = all(result == found["threads"][1] for _, result in found.values())
    print(f"{what:<24}" + "".join(f"{name} {seconds:.1f} s   " for name, (seconds, _) in found.items()), end="")
    print("the same bit for bit" if same else "NOT THE SAME")
    return same


if __name__ == "__main__":
    main()
