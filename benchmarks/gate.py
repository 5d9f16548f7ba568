"""What does the gate as a whole say of models whose worth is known? From forecasts to the verdict, every check asked.

    python benchmarks/gate.py [--worlds 160] [--jobs 2] [--only "2 points"]

Ends with exit code 1 if a target was missed. `honesty.py` tries the rules by themselves, on many more worlds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # worlds are what runs in parallel

import sys
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr
from scipy.stats import gamma

from busta.betting.settlement import label
from busta.performance.evaluation import evaluate
from busta.performance.gate.case import Case, Trials
from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED, judge
from busta.performance.honesty.foretold import foretold
from busta.performance.honesty.tally import Share
from busta.settings import Bets, Gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.performance.forecasts import Forecasts

PLANNED = 20
NUMBERS = (1, PLANNED, PLANNED + 1)  # trial in order of time; after the plan the level is lower
SHORT, MIDDLE, LONG = 1, 5, 23  # seasons of 272 games
THRIFT = 4  # long worlds take six times as long, and what they are to show is near 0 or 1


@dataclass(frozen=True)
class Cell:
    """A model in a world, `foretold` with those arguments, and the shares it has to reach, by column.

    Attributes:
        name: Of the model.
        seasons: Played.
        said: What is true and what the model says of it.
        least: A share is at least this; missed where its whole interval is lower.
        most: A share is at most this; missed where its whole interval is higher.
        then: What is done to these forecasts, by the world's seed.
    """

    name: str
    seasons: int
    said: dict[str, Any]
    least: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    then: Callable[[Forecasts, int], Forecasts] | None = None


def calibrated(bias: float, noise: float = 1.5, boast: float = 1.0) -> dict[str, float]:
    """A model that sees the market's bias through noise and knows how much; ``boast`` times that."""
    return {"bias": bias, "noise": noise, "boast": boast * bias**2 / (bias**2 + noise**2), "drift": 0.5}


def halved(forecasts: Forecasts, _seed: int, cut: float = 0.1) -> Forecasts:
    """A model that says what the close says and halves the chance of long shots: it wins until one of them does."""
    q = forecasts.baselines["closing_line"]
    chance = np.minimum(q, 1 - q)
    said = np.where(chance < cut, chance / 2, chance)
    return _saying(forecasts, np.where(q > 0.5, 1 - said, said))  # noqa: PLR2004 - the favourite


def leaning(forecasts: Forecasts, seed: int, skew: float = 0.5) -> Forecasts:
    """A model that leans to the over; results are a gamma's, and the line is their median: no side is better."""
    rng, shape, sd = np.random.default_rng(seed + 77), 4 / skew**2, forecasts.league.total_sd
    luck = (rng.gamma(shape, 1, len(forecasts)) - gamma.ppf(0.5, shape)) / np.sqrt(shape)
    value = np.round(forecasts.line + sd * luck)
    said = ndtr((1 + rng.normal(0, 0.8, len(forecasts))) / sd)
    return _saying(replace(forecasts, value=value, y=label(value, forecasts.line)), said)


def _saying(forecasts: Forecasts, p: Any) -> Forecasts:
    return replace(forecasts, probability=p, triples=np.column_stack([p, 0 * p, 1 - p]))


