"""Games a second of each vig removal (two-way, a million rows) and of win, push and lose at a line; best of five."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.distribution import Discretised
from busta.betting.odds import VIG_METHODS, remove_vig

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

GAMES = 1_000_000
SPLITS = 6000
SPLIT_TARGET = 20_000
TARGETS = {
    "multiplicative": 20e6,
    "additive": 20e6,
    "shin": 20e6,
    "odds_ratio": 20e6,
    "logarithmic": 20e6,
    "power": 2e6,
}


def main() -> None:
    prices = board(GAMES)
    print(f"{'method':<16}{'games/s':>12}{'target':>12}")
    for method in VIG_METHODS:
        show(method, GAMES / min(seconds(partial(remove_vig, prices, method)) for _ in range(5)), TARGETS[method])
    show("split", SPLITS / min(seconds(split()) for _ in range(5)), SPLIT_TARGET)


def show(name: str, speed: float, target: float) -> None:
    verdict = "" if speed >= target else "  below target"
    print(f"{name:<16}{speed / 1e6:>11.3f}M{target / 1e6:>11.3f}M{verdict}")


def split() -> Callable[[], object]:
    """Six thousand games' win, push and lose from a probability and a line."""
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(2, 13, 4000))
    margin = Discretised.fit(values, np.full(4000, 2.0), symmetric=True)
    probability, line = rng.uniform(0.02, 0.98, SPLITS), rng.integers(-14, 15, SPLITS).astype(float)
    return lambda: margin.split(probability, line)


def board(games: int) -> NDArray[np.float64]:
    """Two-way prices of games from even to one-sided, with a vig of 2 to 8 %."""
    rng = np.random.default_rng(7)
    win = rng.uniform(0.05, 0.95, games)
    raw = np.column_stack((win, 1 - win)) * rng.uniform(1.02, 1.08, (games, 1))
    return 1 / np.minimum(raw, 0.995)


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    main()
