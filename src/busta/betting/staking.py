"""How much to stake on one bet that is won, pushed or lost.

All rules take ``win`` and ``lose`` probabilities and the decimal price, of any common shape; NaN
passes through. Bets that stand side by side are `busta.betting.staking_simultaneous`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.odds import edge
from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_offer", "flat", "fractional_kelly", "kelly", "shrinkage", "shrunk_kelly"]

Floats = NDArray[np.float64]


def kelly(win: ArrayLike, lose: ArrayLike, price: ArrayLike) -> Floats:
    """Share of the bankroll that lets its logarithm grow fastest, 0 where the bet has no edge.

    (win * b - lose) / (b * (win + lose)) with b = price - 1: Kelly 1956, Thorp 2006, for a bet that
    can be pushed.

    >>> kelly(win=[0.55, 0.50], lose=[0.45, 0.50], price=2.0).round(3)
    array([0.1, 0. ])

    Raises:
        UsageError: A probability outside 0 to 1, or a price that is not above 1.
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
    _within_0_and_1({"fraction": fraction, "cap": cap})
    return np.minimum(fraction * kelly(win, lose, price), cap)


def shrinkage(share: ArrayLike, price: ArrayLike, sd: ArrayLike) -> Floats:
    """What is left of a Kelly share when the win probability is itself an estimate, between 0 and 1.

    share**2 / (share**2 + ((b + 1) / b * sd)**2) with b = price - 1: Baker and McHale 2013, the
    approximation for a small sd.

    >>> shrinkage(share=0.2, price=2.0, sd=[0.0, 0.05, 0.1]).round(3)
    array([1. , 0.8, 0.5])

    Args:
        share: The Kelly share.
        price: Decimal.
        sd: Standard deviation of the win probability given no push.

    Raises:
        UsageError: A negative sd, or a price that is not above 1.
    """
    share, price, sd = (np.asarray(part, dtype=np.float64) for part in (share, price, sd))
    if (sd < 0).any():
        raise UsageError(f"sd {sd[sd < 0].flat[0]} of a probability cannot be right; it is 0 or more")
    _check_price(price)
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
        UsageError: As `kelly`, or a negative unit.
    """
    if not unit >= 0:
        raise UsageError(f"a stake of {unit} cannot be right; it is 0 or more")
    gain = edge(*check_offer(win, lose, price))
    return np.where(np.isnan(gain), np.nan, unit * (gain >= min_edge))


def check_offer(win: ArrayLike, lose: ArrayLike, price: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The three as arrays.

    Raises:
        UsageError: A probability outside 0 to 1, two that sum to more than 1, or a price that is not above 1.
    """
    win, lose, price = (np.asarray(part, dtype=np.float64) for part in (win, lose, price))
    for name, given in (("win", win), ("lose", lose), ("win or lose", win + lose)):
        wrong = (given < 0) | (given > 1 + 1e-9)
        if wrong.any():
            raise UsageError(f"probability to {name} {given[wrong].flat[0]} cannot be right; it is between 0 and 1")
    _check_price(price)
    return win, lose, price


def _check_price(price: Floats) -> None:
    wrong = (price <= 1) | np.isinf(price)
    if wrong.any():
        raise UsageError(f"price {price[wrong].flat[0]} cannot be right; a decimal price is finite and above 1")


def _within_0_and_1(shares: Mapping[str, float]) -> None:
    for name, given in shares.items():
        if not 0 <= given <= 1:
            raise UsageError(f"Kelly {name} {given} cannot be right; it is between 0 and 1")
