"""How much more is needed before an answer can be had: "not proven" with a number beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from busta.errors import UsageError

__all__ = ["SEASON", "Needed", "bets_needed", "games_needed"]

SEASON = 272  # games of an NFL season
POWER = 0.8
MANY = 20_000  # games of a lifetime, NFL and NBA: what would take more is too small to bet on, whatever its size


@dataclass(frozen=True)
class Needed:
    """Games that a test needs at the effect seen; NaN where the effect seen is not above 0.

    Attributes:
        total: Games, those already played included.
        more: Games still to be played.
        seasons: The same in seasons.
    """

    total: float
    more: float
    seasons: float

    def __str__(self) -> str:
        """How many more, as half a sentence.

        >>> print(games_needed(z=0.16, games=4309, critical=1.64))
        more than 20,000 more games are needed if the effect is real: one so small is none to bet on
        """
        if self.more > MANY:
            return f"more than {MANY:,} more games are needed if the effect is real: one so small is none to bet on"
        return f"about {self.more:,.0f} more games are needed if the effect is real"


def games_needed(z: float, games: float, critical: float, *, power: float = POWER, season: float = SEASON) -> Needed:
    """Games for a power at the effect seen so far: ((critical + z_power) * sqrt(games) / z) ** 2.

    The effect is a guess from the same games, as uncertain as they are.

    >>> games_needed(z=1.5, games=272, critical=1.645)
    Needed(total=748.0, more=476.0, seasons=1.75)

    Args:
        z: The sum of scores so far over its standard deviation (`z_score`).
        games: Games so far.
        critical: What the statistic has to reach at the end.
        power: Chance of reaching it.
        season: Games of a season.

    Raises:
        UsageError: A power outside (0, 1), or a season without games.
    """
    if not 0 < power < 1 or not season > 0:
        raise UsageError(f"power {power} and {season} games a season; power is between 0 and 1")
    if not z > 0 or not games > 0:
        return Needed(np.nan, np.nan, np.nan)
    total = float(np.ceil(max((critical + float(ndtri(power))) / z, 0.0) ** 2 * games))
    more = max(total - games, 0.0)
    return Needed(total, more, more / season)


def bets_needed(hit_rate: float, price: float, *, level: float = 0.05, power: float = POWER) -> float:
    """Bets without a push that prove a hit rate above the break-even one, one-sided, by the normal.

    >>> [bets_needed(rate, price=1 + 100 / 110) for rate in (0.54, 0.55, 0.57)]
    [5875.0, 2242.0, 719.0]

    Args:
        hit_rate: True share of bets won.
        price: Decimal price of each.
        level: Chance that a hit rate of exactly break-even is called a proof.
        power: Chance that this one is.

    Returns:
        NaN where the hit rate does not beat the price: no number of bets will do.

    Raises:
        UsageError: A hit rate, level or power outside (0, 1), or a price that is not above 1.
    """
    if not all(0 < share < 1 for share in (hit_rate, level, power)):
        raise UsageError(f"hit rate {hit_rate}, level {level}, power {power}; each is between 0 and 1")
    if not 1 < price < np.inf:
        raise UsageError(f"price {price} cannot be right; a decimal price is finite and above 1")
    even = 1 / price
    if hit_rate <= even:
        return np.nan
    spread = -ndtri(level) * np.sqrt(even * (1 - even)) + ndtri(power) * np.sqrt(hit_rate * (1 - hit_rate))
    return float(np.rint((spread / (hit_rate - even)) ** 2))
