"""Settlement: the one formula of the product that turns a result into profit.

Every market is decided by the sign of ``value - line``: positive, the first side (home, over) wins;
negative, the second; zero is a push. ``value`` is the home margin or the total of a game, NaN while
it is not played; ``line`` is the spread (home favoured = positive), the total, or 0 for a moneyline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.errors import UsageError

__all__ = ["label", "outcome", "settle"]

Floats = NDArray[np.float64]


def settle(
    value: ArrayLike, line: ArrayLike, first_side: ArrayLike, price: ArrayLike, stake: ArrayLike = 1.0
) -> Floats:
    """Profit of bets, in the currency of the stake: gain when won, minus the stake when lost, 0 at a push.

    >>> settle(value=[7, 3, 1, np.nan], line=3, first_side=True, price=1.9, stake=10).tolist()
    [9.0, 0.0, -10.0, nan]

    Args:
        value: What happened, in points.
        line: Line that the bet was taken at, in points.
        first_side: Whether the bet is on the first side.
        price: Decimal price that the bet was taken at.
        stake: Amount bet.

    Returns:
        Profit, in the common shape of the arguments; NaN where value, line, price or stake is missing.

    Raises:
        UsageError: A price that is not above 1, or a negative stake.
    """
    price, stake = np.asarray(price, dtype=np.float64), np.asarray(stake, dtype=np.float64)
    if (price <= 1).any():
        raise UsageError(f"price {price[price <= 1].flat[0]} cannot be settled; a decimal price is above 1")
    if (stake < 0).any():
        raise UsageError(f"stake {stake[stake < 0].flat[0]} cannot be settled; a stake is 0 or more")
    result = np.where(first_side, 1.0, -1.0) * _sign(value, line)
    won, lost, known = result > 0, result < 0, ~np.isnan(result * price * stake)
    return np.where(known, stake * (np.where(won, price - 1, 0.0) - lost), np.nan)


def outcome(value: ArrayLike, line: ArrayLike) -> NDArray[np.int8]:
    """Which side won: +1 the first, -1 the second, 0 nobody (push).

    Raises:
        UsageError: A game is not played or has no line; see `label` for those.
    """
    sign = _sign(value, line)
    if np.isnan(sign).any():
        raise UsageError(f"{np.isnan(sign).sum()} games have no result or no line; leave them out first")
    return sign.astype(np.int8)


def label(value: ArrayLike, line: ArrayLike) -> Floats:
    """Training target given no push: 1 the first side won, 0 the second; NaN push, not played or no line.

    >>> label([7, 3, 1, np.nan], 3)
    array([ 1., nan,  0., nan])
    """
    sign = _sign(value, line)
    return np.where(sign == 0, np.nan, (sign + 1) / 2)


def _sign(value: ArrayLike, line: ArrayLike) -> Floats:
    return np.asarray(np.sign(np.asarray(value, dtype=np.float64) - np.asarray(line, dtype=np.float64)))
