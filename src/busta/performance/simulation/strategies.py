"""What anybody could have bet on the same games at the same prices, without a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.settlement import settle
from busta.performance.simulation.bets import lay
from busta.performance.simulation.choice import favourites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bets import Bets

    Rows = NDArray[np.intp]

__all__ = ["as_forecast_by", "coin_luck", "either_side", "names", "strategy", "tosses"]

COINS = 1000
CELLS = 4_000_000  # tosses held at a time
_LUCK = {"low": 0.025, "median": 0.5, "high": 0.975}


def names(forecasts: Forecasts) -> tuple[str, ...]:
    """The strategies of a market: both sides, favourite and underdog, a coin.

    Of a total the favourite is whichever side has the shorter price; it is left out there, as most
    have none.
    """
    roles = ("favourite", "underdog") if forecasts.market.quantity == "margin" else ()
    return (*forecasts.market.sides, *roles, "coin")


def strategy(name: str, forecasts: Forecasts, rows: Rows, seed: int = 0) -> Bets:
    """That strategy's bets on those games, at their prices; the coin is seeded."""
    side = np.full(len(forecasts), -1, dtype=np.intp)
    side[rows] = _picks(name, forecasts, seed)[rows]
    return lay(side, forecasts.prices)


def _picks(name: str, forecasts: Forecasts, seed: int) -> Rows:
    if name in forecasts.market.sides:
        return np.full(len(forecasts), forecasts.market.sides.index(name), dtype=np.intp)
    if name == "coin":
        return np.random.default_rng(seed).integers(2, size=len(forecasts)).astype(np.intp)
    favourite = favourites(forecasts)
    return np.where(favourite < 0, -1, favourite if name == "favourite" else 1 - favourite).astype(np.intp)


def coin_luck(forecasts: Forecasts, rows: Rows, slippage: float = 0.0, seed: int = 0) -> dict[str, float]:
    """ROI of a thousand coins, a flat unit on each of those games: ``low`` and ``high`` of 95 %, and ``median``."""
    both = either_side(forecasts, rows, slippage)
    both = both[~np.isnan(both).any(axis=1)]
    if not len(both):
        return dict.fromkeys(_LUCK, np.nan)
    gained = [both[:, 0].sum() + heads @ (both[:, 1] - both[:, 0]) for heads in tosses(len(both), seed)]
    found = np.quantile(np.concatenate(gained) / len(both), list(_LUCK.values()))
    return dict(zip(_LUCK, found.tolist(), strict=True))


def either_side(forecasts: Forecasts, rows: Rows, slippage: float) -> NDArray[np.float64]:
    """What a unit on the first and one on the second side earned, shape (rows, 2); NaN where nobody knows."""
    prices = 1 + (forecasts.prices[rows] - 1) * (1 - slippage)
    value, line = forecasts.value[rows], forecasts.line[rows]
    return settle(value[:, None], line[:, None], np.array([True, False]), prices)


def tosses(games: int, seed: int) -> Iterator[NDArray[np.int8]]:
    """A thousand coins on so many games, some of them at a time: 0 or 1, shape (coins, games)."""
    rng = np.random.default_rng(seed)
    for coins in np.diff([*range(0, COINS, max(1, CELLS // games)), COINS]):
        yield rng.integers(2, size=(coins, games), dtype=np.int8)


def as_forecast_by(other: Forecasts, forecasts: Forecasts) -> Forecasts:
    """The same games, lines and prices with another model's probabilities.

    A game that the other did not forecast, or at another line, has none.
    """
    place = {game: row for row, game in enumerate(other.games["game_id"].to_list())}
    at = np.array([place.get(game, -1) for game in forecasts.games["game_id"].to_list()], dtype=np.intp)
    there = at >= 0
    there[there] = other.line[at[there]] == forecasts.line[there]
    triples, mean = np.full((len(forecasts), 3), np.nan), np.full(len(forecasts), np.nan)
    triples[there], mean[there] = other.triples[at[there]], other.mean[at[there]]
    decided = triples[:, 0] + triples[:, 2]
    with np.errstate(invalid="ignore"):
        return replace(forecasts, triples=triples, mean=mean, probability=triples[:, 0] / decided)
