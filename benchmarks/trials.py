"""Are trials of challenger against champion honest with a look every week, and what do they find?

    python benchmarks/trials.py [--worlds 2000] [--jobs 2] [--only "alike"] [--strategies]

Ends with exit code 1 if a target was missed. Looks between two weeks' ends see what the last one saw: a day more is no
look more.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # cells are what runs in parallel

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from busta.performance.honesty.tally import Share
from busta.performance.significance.eprocess import threshold
from busta.performance.significance.multiplicity import spent
from busta.settings import Trial
from busta.trials.evidence import CAP, log_capital
from busta.trials.rule import FUTILE, LOSS, WIN, Rule, decisions
from busta.trials.worlds import World, play

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from busta.trials.gains import Gains

    Floats = NDArray[np.float64]

ALPHA = 0.05
SEASONS = (1, 3, 10)
CHUNK = 250
TRIALS = 20  # one after another, for the lifetime's alpha
SET = Trial()


@dataclass(frozen=True)
class Cell:
    """A world, and whether a win in it is false."""

    name: str
    world: World
    false: bool = False


NBA = partial(World, games=50, weeks=25)
CELLS = (
    Cell("alike", World(), false=True),
    Cell("alike, far apart", World(error=0.3), false=True),
    Cell("alike, weeks together", World(error=0.2, together=0.5), false=True),
    Cell("alike, long shots", World(error=0.5, favourite=-3.0), false=True),
    Cell("alike, errors of a season", World(error=0.3, lasting=True), false=True),
    Cell("alike, 1,250 games a season", NBA(error=0.2, together=0.3), false=True),
    Cell("worse by .001", World(-0.001), false=True),
    Cell("worse by .002", World(-0.002), false=True),
    Cell("worse by .005", World(-0.005), false=True),
    Cell("worse by .02", World(-0.02), false=True),
    Cell("better by .001", World(0.001)),
    Cell("better by .001, the truth", World(0.001, error=0.0)),
    Cell("better by .002", World(0.002)),
    Cell("better by .002, the truth", World(0.002, error=0.0)),
    Cell("better by .005", World(0.005)),
    Cell("better by .005, the truth", World(0.005, error=0.0)),
    Cell("better by .005, weeks together", World(0.005, together=0.5)),
    Cell("better by .02", World(0.02)),
    Cell("better by .002, 1,250 games", NBA(0.002)),
    Cell("better by .005, 1,250 games", NBA(0.005)),
)
COLUMNS = tuple(f"won in {n} season{'s'[: n > 1]}" for n in SEASONS)
HEADING = (
    f"{'challenger':<32}"
    + "".join(f"{name:>19}" for name in COLUMNS)
    + f"{'games to win':>14} | {'win':>5}{'loss':>6}{'futile':>8}{'games':>7} | {'first':>6}{'untrue':>8}"
)
LEGEND = f"""Shares of worlds in per cent, with their 95 % intervals (Wilson). Won at a level of {ALPHA} by the first,
third and tenth season, nothing else ending the trial; median games of those that won by the tenth. Then how trials end
with the settings' futility (beta {SET.beta}, margin {SET.margin}) and horizon ({SET.horizon} games), and their
median games. "first": won by the tenth season at the level of a market's first trial,
{spent(SET.alpha, 1, SET.planned):g}. "untrue": won by the tenth season while what the challenger had truly
gained so far was not above 0. A season has 270 games in 18 weeks unless said.
MISSED: above {ALPHA:.0%} of false wins, the whole interval."""


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000, help="in each cell")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="cells whose name holds this")
    parser.add_argument("--strategies", action="store_true", help="compare ways to stake instead")
    options = parser.parse_args()
    start, missed = perf_counter(), 0
    cells = [cell for cell in CELLS if options.only in cell.name]
    work, heading = (compared, STRATEGIES_HEADING) if options.strategies else (measured, HEADING)
    print(
        "" if options.strategies else LEGEND,
        f"{options.worlds} worlds a cell, seed {options.seed}.\n",
        heading,
        sep="\n",
    )
    with ProcessPoolExecutor(options.jobs) as pool:
        for text, bad in pool.map(partial(work, worlds=options.worlds, seed=options.seed), cells):
            missed += bad
            print(text, flush=True)
    if not options.strategies:
        text, bad = lifetime(max(options.worlds // 4, 1), options.seed)
        missed += bad
        print(f"\n{text}")
    print(f"\n{len(cells)} cells, {missed} targets missed, {perf_counter() - start:.0f} s")
    return int(missed > 0)


def chunks(cell: Cell, worlds: int, seed: int) -> list[tuple[Gains, Floats]]:
    """The worlds' gains over all seasons, and what they were to be expected to be."""
    counts = [min(CHUNK, worlds - done) for done in range(0, worlds, CHUNK)]
    rng = np.random.default_rng((seed, sum(map(ord, cell.name))))
    return [play(cell.world, rng, count, SEASONS[-1]) for count in counts]


