"""How much to stake on bets that stand side by side: the log-optimal portfolio of a week."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import numbers
from busta.errors import UsageError

__all__ = ["simultaneous_kelly"]

Floats = NDArray[np.float64]

GAP = 1e-9  # growth that the answer may lack, in log bankroll
FEW_STEPS, MOST_STEPS = 30, 200
MOST_HALVINGS = 60
RIDGE = 1e-12  # of each asset's curvature: two bets that are one leave a direction without any
ROUNDING = 1e-15  # growth that a step may seem to cost
SHRINK = 100.0  # of the barrier, each time its own optimum is near
NOTHING = 1e-7  # a share below this is the trace of the barrier
SPARE = 1e-12  # of each share, so that rounding cannot let their sum exceed 1


def simultaneous_kelly(profits: ArrayLike, chances: ArrayLike | None = None) -> Floats:
    """Shares of the bankroll, none negative, their sum at most 1, that maximise E log(1 + profits @ shares).

    Cash is one more asset, so it is the log-optimal portfolio of Cover 1984 (for bets: Thorp 2006,
    Whitrow 2007). From all cash, Newton steps go over the assets that are held or worth holding,
    until Cover's bound on what is lacking, max_i E[R_i / R(shares)] - 1, is below 1e-9. Where bets
    hedge each other until hardly a scenario is a loss, these can get stuck; there the steps are taken
    under a logarithmic barrier that shrinks, slower and surer. A bet that adds nothing gets nothing.

    Two independent even bets won with .6 each (m = .2) get m / (1 + m**2), less than the .2 of one alone:

    >>> simultaneous_kelly([[1, 1], [1, -1], [-1, 1], [-1, -1]], [0.36, 0.24, 0.24, 0.16]).round(4)
    array([0.1923, 0.1923])

    Args:
        profits: Profit of one unit on each bet in each scenario, shape (scenarios, bets), -1 or more.
        chances: Of each scenario, shape (scenarios,); equal unless given.

    Returns:
        Shape (bets,).

    Raises:
        UsageError: Shapes that do not fit, a profit below -1 or missing, chances that do not sum to 1.
    """
    gross, chances = _checked(profits, chances)
    shares = _climbed(gross, chances)
    held: Floats = (1 - SPARE) * (_under_barrier(gross, chances) if shares is None else shares)[1:]
    return held


def _climbed(gross: Floats, chances: Floats) -> Floats | None:
    """The shares by Newton steps along the border, None if there are not enough of them."""
    root, weighted = np.sqrt(chances), np.empty_like(gross)
    shares: Floats = np.eye(1, len(gross))[0]
    wealth = np.ones(len(chances))
    for _ in range(FEW_STEPS):
        slope = gross @ (chances / wealth)
        if slope.max() - 1 < GAP:
            return shares
        np.multiply(gross, root / wealth, out=weighted)
        step = _newton(weighted @ weighted.T, slope, shares)
        shares, wealth = _moved(gross, chances, shares, wealth, step)
    return None


def _under_barrier(gross: Floats, chances: Floats) -> Floats:
    """The shares by Newton steps inside the border."""
    root, count = np.sqrt(chances), len(gross)
    shares, barrier = np.full(count, 1 / count), 1e-2
    for _ in range(MOST_STEPS):
        weighted = gross * (root / (shares @ gross))
        curve = weighted @ weighted.T + np.diag(barrier / shares**2)
        step = _tangent(curve, weighted @ root + barrier / shares)
        falling = step < 0
        shares = shares + min(1.0, 0.9 * (shares[falling] / -step[falling]).min(initial=2.0)) * step
        shares /= shares.sum()
        if step @ curve @ step < barrier:
            if barrier * count < GAP:
                break
            barrier /= SHRINK
    return np.where(shares < NOTHING, 0.0, shares)


def _checked(profits: ArrayLike, chances: ArrayLike | None) -> tuple[Floats, Floats]:
    """What a unit becomes in each scenario, cash first, shape (1 + bets, scenarios), and the chances."""
    profit = numbers("profits", profits)
    if profit.ndim != 2 or not len(profit):  # noqa: PLR2004
        raise UsageError(f"profits of shape {profit.shape}; a row a scenario and a column a bet are needed")
    if not ((profit >= -1) & (profit < np.inf)).all():
        raise UsageError("a profit is missing, infinite or below -1: no bet loses more than its stake")
    weights = np.full(len(profit), 1 / len(profit)) if chances is None else numbers("chances", chances)
    if weights.shape != (len(profit),) or not (weights >= 0).all() or abs(weights.sum() - 1) > 1e-6:  # noqa: PLR2004
        raise UsageError(f"chances of {len(profit)} scenarios must be 0 or more and sum to 1; got {weights.sum()}")
    gross = np.ones((1 + profit.shape[1], len(profit)))
    gross[1:] += profit.T
    return gross, weights / weights.sum()


def _newton(curve: Floats, slope: Floats, shares: Floats) -> Floats:
    """The Newton step that keeps the sum of the shares; an asset without a share is left out if it would fall."""
    free = np.flatnonzero((shares > 0) | (slope > 1))
    while True:
        curvature = curve[free][:, free]
        curvature.flat[:: len(free) + 1] *= 1 + RIDGE
        toward = _tangent(curvature, slope[free])
        kept = (toward >= 0) | (shares[free] > 0)
        if kept.all():
            break
        free = free[kept]
    step = np.zeros_like(shares)
    step[free] = toward
    return step


def _tangent(curve: Floats, slope: Floats) -> Floats:
    """The Newton step along which the sum stays."""
    ascent, even = np.linalg.solve(curve, np.array((slope, np.ones_like(slope))).T).T
    step: Floats = ascent - even * (ascent.sum() / even.sum())
    return step


def _moved(gross: Floats, chances: Floats, shares: Floats, wealth: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Shares and wealth after the longest of the halved steps that uses up one share at most and costs no growth."""
    falling = step < 0
    until_empty = np.divide(shares, -step, out=np.full_like(shares, np.inf), where=falling)
    stride = min(1.0, until_empty.min())
    for _ in range(MOST_HALVINGS):
        after = np.where(until_empty <= stride, 0.0, shares + stride * step)
        after /= after.sum()
        held = after @ gross
        if held.min() > 0 and chances @ np.log(held / wealth) >= -ROUNDING:
            return after, held
        stride /= 2
    return shares, wealth
