"""Prices: their formats, the vig in them, and what they are worth.

A price is decimal inside busta: what one unit staked returns, the stake included. Arrays of any
shape go in and arrays of that shape come out; NaN (no price) passes through.

Vig removal: with r the raw implied probabilities of a market's k sides (one over the price) and S
their sum, the vig-free p sum to 1 and satisfy, with one constant c (or z) per market:

- ``multiplicative``: p = r / S.
- ``additive``: p = r - (S - 1) / k. With three sides and more this can leave a long shot nothing;
  such a market becomes NaN.
- ``power``: p = r ** c (Vovk and Zhdanov 2009; Clarke, Kovalchik and Ingram 2017).
- ``shin``: p = (sqrt(z**2 + 4 (1 - z) r**2 / S) - z) / (2 (1 - z)), z the share of insiders (Shin
  1993; Jullien and Salanie 1994). For two sides it is the additive method, exactly.
- ``odds_ratio``: r (1 - p) / (p (1 - r)) = c (Cheung 2015).
- ``logarithmic``: logit p = logit r - c, as the package penaltyblog has it. The logarithm of the
  odds ratio shows that this is ``odds_ratio`` by another name, and it is computed as such. (The
  other published reading, log p = c log r, is ``power``.)

Books that sum to less than 1 are solved by the same equations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import check_offer, check_shapes, numbers
from busta.betting.guards import prices as decimal_prices
from busta.errors import UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "VIG_METHODS",
    "american_to_decimal",
    "decimal_to_american",
    "edge",
    "fair_price",
    "format_american",
    "fractional_to_decimal",
    "implied",
    "overround",
    "parse_price",
    "remove_vig",
]

Floats = NDArray[np.float64]

LOWEST_AMERICAN: Final = 100  # either sign; both are evens
HIGHEST_PRICE: Final = 1001.0  # a thousand to one; beyond it a price is a typing error
CHUNK: Final = 4096  # games solved at a time: small enough for temporaries to stay in cache
TOLERANCE: Final = 1e-9  # of a Newton step; the error left after it is about its square
MOST_STEPS: Final = 64

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FRACTION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*/\s*([0-9]+(?:\.[0-9]+)?)")
_PRICE_FORMS = f"a price is +150, -110, 2.50, 5/2 or evens, above 1 and at most {HIGHEST_PRICE:.0f} in decimal"


def american_to_decimal(american: ArrayLike) -> Floats:
    """Decimal prices of American ones.

    What is no American price (between -100 and 100, or infinite) becomes NaN, so that a reader of
    files can point at the row; what a person typed goes through `parse_price`, which refuses.

    >>> american_to_decimal([150, -200, 100, -100, 50])
    array([2.5, 1.5, 2. , 2. , nan])
    """
    american = numbers("American price", american)
    is_price = (np.abs(american) >= LOWEST_AMERICAN) & np.isfinite(american)
    size = np.where(is_price, np.abs(american), np.nan) / 100
    return 1 + np.where(american > 0, size, 1 / size)


def decimal_to_american(decimal: ArrayLike) -> Floats:
    """American prices of decimal ones; evens is +100, and what is not above 1 becomes NaN.

    >>> decimal_to_american([2.5, 1.5, 2.0])
    array([ 150., -200.,  100.])
    """
    decimal = numbers("price", decimal)
    gain = np.where((decimal > 1) & np.isfinite(decimal), decimal - 1, np.nan)
    return np.where(gain >= 1, 100 * gain, -100 / gain)


def fractional_to_decimal(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Decimal prices of fractional ones (5/2 pays five for two); NaN where a part is not above 0 and finite.

    >>> fractional_to_decimal([5, 1], [2, 4])
    array([3.5 , 1.25])

    Raises:
        UsageError: Shapes that do not fit.
    """
    top, bottom = numbers("numerator", numerator), numbers("denominator", denominator)
    check_shapes(numerator=top, denominator=bottom)
    top, bottom = (np.where((part > 0) & np.isfinite(part), part, np.nan) for part in (top, bottom))
    return 1 + top / bottom


