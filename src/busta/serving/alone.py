"""A game that is asked about alone, in plain numbers: on one row numpy's calls take longer than the arithmetic.

What comes out has the bits of `models.portable`, whose heads and calibrations are used as they are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from busta.models.portable import calibrated, head

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from busta.models.portable import PortableModel

    Score = Callable[[Sequence[float]], float]

__all__ = ["Alone"]


class Alone:
    """What `PortableModel.log_odds` gives, of one game.

    Args:
        portable: The model, with trees of `serving.trees`.
    """

    def __init__(self, portable: PortableModel) -> None:
        members = portable.spec["members"]
        self._members = [(_score(each, portable.boosters.get(each["name"])), each, each["weight"]) for each in members]
        self._calibration = portable.spec["calibration"]

    def log_odds(self, row: Sequence[float], offset: float, line: float) -> float:
        """Log-odds of the first side given no push; NaN among the features is missing."""
        blended = 0.0
        for score, member, weight in self._members:
            blended += head(score(row), offset, line, member) * weight
        return float(calibrated(blended, self._calibration))


def _score(member: dict[str, Any], booster: Any) -> Score:
    """What `portable.score` does for a member."""
    intercept = float(member["intercept"])
    if member["kind"] == "constant":
        return lambda _: intercept
    if member["kind"] == "linear":
        terms = [tuple(map(float, each)) for each in zip(member["mean"], member["scale"], member["coef"], strict=True)]
        return lambda row: intercept + _linear(row, terms)
    return lambda row: intercept + float(booster.alone(row))


def _linear(row: Sequence[float], terms: Sequence[tuple[float, ...]]) -> float:
    total = 0.0
    for value, (mean, scale, coefficient) in zip(row, terms, strict=True):
        scaled = (value - mean) / scale
        if not math.isnan(scaled):
            total += scaled * coefficient
    return total
