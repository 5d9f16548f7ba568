"""Ratings that walk through the games in time order: a team's strength after each of its games.

Every rating is centred on zero, so that a new season keeps ``carry`` of it (regression to the mean).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.features.catalog import Feature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from busta.plugins import League

    Step = Callable[[float, float, float, float], tuple[float, float]]

__all__ = ["RATINGS", "Played", "Power", "Rating", "power_of", "rate", "ratings_of"]

GROUND_GAIN = 0.005
"""Share of a closing line's surprise that moves what home ground is worth: it follows within a season."""

_FINAL = "when the team's last game is final, four hours after its start"

RATINGS = (
    Feature("elo", "form", "Elo", "Elo with margin of victory, regressed by a third between seasons.", _FINAL),
    Feature("score_rating", "form", "points", "Points better than an average team, learned from margins.", _FINAL),
    Feature(
        "market_rating",
        "form",
        "points",
        "Points better than an average team, learned from the closing spreads of its earlier games.",
        _FINAL,
        ("line",),
    ),
    Feature(
        "market_total_rating",
        "form",
        "points",
        "What the team adds to a game's total, learned from the closing totals of its earlier games.",
        _FINAL,
        ("line",),
    ),
    Feature(
        "power_rating",
        "form",
        "points",
        "Points better than an average team with its last starter, learned from closing spreads and from how far "
        "results were from them.",
        _FINAL,
    ),
)


@dataclass(frozen=True, slots=True)
class Played:
    """Finished games in time order, as plain lists for the loops below; NaN where there is no line."""

    home: Sequence[int]
    away: Sequence[int]
    season: Sequence[int]
    margin: Sequence[float]
    spread: Sequence[float]
    total_line: Sequence[float]
    edge: Sequence[float]  # points the ground is worth, 0 on neutral ground
    teams: int
    home_starter: Sequence[str | None] = ()
    away_starter: Sequence[str | None] = ()

    def kept(self, carry: float) -> tuple[list[float], list[float]]:
        """What is left of both teams' ratings since their games before, losing all but ``carry`` a season."""
        team, season = np.array([self.home, self.away]).ravel(), np.tile(np.array(self.season), 2)
        order = np.lexsort((np.tile(np.arange(len(self.home)), 2), team))
        gap = np.zeros(team.size)
        same = np.diff(team[order]) == 0
        gap[order[1:]] = np.where(same, np.diff(season[order]), 0)
        home, away = (carry**gap).reshape(2, -1).tolist()
        return home, away


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating after each game, of the home and the away team, and what a season leaves of it."""

    home: NDArray[np.float64]
    away: NDArray[np.float64]
    carry: float


@dataclass(frozen=True, slots=True)
class Power:
    """The power rating after each game, in two parts; a starter's part is 0 where nobody is named."""

    home: NDArray[np.float64]
    away: NDArray[np.float64]
    home_starter: NDArray[np.float64]
    away_starter: NDArray[np.float64]
    ground: NDArray[np.float64]  # points that home ground is worth by then


def ratings_of(played: Played, league: League, power: Power) -> dict[str, Rating]:
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
        "power_rating": Rating(power.home + power.home_starter, power.away + power.away_starter, carry),
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


def power_of(played: Played, league: League) -> Power:
    """Teams and their starters rated together by the closing spread, and by how far the result was from it.

    The line of a game is what the market makes of both teams with those who start: its surprise moves
    team and starter alike, each by half of the league's gain, and the team by all of it where nobody is
    named. What the line missed moves them too, by less: the next line will know it. A starter keeps his
    part over the seasons and takes it along to another team. The worth of home ground follows the lines
    slowly, from the league's figure on.
    """
    team, starter, ground = [0.0] * played.teams, {None: 0.0}, league.home_edge
    rows = []
    for h, a, hs, as_, line, margin, edge, kept_home, kept_away in zip(
        *(played.home, played.away, played.home_starter, played.away_starter),
        *(played.spread, played.margin, played.edge, *played.kept(league.market_carry)),
        strict=True,
    ):
        home, away = team[h] * kept_home, team[a] * kept_away
        first, second = starter.get(hs, 0.0), starter.get(as_, 0.0)
        said = home + first - away - second + (ground if edge else 0.0)
        line = line if line == line else said  # noqa: PLR0124, PLW2901 - where there is no line, nothing surprises
        ground += GROUND_GAIN * (line - said) if edge else 0.0
        move = league.power_gain * (line - said) + league.result_gain * (margin - line)
        share_home, share_away = (1.0 if hs is None else 0.5), (1.0 if as_ is None else 0.5)
        team[h], team[a] = home + share_home * move, away - share_away * move
        if hs is not None:
            starter[hs] = first + 0.5 * move
        if as_ is not None:
            starter[as_] = second - 0.5 * move
        rows.append((team[h], team[a], starter[hs], starter[as_], ground))
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
