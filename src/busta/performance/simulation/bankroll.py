"""The bankroll in order of time: bets of one week are placed together and settled together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.settlement import settle
from busta.betting.staking_rules import Offers, Staking
from busta.errors import UsageError

if TYPE_CHECKING:
    from busta.performance.simulation.bets import Bets

__all__ = ["Ledger", "simulate"]

Floats = NDArray[np.float64]

BROKE = 1e-9  # of the first bankroll: what rounding leaves of nothing


@dataclass(frozen=True, eq=False)
class Ledger:
    """Bets with their stakes and what came of them, in order of time.

    Attributes:
        bets: The bets.
        unit_profit: Profit of one unit on each, shape (bets,); NaN where the game has no result.
        share: What the rule asked for, as a share of the bankroll, shape (bets,).
        of: Of which bankroll that share is: the first, or the one at the start of the week.
        stake: Amount on each bet, shape (bets,).
        profit: stake * unit_profit; NaN where void.
        weeks: Labels of the weeks with a bet, shape (weeks,), sorted.
        week: Number of each bet's week among them, shape (bets,).
        start: Bankroll at the start of each week, shape (weeks,).
        end: Bankroll at its end.
        first: Bankroll before the first.
    """

    bets: Bets
    unit_profit: Floats
    share: Floats
    of: Literal["first", "current"]
    stake: Floats
    profit: Floats
    weeks: NDArray[np.generic]
    week: NDArray[np.intp]
    start: Floats
    end: Floats
    first: float

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Which bets have a result."""
        return ~np.isnan(self.unit_profit)

    @property
    def broke(self) -> bool:
        """Whether the bankroll was lost."""
        return bool((self.end <= 0).any())

    @property
    def scaled(self) -> int:
        """Weeks in which the bets asked for more than there was, while there was something."""
        asked = self.share * (self.first if self.of == "first" else self.start[self.week])
        short = np.bincount(self.week, asked - self.stake, minlength=len(self.weeks))
        return int(((short > BROKE * self.first) & (self.start > 0)).sum())

    @property
    def path(self) -> Floats:
        """The bankroll before the first week and after each, shape (weeks + 1,)."""
        return np.concatenate(([self.first], self.end))


def simulate(
    bets: Bets,
    value: ArrayLike,
    line: ArrayLike,
    weeks: ArrayLike,
    staking: Staking | None = None,
    *,
    bankroll: float = 100.0,
    sd: Floats | None = None,
) -> Ledger:
    """Stakes and settles bets, week by week.

    The bets of a week are placed before any of them is settled. Where they ask for more than there
    is, all of them are scaled down alike; a bankroll that is lost stays lost. The stake of a void bet
    comes back.

    Args:
        bets: From `place`, `lay` or `choose`.
        value: Margin or total of each game, shape (games,); NaN while it has no result.
        line: Line of each game, or one for all.
        weeks: Label of each game's week, shape (games,); sorts by time, unique across seasons.
        staking: One flat unit of a hundredth of the bankroll unless given.
        bankroll: Before the first bet.
        sd: Standard deviation of each bet's win probability, shape (bets,), for shrunk Kelly.

    Raises:
        UsageError: A bankroll that is not above 0, a line or week that is missing, or what
            `Staking.shares` refuses.
    """
    staking = staking or Staking()
    if not 0 < bankroll < np.inf:
        raise UsageError(f"a bankroll of {bankroll} cannot be right; it is above 0")
    unit_profit, found, week = _settled(bets, np.asarray(value, dtype=np.float64), line, np.asarray(weeks))
    unknown = np.full(len(bets), np.nan) if sd is None else sd
    share = staking.shares(Offers(bets.win, bets.lose, bets.price, unknown, week))
    gain = _sums(week, share * np.nan_to_num(unit_profit), len(found))
    exposure = _sums(week, share, len(found))
    move = _amounts if staking.of == "first" else _shares
    start, end, scale = move(exposure, gain, bankroll)
    stake = share * scale[week]
    return Ledger(bets, unit_profit, share, staking.of, stake, stake * unit_profit, found, week, start, end, bankroll)


def _settled(
    bets: Bets, value: Floats, line: ArrayLike, weeks: NDArray[np.generic]
) -> tuple[Floats, NDArray[np.generic], NDArray[np.intp]]:
    """Profit of one unit on each bet, the weeks with a bet, and the number of each bet's among them."""
    if weeks.shape != value.shape:
        raise UsageError(f"weeks {weeks.shape} do not fit results {value.shape}")
    at = np.broadcast_to(np.asarray(line, dtype=np.float64), value.shape)[bets.game]
    if np.isnan(at).any():
        raise UsageError(f"{int(np.isnan(at).sum())} bets are on games without a line")
    found, week = np.unique(weeks[bets.game], return_inverse=True)
    return settle(value[bets.game], at, bets.first_side, bets.price), found, week


def _sums(week: NDArray[np.intp], amounts: Floats, weeks: int) -> Floats:
    """Sums by week; floats even of no bets at all."""
    return np.bincount(week, amounts, minlength=weeks).astype(np.float64)


def _shares(exposure: Floats, gain: Floats, bankroll: float) -> tuple[Floats, Floats, Floats]:
    """Bankrolls at start and end of each week, and the stake on a share of 1, for shares of the current bankroll."""
    scale = 1 / np.maximum(exposure, 1.0)
    factor = 1 + gain * scale
    factor[factor < BROKE] = 0.0
    end = (bankroll * np.cumprod(factor)).astype(np.float64)
    start = np.concatenate(([bankroll], end[:-1]))[: len(end)]
    return start, end, scale * start


def _amounts(exposure: Floats, gain: Floats, bankroll: float) -> tuple[Floats, Floats, Floats]:
    """The same for shares of the first bankroll; week by week only from the first week that it cannot pay for."""
    path = bankroll * np.concatenate(([1.0], 1 + np.cumsum(gain)))
    path[path < BROKE * bankroll] = 0.0
    scale = np.full(len(gain), bankroll)
    short = np.flatnonzero(path[:-1] < exposure * bankroll)
    for week in range(short[0] if short.size else len(gain), len(gain)):
        scale[week] = bankroll * min(1.0, path[week] / (exposure[week] * bankroll))
        left = path[week] + scale[week] * gain[week]
        path[week + 1] = left if left > BROKE * bankroll else 0.0
    return path[:-1], path[1:], scale
