"""Every figure of a ledger. One that does not apply is NaN; `reasons` says why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from busta.performance.simulation.bankroll import simulate
from busta.performance.simulation.ruin import RUIN, risk_of_ruin
from busta.scoring.intervals import weekly_ratio_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from busta.betting.staking_rules import Staking
    from busta.performance.simulation.bankroll import Ledger

    Floats = NDArray[np.float64]

__all__ = [
    "PERIOD",
    "TOO_FEW",
    "account",
    "by_reason",
    "counts",
    "drawdown",
    "enough",
    "flat_account",
    "kelly_growth",
    "log_growth",
    "longest_losing_run",
    "no_bets",
    "reasons",
]

FEWEST_BETS = 20
"""With fewer, all may have won or lost alike, and an interval made from how they differ would be far too short."""
FEWEST_OF_EACH = 5
"""Bets won and bets lost: of a hundred long shots of which none has won yet, nothing is known."""
TOO_FEW = (
    f"fewer than {FEWEST_BETS} bets with a stake, {FEWEST_OF_EACH} of them won and {FEWEST_OF_EACH} lost, or bets of a "
    "single week, say too little of how weeks differ"
)
_LUCK = "the interval of the ROI seen is not above 0: it may be luck, and from luck nothing can be counted"
PERIOD = "a week with bets"
"""What volatility, Sharpe and Sortino ratio are of; none is annualised."""


def account(ledger: Ledger, *, ruin: float = RUIN, seed: int = 0) -> dict[str, float]:
    """`flat_account` and the figures of bets at the stakes they were placed with.

    - ``unstaked`` bets were settled but got no stake: the rule saw no edge, or the bankroll was gone.
    - ``turnover``, ``profit`` and ``roi`` are at the stakes, in the currency of the bankroll.
    - ``volatility`` is the standard deviation of a week's return on the bankroll at its start,
      ``sharpe`` the mean over it (Sharpe 1966), ``sortino`` the mean over the root mean square of the
      losing weeks' returns, all weeks counted (Sortino and van der Meer 1991).
    - ``drawdown_weeks`` runs from the peak before the deepest fall to the recovery, or to the end.

    Whatever is made from how weeks differ needs `enough` bets with a stake.
    """
    depth, length = drawdown(ledger)
    end = float(ledger.path[-1])
    return {
        **flat_account(ledger),
        "unstaked": int((ledger.settled & (ledger.stake == 0)).sum()),
        "turnover": float(ledger.stake[ledger.settled].sum()),
        "profit": float(np.nansum(ledger.profit)),
        **_roi(ledger, ""),
        "bankroll_end": end,
        "bankroll_growth": end / ledger.first - 1,
        **_returns(ledger),
        "max_drawdown": depth,
        "drawdown_weeks": length,
        "longest_losing_run": longest_losing_run(ledger),
        "risk_of_ruin": risk_of_ruin(ledger, ruin, seed=seed) if _enough(ledger, ledger.share) else np.nan,
    }


def flat_account(ledger: Ledger) -> dict[str, float]:
    """The figures of bets at one unit each, whatever was staked.

    - ``bets`` are those settled, pushes included; ``voids`` have no result and are in no other figure.
    - ``hit_rate`` is the share won of the bets won or lost, ``mean_price`` their mean price and
      ``break_even_hit_rate`` the mean of 1 / price: what they have to hit so as not to lose.
    - ``claimed_edge`` is the mean edge of the settled bets as it was claimed when they were placed.
    - ``unit_profit`` is in units; ``unit_roi`` has its 95 % interval by week.
    """
    count = counts(ledger)
    decided = ledger.settled & (ledger.unit_profit != 0)
    flat = replace(ledger, stake=ledger.settled.astype(np.float64), profit=ledger.unit_profit)
    return {
        **count,
        "hit_rate": _ratio(count["won"], count["won"] + count["lost"]),
        "break_even_hit_rate": _mean(1 / ledger.bets.price[decided]),
        "mean_price": _mean(ledger.bets.price[decided]),
        "claimed_edge": _mean(ledger.bets.edge[ledger.settled]),
        "unit_profit": float(np.nansum(ledger.unit_profit)),
        **_roi(flat, "unit_"),
    }


def counts(ledger: Ledger) -> dict[str, int]:
    """Bets settled, voids, pushes, won and lost."""
    settled, profit = int(ledger.settled.sum()), ledger.unit_profit
    won, lost = int((profit > 0).sum()), int((profit < 0).sum())
    return {
        "bets": settled,
        "voids": len(profit) - settled,
        "pushes": settled - won - lost,
        "won": won,
        "lost": lost,
    }


def enough(won: float, lost: float, bets: float) -> bool:
    """Whether so many bets, or games picked right and wrong, may say how weeks differ."""
    return bets >= FEWEST_BETS and min(won, lost) >= FEWEST_OF_EACH


def drawdown(ledger: Ledger) -> tuple[float, int]:
    """The deepest fall below an earlier week's end, as a share of it, and the weeks from that peak to recovery."""
    path = ledger.path
    peak = np.maximum.accumulate(path)
    fall = 1 - path / peak
    bottom = int(np.argmax(fall))
    if not fall[bottom] > 0:
        return 0.0, 0
    top = int(np.flatnonzero(path[:bottom] == peak[bottom])[-1])
    back = np.flatnonzero(path[bottom:] >= peak[bottom])
    return float(fall[bottom]), int(bottom + back[0] if back.size else len(path) - 1) - top


