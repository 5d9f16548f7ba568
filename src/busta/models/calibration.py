"""Calibration of the ensemble: none, Platt, beta or isotonic, chosen and learned on earlier folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from busta.models.linear import OffsetLogistic
from busta.models.portable import calibrated
from busta.models.prequential import losses_of, prefer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from busta.models.prequential import Past

    Floats = NDArray[np.float64]

__all__ = ["NO_CALIBRATION", "calibrate", "fit_calibration"]

NO_CALIBRATION: dict[str, Any] = {"kind": "linear", "slope": 1.0, "intercept": 0.0}
_RIDGE = 25.0
"""Observations that speak for leaving the log-odds as they are."""
_FEWEST = 500
"""Games below which none is learned."""


def calibrate(log_odds: Floats, y: Floats, found: Sequence[Past], kind: str | None) -> list[dict[str, Any]]:
    """The calibration of each fold, learned on the folds before it and chosen by what it did there.

    Args:
        log_odds: The ensemble's out-of-fold log-odds, shape (games,).
        y: 1 first side, 0 second side, NaN push.
        found: The past of each fold, and of the final model.
        kind: ``none``, ``platt``, ``beta`` or ``isotonic``; by default it is chosen.
    """
    kinds = list(FITS) if kind is None else [kind]
    options = [[fit_calibration(each, log_odds[past.earlier], y[past.earlier]) for each in kinds] for past in found]
    losses = np.full((len(y), len(kinds)), np.nan)
    for past, each in zip(found, options, strict=True):
        for column, calibration in enumerate(each):
            losses[past.rows, column] = losses_of(calibrated(log_odds[past.rows], calibration), y[past.rows])
    return [each[prefer(losses[past.earlier], 0)] for past, each in zip(found, options, strict=True)]


def fit_calibration(kind: str, log_odds: Floats, y: Floats) -> dict[str, Any]:
    """A calibration of that kind learned from those games; none from too few of them."""
    return FITS[kind](log_odds, y) if y.size >= _FEWEST else NO_CALIBRATION


def _platt(log_odds: Floats, y: Floats) -> dict[str, Any]:
    """A slope and a level (Platt 1999)."""
    slope, intercept = _logistic(log_odds[:, None], log_odds, y)
    return {"kind": "linear", "slope": 1.0 + slope[0], "intercept": intercept}


def _beta(log_odds: Floats, y: Floats) -> dict[str, Any]:
    """A slope for either end and a level (Kull, Silva Filho & Flach 2017)."""
    ends = np.column_stack([-np.logaddexp(0.0, -log_odds), np.logaddexp(0.0, log_odds)])
    slopes, intercept = _logistic(ends, log_odds, y)
    return {"kind": "beta", "a": 1.0 + slopes[0], "b": 1.0 + slopes[1], "intercept": intercept}


def _isotonic(log_odds: Floats, y: Floats) -> dict[str, Any]:
    """Steps that rise (Zadrozny & Elkan 2002), each shrunk to what the ensemble itself says of its games."""
    step = IsotonicRegression().fit(log_odds, y).predict(log_odds)
    _, pool, games = np.unique(step, return_inverse=True, return_counts=True)
    place, said, won = (np.bincount(pool, each) / games for each in (log_odds, expit(log_odds), y))
    shrunk = (games * won + _RIDGE * said) / (games + _RIDGE)
    return {"kind": "isotonic", "from": place.tolist(), "to": logit(np.maximum.accumulate(shrunk)).tolist()}


FITS: dict[str, Callable[[Floats, Floats], dict[str, Any]]] = {
    "none": lambda _log_odds, _y: NO_CALIBRATION,
    "platt": _platt,
    "beta": _beta,
    "isotonic": _isotonic,
}


def _logistic(X: Floats, offset: Floats, y: Floats) -> tuple[list[float], float]:
    """Slopes and level of what is missing from the offset, on the columns as they are."""
    model = OffsetLogistic(ridge=_RIDGE).fit(X, y, offset)
    slopes = model.coef_ / model.scale_
    return slopes.tolist(), float(model.intercept_ - slopes @ model.mean_)