def implied(decimal: ArrayLike) -> Floats:
    """Raw implied probability of decimal prices, vig included: one over the price.

    Raises:
        UsageError: A price is not above 1 and finite.
    """
    return np.divide(1.0, decimal_prices(decimal))


def parse_price(text: str) -> float:
    """The decimal price that a person typed.

    A number with a sign, or of 100 and more, is American; a bare number between 1 and 100 is decimal.

    >>> [parse_price(text) for text in ("+150", "-200", "150", "2.50", "5/2", "evens")]
    [2.5, 1.5, 2.5, 2.5, 3.5, 2.0]

    Raises:
        UsageError: It is none of these forms, or not above 1 and at most 1001 in decimal.
    """
    typed = text if isinstance(text, str) else ""
    price = _read_price(typed.strip().lower().replace("\N{MINUS SIGN}", "-"))
    if not 1 < price <= HIGHEST_PRICE:
        raise UsageError(f"price {text!r} cannot be right; {_PRICE_FORMS}")
    return price


def _read_price(text: str) -> float:
    """The decimal price written in a text, NaN if there is none."""
    if text in {"evens", "even"}:
        return 2.0
    if fraction := _FRACTION.fullmatch(text):
        return float(fractional_to_decimal(float(fraction[1]), float(fraction[2])))
    if not _NUMBER.fullmatch(text):
        return np.nan
    number = float(text)
    is_american = text[0] in "+-" or number >= LOWEST_AMERICAN
    return float(american_to_decimal(number)) if is_american else number


def format_american(decimal: float) -> str:
    """A price in the American way, rounded to a whole number.

    >>> format_american(2.5), format_american(1.909), format_american(2.0)
    ('+150', '-110', '+100')

    Raises:
        UsageError: The price is not a finite number above 1.
    """
    american = decimal_to_american(decimal)
    if american.ndim or np.isnan(american):
        raise UsageError(f"no American price for {decimal}; a decimal price is a finite number above 1")
    return f"{round(float(american)):+d}"


def fair_price(win: ArrayLike, lose: ArrayLike) -> Floats:
    """The decimal price at which a bet has no edge: 1 + lose / win, infinite where it cannot win.

    NaN where it can neither be won nor lost.

    Raises:
        UsageError: A probability outside 0 to 1, two that sum to more than 1, or shapes that do not fit.
    """
    won, lost, _ = check_offer(win, lose)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return 1 + lost / won


def edge(win: ArrayLike, lose: ArrayLike, price: ArrayLike) -> Floats:
    """Expected profit of one unit: win * (price - 1) - lose; a push counts nothing.

    >>> float(edge(0.5, 0.375, 2.0))
    0.125

    Raises:
        UsageError: As `fair_price`, or a price is not above 1 and finite.
    """
    win, lose, price = check_offer(win, lose, price)
    return win * (price - 1) - lose


def overround(prices: ArrayLike) -> Floats:
    """The vig of each market: raw implied probabilities summed, minus 1.

    Args:
        prices: Decimal, shape (..., k), the k sides of a market last.

    Returns:
        Shape (...).

    Raises:
        UsageError: Fewer than two sides, or a price that is not above 1 and finite.
    """
    vig: Floats = implied(_sided(prices)).sum(axis=-1) - 1
    return vig


def remove_vig(prices: ArrayLike, method: str = "multiplicative") -> Floats:
    """Vig-free probabilities of each market's sides.

    The methods are defined at the top of this module.

    >>> remove_vig([[1.5, 2.5]], "multiplicative")
    array([[0.625, 0.375]])
    >>> remove_vig([[1.25, 5.0]], "odds_ratio").round(6)
    array([[0.8, 0.2]])

    Args:
        prices: Decimal, shape (..., k), the k >= 2 sides of a market last. A market with a NaN is
            NaN throughout.
        method: One of ``VIG_METHODS``.

    Returns:
        Probabilities of the shape of ``prices``.

    Raises:
        UsageError: An unknown method, fewer than two sides, or a price that is not above 1 and finite.
    """
    if not isinstance(method, str) or method not in _SOLVERS:
        raise unknown("vig method", method, VIG_METHODS)
    prices = _sided(prices)
    markets = prices.reshape(-1, prices.shape[-1])
    fair = np.empty_like(markets)
    for start in range(0, len(markets), CHUNK):
        chunk = slice(start, start + CHUNK)
        fair[chunk] = _SOLVERS[method](_raw(markets[chunk])).T
    return fair.reshape(prices.shape)


