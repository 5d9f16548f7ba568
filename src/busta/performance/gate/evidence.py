"""What several checks read off a case: scores by week, paired losses, and what bets are worth at an edge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.odds import edge
from busta.performance.opinions import opinions
from busta.performance.significance.margin import Scores, fitted_edge, weekly_scores
from busta.performance.significance.profit import ExpectedRoi, expected_roi
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import log_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation import Bets

    Floats = NDArray[np.float64]

__all__ = [
    "bets_worth",
    "close_scores",
    "expected_gap",
    "information_scores",
    "move_scores",
    "paired_difference",
]


def information_scores(forecasts: Forecasts) -> Scores:
    """Week sums of the model's opinion times what the line missed."""
    said = opinions(forecasts)
    return weekly_scores(said.opinion, said.residual, forecasts.weeks, said.sd, exact=said.exact)


def close_scores(forecasts: Forecasts) -> Scores:
    """Week sums of the line's move from the bet to the close times what the line had missed: does the close learn?"""
    said = opinions(forecasts)
    return weekly_scores(said.move, said.residual, forecasts.weeks, said.sd)


def move_scores(forecasts: Forecasts) -> Scores:
    """Week sums of the model's opinion times the line's move from the bet to the close."""
    said = opinions(forecasts)
    moved = said.move[~np.isnan(said.move)]
    sd = float(np.sqrt(np.mean(moved**2))) if moved.any() else 1.0
    return weekly_scores(said.opinion, said.move, forecasts.weeks, sd)


def paired_difference(p: Floats, other: Floats, y: Floats, weeks: NDArray[np.int64]) -> tuple[float, float, float]:
    """Mean log loss of the one less the other's on the games that both forecast, and its 95 % interval by week."""
    rows = ~np.isnan(p + other + y)
    gap = log_losses(p[rows], y[rows]) - log_losses(other[rows], y[rows])
    if not rows.any():
        return np.nan, np.nan, np.nan
    return float(gap.mean()), *weekly_ratio_interval(gap, 1.0, weeks[rows])


def expected_gap(forecasts: Forecasts, bar: str, level: float) -> tuple[float, float]:
    """Upper bound of the log loss less the bar's that is to be expected, and the share of the opinions it rests on.

    Where the bar says q, the model p, and the share beta of its opinion is right, a win has the chance
    q + beta * gain * opinion. The expected difference is linear in beta, to second order (1 - 2 beta) times half
    the mean of (p - q)**2 / (q (1 - q)): a model of whose opinions more than half is right beats the bar. The bound
    is its value at the one-sided lower bound of beta; where there is a line, beta is fitted to how far results lay
    from it, which tells more than who covered.
    """
    q = forecasts.baselines[bar]
    held = replace(forecasts, baselines=forecasts.baselines | {forecasts.bar: q})
    right = float(fitted_edge(information_scores(held), level).bound)
    if np.isnan(right):
        return np.nan, np.nan
    said = opinions(held)
    win = q + right * said.gain * said.opinion
    if_won, if_lost = (
        log_losses(forecasts.probability, y) - log_losses(q, y) for y in (np.ones_like(q), np.zeros_like(q))
    )
    return float(np.nanmean(win * if_won + (1 - win) * if_lost)), right


def bets_worth(forecasts: Forecasts, bets: Bets) -> ExpectedRoi:
    """Expected ROI of the bets, one unit each, as a straight line in the fitted edge.

    The base is the bet's edge by the line it is bet against; an opinion moves it by the density of the
    result at the line (or of the log-odds at the probability) times the price.
    """
    chosen = forecasts.take(bets.game)
    said = opinions(chosen)
    p, decided = chosen.baselines[forecasts.bar], 1 - chosen.triples[:, 1]
    win = np.where(bets.first_side, p, 1 - p) * decided
    base = edge(win, decided - win, bets.price)
    toward = np.where(bets.first_side, 1.0, -1.0) * said.opinion  # a bet against its own opinion loses by it
    known = ~np.isnan(base + toward)
    stakes = np.ones(int(known.sum()))
    gain = (np.sign(toward) * bets.price * said.gain)[known]
    return expected_roi(toward[known], stakes, base[known], gain)
