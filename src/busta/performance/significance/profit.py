"""What bets are worth at an edge fitted to results: money from points.

Of a bet's expected profit, ``base`` is what it is where the market is right, about minus the vig, and
``gain`` is what each point adds by which the true mean lies on the bet's side of the market's. An edge
of beta moves the mean by beta * opinion, so the expected ROI of bets is a straight line in beta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from busta.errors import UsageError
from busta.performance.significance.margin import MARGIN_SD

__all__ = ["PROFIT_LEVEL", "ExpectedRoi", "bet_values", "expected_roi", "worth_staking"]

Floats = NDArray[np.float64]

PROFIT_LEVEL = 0.965
"""Level of the bound of the fitted edge at which profit is asked for. At .95 a candidate that was chosen
among 20 and loses half a per cent is called profitable in 3.4 % of the worlds of `honesty`, here in 2.3 %."""


@dataclass(frozen=True, eq=False)
class ExpectedRoi:
    """Expected ROI of a set of bets as a function of beta: base + gain * beta.

    Attributes:
        base: Where the market is right, shape (...); NaN where nothing was bet.
        gain: Added by each unit of beta.
    """

    base: Floats
    gain: Floats

    def at(self, beta: ArrayLike) -> Floats:
        """Expected ROI at an edge of beta, such as `Edge.bound`; profit at its word at beta = 1."""
        roi: Floats = self.base + self.gain * np.asarray(beta, dtype=np.float64)
        return roi

    @property
    def break_even(self) -> Floats:
        """The beta at which the bets neither win nor lose; NaN where the gain is not above 0."""
        return -self.base / np.where(self.gain > 0, self.gain, np.nan)


def bet_values(price: ArrayLike, distance: ArrayLike = 0.0, sd: float = MARGIN_SD) -> tuple[Floats, Floats]:
    """Base and gain of a bet on a side at a line, the result normal around the market's mean.

    Win = Phi(distance / sd); base = win * price - 1; gain = price * phi(distance / sd) / sd. Pushes, which
    pay nothing either way, are halved between the sides, which changes the base by the vig times half of
    their share. Where win and lose are known, `busta.betting.odds.edge` is the better base.

    >>> [float(part) for part in np.round(bet_values(1 + 100 / 110), 4)]
    [-0.0455, 0.0573]

    Args:
        price: Decimal price of the bet.
        distance: Points by which the market's mean lies on the bet's side of the line: its mean minus
            the line for the first side, the line minus its mean for the second.
        sd: Of the result, in points.

    Raises:
        UsageError: A price not above 1, or an sd that is not above 0.
    """
    price = np.asarray(price, dtype=np.float64)
    if (price <= 1).any() or not sd > 0:
        raise UsageError(f"a price that is not above 1, or an sd of {sd}; decimal prices and a positive sd are needed")
    distance = np.asarray(distance, dtype=np.float64) / sd
    density = np.exp(-(distance**2) / 2) / (np.sqrt(2 * np.pi) * sd)
    return np.asarray(ndtr(distance) * price - 1), price * density


def expected_roi(opinion: ArrayLike, stake: ArrayLike, base: ArrayLike, gain: ArrayLike) -> ExpectedRoi:
    """Expected ROI of the bets, each on the side of its opinion.

    Args:
        opinion: Points, shape (..., n); its sign is the side that is bet. Only the size counts here.
        stake: Of each game, 0 where nothing is bet (True and False do), shape (..., n).
        base: From `bet_values`, of the side bet, or one for all.
        gain: The same.

    Raises:
        UsageError: A stake below 0 or NaN, or a bet without an opinion, a base or a gain.
    """
    stake = np.asarray(stake, dtype=np.float64)
    if not (stake >= 0).all():
        raise UsageError("a stake is negative or NaN; a stake is 0 or more")
    points = np.abs(np.asarray(opinion, dtype=np.float64))
    base, gain = np.asarray(base, dtype=np.float64), np.asarray(gain, dtype=np.float64)
    if (np.isnan(points + base + gain) & (stake > 0)).any():
        raise UsageError("a bet has no opinion, base or gain")
    turnover = stake.sum(axis=-1)
    turnover = np.where(turnover > 0, turnover, np.nan)
    base_sum = np.where(stake > 0, stake * base, 0.0).sum(axis=-1)
    gain_sum = np.where(stake > 0, stake * gain * points, 0.0).sum(axis=-1)
    return ExpectedRoi(base_sum / turnover, gain_sum / turnover)


def worth_staking(beta: ArrayLike, opinion: ArrayLike, base: ArrayLike, gain: ArrayLike) -> NDArray[np.bool_]:
    """Where an opinion clears the price at an edge of beta: base + gain * beta * |opinion| > 0.

    With beta at the lower bound of the fitted edge these are the bets that real money may be put on.

    >>> worth_staking(0.5, [1.0, -3.0], *bet_values(1 + 100 / 110)).tolist()
    [False, True]
    """
    points, beta = np.abs(np.asarray(opinion, dtype=np.float64)), np.asarray(beta, dtype=np.float64)
    base, gain = np.asarray(base, dtype=np.float64), np.asarray(gain, dtype=np.float64)
    clears: NDArray[np.bool_] = base + gain * beta * points > 0
    return clears
