"""Ratings that walk through the games in time order: a team's strength after each of its games.

Every rating is centred on zero, so that a new season keeps ``carry`` of it (regression to the mean).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from busta.features.catalog import Feature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from busta.plugins import League

    Step = Callable[[float, float, float, float], tuple[float, float]]

__all__ = ["RATINGS", "Played", "Power", "Rating", "power_of_margin", "power_of_total", "rate", "ratings_of"]

GROUND_GAIN = 0.005
"""Share of a closing line's surprise that moves what home ground is worth: it follows within a season."""
LEVEL_GAIN = 0.01
"""The same of the usual total."""

_FINAL = "when the team's last game is final, four hours after its start"

RATINGS = (
    Feature(
        "elo",
        "form",
        "Elo",
        "Elo with margin of victory, regressed by a third between seasons.",
        _FINAL,
        margin_sign=1,
    ),
    Feature(
        "score_rating",
        "form",
        "points",
        "Points better than an average team, learned from margins.",
        _FINAL,
        margin_sign=1,
    ),
    Feature(
        "market_rating",
        "form",
        "points",
        "Points better than an average team, learned from the closing spreads of its earlier games.",
        _FINAL,
        ("line",),
        margin_sign=1,
    ),
    Feature(
        "market_total_rating",
        "form",
        "points",
        "What the team adds to a game's total, learned from the closing totals of its earlier games.",
        _FINAL,
        ("line",),
        total_sign=1,
    ),
    Feature(
        "power_rating",
        "form",
        "points",
        "Points better than an average team with its last starter, learned from closing spreads and from how far "
        "results were from them.",
        _FINAL,
        margin_sign=1,
    ),
    Feature(
        "power_total",
        "form",
        "points",
        "What the team with its last starter adds to a total, learned from closing totals and from how far results "
        "were from them.",
        _FINAL,
        total_sign=1,
    ),
)


