"""Why a model says what it says: log-odds as a sum of parts, exact to the last digits.

Linear terms are what they are. Trees are shared out among features by TreeSHAP (Lundberg et al. 2020). Where a
member forecasts points, the way from points to log-odds is bent: each of its parts gets its share of the way that
the points have gone (the rescale rule of Shrikumar, Greenside & Kundaje 2017), so the sum stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.models.portable import (
    LOG_ODDS,
    MEAN,
    calibrated,
    logit_of_normal,
    normal_of_logit,
    score,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.models.portable import PortableModel

    Floats = NDArray[np.float64]

__all__ = ["Explanation", "as_parts", "explain"]

_STILL = 1e-9
"""Points (or log-odds) of movement below which its slope is taken where it begins."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Parts of the log-odds of the first side given no push, a game a row.

    Attributes:
        market: What the market says; 0 for a blind model.
        level: What the model says of any game: intercepts, and a blind model's points against the line.
        linear: Linear terms by feature, shape (games, features).
        trees: Trees by feature, shape (games, features).
        calibration: What calibration changes.
    """

    market: Floats
    level: Floats
    linear: Floats
    trees: Floats
    calibration: Floats

    @classmethod
    def joined(cls, parts: Sequence[Explanation]) -> Explanation:
        """Those of several tables, one after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @property
    def log_odds(self) -> Floats:
        """The sum of all parts: what the model says."""
        total: Floats = self.market + self.level + self.features.sum(axis=1) + self.calibration
        return total

    @property
    def features(self) -> Floats:
        """Part of each feature, shape (games, features)."""
        return self.linear + self.trees


def as_parts(
    names: Sequence[str], values: Floats, found: Mapping[str, Floats], row: int, final: float
) -> dict[str, Any]:
    """What one game's log-odds are the sum of, as `busta explain` prints it; largest features first.

    Args:
        names: The features.
        values: Their values, shape (games, features).
        found: An `Explanation`'s arrays by their names.
        row: Which game.
        final: The log-odds that are published; what the model's own differ by is the joint's part.
    """
    market, level, calibration = (float(found[name][row]) for name in ("market", "level", "calibration"))
    features = [
        _feature(*each) for each in zip(names, values[row], found["linear"][row], found["trees"][row], strict=True)
    ]
    together = sum(each["part"] for each in features)
    return {
        "parts": {
            "market": market,
            "level": level,
            "features": together,
            "calibration": calibration,
            "joint": final - (market + level + calibration + together),
        },
        "features": sorted(features, key=lambda each: -abs(each["part"])),
    }


def _feature(name: str, value: float, linear: float, trees: float) -> dict[str, Any]:
    return {
        "feature": name,
        "value": None if np.isnan(value) else float(value),
        "linear": float(linear),
        "trees": float(trees),
        "part": float(linear + trees),
    }


def explain(model: PortableModel, X: Floats, offset: Floats, line: Floats) -> Explanation:
    """The parts of what a model says of those games; arguments as in `PortableModel.log_odds`."""
    market, level = np.zeros(len(X)), np.zeros(len(X))
    parts = {"linear": np.zeros_like(X), "boosting": np.zeros_like(X), "constant": np.zeros_like(X)}
    for member in model.spec["members"]:
        if not member["weight"]:
            continue
        base, terms = _score_parts(X, member, model.boosters.get(member["name"]))
        start, base, terms = _through_head(base, terms, offset, line, member)
        market += member["weight"] * start
        level += member["weight"] * base
        parts[member["kind"]] += member["weight"] * terms
    raw = market + level + parts["linear"].sum(axis=1) + parts["boosting"].sum(axis=1)
    calibration = calibrated(raw, model.spec["calibration"]) - raw
    return Explanation(market, level, parts["linear"], parts["boosting"], calibration)


def _score_parts(X: Floats, member: dict[str, Any], booster: Any) -> tuple[Floats, Floats]:
    """A member's score as what it says of any game, shape (games,), and terms, shape (games, features)."""
    if member["kind"] == "linear":
        scaled = (X - np.asarray(member["mean"])) / np.asarray(member["scale"])
        return np.full(len(X), member["intercept"]), np.nan_to_num(scaled) * np.asarray(member["coef"])
    if member["kind"] == "constant":
        return np.full(len(X), member["intercept"]), np.zeros_like(X)
    import xgboost as xgb

    matrix = xgb.DMatrix(np.asarray(X, dtype=np.float32), base_margin=np.zeros(len(X)), nthread=1)
    shares = booster.predict(matrix, pred_contribs=True).astype(np.float64)
    terms = shares[:, :-1]
    return score(X, member, booster) - terms.sum(axis=1), terms  # float32's last digits go to the level


def _through_head(
    base: Floats, terms: Floats, offset: Floats, line: Floats, member: dict[str, Any]
) -> tuple[Floats, Floats, Floats]:
    """Market, level and terms in log-odds, of a member's score in its own unit."""
    if member["head"] == LOG_ODDS:
        return offset, base, terms
    moved, sd = terms.sum(axis=1), member["sd"]
    if member["head"] == MEAN:
        start = (base - line) / sd
        level = logit_of_normal(start)
        return np.zeros(len(base)), level, terms * _slope(start, moved / sd)[:, None] / sd
    start = normal_of_logit(offset)
    slope = _slope(start, (base + moved) / sd) / sd
    return offset, base * slope, terms * slope[:, None]


def _slope(start: Floats, moved: Floats) -> Floats:
    """Log-odds per standard deviation on the way from ``start`` to ``start + moved``."""
    still = np.abs(moved) < _STILL
    way = np.where(still, _STILL, moved)
    return np.asarray((logit_of_normal(start + way) - logit_of_normal(start)) / way)
