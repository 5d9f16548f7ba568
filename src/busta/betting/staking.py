"""How much to stake on a bet that is won, pushed or lost.

All rules take ``win`` and ``lose`` probabilities and the decimal price, of any common shape; NaN
passes through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.odds import edge
from busta.errors import UsageError

__all__ = ["flat", "fractional_kelly", "kelly"]

Floats = NDArray[np.float64]


def kelly(win: ArrayLike, lose: ArrayLike, price: ArrayLike) -> Floats:
    """Share of the bankroll that lets its logarithm grow fastest, 0 where the bet has no edge.

    (win * b - lose) / (b * (win + lose)) with b = price - 1: Kelly 1956, Thorp 2006, for a bet that
    can be pushed.

    >>> kelly(win=[0.55, 0.50], lose=[0.45, 0.50], price=2.0).round(3)
    array([0.1, 0. ])
    """
    win, lose, gain = (np.asarray(part, dtype=np.float64) for part in (win, lose, np.subtract(price, 1)))
    decided = win + lose
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(decided == 0, 0.0, (win * gain - lose) / (gain * decided))
    return np.maximum(share, 0.0)


def fractional_kelly(
    win: ArrayLike, lose: ArrayLike, price: ArrayLike, fraction: float = 0.25, cap: float = 0.05
) -> Floats:
    """A fraction of the Kelly share, never above the cap: less growth for far less risk of being wrong.

    Raises:
        UsageError: The fraction or the cap is not between 0 and 1.
    """
    for name, given in (("fraction", fraction), ("cap", cap)):
        if not 0 <= given <= 1:
            raise UsageError(f"Kelly {name} {given} cannot be right; it is between 0 and 1")
    return np.minimum(fraction * kelly(win, lose, price), cap)


def flat(win: ArrayLike, lose: ArrayLike, price: ArrayLike, min_edge: float = 0.02, unit: float = 1.0) -> Floats:
    """One unit wherever the edge is at least ``min_edge``, else nothing."""
    gain = edge(win, lose, price)
    return np.where(np.isnan(gain), np.nan, unit * (gain >= min_edge))