def measured(cell: Cell, worlds: int, seed: int) -> tuple[str, bool]:
    """One row of the table, and whether it missed its target."""
    parts = [_measure(cell, gains, expected) for gains, expected in chunks(cell, worlds, seed)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    won = [Share(float(found["won"][:, i].sum()), worlds) for i in range(len(SEASONS))]
    games = found["games_to_win"][found["won"][:, -1]]
    bad = cell.false and won[-1].low > ALPHA
    ends = [100 * float((found["outcome"] == name).mean()) for name in (WIN, LOSS, FUTILE)]
    return (
        f"{cell.name:<32}"
        + "".join(f"{_share(each):>19}" for each in won)
        + f"{np.median(games) if len(games) else np.nan:>14,.0f} | {ends[0]:>5.1f}{ends[1]:>6.1f}{ends[2]:>8.1f}"
        + f"{np.median(found['games']):>7,.0f} | {100 * found['first'].mean():>6.1f}"
        + f"{100 * found['untrue'].mean():>8.1f}{'  MISSED' if bad else ''}"
    ), bad


def _measure(cell: Cell, gains: Gains, expected: Floats) -> dict[str, Any]:
    played, ever = np.cumsum(gains.games, axis=-1), np.maximum.accumulate(log_capital(gains), axis=-1)
    passed = ever >= threshold(ALPHA)
    outcome, at = decisions(gains, Rule(ALPHA, ALPHA, SET.beta, SET.margin, SET.horizon))
    last = np.where(at >= 0, at, len(gains) - 1)
    first = np.argmax(passed, axis=-1)[:, None]
    truly = np.take_along_axis(np.cumsum(expected, axis=-1), first, axis=-1)[:, 0]
    return {
        "won": passed[:, [season * cell.world.weeks - 1 for season in SEASONS]],
        "untrue": passed[:, -1] & (truly <= 0),
        "games_to_win": np.take_along_axis(played, first, axis=-1)[:, 0],
        "outcome": outcome,
        "games": np.take_along_axis(played, last[:, None], axis=-1)[:, 0],
        "first": ever[:, -1] >= threshold(spent(SET.alpha, 1, SET.planned)),
    }


def _share(each: Share) -> str:
    return f"{100 * each.value:.1f} ({100 * abs(each.low):.1f}-{100 * each.high:.1f})"


def lifetime(worlds: int, seed: int) -> tuple[str, bool]:
    """How often one of twenty trials in a row, each of three seasons and of no difference, wins."""
    rng = np.random.default_rng((seed, 99))
    any_won, naive = 0, 0
    levels = [spent(SET.alpha, number, SET.planned) for number in range(1, TRIALS + 1)]
    for _ in range(worlds):
        best = log_capital(play(World(error=0.2), rng, TRIALS, 3)[0]).max(axis=-1)
        any_won += bool((best >= [threshold(level) for level in levels]).any())
        naive += bool((best >= threshold(ALPHA)).any())
    share, spoiled = Share(any_won, worlds), Share(naive, worlds)
    bad = share.low > SET.alpha
    return (
        f"One of {TRIALS} trials in a row without a difference, three seasons each, wins: {_share(share)} % at the "
        f"lifetime's levels, {_share(spoiled)} % if each had {ALPHA}.{'  MISSED' if bad else ''}"
    ), bad


def fixed(*stakes: float) -> Callable[[Gains], Floats]:
    """The same stakes every week, the capital shared among them."""

    def capital(gains: Gains) -> Floats:
        limit = CAP / np.maximum(-gains.worst, np.finfo(float).tiny)
        paths = [np.cumsum(np.log1p(np.minimum(stake, limit) * gains.gain), axis=-1) for stake in stakes]
        return np.asarray(logsumexp(paths, axis=0) - np.log(len(stakes)))

    return capital


def agrapa(gains: Gains) -> Floats:
    """The mean over the second moment so far (Waudby-Smith and Ramdas 2024), a first guess of it worth two weeks."""
    count = np.arange(gains.gain.shape[-1])
    first = -gains.best[..., :1] * gains.worst[..., :1] / gains.games[..., :1]
    mean, square = (np.cumsum(part, axis=-1) - part for part in (gains.gain, gains.gain**2))
    stake = mean / np.maximum(square + 2 * first, np.finfo(float).tiny) * (count > 0)
    stake = np.clip(stake, 0, CAP / np.maximum(-gains.worst, np.finfo(float).tiny))
    return np.asarray(np.cumsum(np.log1p(stake * gains.gain), axis=-1))


def newton(gains: Gains) -> Floats:
    """Online Newton steps (Cutkosky and Orabona 2018)."""
    stake, curvature = np.zeros(gains.gain.shape[:-1]), np.ones(gains.gain.shape[:-1])
    out, pace = np.zeros(gains.gain.shape), 2 / (2 - np.log(3))
    for week in range(gains.gain.shape[-1]):
        gain, limit = gains.gain[..., week], CAP / np.maximum(-gains.worst[..., week], np.finfo(float).tiny)
        stake = np.clip(stake, 0, limit)
        out[..., week] = np.log1p(stake * gain)
        slope = gain / (1 + stake * gain)
        curvature += slope**2
        stake = stake + pace * slope / curvature
    return np.cumsum(out, axis=-1)


def t_test(gains: Gains) -> Floats:
    """No e-process: a one-sided t-test at every week's end from the fourth on, as capital of 20 or nothing."""
    count = np.arange(1, gains.gain.shape[-1] + 1)
    total, square = np.cumsum(gains.gain, axis=-1), np.cumsum(gains.gain**2, axis=-1)
    error = np.sqrt(np.maximum(square - total**2 / count, 1e-12))
    passed = (total / error > 1.7) & (count >= 4)  # noqa: PLR2004
    return np.where(passed, threshold(ALPHA) + 1e-9, -np.inf)


STRATEGIES: dict[str, Callable[[Gains], Floats]] = {
    "1/4": fixed(0.25),
    "1/2": fixed(0.5),
    "1": fixed(1.0),
    "1/2, 1": fixed(0.5, 1.0),
    "1/4-1": fixed(0.25, 0.5, 1.0),
    "1/8-2": fixed(0.125, 0.25, 0.5, 1.0, 2.0),
    "aGRAPA": agrapa,
    "Newton": newton,
    "t-test": t_test,
}
STRATEGIES_HEADING = f"{'won in 3 / 10 seasons, per cent':<32}" + "".join(f"{name:>12}" for name in STRATEGIES)


def compared(cell: Cell, worlds: int, seed: int) -> tuple[str, bool]:
    """Wins by the third and tenth season of each way to stake."""
    hits = {name: np.zeros(2) for name in STRATEGIES}
    for gains, _ in chunks(cell, worlds, seed):
        for name, capital in STRATEGIES.items():
            ever = np.maximum.accumulate(capital(gains), axis=-1)[:, [3 * cell.world.weeks - 1, -1]]
            hits[name] += (ever >= threshold(ALPHA)).sum(axis=0)
    text = "".join(f"{f'{100 * short / worlds:.1f} / {100 * long / worlds:.1f}':>12}" for short, long in hits.values())
    return f"{cell.name:<32}{text}", False


if __name__ == "__main__":
    sys.exit(main())