def _sided(prices: ArrayLike) -> Floats:
    """The prices, with at least two sides of a market last."""
    found = numbers("price", prices)
    if not found.ndim or found.shape[-1] < 2:  # noqa: PLR2004 - one side is no market
        raise UsageError(f"prices of shape {found.shape} have no vig to remove; at least two sides, last")
    return found


def _raw(prices: Floats) -> Floats:
    """Raw implied probabilities, transposed to (k, n): sums over sides then run along memory."""
    columns = np.array(decimal_prices(prices).T, order="C")
    return np.divide(1.0, columns, out=columns)


def _multiplicative(raw: Floats) -> Floats:
    raw /= raw.sum(axis=0)
    return raw


def _additive(raw: Floats) -> Floats:
    raw -= (raw.sum(axis=0) - 1) / len(raw)
    if len(raw) > 2:  # noqa: PLR2004 - with two sides nothing can fall below 0
        raw[:, (raw <= 0).any(axis=0)] = np.nan
    return raw


def _power(raw: Floats) -> Floats:
    """Newton on log sum r**c, which is convex and falls in c: from the left it cannot overshoot."""
    logs = np.log(raw)
    power = np.ones(raw.shape[1])
    for _ in range(MOST_STEPS):
        np.exp(power * logs, out=raw)
        total = raw.sum(axis=0)
        step = np.log(total) * total / (raw * logs).sum(axis=0)
        power -= step
        if not (np.abs(step) > TOLERANCE * np.abs(power)).any():
            break
    return _multiplicative(np.exp(power * logs, out=raw))


def _shin(raw: Floats) -> Floats:
    """Newton from z = 0 on sum(roots) = 2 + (k - 2) z, convex in z; z = 1 is its other, empty root."""
    more_sides = len(raw) - 2
    if not more_sides:
        return _additive(raw)
    square = raw**2 / raw.sum(axis=0)
    z = np.zeros(raw.shape[1])
    for _ in range(MOST_STEPS):
        root = np.sqrt(z**2 + 4 * (1 - z) * square)
        slope = ((z - 2 * square) / root).sum(axis=0) - more_sides
        step = (root.sum(axis=0) - 2 - more_sides * z) / slope
        z -= step
        if not (np.abs(step) > TOLERANCE).any():
            break
    root = np.sqrt(z**2 + 4 * (1 - z) * square)
    return _multiplicative(2 * square / (root + z))


def _odds_ratio(raw: Floats) -> Floats:
    """Closed for two sides; else Newton on sum(odds t / (1 + odds t)) = 1, concave, from the left."""
    odds = raw / (1 - raw)
    if len(raw) == 2:  # noqa: PLR2004
        return _multiplicative(np.sqrt(odds, out=odds))
    factor = 1 / odds.sum(axis=0)
    for _ in range(MOST_STEPS):
        scaled = odds * factor
        share = scaled / (1 + scaled)
        step = factor * (share.sum(axis=0) - 1) / (share / (1 + scaled)).sum(axis=0)
        factor -= step
        if not (np.abs(step) > TOLERANCE * factor).any():
            break
    scaled = odds * factor
    return _multiplicative(scaled / (1 + scaled))


_SOLVERS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "multiplicative": _multiplicative,
    "additive": _additive,
    "power": _power,
    "shin": _shin,
    "odds_ratio": _odds_ratio,
    "logarithmic": _odds_ratio,
}
VIG_METHODS: Final = tuple(_SOLVERS)
"""Names of the methods of `remove_vig`."""
