"""The members of an ensemble: each learns from a fold's games and ends as data that `portable` reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from busta.models.augment import lessons, season_weights, signs
from busta.models.boosting import OffsetBoosting, PointsBoosting
from busta.models.distribution import expected_points
from busta.models.linear import OffsetLogistic, PointsRidge
from busta.models.portable import LOG_ODDS, MEAN, SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.augment import Lessons
    from busta.settings import Boosting, Members

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

__all__ = ["BOOSTED", "LINEAR", "MARKET", "Member", "fit_member", "of_points"]

MARKET = "market"
"""The member that is always there: the market itself, or for a blind model the rate of the first side."""
LINEAR, BOOSTED = ("linear", "points"), ("boosting", "points_boosting")


@dataclass(frozen=True)
class Member:
    """A member that has learned.

    Attributes:
        spec: Its entry in ``model.json``, without its weight.
        booster: Its trees, if it has any.
    """

    spec: dict[str, Any]
    booster: Any = None

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return str(self.spec["name"])


def fit_member(name: str, data: Dataset, rows: Rows, settings: Members, seed: int) -> Member:
    """Fits one member on those games; a game without an outcome teaches nothing of odds, a push its points."""
    return FITS[name](data, rows, settings, seed)


def _market(data: Dataset, rows: Rows, settings: Members, seed: int) -> Member:
    del settings, seed
    rate = np.nanmean(data.y[rows])
    level = float(logit(np.clip(rate, 1e-6, 1 - 1e-6))) if data.blind else 0.0
    return Member({"name": MARKET, "kind": "constant", "head": LOG_ODDS, "intercept": level})


def _linear(data: Dataset, rows: Rows, settings: Members, seed: int) -> Member:
    known = _outcomes(data, rows, settings, seed, mirrored=settings.mirrored == "all")
    model = OffsetLogistic(**settings.linear.model_dump())
    model.fit(known.X, known.target, known.offset, side=known.side, weight=known.weight)
    return Member(model.to_dict() | {"name": "linear", "head": LOG_ODDS})


def _boosting(data: Dataset, rows: Rows, settings: Members, seed: int) -> Member:
    known = _outcomes(data, rows, settings, seed, mirrored=settings.mirrored != "none")
    beyond = data.market.has_line or not data.blind
    model = OffsetBoosting(**_grown(data, settings.boosting, seed, beyond=beyond))
    model.fit(known.X, known.target, known.offset, side=known.side, weight=known.weight)
    return _with_trees("boosting", model, {"head": LOG_ODDS})


def _points(data: Dataset, rows: Rows, settings: Members, seed: int) -> Member:
    rows, known = _results(data, rows, settings, seed, mirrored=settings.mirrored == "all")
    model = PointsRidge(**settings.points.model_dump(), intercept=data.blind)
    model.fit(known.X, known.target, side=known.side, weight=known.weight)
    return Member(model.to_dict() | {"name": "points"} | _points_head(data, rows, settings, model.predict))


def _points_boosting(data: Dataset, rows: Rows, settings: Members, seed: int) -> Member:
    rows, known = _results(data, rows, settings, seed, mirrored=settings.mirrored != "none")
    model = PointsBoosting(**_grown(data, settings.points_boosting, seed, beyond=not data.blind))
    model.fit(known.X, known.target, side=known.side, weight=known.weight)
    return _with_trees("points_boosting", model, _points_head(data, rows, settings, model.predict))


FITS: dict[str, Callable[[Dataset, Rows, Members, int], Member]] = {
    MARKET: _market,
    "linear": _linear,
    "boosting": _boosting,
    "points": _points,
    "points_boosting": _points_boosting,
}


def _with_trees(name: str, model: OffsetBoosting | PointsBoosting, more: dict[str, Any]) -> Member:
    return Member(model.to_dict() | {"name": name, "file": f"{name}.ubj"} | more, model.booster_)


def _grown(data: Dataset, trees: Boosting, seed: int, *, beyond: bool) -> dict[str, Any]:
    """Arguments of a boosted member; ``beyond`` as in `signs`."""
    known = signs(data, beyond=beyond) if trees.monotone else ()
    return trees.model_dump(exclude={"monotone"}) | {"seed": seed, "signs": known, "intercept": data.blind}


def _outcomes(data: Dataset, rows: Rows, settings: Members, seed: int, *, mirrored: bool) -> Lessons:
    """What the games that were decided teach of outcomes.

    One game's outcome says little of its probability, its price says much: a blind model learns faster
    from both (distillation; Hinton, Vinyals & Dean 2015). A game without a price keeps its outcome alone.
    """
    rows = rows[~np.isnan(data.y[rows])]
    y, price, share = data.y[rows], data.market_log_odds[rows], settings.line_share
    y = np.where(np.isnan(price), y, (1 - share) * y + share * expit(price))
    return lessons(data, rows, y, 1.0, settings, seed, mirrored=mirrored)


def _results(data: Dataset, rows: Rows, settings: Members, seed: int, *, mirrored: bool) -> tuple[Rows, Lessons]:
    """The games that teach points, and what they teach."""
    known, target = of_points(data, rows, settings.line_share)
    return known, lessons(data, known, target, 0.0, settings, seed, mirrored=mirrored)


def of_points(data: Dataset, rows: Rows, share: float) -> tuple[Rows, Floats]:
    """Games to learn points from, and what: blind points, or points beyond what the market expected.

    Blind they are mixed with what the close expected of the same game, as outcomes are with prices.
    """
    expected = expected_points(data, rows, closing=data.blind)
    if not data.blind:
        known = ~np.isnan(expected)
        return rows[known], data.value[rows][known] - expected[known]
    value = data.value[rows]
    return rows, np.where(np.isnan(expected), value, (1 - share) * value + share * expected)


def _points_head(data: Dataset, rows: Rows, settings: Members, predict: Callable[[Floats], Floats]) -> dict[str, Any]:
    """How points become odds: by the spread of results around them, later seasons counting as they do for the rest."""
    expected = predict(data.X[rows]) if data.blind else expected_points(data, rows, closing=False)
    weight = season_weights(data, rows, settings)
    spread = float(np.sqrt(np.average((data.value[rows] - expected) ** 2, weights=weight)))
    return {"head": MEAN if data.blind else SHIFT, "sd": spread}
