"""Opinions and results in the market's own units: where a model differs from the line, and what the line missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit, ndtri

from busta.markets.scale import sd_around_line
from busta.performance.significance.profit import bet_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts

    Floats = NDArray[np.float64]

__all__ = ["Opinions", "opinions"]

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
        exact: Whether the sd is known and no guess, as it is where a probability gives it.
    """

    opinion: Floats
    residual: Floats
    sd: Floats
    move: Floats
    gain: Floats
    exact: bool


def opinions(forecasts: Forecasts) -> Opinions:
    """The model's opinions on those games, in points or in log-odds."""
    model, line, close = (
        np.clip(p, SMALLEST, 1 - SMALLEST)
        for p in (forecasts.probability, forecasts.baselines[forecasts.bar], forecasts.baselines["closing_line"])
    )
    if not forecasts.market.has_line:
        s = np.sqrt(line * (1 - line))
        opinion, move = (s * (logit(p) - logit(line)) for p in (model, close))
        return Opinions(opinion, (forecasts.y - line) / s, np.ones(len(forecasts)), move, s, exact=True)
    sd = sd_around_line(forecasts.league, forecasts.market, forecasts.value, forecasts.line)
    middle = sd * ndtri(line)  # of the market's distribution, from the line
    opinion, move = (sd * ndtri(p) - middle for p in (model, close))
    _, gain = bet_values(2.0, middle, sd)
    residual = forecasts.value - forecasts.line - middle
    return Opinions(opinion, residual, np.full(len(forecasts), sd), move, gain / 2.0, exact=False)
