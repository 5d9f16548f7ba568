"""Why a model says what it says of a game: steps from the market's probability to ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.reports.numbers import figure, short, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from busta.serving.page.week import Offer

__all__ = ["Reasons", "Step", "reasons"]

SHOWN = 6
SMALL = 0.0005
"""Of a probability: what moves it by less is not worth a line of its own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a forecast.

    Attributes:
        name: What it is.
        value: Of the feature, as text; empty where it is none.
        moved: By how much the probability moved with it.
        after: The probability then.
        bar: ``moved`` as a share of the largest of the steps.
    """

    name: str
    value: str
    moved: float
    after: float
    bar: float

    @property
    def points(self) -> str:
        """``moved`` in points of a percent."""
        return figure(100 * self.moved, "+.1f")


@dataclass(frozen=True, slots=True)
class Reasons:
    """The steps from where a forecast begins to where it ends.

    Attributes:
        begins: What is known before the model looks: the market's probability, or a coin's.
        begin: The same as a number.
        steps: In the order of their size.
        end: What is forecast, given no push.
    """

    begins: str
    begin: float
    steps: tuple[Step, ...]
    end: float


def reasons(explained: Mapping[str, Any], offer: Offer) -> Reasons:
    """The steps of a forecast, of the side that is offered.

    Args:
        explained: What `Answers.explained` says, in log-odds of the market's first side.
        offer: The bet.
    """
    sign = 1.0 if offer.row["side"] in (None, explained["side"]) else -1.0
    anchored = bool(offer.about["anchored"])
    at = sign * explained["parts"]["market"] if anchored else 0.0
    found, begin, largest = [], _chance(at), 0.0
    for name, value, part in _parts(explained, anchored=anchored):
        before, at = _chance(at), at + sign * part
        if abs(_chance(at) - before) >= SMALL:
            found.append((name, value, _chance(at) - before, _chance(at)))
            largest = max(largest, abs(_chance(at) - before))
    begins = "the book's price, vig removed" if anchored else "nothing is known"
    return Reasons(begins, begin, tuple(Step(*each, each[2] / largest) for each in found), _chance(at))


def _parts(explained: Mapping[str, Any], *, anchored: bool) -> Iterator[tuple[str, str, float]]:
    """Name, value and log-odds of each part; small features together."""
    parts = explained["parts"]
    yield "what it says of any game", "", parts["level"] + (0.0 if anchored else parts["market"])
    for each in explained["features"][:SHOWN]:
        value = "missing" if each["value"] is None else short(each["value"])
        yield words(each["feature"]), value, each["part"]
    others = explained["features"][SHOWN:]
    yield f"{len(others)} other features", "", sum(each["part"] for each in others)
    yield "calibration", "", parts["calibration"]
    yield "made to agree with the other markets", "", parts["joint"]


def _chance(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
