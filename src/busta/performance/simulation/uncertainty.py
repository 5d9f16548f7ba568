"""How sure a model can be of its probabilities: what its opinions were worth in earlier seasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.opinions import opinions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bets import Bets

    Floats = NDArray[np.float64]

__all__ = ["slope_sd", "win_sd"]


def win_sd(bets: Bets, forecasts: Forecasts) -> Floats:
    """Standard deviation of each bet's win probability given no push, shape (bets,).

    It is the model's distance from the market's probability times `slope_sd`: a model that agrees
    with the market is as sure as the market; a different opinion is as sure as earlier ones were
    good. Where the market says nothing, the distance is that from the price's break-even.
    """
    decided = bets.win + bets.lose
    own = np.divide(bets.win, decided, out=np.full(len(bets), 0.5), where=decided > 0)
    market = forecasts.baselines[forecasts.bar][bets.game]
    market = np.where(bets.first_side, market, 1 - market)
    distance: Floats = np.abs(own - np.where(np.isnan(market), 1 / bets.price, market))
    return distance * slope_sd(forecasts)[bets.game]


def slope_sd(forecasts: Forecasts) -> Floats:
    """Standard deviation of the share of an opinion that is true, by what earlier seasons showed, shape (games,).

    The posterior of the slope of residual on opinion, in `opinions`' units, with a prior deviation of 1:
    1 / sqrt(1 + sum(opinion**2) / mean(residual**2)) over earlier seasons (Bayesian regression, as in
    Gelman et al. 2013, chapter 14); 1 in the first season.
    """
    seasons = forecasts.seasons
    found = np.ones(len(forecasts))
    said = opinions(forecasts)
    known = ~np.isnan(said.opinion + said.residual)
    for season in np.unique(seasons):
        earlier = known & (seasons < season)
        noise = float(np.mean(said.residual[earlier] ** 2)) if earlier.any() else 0.0
        if noise > 0:
            found[seasons == season] = 1 / np.sqrt(1 + np.sum(said.opinion[earlier] ** 2) / noise)
    return found
