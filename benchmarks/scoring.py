"""Seconds of scoring one forecast of 4,300 games in 340 weeks: 1,000 draws, best of five, one core."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from busta.scoring.calibration import ece_luck
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.resampling import resampled_scores, score_intervals, weekly_multiplicities
from busta.scoring.summary import all_scores

if TYPE_CHECKING:
    from collections.abc import Callable

GAMES, WEEKS, DRAWS = 4300, 340, 1000


def main() -> None:
    rng = np.random.default_rng(7)
    weeks = np.sort(rng.integers(WEEKS, size=GAMES))
    p = rng.beta(4, 3, GAMES)
    y = (rng.random(GAMES) < p).astype(np.float64)
    times = weekly_multiplicities(WEEKS, DRAWS, 4.0)
    against = {"line": 0.9 * p + 0.05, "elo": 0.7 * p + 0.15}
    jobs: dict[str, tuple[float, Callable[[], object]]] = {
        "all scores, once": (0.02, lambda: all_scores(p, y)),
        "luck of the ECE": (0.05, lambda: ece_luck(p, draws=DRAWS)),
        "resampled weeks": (0.05, lambda: weekly_multiplicities(WEEKS, DRAWS, 4.0)),
        "resampled scores": (0.15, lambda: resampled_scores(p, y, weeks, times)),
        "intervals against two": (0.6, lambda: score_intervals(p, y, weeks, against, draws=DRAWS)),
        "interval of a ratio": (0.005, lambda: weekly_ratio_interval(y - p, 1.0, weeks)),
    }
    print(f"{'job':<24}{'ms':>8}{'target':>8}")
    for name, (target, job) in jobs.items():
        best = min(seconds(job) for _ in range(5))
        verdict = "" if best <= target else "  above target"
        print(f"{name:<24}{best * 1e3:>8.1f}{target * 1e3:>8.1f}{verdict}")


def seconds(job: Callable[[], object]) -> float:
    start = perf_counter()
    job()
    return perf_counter() - start


if __name__ == "__main__":
    main()
