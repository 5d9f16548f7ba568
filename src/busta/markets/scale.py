"""How far what decides a market lies from its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.plugins import League, Market

__all__ = ["sd_around_line"]

LEAST = 0.5
"""Points; a handful of results may all be pushes."""


def sd_around_line(league: League, market: Market, value: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    """Standard deviation of what decides a market around its line, in points.

    Of the final margin and total the league knows it; of anything else it is the root mean square of
    ``value - line`` on the games given, and half a point at least.
    """
    known = {"margin": league.margin_sd, "total": league.total_sd}
    if market.score is None and market.quantity in known:
        return known[market.quantity]
    missed = (value - line)[~np.isnan(value - line)]
    return max(LEAST, float(np.sqrt(np.mean(missed**2)))) if missed.size else LEAST
