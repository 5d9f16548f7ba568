"""Correction for everything that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.errors import UsageError

__all__ = ["Superiority", "spent", "superior"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Superiority:
    """Whether any of many candidates beats the bar, and which.

    Attributes:
        p_value: Of "none is better" (Hansen's SPA, 2005, consistent); NaN where it cannot be said.
        p_lower: The same by its lower bound, which leaves out what is clearly worse.
        p_upper: By its upper bound, White's reality check (2000).
        better: Positions of the candidates that StepM (Romano and Wolf 2005) calls better.
        weeks: Weeks that the answer rests on.
        reason: Why there is no answer; empty where there is one.
    """

    p_value: float
    p_lower: float
    p_upper: float
    better: tuple[int, ...]
    weeks: int
    reason: str = ""


def spent(alpha: float, number: int, planned: int) -> float:
    """The level of trial ``number`` (from 1) of a lifetime's alpha, trials coming one after another.

    The first ``planned`` trials share alpha / 2 alike, the next 2 * planned share alpha / 4, the next
    4 * planned alpha / 8: whatever the number of trials, their levels never add up to more than alpha.

    >>> [spent(0.05, number, planned=20) for number in (1, 20, 21, 61)]
    [0.00125, 0.00125, 0.0003125, 7.8125e-05]

    Raises:
        UsageError: A level outside (0, 1), or a number that is not at least 1.
    """
    if not 0 < alpha < 1 or number < 1 or planned < 1:
        raise UsageError(f"level {alpha} of trial {number} of {planned} planned; levels are in (0, 1), trials from 1")
    block = ((number - 1) // planned + 1).bit_length() - 1
    return alpha / (planned << (2 * block + 1))


def superior(
    losses: ArrayLike,
    bar: ArrayLike,
    weeks: ArrayLike,
    *,
    alpha: float = 0.05,
    draws: int = 1000,
    block: int | None = None,
    seed: int = 0,
) -> Superiority:
    """SPA and StepM over the stored out-of-fold losses of all candidates, against the bar's.

    Weeks are the series: week sums, divided by the mean number of games, so that a week counts as its
    games do; resampled in blocks of weeks (stationary bootstrap, Politis and Romano 1994).

    Args:
        losses: Of each candidate, shape (candidates, n).
        bar: Of the line or champion on the same games, shape (n,). A game with any NaN is left out.
        weeks: Label of each game's week, shape (n,).
        alpha: Of StepM.
        draws: Resamples.
        block: Mean length of a block in weeks; the square root of their number unless given.
        seed: Of the resampling.

    Raises:
        UsageError: Shapes that do not fit, or a level outside (0, 1).
    """
    losses, bar, labels = np.asarray(losses, dtype=np.float64), np.asarray(bar, dtype=np.float64), np.asarray(weeks)
    if losses.ndim != 2 or not losses.shape[0] or losses.shape[1:] != bar.shape or bar.shape != labels.shape:  # noqa: PLR2004
        raise UsageError(f"losses {losses.shape}, bar {bar.shape} and weeks {labels.shape} do not fit each other")
    if not 0 < alpha < 1:
        raise UsageError(f"level {alpha}; a level is between 0 and 1")
    known = ~np.isnan(losses).any(axis=0) & ~np.isnan(bar)
    _, week = np.unique(labels[known], return_inverse=True)
    count = int(week.max()) + 1 if len(week) else 0
    if count < 4:  # noqa: PLR2004 - blocks of two weeks, two of them
        return Superiority(np.nan, np.nan, np.nan, (), count, "fewer than four weeks of games that all forecast")
    gain = np.array([np.bincount(week, (row - bar)[known]) for row in losses]).T / (known.sum() / count)
    moving = np.ptp(gain, axis=0) > 0
    if not moving.any():
        return Superiority(np.nan, np.nan, np.nan, (), count, "every candidate forecasts as the bar does")
    return _resampled(gain[:, moving], np.flatnonzero(moving), alpha, draws, block, seed)


def _resampled(
    gain: Floats, places: NDArray[np.intp], alpha: float, draws: int, block: int | None, seed: int
) -> Superiority:
    """The two tests on week sums, shape (weeks, candidates)."""
    from arch.bootstrap import SPA, StepM

    bar = np.zeros(len(gain))
    options: dict[str, Any] = {"block_size": block, "reps": draws, "seed": seed}
    scaled = gain / gain.std(axis=0)  # the library's own studentising changes nothing
    spa: Any = SPA(bar, scaled, **options)
    spa.compute()
    step: Any = StepM(bar, scaled, size=alpha, **options)
    step.compute()
    better = tuple(sorted(int(places[int(name)]) for name in step.superior_models))
    p = spa.pvalues
    return Superiority(float(p["consistent"]), float(p["lower"]), float(p["upper"]), better, len(gain))
