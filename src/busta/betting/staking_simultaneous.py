"""How much to stake on bets that stand side by side: the log-optimal portfolio of a week."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.errors import UsageError

__all__ = ["simultaneous_kelly"]

Floats = NDArray[np.float64]

GAP = 1e-9  # growth that the answer may lack, in log bankroll
MOST_STEPS = 200
SHRINK = 100.0  # of the barrier, each time its own optimum is near
NOTHING = 1e-7  # a share below this is the trace of the barrier


def simultaneous_kelly(profits: ArrayLike, chances: ArrayLike | None = None) -> Floats:
    """Shares of the bankroll, none negative, their sum at most 1, that maximise E log(1 + profits @ shares).

    Cash is one more asset, so it is the log-optimal portfolio of Cover 1984 (for bets: Thorp 2006,
    Whitrow 2007), found by an interior point: Newton steps under a logarithmic barrier that shrinks
    until Cover's bound on what is lacking, max_i E[R_i / R(shares)] - 1, is below 1e-9.

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
    count = gross.shape[1]
    shares, barrier = np.full(count, 1 / count), 1e-2
    for _ in range(MOST_STEPS):
        step, decrement = _newton(gross, chances, shares, barrier)
        shares = shares + _stride(shares, step) * step
        shares /= shares.sum()
        if decrement < barrier:
            if barrier * count < GAP:
                break
            barrier /= SHRINK
    return np.where(shares[1:] < NOTHING, 0.0, shares[1:])


def _checked(profits: ArrayLike, chances: ArrayLike | None) -> tuple[Floats, Floats]:
    """What a unit becomes in each scenario, cash first, shape (scenarios, 1 + bets), and the chances."""
    profit = np.asarray(profits, dtype=np.float64)
    if profit.ndim != 2 or not len(profit):  # noqa: PLR2004
        raise UsageError(f"profits of shape {profit.shape}; a row a scenario and a column a bet are needed")
    if not ((profit >= -1) & (profit < np.inf)).all():
        raise UsageError("a profit is missing, infinite or below -1: no bet loses more than its stake")
    weights = np.full(len(profit), 1 / len(profit)) if chances is None else np.asarray(chances, dtype=np.float64)
    if weights.shape != (len(profit),) or not (weights >= 0).all() or abs(weights.sum() - 1) > 1e-6:  # noqa: PLR2004
        raise UsageError(f"chances of {len(profit)} scenarios must be 0 or more and sum to 1; got {weights.sum()}")
    return np.column_stack((np.ones(len(profit)), 1 + profit)), weights


def _newton(gross: Floats, chances: Floats, shares: Floats, barrier: float) -> tuple[Floats, float]:
    """The Newton step that keeps the sum of the shares, and the squared decrement."""
    weighted = gross * (np.sqrt(chances) / (gross @ shares))[:, None]
    slope = np.sqrt(chances) @ weighted + barrier / shares
    curve = weighted.T @ weighted + np.diag(barrier / shares**2)
    toward = np.linalg.solve(curve, np.column_stack((slope, np.ones_like(slope))))
    step: Floats = toward[:, 0] - toward[:, 1] * (toward[:, 0].sum() / toward[:, 1].sum())
    return step, float(step @ curve @ step)


def _stride(shares: Floats, step: Floats) -> float:
    """How far to go: a whole step unless that would use up a share."""
    falling = step < 0
    return float(min(1.0, 0.9 / max((-step[falling] / shares[falling]).max(initial=0.0), 1e-300)))
