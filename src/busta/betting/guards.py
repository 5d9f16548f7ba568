"""What the public functions of betting and scoring refuse, and in which words.

Each guard turns what was given into numbers and raises `busta.errors.UsageError` at what cannot be
right. NaN, or None in a list, is a number that is missing and passes; text never is a number.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.errors import UsageError

__all__ = [
    "ABOVE_0",
    "ABOVE_1",
    "BELOW_1",
    "LARGEST",
    "check_offer",
    "check_shapes",
    "finite",
    "integer",
    "labels",
    "numbers",
    "prices",
    "probabilities",
    "scalar",
    "within",
]

Floats = NDArray[np.float64]

LARGEST: Final = float(np.finfo(np.float64).max)
ABOVE_0, ABOVE_1, BELOW_1 = float(np.nextafter(0, 1)), float(np.nextafter(1, 2)), float(np.nextafter(1, 0))
ROUNDING: Final = 1e-9  # by which probabilities may sum to more than 1
NUMERIC: Final = "biuf"  # kinds of numpy's types


def numbers(name: str, given: ArrayLike | None) -> Floats:
    """An array of float64; one that is given as such is not copied.

    >>> numbers("line", [3, None])
    array([ 3., nan])

    Raises:
        UsageError: Text, dates, nothing at all, or rows of different length.
    """
    try:
        found = np.asarray(given)
        if given is not None and (found.dtype.kind in NUMERIC or _numeric(found)):
            return found.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        pass
    shown = " ".join(repr(given).split())
    raise UsageError(f"{name} {shown[:60]} cannot be right; a number or an array of numbers is needed")


def _numeric(found: NDArray[Any]) -> bool:
    return found.dtype == object and not any(isinstance(item, str | bytes) for item in found.flat)


def within(name: str, given: ArrayLike | None, low: float, high: float, allowed: str) -> Floats:
    """Numbers from low to high, both included.

    Raises:
        UsageError: One is outside, or what `numbers` refuses.
    """
    found = numbers(name, given)
    # two passes say that all is well; only a NaN or a wrong number needs more
    if not (found.min(initial=high) >= low and found.max(initial=low) <= high):
        wrong = (found < low) | (found > high)
        if wrong.any():
            raise UsageError(f"{name} {found[wrong].flat[0]} cannot be right; {allowed}")
    return found


def probabilities(name: str, given: ArrayLike | None) -> Floats:
    """Numbers between 0 and 1, but for rounding.

    Raises:
        UsageError: One is outside, or what `numbers` refuses.
    """
    return within(f"probability {name}", given, 0.0, 1.0 + ROUNDING, "it is between 0 and 1")


def prices(given: ArrayLike | None) -> Floats:
    """Decimal prices.

    Raises:
        UsageError: One is not above 1, or infinite, or what `numbers` refuses.
    """
    return within("price", given, ABOVE_1, LARGEST, "a decimal price is finite and above 1")


def finite(name: str, given: ArrayLike | None, low: float = -LARGEST) -> Floats:
    """Numbers that are not infinite, nor below the least that is allowed.

    Raises:
        UsageError: One is, or what `numbers` refuses.
    """
    allowed = "it is finite" if low == -LARGEST else f"it is finite and {'0 or more' if low == 0 else 'above 0'}"
    return within(name, given, low, LARGEST, allowed)


def check_offer(
    win: ArrayLike | None, lose: ArrayLike | None, price: ArrayLike | None = 2.0
) -> tuple[Floats, Floats, Floats]:
    """The three as arrays, each of its own shape.

    Raises:
        UsageError: A probability outside 0 to 1, two that sum to more than 1, a price that is not
            above 1, or shapes that do not fit.
    """
    won, lost, decimal = probabilities("to win", win), probabilities("to lose", lose), prices(price)
    check_shapes(win=won, lose=lost, price=decimal)
    probabilities("to win or lose", won + lost)
    return won, lost, decimal


def check_shapes(**given: NDArray[Any]) -> tuple[int, ...]:
    """The shape that all arrays fit to.

    Raises:
        UsageError: There is none.
    """
    try:
        return np.broadcast_shapes(*(part.shape for part in given.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {part.shape}" for name, part in given.items())
        raise UsageError(f"shapes do not fit: {shapes}; each has one number a game, or one for all") from None


def scalar(name: str, given: float, low: float, high: float, allowed: str) -> float:
    """One number from low to high, never missing.

    Raises:
        UsageError: It is not.
    """
    if isinstance(given, int | float | np.integer | np.floating) and low <= given <= high:
        return float(given)
    raise UsageError(f"{name} {given!s:.60} cannot be right; it is {allowed}")


def integer(name: str, given: int, low: float = 0) -> int:
    """A whole number from low on, which may be minus infinity.

    Raises:
        UsageError: It is not.
    """
    if isinstance(given, int | np.integer) and given >= low:
        return int(given)
    at_least = "" if low == -np.inf else f", at least {low},"
    raise UsageError(f"{given!s:.60} {name}; a whole number{at_least} is needed")


def labels(name: str, given: ArrayLike) -> NDArray[Any]:
    """Labels, such as those of weeks, of any type that sorts: shape (n,), none missing.

    Raises:
        UsageError: One is missing, or they have no order or another shape.
    """
    try:
        found = np.asarray(given)
        if found.ndim == 1 and found.dtype == object:
            np.sort(found)
    except (TypeError, ValueError):
        raise UsageError(f"{name} are missing or of several types; one label a row is needed") from None
    if found.ndim != 1:
        raise UsageError(f"{name} {found.shape} are not one label a row, shape (n,)")
    absent = found != found  # noqa: PLR0124 - NaN and NaT are what differs from itself
    if absent.any() or (found.size == 1 and found[0] is None):
        raise UsageError(f"a label of {name} is missing; each row has one")
    return found