def longest_losing_run(ledger: Ledger) -> int:
    """Most bets lost one after the other, in order of time; a push neither counts nor ends it."""
    order = np.argsort(ledger.week, kind="stable")
    profit = ledger.unit_profit[order]
    lost = profit[(profit != 0) & ~np.isnan(profit)] < 0
    ends = np.flatnonzero(np.concatenate(([True], ~lost, [True])))
    return int(np.diff(ends).max()) - 1


def log_growth(ledger: Ledger) -> float:
    """Growth of the log bankroll; minus infinity when it was lost."""
    with np.errstate(divide="ignore"):
        return float(np.log(ledger.path[-1] / ledger.first))


def kelly_growth(ledger: Ledger, value: ArrayLike, line: ArrayLike, weeks: ArrayLike, staking: Staking) -> float:
    """`log_growth` of the same bets with capped fractional Kelly stakes; NaN without probabilities or bets."""
    if np.isnan(ledger.bets.edge).any() or not ledger.settled.any():
        return np.nan
    kelly = replace(staking, rule="fractional-kelly")
    return log_growth(simulate(ledger.bets, value, line, weeks, kelly, bankroll=ledger.first))


def no_bets(figures: Mapping[str, float]) -> str:
    """Why figures without a settled bet are empty."""
    return "no bet was settled" if figures.get("voids") else "no bet was placed"


def reasons(figures: Mapping[str, float], *, probabilities: bool = True) -> dict[str, str]:
    """Why each figure of `account`, or of a part of it, that is NaN or infinite does not apply."""
    empty = [name for name, figure in figures.items() if not np.isfinite(figure)]
    if not figures["bets"]:
        return dict.fromkeys(empty, no_bets(figures))
    staked = TOO_FEW if figures.get("turnover", 1) else "nothing was staked"
    why = dict.fromkeys(("roi", "roi_low", "roi_high", "volatility", "sharpe", "sortino", "risk_of_ruin"), staked)
    if not np.isnan(figures.get("volatility", np.nan)):
        why |= {"sharpe": "weekly returns do not differ", "sortino": "no week lost"}
    why |= dict.fromkeys(("hit_rate", "break_even_hit_rate", "mean_price"), "every bet was a push")
    why |= dict.fromkeys(("unit_roi_low", "unit_roi_high"), TOO_FEW)
    why |= dict.fromkeys(("luck_low", "luck_median", "luck_high"), "no game has a result and a price of both sides")
    why |= {
        "kelly_growth": "the bankroll was lost",
        "bets_needed_claimed": "the edge claimed is none, or a certainty",
        "bets_needed_seen": TOO_FEW if np.isnan(figures.get("unit_roi_low", np.nan)) else _LUCK,
    }
    if not probabilities:
        unknown = ("claimed_edge", "kelly_growth", "bets_needed_claimed")
        why |= dict.fromkeys(unknown, "this strategy has no probabilities")
    return {name: why[name] for name in empty if name in why}


def by_reason(why: dict[str, str]) -> str:
    """Figures with the same reason together.

    >>> by_reason({"roi": "no bets", "clv": "no close", "hit_rate": "no bets"})
    'roi, hit_rate: no bets; clv: no close'
    """
    return "; ".join(
        f"{', '.join(name for name in why if why[name] == reason)}: {reason}" for reason in dict.fromkeys(why.values())
    )


def _enough(ledger: Ledger, stake: Floats) -> bool:
    """`enough` of the settled bets that those stakes or shares are on."""
    profit = ledger.unit_profit[ledger.settled & (stake > 0)]
    return enough((profit > 0).sum(), (profit < 0).sum(), len(profit))


def _returns(ledger: Ledger) -> dict[str, float]:
    """Volatility, Sharpe and Sortino ratio of weekly returns, weeks after the bankroll was lost left out."""
    known = (ledger.start > 0) & (np.bincount(ledger.week, ledger.settled, minlength=len(ledger.weeks)) > 0)
    returns = ledger.end[known] / ledger.start[known] - 1
    if len(returns) < 2 or not _enough(ledger, ledger.stake):  # noqa: PLR2004
        return dict.fromkeys(("volatility", "sharpe", "sortino"), np.nan)
    spread, down = float(returns.std(ddof=1)), float(np.sqrt(np.mean(np.minimum(returns, 0) ** 2)))
    return {
        "volatility": spread,
        "sharpe": _ratio(returns.mean(), spread),
        "sortino": _ratio(returns.mean(), down),
    }


def _roi(ledger: Ledger, prefix: str) -> dict[str, float]:
    """Profit over stakes, with its interval by week."""
    known = ledger.settled
    profit, stake, week = ledger.profit[known], ledger.stake[known], ledger.week[known]
    low, high = np.nan, np.nan
    if _enough(ledger, ledger.stake):
        low, high = weekly_ratio_interval(profit, stake, week)
    return {f"{prefix}roi": _ratio(profit.sum(), stake.sum()), f"{prefix}roi_low": low, f"{prefix}roi_high": high}


def _ratio(above: float, below: float) -> float:
    return float(above) / float(below) if below else np.nan


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else np.nan
