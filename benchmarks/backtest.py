"""Seconds of a back-test of 100,000 bets, best of five, one core: flat, by the bankroll, and the parts around it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.staking_rules import RULES, Staking
from busta.performance.simulation import account, place, simulate
from busta.performance.simulation.figures import drawdown, flat_account, longest_losing_run
from busta.performance.simulation.ruin import risk_of_ruin
from busta.performance.simulation.strategies import COINS

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.performance.simulation import Bets, Ledger

BETS, A_WEEK = 100_000, 16
FLAT, BANKROLL = 0.05, 0.5  # seconds
TARGETS = dict.fromkeys(RULES, BANKROLL) | {"flat": FLAT}
A_SEASON = 272 * 14  # games: the NFL since closing moneylines are complete


def main() -> None:
    rng = np.random.default_rng(7)
    bets, value, weeks = board(rng, BETS)
    sd = np.full(BETS, 0.02)
    print(f"{'100,000 bets, 16 a week':<36}{'ms':>10}{'target':>10}")
    for rule in RULES:
        if rule == "simultaneous-kelly":
            continue  # solves each week: below, on as many games as a league has
        staking = Staking(rule)
        show(rule, lambda: simulate(bets, value, 0.0, weeks, staking, sd=sd), TARGETS[rule])  # noqa: B023
    ledger = simulate(bets, value, 0.0, weeks)
    show("flat with figures", lambda: figures(simulate(bets, value, 0.0, weeks)), FLAT)
    show("risk of ruin", lambda: risk_of_ruin(ledger))
    show("place, two prices a game", lambda: board(rng, BETS))
    some = bets.take(np.arange(A_SEASON))
    print(f"{A_SEASON:,} bets, 16 a week")
    show("simultaneous-kelly", lambda: simulate(some, value, 0.0, weeks, Staking("simultaneous-kelly")))
    show("every figure", lambda: account(simulate(some, value, 0.0, weeks)))
    print(f"a strategy's luck is that of {COINS} coins")


def board(rng: np.random.Generator, count: int) -> tuple[Bets, np.ndarray, np.ndarray]:
    """Bets with a small edge at about -110, their margins and weeks."""
    win = rng.uniform(0.54, 0.58, count)
    bets = place(np.column_stack((win, np.full(count, 0.02), 0.98 - win)), rng.uniform(1.9, 1.95, count), 1.9)
    return bets, rng.integers(-20, 21, count), np.arange(count) // A_WEEK


def figures(ledger: Ledger) -> list[object]:
    """Those that need no resampling."""
    return [figure(ledger) for figure in (flat_account, drawdown, longest_losing_run)]


def show(name: str, run: Callable[[], object], target: float | None = None) -> None:
    taken = min(seconds(run) for _ in range(5))
    verdict = "" if target is None or taken <= target else "  above target"
    print(f"{name:<36}{1000 * taken:>10.1f}{'' if target is None else f'{1000 * target:>10.0f}'}{verdict}")


def seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


if __name__ == "__main__":
    main()
