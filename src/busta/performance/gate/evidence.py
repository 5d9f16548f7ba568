"""What several checks read off a case: opinions and results in the market's own units, and what bets are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit, ndtri

from busta.betting.odds import edge
from busta.performance.significance.margin import Scores, weekly_scores
from busta.performance.significance.profit import ExpectedRoi, bet_values, expected_roi
from busta.scoring.intervals import weekly_ratio, weekly_ratio_interval
from busta.scoring.proper import log_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation import Bets

    Floats = NDArray[np.float64]

__all__ = [
    "Opinions",
    "bets_worth",
    "close_scores",
    "information_scores",
    "move_scores",
    "opinions",
    "paired_difference",
]

SMALLEST = 1e-9  # probabilities are held this far from 0 and 1, inside logarithms only


@dataclass(frozen=True, eq=False)
class Opinions:
    """Where the model differs from the line it is bet against, and what the line missed; shape (n,) each.

    A line says where the middle of a margin or total is, so there all is in points: the line moved by
    sd * Phi^-1 of a probability at it. A moneyline says how likely a win is and nothing of the margin:
    there opinions are in log-odds, and what was missed is the result less the probability q. Margins would
    call a model informed that merely knows that a favourite at 1.10 does not win by as much as a normal
    would have it. With s = sqrt(q (1 - q)) a residual is divided by s and an opinion multiplied by it
    (Pearson): their product, the score, stays as it is, and the slope of the one on the other is the share
    of the opinion that is right, as it is in points.

    Attributes:
        opinion: The model's less the line's.
        residual: What happened less what the line said.
        sd: Of a residual where there is nothing to know.
        move: The closing line's less the line's.
        gain: What a unit of opinion, if right, adds to the first side's chance to win.
    """

    opinion: Floats
    residual: Floats
    sd: Floats
    move: Floats
    gain: Floats


def opinions(forecasts: Forecasts) -> Opinions:
    """The model's opinions on those games, in points or in log-odds."""
    model, line, close = (
        np.clip(p, SMALLEST, 1 - SMALLEST)
        for p in (forecasts.probability, forecasts.baselines[forecasts.bar], forecasts.baselines["closing_line"])
    )
    if not forecasts.market.has_line:
        s = np.sqrt(line * (1 - line))
        opinion, move = (s * (logit(p) - logit(line)) for p in (model, close))
        return Opinions(opinion, (forecasts.y - line) / s, np.ones(len(forecasts)), move, s)
    league = forecasts.league
    sd = league.margin_sd if forecasts.market.quantity == "margin" else league.total_sd
    middle = sd * ndtri(line)  # of the market's distribution, from the line
    opinion, move = (sd * ndtri(p) - middle for p in (model, close))
    _, gain = bet_values(2.0, middle, sd)
    residual = forecasts.value - forecasts.line - middle
    return Opinions(opinion, residual, np.full(len(forecasts), sd), move, gain / 2.0)


def information_scores(forecasts: Forecasts) -> Scores:
    """Week sums of the model's opinion times what the line missed."""
    said = opinions(forecasts)
    return weekly_scores(said.opinion, said.residual, forecasts.weeks, said.sd)


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
    return weekly_ratio(gap, 1.0, weeks[rows])[0], *weekly_ratio_interval(gap, 1.0, weeks[rows])


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