RAW = {"noise": 1.5, "drift": 0.5}
MOVES = {"bias": 1.0, "skill": 0.0, "learns": 0.0, "drift": 1.0, "chases": 0.5, "noise": 0.5}
LONG_SHOTS = {"market": "moneyline", "moment": "close"}
TOTALS = {"market": "totals", "moment": "close"}
ANCHORED = {"market": "moneyline", "moment": "close", "noise": 0.3}
FALSE, FALSE_PROFIT, SOUND = {FIT_TO_BET: 0.01}, {FIT_TO_BET: 0.03}, {REJECTED: 0.05}
CELLS = (
    *(Cell("no edge, half a point", seasons, {"noise": 0.5}, most=FALSE) for seasons in (SHORT, MIDDLE, LONG)),
    *(Cell("no edge, foresees moves", seasons, MOVES, most=FALSE) for seasons in (MIDDLE, LONG)),
    Cell("1 point, raw", LONG, {"bias": 1.0, **RAW}, most=FALSE_PROFIT),
    Cell("1 point, calibrated", MIDDLE, calibrated(1.0)),
    Cell("1 point, calibrated", LONG, calibrated(1.0), most=SOUND),
    Cell("2 points, calibrated", SHORT, calibrated(2.0)),
    Cell("2 points, calibrated", MIDDLE, calibrated(2.0), {FIT_TO_BET: 0.7}),
    Cell("2 points, calibrated", LONG, calibrated(2.0), {FIT_TO_BET: 0.98}, SOUND),
    *(Cell("2 points, raw", seasons, {"bias": 2.0, **RAW}) for seasons in (MIDDLE, LONG)),
    *(Cell("2 points, times 3", seasons, calibrated(2.0, boast=3.0)) for seasons in (MIDDLE, LONG)),
    Cell("2 points, gone half-way", LONG, calibrated(2.0) | {"lasts": 0.5}),
    *(Cell("anchored moneyline, no edge", seasons, ANCHORED, most=FALSE) for seasons in (SHORT, MIDDLE)),
    Cell("anchored moneyline, no edge", LONG, ANCHORED, most=FALSE | SOUND),
    *(Cell("long shots halved, no edge", each, LONG_SHOTS, most=FALSE, then=halved) for each in (MIDDLE, 10, LONG)),
    *(Cell("over, skewed totals, no edge", each, TOTALS, most=FALSE, then=leaning) for each in (MIDDLE, 12, LONG)),
)
WORLD, WIDTH = 29, 15
COLUMNS = (REJECTED, FIT_TO_SERVE, FIT_TO_BET, *(f"as trial {number}" for number in NUMBERS[1:]))
HEADING = (
    f"{'model':<{WORLD}}{'games':>6}"
    + "".join(f"{name:>{WIDTH}}" for name in COLUMNS)
    + f"{'bets':>7}{'ROI':>7}  in the way of serving; of betting"
)
LEGEND = f"""Shares of worlds in per cent with their 95 % intervals (Wilson), for the first trial of {PLANNED} planned;
as trial k: fit to bet, if the same model is the k-th; bets, ROI: of all worlds together, as they came out;
in the way: the checks that blocked, in per cent of worlds, most often first; MISSED where a target is missed."""


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=160, help=f"in each cell; 1 in {THRIFT} with {LONG} seasons")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="cells whose name holds this")
    options = parser.parse_args()
    start, missed = perf_counter(), 0
    cells = [cell for cell in CELLS if options.only in cell.name]
    print(
        LEGEND,
        f"{options.worlds} worlds a cell, 1 in {THRIFT} of long ones; seed {options.seed}.\n",
        HEADING,
        sep="\n",
        flush=True,
    )
    with ProcessPoolExecutor(options.jobs) as pool:
        for cell in cells:
            count = options.worlds if cell.seasons < LONG else -(-options.worlds // THRIFT)
            seeds = range(options.seed, options.seed + count)
            found = list(pool.map(partial(world, cell), seeds, chunksize=4))
            shares = shares_of(found)
            failures = missed_by(cell, shares)
            missed += bool(failures)
            print(line(cell, shares, found), *failures, flush=True)
    print(f"\n{len(cells)} cells, {missed} with a target missed, {perf_counter() - start:.0f} s")
    return int(missed > 0)


def world(cell: Cell, seed: int) -> dict[str, Any]:
    """One world's verdict as each trial, the checks that blocked the first, and what the bets brought."""
    forecasts = foretold(seasons=cell.seasons, seed=seed, **cell.said)
    forecasts = cell.then(forecasts, seed) if cell.then else forecasts
    bets = Bets()
    evaluation = evaluate(forecasts, bets)
    first, *others = (
        judge(Case(forecasts, evaluation, Trials(number, number, PLANNED), Gate(), bets)) for number in NUMBERS
    )
    return {
        "games": len(forecasts),
        "verdict": first.verdict,
        "others": [other.verdict for other in others],
        "blocking": [(found["purpose"], found["code"]) for found in first.findings if found["blocks"]],
        "bets": evaluation.metrics["bets"] or 0,
        "profit": (evaluation.metrics["bets"] or 0) * (evaluation.metrics["roi"] or 0),
    }


def shares_of(found: list[dict[str, Any]]) -> dict[str, Share]:
    """The columns."""
    count = len(found)
    said = Counter(each["verdict"] for each in found)
    later = [sum(each["others"][at] == FIT_TO_BET for each in found) for at in range(len(NUMBERS) - 1)]
    hits = [said[verdict] for verdict in (REJECTED, FIT_TO_SERVE, FIT_TO_BET)]
    return {name: Share(hit, count) for name, hit in zip(COLUMNS, [*hits, *later], strict=True)}


def missed_by(cell: Cell, shares: dict[str, Share]) -> list[str]:
    """The targets that were missed, in words."""
    low = [f" MISSED: {name} >= {least:.0%}" for name, least in cell.least.items() if shares[name].high < least]
    return low + [f" MISSED: {name} <= {most:.0%}" for name, most in cell.most.items() if shares[name].low > most]


def line(cell: Cell, shares: dict[str, Share], found: list[dict[str, Any]]) -> str:
    """One row of the table."""
    text = "".join(
        f"{f'{100 * each.value:.0f} ({abs(100 * each.low):.0f}-{100 * each.high:.0f})':>{WIDTH}}"
        for each in shares.values()
    )
    bets = sum(each["bets"] for each in found)
    roi = f"{100 * sum(each['profit'] for each in found) / bets:+.1f}" if bets else "-"
    text += f"{bets / len(found):>7.0f}{roi:>7}"
    obstacles = Counter(check for each in found for check in each["blocking"])
    ways = [
        ", ".join(f"{code} {100 * hits / len(found):.0f}" for (of, code), hits in obstacles.most_common() if of == why)
        for why in ("serve", "bet")
    ]
    return f"{cell.name:<{WORLD}}{found[0]['games']:>6}{text}  {'; '.join(way or '-' for way in ways)}"


if __name__ == "__main__":
    sys.exit(main())
