"""The distribution of a margin or total around its mean, learned from past games, and how well it forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtri

from busta.betting.distribution import Discretised
from busta.markets.scale import sd_around_line
from busta.scoring.distributional import crps, exact_log_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset

__all__ = ["distribution_scores", "expected_points", "fit_distribution"]


def expected_points(data: Dataset, rows: NDArray[np.int64], *, closing: bool) -> NDArray[np.float64]:
    """Points that the market expected, at the close or at the price that is bet; NaN where it had no line."""
    line = data.closing_line if closing else data.line
    log_odds = data.closing_log_odds if closing else data.market_log_odds
    sd = sd_around_line(data.league, data.market, data.value[rows], line[rows])
    return np.asarray(line[rows] + sd * ndtri(expit(np.nan_to_num(log_odds[rows]))))


def fit_distribution(data: Dataset, rows: NDArray[np.int64]) -> Discretised:
    """The distribution of margin or total around what the market expected of it, on those games."""
    expected = expected_points(data, rows, closing=False)
    return Discretised.fit(data.value[rows], expected, symmetric=data.market.quantity == "margin")


def distribution_scores(
    distribution: Discretised, mean: NDArray[np.float64], value: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """``crps`` and ``exact_log_score`` of the distribution at each game's mean, shape (games,).

    NaN where a mean or a value is missing; a value outside the support scores as its nearest end.
    """
    within = np.clip(value, distribution.low, distribution.high)
    pmf = distribution.pmf(mean)
    return {
        "crps": crps(pmf, distribution.low, within),
        "exact_log_score": exact_log_score(pmf, distribution.low, within),
    }
