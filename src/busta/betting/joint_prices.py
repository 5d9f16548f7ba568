"""Prices of one game, or of several, that only a joint distribution of margin and total has.

Parlays of side and total, teasers, team totals, winning margins: each is the sum of the cells in which
it happens. What a price needs beyond margin and total, such as who scores first, is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from busta.betting.guards import LARGEST, scalar
from busta.betting.settlement import outcome
from busta.errors import UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint

    Floats = NDArray[np.float64]

__all__ = ["BANDS", "PUSHES", "Leg", "even", "parlay", "team_total", "winning_margins"]

PUSHES = ("returned", "lost")
"""What becomes of a parlay or teaser with a push and no loss: the stake comes back, or is lost."""

BANDS = (1, 7, 13, 19, 25)
"""Least margins of the bands of winning margins: 1-6, 7-12, 13-18, 19-24, 25 and more."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One bet of a parlay or teaser.

    Attributes:
        quantity: ``margin`` for a side, ``total`` for over and under.
        line: The spread from the home side (0 for a moneyline), or the total; whole or half.
        first: Whether the bet is on the first side: home, or over.

    Raises:
        UsageError: A line that is neither whole nor half: a quarter line is two bets, of two parlays.
    """

    quantity: Literal["margin", "total"]
    line: float
    first: bool

    def __post_init__(self) -> None:
        if self.quantity not in ("margin", "total"):
            raise unknown("quantity", self.quantity, ("margin", "total"))
        line = scalar("line", self.line, -LARGEST, LARGEST, "finite")
        if 2 * line != round(2 * line):
            raise UsageError(f"line {line:g} of a leg is neither whole nor half; a quarter line is two bets")

    def moved(self, points: float) -> Leg:
        """The leg with its line moved by so many points in the bettor's favour.

        >>> Leg("margin", 7.5, first=True).moved(6), Leg("total", 45, first=False).moved(6)
        (Leg(quantity='margin', line=1.5, first=True), Leg(quantity='total', line=51, first=False))
        """
        return replace(self, line=self.line - points if self.first else self.line + points)

    def results(self, joint: Joint) -> NDArray[np.int8]:
        """1 won, 0 pushed, -1 lost at each margin (k, 1) or total (1, l) of the joint."""
        value = joint.margins[:, None] if self.quantity == "margin" else joint.totals[None]
        return np.asarray(outcome(value, self.line) * (1 if self.first else -1), dtype=np.int8)


def parlay(
    games: Sequence[tuple[Joint, int, Sequence[Leg]]], pushes: Literal["returned", "lost"] = "returned"
) -> tuple[float, float, float]:
    """Win, push and lose of a bet that all legs win.

    Legs of one game are read from its cells together: they depend on each other. Games do not. A lost
    leg loses the bet; what a push does without one is a rule of the book. A book that instead takes a
    pushed leg out of the bet pays something between the two.

    Args:
        games: A joint, the number of the game in it, and the legs on that game; each game once.
        pushes: One of ``PUSHES``.

    Returns:
        NaN where nothing is known of one of the games.

    Raises:
        UsageError: No legs, or another rule.
    """
    if pushes not in PUSHES:
        raise unknown("rule of pushes", pushes, PUSHES)
    if not games or not all(legs for _, _, legs in games):
        raise UsageError("a parlay without legs; each of its games needs one")
    won, unbeaten = 1.0, 1.0
    for joint, game, legs in games:
        cells = joint.cells(game)
        worst = np.full(cells.shape, 1, dtype=np.int8)
        for leg in legs:
            worst = np.minimum(worst, leg.results(joint))
        won *= float((cells * (worst > 0)).sum())
        unbeaten *= float((cells * (worst >= 0)).sum())
    push = unbeaten - won if pushes == "returned" else 0.0
    return won, push, 1 - won - push


def team_total(joint: Joint, game: int, *, home: bool) -> tuple[NDArray[np.int64], Floats]:
    """A team's scores, and the probability of each.

    Right as a whole, not score by score: that no team of the NFL scores a single point is no fact of
    margins and totals.
    """
    cells = joint.cells(game)
    score = (joint.totals + (1 if home else -1) * joint.margins[:, None]) // 2
    pmf: Floats = np.bincount(np.maximum(score, 0).ravel(), weights=cells.ravel()).astype(
        np.float64
    )  # no cell below 0 has a probability
    return np.arange(pmf.size), pmf


def winning_margins(
    joint: Joint, game: int, bands: Sequence[int] = BANDS
) -> Mapping[tuple[str, int, int | None], float]:
    """Probability that a side wins by so much: ``(side, least, most)``, most None for "and more"; and of a tie.

    Raises:
        UsageError: Bands that do not rise from 1.
    """
    edges = [*bands]
    if not edges or edges[0] != 1 or any(one >= other for one, other in pairwise(edges)):
        raise UsageError(f"bands {edges} cannot be right; they are the least margins, rising from 1")
    pmf, margins = joint.margin[game], joint.margins
    found: dict[tuple[str, int, int | None], float] = {}
    for side, sign in (("home", 1), ("away", -1)):
        for low, above in zip(edges, [*edges[1:], None], strict=True):
            within = (sign * margins >= low) & (sign * margins < (np.inf if above is None else above))
            found[side, low, None if above is None else above - 1] = float((pmf * within).sum())
    return found | {("tie", 0, 0): float((pmf * (margins == 0)).sum())}


def even(joint: Joint, game: int) -> float:
    """Probability that the total is even; that of an odd one is the rest."""
    return float((joint.total[game] * (joint.totals % 2 == 0)).sum())
