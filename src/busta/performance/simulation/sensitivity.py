"""What is left when the price was worse, or the market's probability is read another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from busta.betting.odds import VIG_METHODS, remove_vig
from busta.performance.simulation.bankroll import simulate
from busta.performance.simulation.bets import slip
from busta.performance.simulation.choice import choose, within
from busta.performance.simulation.closing import closing_value
from busta.performance.simulation.figures import flat_account
from busta.scoring.proper import log_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bets import Bets
    from busta.performance.simulation.choice import Choice

    Floats = NDArray[np.float64]

__all__ = ["SLIPPAGES", "brief", "by_slippage", "by_vig_method", "read_by"]

SLIPPAGES = (0.0, 0.01, 0.02, 0.05)
_SHOWN = (
    "bets",
    "pushes",
    "hit_rate",
    "break_even_hit_rate",
    "claimed_edge",
    "unit_profit",
    "unit_roi",
    "unit_roi_low",
    "unit_roi_high",
)


def by_slippage(forecasts: Forecasts, bets: Bets, slippages: Sequence[float] = SLIPPAGES) -> list[dict[str, float]]:
    """The same bets, one unit each, had each price paid so much less of its profit."""
    rows = []
    for slippage in slippages:
        worse = slip(bets, slippage)
        rows.append({"slippage": slippage} | brief(worse, forecasts))
    return rows


def by_vig_method(
    forecasts: Forecasts, choice: Choice, base: str = "multiplicative", slippage: float = 0.0
) -> list[dict[str, float | str]]:
    """Bets chosen and their closing-line value, had the vig been removed by each method.

    ``closing_log_loss`` is that of the close so read, on the games of the seasons and teams that are
    looked at.
    """
    rows: list[dict[str, float | str]] = []
    inside = within(forecasts, choice)
    for method in VIG_METHODS:
        read = read_by(forecasts, method, base)
        bets = slip(choose(read, choice).bets, slippage)
        p = read.baselines["closing_line"]
        known = inside & ~np.isnan(p + read.y)
        loss = log_loss(p[known], read.y[known]) if known.any() else np.nan
        rows.append({"method": method} | brief(bets, read) | {"closing_log_loss": loss})
    return rows


def read_by(forecasts: Forecasts, method: str, base: str = "multiplicative") -> Forecasts:
    """The forecasts, had the vig been removed by another method than the ``base`` they were made with.

    An anchored model moves with the market's log-odds that it starts from, its correction held; a
    blind one does not. The close moves likewise. Pushes stay; so does a game without both prices.

    Raises:
        UsageError: An unknown method.
    """
    now = _shift(forecasts.prices, method, base)
    then = _shift(forecasts.closing_prices, method, base)
    triples = forecasts.triples if forecasts.blind else _moved(forecasts.triples, now)
    closing = _moved(forecasts.closing, then)
    closing_line = _moved_probability(forecasts.baselines["closing_line"], then)
    return replace(
        forecasts,
        triples=triples,
        probability=forecasts.probability if forecasts.blind else _moved_probability(forecasts.probability, now),
        closing=closing,
        baselines=forecasts.baselines | {"closing_line": closing_line},
    )


def brief(bets: Bets, forecasts: Forecasts) -> dict[str, float]:
    """The few figures at one flat unit a bet that a row of a small table holds, and closing-line value."""
    figures = flat_account(simulate(bets, forecasts.value, forecasts.line, forecasts.weeks))
    return {name: figures[name] for name in _SHOWN} | closing_value(bets, forecasts)


def _shift(prices: Floats, method: str, base: str) -> Floats:
    """By how much the log-odds of the first side move, 0 where a price is missing."""
    shift: Floats = logit(remove_vig(prices, method)[:, 0]) - logit(remove_vig(prices, base)[:, 0])
    return np.nan_to_num(shift)


def _moved_probability(p: Floats, shift: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.where(shift == 0, p, expit(logit(p) + shift))


def _moved(triples: Floats, shift: Floats) -> Floats:
    """Win, push and lose with that shift of the log-odds of win against lose."""
    decided = triples[:, 0] + triples[:, 2]
    share = np.divide(triples[:, 0], decided, out=np.full(len(triples), 0.5), where=decided > 0)
    win = _moved_probability(share, shift) * decided
    return np.where((shift == 0)[:, None], triples, np.column_stack((win, triples[:, 1], decided - win)))
