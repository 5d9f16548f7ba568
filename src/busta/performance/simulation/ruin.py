"""How likely it was to lose the bankroll with these bets, had the weeks come in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.simulation.bankroll import Ledger

__all__ = ["METHOD", "RUIN", "risk_of_ruin"]

RUIN = 0.5
"""Share of the first bankroll at or below which it counts as ruined."""
PATHS = 2000
BLOCK = 4  # weeks that stay together
CELLS = 4_000_000  # numbers held at a time

METHOD = (
    f"share of {PATHS} paths of as many weeks as there were, drawn from the real ones in circular blocks of {BLOCK}, "
    "on which the bankroll fell that low; it takes the edge seen for the true one"
)


def risk_of_ruin(ledger: Ledger, level: float = RUIN, *, seed: int = 0) -> float:
    """Share of resampled paths on which the bankroll falls to ``level`` of the first one, or below.

    A path is made of circular blocks of four real weeks (Politis and Romano 1992). Stakes that are
    shares of the current bankroll multiply it by what each week did; flat stakes add to it.

    Raises:
        UsageError: The level is not between 0 and 1.
    """
    if not 0 <= level < 1:
        raise UsageError(f"ruin at {level} of the bankroll cannot be right; it is 0 or more and below 1")
    count = len(ledger.weeks)
    if count < 2:  # noqa: PLR2004 - one week says nothing of how weeks differ
        return np.nan
    steps = _steps(ledger)
    rng, ruined, done = np.random.default_rng(seed), 0, 0
    while done < PATHS:
        paths = min(PATHS - done, max(1, CELLS // count))
        lowest = np.cumsum(steps[_blocks(rng, paths, count)], axis=1).min(axis=1)
        ruined += int((lowest <= (np.log(level) if ledger.of == "current" and level else level - 1)).sum())
        done += paths
    return ruined / PATHS


def _steps(ledger: Ledger) -> NDArray[np.float64]:
    """What each week adds to the bankroll, or to its logarithm, per unit of the first bankroll."""
    share = ledger.share * np.nan_to_num(ledger.unit_profit)
    gain = np.bincount(ledger.week, share, minlength=len(ledger.weeks))
    if ledger.of == "first":
        return gain.astype(np.float64)
    exposure = np.bincount(ledger.week, ledger.share, minlength=len(ledger.weeks))
    return np.log(np.maximum(1 + gain / np.maximum(exposure, 1.0), 1e-12))


def _blocks(rng: np.random.Generator, paths: int, weeks: int) -> NDArray[np.intp]:
    """Week numbers of each path, shape (paths, weeks)."""
    blocks = -(-weeks // BLOCK)
    first = rng.integers(weeks, size=(paths, blocks, 1))
    return ((first + np.arange(BLOCK)) % weeks).reshape(paths, -1)[:, :weeks]
