"""What a league and a market are, and how they are found.

A new sport or market is one file with one object: ``LEAGUE = League(...)`` in ``busta/leagues`` or
``MARKET = Market(...)`` in ``busta/markets``. Another package adds its own through the entry-point
groups ``busta.leagues`` and ``busta.markets``, without a fork.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from busta.errors import UsageError, unknown

if TYPE_CHECKING:
    from busta.settings import Settings

__all__ = [
    "League",
    "Market",
    "Place",
    "add_league",
    "league_names",
    "leagues",
    "market_names",
    "markets",
    "pick",
    "several",
]

Quantity = Literal["margin", "total", "home", "away"]
"""Home minus away, their sum, or what one of the two has alone."""

_NAME = re.compile("[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where games are played.

    Attributes:
        latitude: Degrees north.
        longitude: Degrees east.
        zone: IANA time zone.
        altitude: Kilometres above the sea; 0 where the league's file says nothing of it.
    """

    latitude: float
    longitude: float
    zone: str
    altitude: float = 0.0


@dataclass(frozen=True, slots=True)
class League:
    """A sport's league: its teams, its places and where its data comes from.

    Attributes:
        name: Short lower-case name used on the command line (``nfl``).
        title: Name for people.
        teams: Canonical team codes.
        aliases: Other codes and nicknames, lower-cased, to canonical codes. A name that is in
            neither is refused, never guessed.
        places: Home of each team (by code) and of neutral venues (by venue id).
        margin_sd: Standard deviation of the margin around the closing spread, in points.
        total_sd: Standard deviation of the total around the closing total, in points.
        home_edge: Points the home side is worth on its own ground.
        load: Reads the league's raw tables: ``load(settings, paths)`` returns a
            ``busta.data.source.Batch``. No paths means download (or, for a simulated league, play).
        moves: Seasons in which a franchise played elsewhere: ``(team, first, last)`` to its place.
        market_gain: Share of a closing line's surprise that moves the two teams' market ratings.
        market_carry: Share of a market rating that is left a season later.
        market_total_gain: Share of a closing total's surprise that moves the two teams' market total ratings.
        elo_gain: How fast Elo learns: the K of the literature, before the weight of the margin.
        score_gain: Share of a margin's surprise that moves the two teams' score ratings.
        power_gain: Share of a closing line's surprise that moves a team and its starter, together, in the power rating.
        result_gain: Share of what the closing line missed of a margin that moves them besides.
        total_power_gain: The same of a closing total.
        total_result_gain: The same of what it missed.
        zone: Time zone in which the league says which day a game is on.
        unused: Patterns of features that say nothing in this league, such as games on two days on end where teams
            play once a week; no model is given them.
        odds_sport: Its key at The Odds API, such as ``americanfootball_nfl``; empty where its odds are not fetched.
    """

    name: str
    title: str
    teams: tuple[str, ...]
    load: Callable[[Settings, Sequence[Any]], Any]
    margin_sd: float
    total_sd: float
    home_edge: float
    aliases: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    moves: Mapping[tuple[str, int, int], Place] = field(default_factory=dict)
    market_gain: float = 0.35
    market_carry: float = 0.6
    market_total_gain: float = 0.175
    elo_gain: float = 20.0
    score_gain: float = 0.07
    power_gain: float = 0.45
    result_gain: float = 0.08
    total_power_gain: float = 0.25
    total_result_gain: float = 0.05
    zone: str = "America/New_York"
    unused: tuple[str, ...] = ()
    odds_sport: str = ""

    def team(self, name: str) -> str:
        """The canonical code of a team.

        Raises:
            UsageError: The name is neither a code nor an alias.
        """
        if name in self.teams:
            return name
        code = self.aliases.get(name.strip().lower())
        if code is None:
            raise unknown(f"{self.name} team", name, self.teams)
        return code


