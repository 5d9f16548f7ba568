"""Settlement: the one formula of the product that turns a result into profit.

Every market is decided by the sign of ``value - line``: positive, the first side (home, over) wins;
negative, the second; zero is a push. ``value`` is the home margin or the total of a game, NaN while
it is not played; ``line`` is the spread (home favoured = positive), the total, or 0 for a moneyline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import check_shapes, finite, numbers, prices
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
        UsageError: A price that is not above 1, a negative stake, a side that is neither, an infinite
            number, or shapes that do not fit.
    """
    price, stake, sign, first = prices(price), finite("stake", stake, 0), _sign(value, line), _first(first_side)
    check_shapes(result=sign, side=first, price=price, stake=stake)
    result = np.where(first, 1.0, -1.0) * sign
    profit: Floats = stake * ((result > 0) * (price - 1) - (result < 0)) + 0 * result  # not played, no profit
    return profit


def outcome(value: ArrayLike, line: ArrayLike) -> NDArray[np.int8]:
    """Which side won: +1 the first, -1 the second, 0 nobody (push).

    Raises:
        UsageError: A game is not played or has no line (see `label` for those), an infinite number, or
            shapes that do not fit.
    """
    sign = _sign(value, line)
    if np.isnan(sign).any():
        raise UsageError(f"{np.isnan(sign).sum()} games have no result or no line; leave them out first")
    return sign.astype(np.int8)


def label(value: ArrayLike, line: ArrayLike) -> Floats:
    """Training target given no push: 1 the first side won, 0 the second; NaN push, not played or no line.

    >>> label([7, 3, 1, np.nan], 3)
    array([ 1., nan,  0., nan])

    Raises:
        UsageError: An infinite number, or shapes that do not fit.
    """
    sign = _sign(value, line)
    return np.where(sign == 0, np.nan, (sign + 1) / 2)


def _sign(value: ArrayLike, line: ArrayLike) -> Floats:
    value, line = finite("value", value), finite("line", line)
    check_shapes(value=value, line=line)
    return np.asarray(np.sign(value - line))


def _first(side: ArrayLike) -> NDArray[np.bool_]:
    """Whether each bet is on the first side: true or false, 1 or 0."""
    if isinstance(side, np.ndarray) and side.dtype == np.bool_:
        return side
    number = numbers("side", side)
    if not ((number == 0) | (number == 1)).all():
        raise UsageError("a side is missing or neither; it is true for the first (home, over) and false for the second")
    return np.asarray(number == 1)
