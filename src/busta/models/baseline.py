"""What a model has to beat: the home side, the favourite, Elo, and the closing line itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from busta.models.linear import OffsetLogistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.betting.distribution import Discretised
    from busta.markets.dataset import Dataset

__all__ = ["closing_triples", "predict_baselines"]


def closing_triples(data: Dataset, test: NDArray[np.int64], distribution: Discretised) -> NDArray[np.float64]:
    """Win, push and lose of the first side by the closing market, at the line that is bet, shape (games, 3).

    Where the line moved after the bet, the closing market's mean is read off its own line and price.
    """
    p, line = expit(data.closing_log_odds[test]), data.line[test]
    if data.moment == "close":
        return distribution.split(p, line)
    return distribution.win_push_lose(distribution.mean_for(p, data.closing_line[test]), line)


def predict_baselines(
    data: Dataset, train: NDArray[np.int64], test: NDArray[np.int64], closing: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Each baseline's probability of the first side, for the test games, in the order of the table.

    ``home`` is the first side: home or over. ``closing`` comes from `closing_triples`. A bet at the
    open has the line it is bet at as one more baseline, ``opening_line``.
    """
    train = train[~np.isnan(data.y[train])]
    y = data.y[train]
    opening = {} if data.moment == "close" else {"opening_line": expit(data.market_log_odds[test])}
    return {
        "closing_line": closing[:, 0] / (closing[:, 0] + closing[:, 2]),
        **opening,
        "elo": _elo(data.elo[train], y, data.elo[test]),
        "favourite": _favourite(data.market_log_odds[train], y, data.market_log_odds[test]),
        "home": np.full(test.size, _rate(y)),
    }


def _elo(train: NDArray[np.float64], y: NDArray[np.float64], test: NDArray[np.float64]) -> NDArray[np.float64]:
    model = OffsetLogistic(ridge=1e-6).fit(train[:, None], y)
    return model.predict_proba(test[:, None])[:, 1]


def _favourite(train: NDArray[np.float64], y: NDArray[np.float64], test: NDArray[np.float64]) -> NDArray[np.float64]:
    """The favourite at the rate favourites have won so far; a half where there is none."""
    rate = _rate(np.where(train > 0, y, 1 - y)[np.abs(train) > 0])  # a game without a market has no favourite
    return np.where(test > 0, rate, np.where(test < 0, 1 - rate, 0.5))


def _rate(y: NDArray[np.float64]) -> float:
    """The rate of ones, with one of each added (Laplace 1774), so that no first game is a certainty."""
    return float((y.sum() + 1) / (y.size + 2))
