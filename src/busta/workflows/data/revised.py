"""Revised: what became of the games that a version was judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.performance.forecasts import Forecasts

__all__ = ["revised"]


def revised(forecasts: Forecasts, data: Dataset) -> dict[str, list[str]]:
    """Ids of the games that today's table does not have, or not as they were, by what of them it is.

    Args:
        forecasts: The games as they were judged.
        data: The table of the same market, information and moment, as it is now.

    Returns:
        In order of time under ``gone`` (no such game, or nothing to bet at), ``result`` (margin or total), ``line``,
        ``price`` and, where the open was bet, ``close``; what did not happen is left out.
    """
    ids = forecasts.games["game_id"]
    at = data.games.with_row_index("at").select("game_id", "at")
    place = forecasts.games.select("game_id").join(at, on="game_id", how="left", maintain_order="left")["at"]
    there = place.is_not_null().to_numpy()
    then, now = forecasts.take(there), data.take(place.drop_nulls().to_numpy().astype(np.int64))
    differ = {
        "result": _differ(then.value, now.value),
        "line": _differ(then.line, now.line),
        "price": _differ(then.prices, now.prices),
    }
    if forecasts.moment == "open":
        differ["close"] = _differ(then.closing_line, now.closing_line) | _differ(
            then.closing_prices, now.closing_prices
        )
    found = {"gone": ids.filter(~there).to_list()}
    found |= {what: then.games["game_id"].filter(rows).to_list() for what, rows in differ.items()}
    return {what: games for what, games in found.items() if games}


def _differ(then: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.bool_]:
    """In which rows anything differs; what was not known and is not known is the same."""
    same = np.isclose(then, now, rtol=0, atol=1e-9, equal_nan=True)
    return ~np.asarray(same if same.ndim == 1 else same.all(axis=1))
