"""Is the gate honest? False promotions, power, coverage and inflation in worlds whose truth is known.

    python benchmarks/honesty.py [--worlds 2000] [--jobs 2] [--only "no edge"]

Ends with exit code 1 if a target was missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cells are what runs in parallel

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import perf_counter

from busta.performance.honesty.cells import CELLS
from busta.performance.honesty.harness import coverage_of_legs, measure
from busta.performance.honesty.table import HEADING, LEGEND, line

LEAST, MOST = 0.93, 0.97


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000, help="in each cell")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="cells whose name holds this")
    options = parser.parse_args()
    start, missed = perf_counter(), 0
    cells = [cell for cell in CELLS if options.only in cell.name]
    print(LEGEND, f"{options.worlds} worlds a cell, seed {options.seed}.\n", HEADING, sep="\n", flush=True)
    with ProcessPoolExecutor(options.jobs) as pool:
        for row in pool.map(partial(measure, worlds=options.worlds, seed=options.seed), cells):
            missed += bool(row.missed())
            print(line(row), flush=True)
        for games, legs in ((285, 3), (1400, 3)):
            missed += not legs_covered(options.worlds, games, legs)
    print(f"\n{len(cells)} cells, {missed} with a target missed, {perf_counter() - start:.0f} s")
    return int(missed > 0)


def legs_covered(worlds: int, games: int, legs: int) -> bool:
    """Print how often the ROI interval holds the truth with correlated bets, and whether that is enough."""
    by_week, alone = coverage_of_legs(worlds, games, legs=legs)
    good = LEAST <= by_week.value <= MOST
    print(
        f"95 % ROI interval, {legs} correlated bets a game, {games} games: by weeks {100 * by_week.value:.1f} %, "
        f"as if independent {100 * alone.value:.1f} %{'' if good else '  MISSED'}"
    )
    return good


if __name__ == "__main__":
    sys.exit(main())
