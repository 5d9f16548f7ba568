"""Seconds and memory of a nested search of 100 settings, and what it comes to beside the settings it began with.

On the real NFL in BUSTA_TEST_DATA (by default ../shared/data beside the repository), seasons up to 2015.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.real import gold, table

from busta.models.study import Study
from busta.models.tuning import search
from busta.settings import Train, Tune

if TYPE_CHECKING:
    from busta.features.store import MemoryGold

TRIALS, FIRST, LAST = 100, 2009, 2015
SECONDS, MEGABYTES = 180, 1024
"""Targets, on two cores with nothing else to do."""


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--last", type=int, default=LAST, help="Last season looked at.")
    chosen = parser.parse_args()
    store = gold("nfl")
    missed = [one(store, chosen.trials, chosen.last, blind=blind) for blind in (False, True)]
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {megabytes:.0f} MB (target {MEGABYTES:,})")
    return int(any(missed) or megabytes > MEGABYTES)


def one(store: MemoryGold, trials: int, last: int, *, blind: bool) -> bool:
    """One search; whether it took longer than it may."""
    data = table(store, "nfl", "moneyline", last, blind=blind)
    train, tune = Train(first_test_season=FIRST), Tune(trials=trials)
    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        found = search(data, train, tune, Study("benchmark", tune, train.seed, Path(folder) / "trials.log"))
        seconds = perf_counter() - start
    by_number = {each.number: each for each in found.candidates}
    games = sum(found.games[found.guides :])
    nested = sum(by_number[n].losses[found.guides + i] for i, n in enumerate(found.chosen[:-1])) / games
    tested = [loss for each in found.candidates if (loss := found.tested(each)) is not None]
    late = seconds > SECONDS
    print(
        f"NFL moneyline {'blind' if blind else 'anchored'}, {trials} settings, {len(found.games)} seasons: "
        f"{seconds:.0f} s (target {SECONDS}){' MISSED' if late else ''}; "
        f"given up early {sum(each.pruned for each in found.candidates)}; log loss as set {tested[0]:.5f}, "
        f"chosen by earlier seasons {nested:.5f}, best in hindsight {min(tested):.5f}"
    )
    return late


if __name__ == "__main__":
    sys.exit(main())
