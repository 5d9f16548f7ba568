"""What the simulated book offers: lines at which its belief is balanced, prices with vig.

A price is ``1 / (p * (1 + vig))``, the multiplicative vig, so that removing it gives back what the
market believes of a side (no push given) at the rounded line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.leagues.simulation.schedule import REGULAR_WEEKS
from busta.leagues.simulation.scores import (
    MARGINS,
    TOTALS,
    Floats,
    Ints,
    balanced_line,
    given_no_push,
    margin_pmf,
    total_pmf,
)

if TYPE_CHECKING:
    from busta.leagues.simulation.seasons import Centres
    from busta.leagues.simulation.world import World

__all__ = ["Belief", "Offer", "belief", "offers", "prices"]

SUREST = 0.97
"""No side is taken to be surer than this, and none is paid less than this leaves room for."""
LOWEST_PRICE = 1 / 0.99


@dataclass(frozen=True, slots=True)
class Belief:
    """Probabilities of every margin and every total, shape (games, values)."""

    margins: Floats
    totals: Floats


@dataclass(frozen=True, slots=True)
class Offer:
    """One market at one moment: a line, and the decimal prices of its first and second side."""

    line: Floats
    first: Floats
    second: Floats


def belief(world: World, centre: Floats, week: Ints) -> Belief:
    """The distribution around the given centres of margin and total, shape (games, 2)."""
    ties = np.where(week <= REGULAR_WEEKS, world.tie_weight, 0.0)
    margins = margin_pmf(centre[:, 0], world.margin_sd, ties)
    return Belief(margins, total_pmf(margins, centre[:, 1], world.total_sd))


def offers(world: World, centres: Centres, week: Ints) -> dict[tuple[str, str], Offer]:
    """All that is offered, by market and moment."""
    found: dict[tuple[str, str], Offer] = {}
    for moment, centre in (("open", centres.open), ("close", centres.close)):
        held = belief(world, centre, week)
        zero = np.zeros(len(week))
        found["moneyline", moment] = _offer(held.margins, MARGINS, zero, world.vig)
        found["ats", moment] = _offer(held.margins, MARGINS, balanced_line(held.margins, MARGINS), world.vig)
        found["totals", moment] = _offer(held.totals, TOTALS, balanced_line(held.totals, TOTALS), world.vig)
    return found


def _offer(pmf: Floats, support: Ints, line: Floats, vig: float) -> Offer:
    return Offer(line, *prices(given_no_push(pmf, support, line), vig))


def prices(chance: Floats, vig: float) -> tuple[Floats, Floats]:
    """Decimal prices of both sides, four decimals; the vig gives way where a price would sink to 1."""
    first = np.clip(chance, 1 - SUREST, SUREST)
    second = 1 - first
    factor = 1 + np.minimum(vig, 1 / LOWEST_PRICE / np.maximum(first, second) - 1)
    return np.round(1 / (first * factor), 4), np.round(1 / (second * factor), 4)
