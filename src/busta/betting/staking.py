"""How much to stake on one bet that is won, pushed or lost.

All rules take ``win`` and ``lose`` probabilities and the decimal price, of any common shape; NaN
passes through. Bets that stand side by side are `busta.betting.staking_simultaneous`'s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import LARGEST, check_offer, check_shapes, prices, scalar, within
from busta.betting.odds import edge

__all__ = ["check_offer", "flat", "fractional_kelly", "kelly", "shrinkage", "shrunk_kelly"]

Floats = NDArray[np.float64]


def kelly(win: ArrayLike, lose: ArrayLike, price: ArrayLike) -> Floats:
    """Share of the bankroll that lets its logarithm grow fastest, 0 where the bet has no edge.

    (win * b - lose) / (b * (win + lose)) with b = price - 1: Kelly 1956, Thorp 2006, for a bet that
    can be pushed.

    >>> kelly(win=[0.55, 0.50], lose=[0.45, 0.50], price=2.0).round(3)
    array([0.1, 0. ])

    Raises:
        UsageError: A probability outside 0 to 1, two that sum to more than 1, a price that is not above
            1, or shapes that do not fit.
    """
    win, lose, price = check_offer(win, lose, price)
    gain, decided = price - 1, win + lose
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(decided == 0, 0.0, (win * gain - lose) / (gain * decided))
    return np.maximum(share, 0.0)


def fractional_kelly(
    win: ArrayLike, lose: ArrayLike, price: ArrayLike, fraction: float = 0.25, cap: float = 0.05
) -> Floats:
    """A fraction of the Kelly share, never above the cap: less growth for far less risk of being wrong.

    Raises:
        UsageError: As `kelly`, or the fraction or the cap is not between 0 and 1.
    """
    for name, given in (("fraction", fraction), ("cap", cap)):
        scalar(f"Kelly {name}", given, 0, 1, "between 0 and 1")
    return np.minimum(fraction * kelly(win, lose, price), cap)


def shrinkage(share: ArrayLike, price: ArrayLike, sd: ArrayLike) -> Floats:
    """What is left of a Kelly share when the win probability is itself an estimate, between 0 and 1.

    share**2 / (share**2 + ((b + 1) / b * sd)**2) with b = price - 1: Baker and McHale 2013, the
    approximation for a small sd.

    >>> shrinkage(share=0.2, price=2.0, sd=[0.0, 0.05, 0.1]).round(3)
    array([1. , 0.8, 0.5])

    Args:
        share: The Kelly share, 0 to 1.
        price: Decimal.
        sd: Standard deviation of the win probability given no push.

    Raises:
        UsageError: A share outside 0 to 1, or an sd of a probability, a price that is not above 1, or
            shapes that do not fit.
    """
    share, sd = (within(name, part, 0, 1, "it is between 0 and 1") for name, part in (("share", share), ("sd", sd)))
    price = prices(price)
    check_shapes(share=share, price=price, sd=sd)
    noise = (price / (price - 1) * sd) ** 2
    with np.errstate(invalid="ignore"):
        return np.where(share == 0, 0.0 * noise, share**2 / (share**2 + noise))


def shrunk_kelly(win: ArrayLike, lose: ArrayLike, price: ArrayLike, sd: ArrayLike) -> Floats:
    """The Kelly share, shrunk for the uncertainty of the win probability (Baker and McHale 2013).

    >>> shrunk_kelly(win=0.6, lose=0.4, price=2.0, sd=[0.0, 0.1]).round(3)
    array([0.2, 0.1])

    Raises:
        UsageError: As `kelly` and `shrinkage`.
    """
    share = kelly(win, lose, price)
    return share * shrinkage(share, price, sd)


def flat(win: ArrayLike, lose: ArrayLike, price: ArrayLike, min_edge: float = 0.02, unit: float = 1.0) -> Floats:
    """One unit wherever the edge is at least ``min_edge``, else nothing.

    Raises:
        UsageError: As `kelly`, a unit that is negative or infinite, or a least edge that is no number.
    """
    scalar("unit", unit, 0, LARGEST, "finite and 0 or more")
    scalar("min_edge", min_edge, -np.inf, np.inf, "an edge, such as 0.02")
    gain = edge(win, lose, price)
    return np.where(np.isnan(gain), np.nan, unit * (gain >= min_edge))