@dataclass(frozen=True, slots=True)
class Played:
    """Finished games in time order, as plain lists for the loops below; NaN where there is no line."""

    home: Sequence[int]
    away: Sequence[int]
    season: Sequence[int]
    margin: Sequence[float]
    total: Sequence[float]
    spread: Sequence[float]
    total_line: Sequence[float]
    edge: Sequence[float]  # points the ground is worth, 0 on neutral ground
    teams: int
    home_starter: Sequence[str | None] = ()
    away_starter: Sequence[str | None] = ()

    seasons_since: NDArray[np.int64] = field(init=False)
    """Seasons from home's (first row) and away's game before to this one; 0 where there is none."""

    def __post_init__(self) -> None:
        games = len(self.home)
        team, season = np.array([*self.home, *self.away]), np.tile(np.array(self.season, dtype=np.int64), 2)
        order = np.lexsort((np.tile(np.arange(games), 2), team))
        since = np.zeros(2 * games, dtype=np.int64)
        since[order[1:]] = np.where(np.diff(team[order]) == 0, np.diff(season[order]), 0)
        object.__setattr__(self, "seasons_since", since.reshape(2, games))

    def kept(self, carry: float) -> tuple[list[float], list[float]]:
        """What is left of both teams' ratings since their games before, losing all but ``carry`` a season."""
        home, away = (carry**self.seasons_since).tolist()
        return home, away


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating after each game, of the home and the away team, and what a season leaves of it."""

    home: NDArray[np.float64]
    away: NDArray[np.float64]
    carry: float


@dataclass(frozen=True, slots=True)
class Power:
    """A power rating after each game, in two parts; a starter's part is 0 where nobody is named.

    Attributes:
        home: The home team's part, in points, shape (games,), as the others.
        away: The away team's part.
        home_starter: The part of home's starter.
        away_starter: The part of away's starter.
        level: What all games have in common by then: what home ground is worth, or the usual total.
    """

    home: NDArray[np.float64]
    away: NDArray[np.float64]
    home_starter: NDArray[np.float64]
    away_starter: NDArray[np.float64]
    level: NDArray[np.float64]

    def rating(self, carry: float) -> Rating:
        """Both parts together."""
        return Rating(self.home + self.home_starter, self.away + self.away_starter, carry)


def ratings_of(played: Played, league: League, margin_power: Power, total_power: Power) -> dict[str, Rating]:
    """All ratings of ``RATINGS``, by name."""
    spread = [line - edge for line, edge in zip(played.spread, played.edge, strict=True)]
    margin = [value - edge for value, edge in zip(played.margin, played.edge, strict=True)]
    level = _running_mean(played.total_line)
    total = [line - mean for line, mean in zip(played.total_line, level, strict=True)]
    carry = league.market_carry
    return {
        "elo": rate(played, played.margin, _elo_step(league.elo_gain), carry=2 / 3),
        "score_rating": rate(played, margin, _linear_step(league.score_gain, -1), carry=0.6),
        "market_rating": rate(played, spread, _linear_step(league.market_gain, -1), carry=carry),
        "market_total_rating": rate(played, total, _linear_step(league.market_total_gain, 1), carry=carry),
        "power_rating": margin_power.rating(carry),
        "power_total": total_power.rating(carry),
    }


def rate(
    played: Played,
    values: Sequence[float],
    step: Step,
    *,
    carry: float,
) -> Rating:
    """Walks through the games, moving both teams' ratings by ``step(home, away, value, edge)``.

    A game without a value (NaN) leaves the ratings as they are.
    """
    now = [0.0] * played.teams
    homes, aways = [], []
    for h, a, value, edge, kept_home, kept_away in zip(
        played.home, played.away, values, played.edge, *played.kept(carry), strict=True
    ):
        home, away = now[h] * kept_home, now[a] * kept_away
        if value == value:  # noqa: PLR0124 - NaN is the only value that differs from itself
            up, down = step(home, away, value, edge)
            home, away = home + up, away + down
        now[h], now[a] = home, away
        homes.append(home)
        aways.append(away)
    return Rating(np.array(homes), np.array(aways), carry)


def power_of_margin(played: Played, league: League) -> Power:
    """Teams and starters rated by spreads and margins; the level is what home ground is worth."""
    law = _Law(-1, league.power_gain, league.result_gain, GROUND_GAIN, league.market_carry)
    return _power(played, law, played.spread, played.margin, league.home_edge, [edge != 0 for edge in played.edge])


def power_of_total(played: Played, league: League) -> Power:
    """Teams and starters rated by totals; the level is the usual total, at first that of the first game."""
    law = _Law(1, league.total_power_gain, league.total_result_gain, LEVEL_GAIN, league.market_carry)
    known = [value for pair in zip(played.total_line, played.total, strict=True) for value in pair if value == value]  # noqa: PLR0124
    return _power(played, law, played.total_line, played.total, next(iter(known), 0.0), [True] * len(played.home))


@dataclass(frozen=True, slots=True)
class _Law:
    """How a power rating moves: ``sign`` -1 rates differences, +1 sums; shares of surprises; what a season leaves."""

    sign: int
    gain: float
    result_gain: float
    level_gain: float
    carry: float


def _power(
    played: Played,
    law: _Law,
    lines: Sequence[float],
    results: Sequence[float],
    level: float,
    levelled: Sequence[bool],
) -> Power:
    """Teams and their starters rated together by the closing line, and by how far the result was from it.

    The line of a game is what the market makes of both teams with those who start: its surprise moves
    team and starter alike, each by half of the gain, and the team by all of it where nobody is named.
    What the line missed moves them too, by less: the next line will know it. A starter keeps his part
    over the seasons and takes it along to another team. The level, which games on neutral ground do not
    have (``levelled``), follows the lines slowly.
    """
    team, starter = [0.0] * played.teams, dict[str | None, float]()
    rows = []
    nobody = [None] * len(lines)
    for h, a, hs, as_, kept_home, kept_away, line, result, has in zip(
        *(played.home, played.away, played.home_starter or nobody, played.away_starter or nobody),
        *(*played.kept(law.carry), lines, results, levelled),
        strict=True,
    ):
        home, away = team[h] * kept_home, team[a] * kept_away
        first, second = starter.get(hs, 0.0), starter.get(as_, 0.0)
        said = home + first + law.sign * (away + second) + has * level
        surprise = line - said if line == line else 0.0  # noqa: PLR0124 - without a line nothing surprises
        level += has * law.level_gain * surprise
        move = law.gain * surprise + law.result_gain * (result - said - surprise)
        if hs is None:
            home += move
        else:
            home, first = home + move / 2, first + move / 2
            starter[hs] = first
        move *= law.sign
        if as_ is None:
            away += move
        else:
            away, second = away + move / 2, second + move / 2
            starter[as_] = second
        team[h], team[a] = home, away
        rows.append((home, away, first, second, level))
    return Power(*np.array(rows, dtype=np.float64).reshape(-1, 5).T)


def _linear_step(gain: float, sign: int) -> Step:
    """Moves both teams by a share of the surprise; ``sign`` -1 rates differences, +1 sums."""

    def step(home: float, away: float, value: float, edge: float) -> tuple[float, float]:  # noqa: ARG001
        move = gain * (value - (home + sign * away))
        return move, sign * move

    return step


def _elo_step(gain: float) -> Step:
    """Elo (1978) with a margin-of-victory multiplier that damps favourites' wins.

    The multiplier ln(|margin| + 1) · 2.2 / (2.2 + .001 · winner's lead) is the one FiveThirtyEight
    published with its NFL ratings (2014), as are 25 Elo to a point and a gain of 20.
    """

    def step(home: float, away: float, margin: float, edge: float) -> tuple[float, float]:
        lead = home - away + 25.0 * edge
        expected = 1.0 / (1.0 + 10.0 ** (-lead / 400.0))
        won = 0.5 + 0.5 * ((margin > 0) - (margin < 0))
        favour = lead if margin > 0 else -lead
        weight = math.log(abs(margin) + 1.0) * 2.2 / (2.2 + 0.001 * favour) if margin else 1.0
        move = gain * weight * (won - expected)
        return move, -move

    return step


def _running_mean(values: Sequence[float], start: float = math.nan, gain: float = 0.01) -> list[float]:
    """The level of a line before each game, slowly following it; the first line starts it."""
    level, levels = start, []
    for value in values:
        if level != level:  # noqa: PLR0124
            level = value
        levels.append(level)
        if value == value:  # noqa: PLR0124
            level += gain * (value - level)
    return levels
