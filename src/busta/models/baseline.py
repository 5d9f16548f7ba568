"""What a model has to beat: the home side, the favourite, Elo, and the closing line, as it is and recalibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from busta.betting.odds import VIG_METHODS, remove_vig
from busta.betting.settlement import label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.betting.distribution import Discretised
    from busta.markets.dataset import Dataset

    Floats = NDArray[np.float64]

__all__ = ["closing_readings", "closing_triples", "market_means", "predict_baselines"]

RECALIBRATION_RIDGE = 100.0
"""Observations that speak for leaving the closing line as it is."""


def market_means(data: Dataset, test: NDArray[np.int64], distribution: Discretised) -> dict[str, Floats]:
    """Means of the margin or total, in points, at the prices that are bet and at the close, shape (games,).

    A mean is that of the distribution at which it gives the market's probability at the market's line.
    """
    market = distribution.mean_for(expit(data.market_log_odds[test]), data.line[test])
    if data.moment == "close":
        return {"market": market, "closing": market}
    closing = distribution.mean_for(expit(data.closing_log_odds[test]), data.closing_line[test])
    return {"market": market, "closing": closing}


def closing_triples(data: Dataset, test: NDArray[np.int64], distribution: Discretised, closing_mean: Floats) -> Floats:
    """Win, push and lose of the first side by the closing market, at the line that is bet, shape (games, 3)."""
    if data.moment == "close":
        return distribution.split(expit(data.closing_log_odds[test]), data.line[test])
    return distribution.win_push_lose(closing_mean, data.line[test])


def closing_readings(data: Dataset) -> Floats:
    """Log-odds of the first side at the close by each way of vig removal, shape (ways, games).

    Where the close has no price of both sides, each way says what the market said otherwise.
    """
    ways = [remove_vig(data.closing_prices, method)[:, 0] for method in VIG_METHODS]
    with np.errstate(divide="ignore"):
        read = logit(np.stack(ways))
    return np.where(np.isfinite(read), read, data.closing_log_odds)


def predict_baselines(
    data: Dataset,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    distribution: Discretised,
    closing: Floats,
    readings: Floats,
) -> dict[str, Floats]:
    """Each baseline's probability of the first side, for the test games, in the order of the table.

    ``home`` is the first side: home or over. ``closing`` comes from `closing_triples`, ``readings``
    from `closing_readings`; the distribution carries what the close says to the line that is bet. A bet
    at the open has the line it is bet at as one more baseline,
    ``opening_line``.
    """
    train = train[~np.isnan(data.y[train])]
    y = data.y[train]
    opening = {} if data.moment == "close" else {"opening_line": expit(data.market_log_odds[test])}
    recalibrated = _recalibrated(data, train, test, readings)
    if data.moment == "open":
        moved = distribution.mean_for(recalibrated, data.closing_line[test])
        recalibrated = _given_no_push(distribution.win_push_lose(moved, data.line[test]))
    return {
        "closing_line": _given_no_push(closing),
        "closing_line_recalibrated": recalibrated,
        **opening,
        "elo": _elo(data.elo[train], y, data.elo[test]),
        "favourite": _favourite(data.market_log_odds[train], y, data.market_log_odds[test]),
        "home": np.full(test.size, _rate(y)),
    }


def _given_no_push(triples: Floats) -> Floats:
    return np.asarray(triples[:, 0] / (triples[:, 0] + triples[:, 2]))


def _recalibrated(data: Dataset, train: NDArray[np.int64], test: NDArray[np.int64], readings: Floats) -> Floats:
    """The close by the way of vig removal that was best on earlier games, with slope and level learned there."""
    from busta.models.linear import OffsetLogistic  # scikit-learn, which who only reads the close needs not load

    y = label(data.value[train], data.closing_line[train])
    usable = ~np.isnan(readings[0, train] + y)
    known, y = train[usable], y[usable]
    if not known.size:
        return np.asarray(expit(data.closing_log_odds[test]))
    losses = np.logaddexp(0.0, np.where(y > 0, -1.0, 1.0) * readings[:, known]).mean(axis=1)
    best = readings[int(np.argmin(losses))]
    model = OffsetLogistic(ridge=RECALIBRATION_RIDGE, intercept=True).fit(best[known][:, None], y, best[known])
    return np.asarray(expit(model.log_odds(best[test][:, None], best[test])))


def _elo(train: Floats, y: Floats, test: Floats) -> Floats:
    from busta.models.linear import OffsetLogistic

    model = OffsetLogistic(ridge=1e-6).fit(train[:, None], y)
    return model.predict_proba(test[:, None])[:, 1]


def _favourite(train: Floats, y: Floats, test: Floats) -> Floats:
    """The favourite at the rate favourites have won so far; a half where there is none."""
    rate = _rate(np.where(train > 0, y, 1 - y)[np.abs(train) > 0])  # a game without a market has no favourite
    return np.where(test > 0, rate, np.where(test < 0, 1 - rate, 0.5))


def _rate(y: Floats) -> float:
    """The rate of ones, with one of each added (Laplace 1774), so that no first game is a certainty."""
    return float((y.sum() + 1) / (y.size + 2))
