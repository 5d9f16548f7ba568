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

__all__ = ["RATINGS", "Played", "Rating", "rate", "ratings_of"]

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


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating after each game, of the home and the away team, and what a season leaves of it."""

    home: NDArray[np.float64]
    away: NDArray[np.float64]
    carry: float


def ratings_of(played: Played, league: League) -> dict[str, Rating]:
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
    last = [-1] * played.teams
    homes, aways = [], []
    for home, away, season, value, edge in zip(
        played.home, played.away, played.season, values, played.edge, strict=True
    ):
        for team in (home, away):
            if last[team] != season:
                now[team] *= carry ** (season - last[team]) if last[team] >= 0 else 1.0
                last[team] = season
        if value == value:  # noqa: PLR0124 - NaN is the only value that differs from itself
            up, down = step(now[home], now[away], value, edge)
            now[home] += up
            now[away] += down
        homes.append(now[home])
        aways.append(now[away])
    return Rating(np.array(homes), np.array(aways), carry)


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