@dataclass(frozen=True, slots=True)
class Market:
    """What can be bet on in a game.

    The result of a bet is the sign of ``quantity - line``: positive, the first side wins; negative,
    the second; zero is a push.

    Attributes:
        name: ``moneyline``, ``ats``, ``totals``: lower-case letters, digits and ``-``.
        title: Name for people.
        sides: First side (the positive class of precision and recall) and second side.
        quantity: What decides: home minus away (``margin``), their sum (``total``), or the number of one team
            alone (``home``, ``away``).
        has_line: Whether the line moves from game to game (a moneyline's is always 0).
        features: Patterns (``fnmatch``) of the catalogue names the market's models use.
        price_feature: The feature that holds the market's own vig-free probability of the first side.
        elo_feature: The one feature of the Elo baseline.
        aliases: Other names accepted on the command line.
        score: The fact that holds each team's number, such as its points of the first half, in whole numbers;
            ``None`` is the final score.
        line_feature: The feature that holds the market's line; empty where no model is to see it.

    Raises:
        UsageError: A name or a quantity that cannot be one.
    """

    name: str
    title: str
    sides: tuple[str, str]
    quantity: Quantity
    has_line: bool
    features: tuple[str, ...]
    price_feature: str
    elo_feature: str
    aliases: tuple[str, ...] = ()
    score: str | None = None
    line_feature: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(f"market name {self.name!r} cannot be one; allowed are lower-case letters, digits and -")
        if self.quantity not in get_args(Quantity):
            raise unknown("quantity", self.quantity, get_args(Quantity))


P = TypeVar("P", League, Market)


@cache
def leagues() -> Mapping[str, League]:
    """All leagues found, by name, and those of the workspaces in use."""
    return {**_own, **_discover("leagues", "LEAGUE", League)}


_own: dict[str, League] = {}


def add_league(league: League) -> None:
    """Makes a league known that a workspace describes itself; the last one of a name stands.

    Raises:
        UsageError: Its name cannot be one, or an installed league has it.
    """
    if not _NAME.fullmatch(league.name):
        raise UsageError(f"league name {league.name!r} cannot be one; allowed are lower-case letters, digits and -")
    if league.name in leagues() and league.name not in _own:
        raise UsageError(f"the league {league.name} is installed, and needs no description of its own")
    _own[league.name] = league
    leagues.cache_clear()


@cache
def markets() -> Mapping[str, Market]:
    """All markets found, by name."""
    return _discover("markets", "MARKET", Market)


def league_names() -> tuple[str, ...]:
    """Names of all leagues, sorted."""
    return tuple(sorted(leagues()))


def market_names() -> tuple[str, ...]:
    """Names of all markets in the order of a betting board: moneyline, then the others."""
    return tuple(sorted(markets(), key=lambda name: (name != "moneyline", name)))


def pick(kind: Literal["league", "market"], name: str) -> Any:
    """The league or market of that name or alias.

    Raises:
        UsageError: There is none; the message lists those there are.
    """
    found: Mapping[str, Any] = leagues() if kind == "league" else markets()
    if not isinstance(name, str):
        raise unknown(kind, name, league_names() if kind == "league" else market_names())
    if name in found:
        return found[name]
    for plugin in found.values():
        if kind == "market" and name in plugin.aliases:
            return plugin
    raise unknown(kind, name, league_names() if kind == "league" else market_names())


def several(name: str, given: object, kind: type | tuple[type, ...], needed: str) -> tuple[Any, ...]:
    """What a caller of the Python API gave, who may give one thing where several are taken.

    >>> several("teams", "DAL", str, "a team"), several("teams", ["DAL", "KC"], str, "a team")
    (('DAL',), ('DAL', 'KC'))

    Raises:
        UsageError: It is neither of the kind nor several of it.
    """
    if isinstance(given, kind):
        return (given,)
    found = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(each, kind) for each in found):
        raise UsageError(f"{name} = {given!r}: needed is {needed}, or several in a list")
    return found


def _discover(folder: str, attribute: str, kind: type[P]) -> dict[str, P]:
    package = importlib.import_module(f"busta.{folder}")
    names = [f"busta.{folder}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    objects = [getattr(importlib.import_module(name), attribute, None) for name in names]
    objects += [point.load() for point in entry_points(group=f"busta.{folder}")]
    found: dict[str, P] = {}
    for plugin in objects:
        if plugin is None:
            continue
        if not isinstance(plugin, kind):
            raise UsageError(f"a plugin in busta.{folder} is a {type(plugin).__name__}, not a {kind.__name__}")
        if plugin.name in found:
            raise UsageError(f"two plugins in busta.{folder} are called {plugin.name!r}; rename one")
        found[plugin.name] = plugin
    return found
