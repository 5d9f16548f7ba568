"""Which games are bet: filters, and the rules by which a bettor abstains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from busta.errors import UsageError, unknown
from busta.performance.opinions import opinions
from busta.performance.simulation.bets import place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts
    from busta.performance.simulation.bets import Bets
    from busta.settings import Bets as BetSettings

    Mask = NDArray[np.bool_]

__all__ = ["Choice", "Chosen", "choose", "favourites", "strengths", "within"]

ANY_EDGE = -1.0  # no bet can lose more than its stake


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of a bet.

    Attributes:
        min_edge: Least expected profit of one unit.
        max_edge: Most; an edge above it is too good to be true.
        seasons: Only these.
        teams: Only games of one of these, by any name the league knows.
        side: Only bets on this side.
        role: Only bets on the ``favourite`` or on the ``underdog``.
        assumed_prices: Whether a price that nobody recorded may be bet.
        strongest: Only opinions among this share of the strongest, by the opinions of earlier seasons.
    """

    min_edge: float = 0.02
    max_edge: float | None = None
    seasons: tuple[int, ...] = ()
    teams: tuple[str, ...] = ()
    side: str | None = None
    role: Literal["favourite", "underdog"] | None = None
    assumed_prices: bool = True
    strongest: float | None = None

    def __post_init__(self) -> None:
        if not -1 <= self.min_edge < np.inf:
            raise UsageError(f"min edge {self.min_edge} cannot be right; it is a share of the stake, -1 or more")
        if self.max_edge is not None and not self.max_edge >= self.min_edge:
            raise UsageError(f"max edge {self.max_edge} is below the min edge {self.min_edge}")
        if self.role not in (None, "favourite", "underdog"):
            raise unknown("role", self.role, ("favourite", "underdog"))
        if self.strongest is not None and not 0 < self.strongest <= 1:
            raise UsageError(f"strongest {self.strongest} cannot be right; it is a share, above 0 and at most 1")

    @classmethod
    def by(cls, settings: BetSettings, **filters: Any) -> Choice:
        """The rules of the settings' section ``[bets]``, and filters."""
        return cls(
            min_edge=settings.min_edge,
            max_edge=settings.max_edge,
            assumed_prices=settings.assumed_prices,
            strongest=settings.strongest,
            **filters,
        )

    @property
    def filtered(self) -> bool:
        """Whether only a part of the games or sides is looked at."""
        return bool(self.seasons or self.teams or self.side or self.role)


@dataclass(frozen=True, eq=False)
class Chosen:
    """The bets, and how many games were left out by each rule, the first that applied."""

    bets: Bets
    abstained: dict[str, int]


def choose(forecasts: Forecasts, choice: Choice) -> Chosen:
    """The better side of each game that `within` leaves, where every rule is kept.

    Raises:
        UsageError: A season, team or side that these forecasts do not have; the message lists those
            there are.
    """
    inside = within(forecasts, choice)
    bets = place(forecasts.triples, forecasts.prices[:, 0], forecasts.prices[:, 1], ANY_EDGE)
    bets = bets.take(inside[bets.game])
    kept, abstained = np.ones(len(bets), dtype=bool), {"no price or no probability": int(inside.sum()) - len(bets)}
    for reason, refused in _rules(bets, forecasts, choice).items():
        abstained[reason] = int((kept & refused).sum())
        kept &= ~refused
    return Chosen(bets.take(kept), {reason: count for reason, count in abstained.items() if count})


def _rules(bets: Bets, forecasts: Forecasts, choice: Choice) -> dict[str, Mask]:
    """Which bets each rule refuses."""
    refused = {f"edge below {choice.min_edge:.1%}": bets.edge < choice.min_edge}
    if choice.max_edge is not None:
        refused[f"edge above {choice.max_edge:.1%}: too good to be true"] = bets.edge > choice.max_edge
    if choice.side is not None:
        first = _side(forecasts, choice.side) == 0
        refused[f"not on {choice.side}"] = bets.first_side != first
    if choice.role is not None:
        favourite = favourites(forecasts)[bets.game]
        wanted = favourite if choice.role == "favourite" else 1 - favourite
        refused[f"not on the {choice.role}"] = (favourite < 0) | (bets.first_side != (wanted == 0))
    if not choice.assumed_prices:
        refused["the price is assumed"] = forecasts.price_assumed[bets.game]
    if choice.strongest is not None:
        refused |= _weak(bets, forecasts, choice.strongest)
    return refused


def within(forecasts: Forecasts, choice: Choice) -> Mask:
    """The games of the seasons and teams that are looked at, shape (games,).

    Raises:
        UsageError: A season or team that these forecasts do not have.
    """
    seasons, inside = forecasts.seasons, np.ones(len(forecasts), dtype=bool)
    if choice.seasons:
        there = np.unique(seasons).tolist()
        for season in choice.seasons:
            if season not in there:
                raise unknown("season", season, there)
        inside &= np.isin(seasons, choice.seasons)
    if choice.teams:
        codes = [forecasts.league.team(name) for name in choice.teams]
        plays = forecasts.games["home_team"].is_in(codes) | forecasts.games["away_team"].is_in(codes)
        inside &= plays.to_numpy()
    return inside


def favourites(forecasts: Forecasts) -> NDArray[np.intp]:
    """The favourite of each game: 0 the first side, 1 the second, -1 nobody; shape (games,).

    Of a margin it is the side that the market expects to win the game, of a total the side at the
    shorter price. Every way of vig removal keeps the order of two prices, so none changes it.
    """
    if forecasts.market.quantity == "margin":
        lead = forecasts.market_mean
    else:
        lead = forecasts.prices[:, 1] - forecasts.prices[:, 0]
    return np.where(lead > 0, 0, np.where(lead < 0, 1, -1)).astype(np.intp)


def _side(forecasts: Forecasts, name: str) -> int:
    if name not in forecasts.market.sides:
        raise unknown(f"side of {forecasts.market.name}", name, forecasts.market.sides)
    return forecasts.market.sides.index(name)


def _weak(bets: Bets, forecasts: Forecasts, strongest: float) -> dict[str, Mask]:
    """Bets on opinions weaker than the quantile of earlier seasons, and those that have no earlier season."""
    strength, least = strengths(forecasts, strongest)
    at = least[bets.game]
    return {
        "no earlier season to take the threshold from": np.isnan(at),
        f"opinion not among the {strongest:.0%} strongest of earlier seasons": ~(strength[bets.game] >= at),
    }


def strengths(forecasts: Forecasts, strongest: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How strong the opinion on each game is, and the least that is among the strongest of earlier seasons.

    Args:
        forecasts: All games.
        strongest: Share that counts as strong.

    Returns:
        Shape (games,) each; the least is NaN in the first season.
    """
    strength, seasons = np.abs(opinions(forecasts).opinion), forecasts.seasons
    least = np.full(len(forecasts), np.nan)
    for season in np.unique(seasons):
        earlier = strength[(seasons < season) & ~np.isnan(strength)]
        if earlier.size:
            least[seasons == season] = np.quantile(earlier, 1 - strongest)
    return strength, least
