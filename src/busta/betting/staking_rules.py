"""All ways to stake, by name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from busta.betting.guards import ABOVE_0, integer, labels, numbers, scalar
from busta.betting.scenarios import independent_scenarios
from busta.betting.staking import fractional_kelly, kelly, shrunk_kelly
from busta.betting.staking_simultaneous import simultaneous_kelly
from busta.errors import UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RULES", "Offers", "Staking"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Offers:
    """Bets on different games that a rule is asked about; arrays have shape (bets,).

    Attributes:
        win: Probability that the bet is won.
        lose: Probability that it is lost.
        price: Decimal.
        sd: Standard deviation of the win probability given no push.
        week: Number of the week, bets of a week standing side by side.

    Raises:
        UsageError: Arrays of different shape, or weeks that are no whole numbers.
    """

    win: Floats
    lose: Floats
    price: Floats
    sd: Floats
    week: NDArray[np.intp]

    def __post_init__(self) -> None:
        for name in ("win", "lose", "price", "sd"):
            object.__setattr__(self, name, numbers(name, getattr(self, name)))
        object.__setattr__(self, "week", labels("weeks", self.week))
        shapes = {getattr(self, field.name).shape for field in fields(self)}
        if len(shapes) > 1 or self.week.dtype.kind not in "iu":
            raise UsageError(f"offers of shapes {sorted(shapes)}, weeks {self.week.dtype}; a number a bet, weeks whole")


@dataclass(frozen=True, slots=True)
class Staking:
    """How stakes are set.

    Attributes:
        rule: A name of ``RULES``.
        unit: Share of the bankroll: of the first one for flat stakes, of the current one for proportional.
        fraction: Of the Kelly share, for fractional Kelly.
        cap: Most of the bankroll on one bet, for fractional Kelly.
        seed: Of the scenarios of simultaneous Kelly.

    Raises:
        UsageError: A rule nobody knows, a share that is not above 0 and at most 1, or a seed below 0.
    """

    rule: str = "flat"
    unit: float = 0.01
    fraction: float = 0.25
    cap: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.rule, str) or self.rule not in RULES:
            raise unknown("stakes", self.rule, RULES)
        for name in ("unit", "fraction", "cap"):
            scalar(f"{name} of the stakes", getattr(self, name), ABOVE_0, 1, "above 0 and at most 1")
        integer("as seed of the stakes", self.seed)

    @property
    def of(self) -> Literal["first", "current"]:
        """Which bankroll the shares are of: the one at the start, or that at the start of each week."""
        return "first" if self.rule == "flat" else "current"

    def shares(self, offers: Offers) -> Floats:
        """The share of the bankroll on each bet, shape (bets,).

        Raises:
            UsageError: A probability or price that the rule needs is missing or cannot be right.
        """
        share = RULES[self.rule](offers, self)
        if np.isnan(share).any():
            raise UsageError(f"{int(np.isnan(share).sum())} bets lack a probability or a price; {self.rule} needs both")
        return share


def _fixed(offers: Offers, staking: Staking) -> Floats:
    return np.full(len(offers.price), staking.unit)


def _kelly(offers: Offers, _staking: Staking) -> Floats:
    return kelly(offers.win, offers.lose, offers.price)


def _fractional(offers: Offers, staking: Staking) -> Floats:
    return fractional_kelly(offers.win, offers.lose, offers.price, staking.fraction, staking.cap)


def _shrunk(offers: Offers, _staking: Staking) -> Floats:
    return shrunk_kelly(offers.win, offers.lose, offers.price, offers.sd)


def _simultaneous(offers: Offers, staking: Staking) -> Floats:
    """Week by week; a bet without an edge alone has none among independent others, so it is left out."""
    alone = _kelly(offers, staking)
    shares = np.where(np.isnan(alone), np.nan, 0.0)
    worth = np.flatnonzero(alone > 0)
    worth = worth[np.argsort(offers.week[worth], kind="stable")]
    for rows in np.split(worth, np.flatnonzero(np.diff(offers.week[worth])) + 1):
        if rows.size == 1:
            shares[rows] = alone[rows]
        elif rows.size:
            outcomes = independent_scenarios(offers.win[rows], offers.lose[rows], offers.price[rows], seed=staking.seed)
            shares[rows] = simultaneous_kelly(outcomes)
    return shares


RULES: Final[dict[str, Callable[[Offers, Staking], Floats]]] = {
    "flat": _fixed,
    "proportional": _fixed,
    "kelly": _kelly,
    "fractional-kelly": _fractional,
    "shrunk-kelly": _shrunk,
    "simultaneous-kelly": _simultaneous,
}
"""Each way to stake."""
