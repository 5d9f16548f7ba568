"""Where the profit came from: the same bets by size of edge, by role, by side; closing-line value by size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.performance.simulation.choice import favourites
from busta.performance.simulation.closing import closing_edge
from busta.performance.simulation.sensitivity import brief

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bankroll import Ledger
    from busta.performance.simulation.bets import Bets

    Mask = NDArray[np.bool_]

__all__ = ["closing_histogram", "parts_of"]

EDGES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1)
"""Ends of the sizes of edge that are looked at, after the least edge that was asked for."""
_WIDTHS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_BARS = 40


def parts_of(ledger: Ledger, forecasts: Forecasts, min_edge: float) -> list[dict[str, Any]]:
    """One entry a part that has bets: ``by``, ``part`` and the figures of `brief`, at one flat unit a bet."""
    bets = ledger.bets
    return [
        {"by": by, "part": part} | brief(bets.take(rows), forecasts)
        for by, part, rows in _parts(bets, forecasts, min_edge)
        if rows.any()
    ]


def _parts(bets: Bets, forecasts: Forecasts, min_edge: float) -> Iterator[tuple[str, str, Mask]]:
    edges = [min_edge, *(edge for edge in EDGES if edge > min_edge + 1e-9), np.inf]
    for low, high in pairwise(edges):
        name = f"{100 * low:g}% or more" if np.isinf(high) else f"{100 * low:g}% to {100 * high:g}%"
        yield "edge claimed", name, (bets.edge >= low) & (bets.edge < high)
    role = favourites(forecasts)[bets.game]
    on_it = (role == 0) == bets.first_side
    yield "role", "favourite", (role >= 0) & on_it
    yield "role", "underdog", (role >= 0) & ~on_it
    yield "role", "neither", role < 0
    for place, side in enumerate(forecasts.market.sides):
        yield "side", side, bets.first_side == (place == 0)


def closing_histogram(ledger: Ledger, forecasts: Forecasts) -> list[dict[str, float]]:
    """How many bets had a closing-line value from ``low`` to ``high``; empty where none has one.

    Bins have a round width, one of them begins at 0.
    """
    if forecasts.moment == "close":
        return []
    value = closing_edge(ledger.bets, forecasts)[ledger.settled]
    value = value[~np.isnan(value)]
    if not value.size:
        return []
    least, most = float(value.min()), float(value.max())
    width = next((width for width in _WIDTHS if (most - least) / width <= _BARS), _WIDTHS[-1])
    ends = np.arange(np.floor(least / width), np.floor(most / width) + 2) * width
    counts = np.histogram(value, ends)[0]
    return [
        {"low": float(low), "high": float(high), "bets": int(bets)}
        for (low, high), bets in zip(pairwise(ends), counts, strict=True)
    ]
