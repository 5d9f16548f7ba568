"""Who starts, where one player matters most: his rating, and what he is worth against the team's usual starter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.data.schema import EPA, FINAL_LAG, INSTANT, LINEUP_LEAD, STARTER
from busta.features.catalog import Feature, of_both_teams
from busta.features.facts import with_fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LINEUP", "lineup_events"]

NEWCOMER = -3.0
"""EPA a game of a starter nobody has seen."""
NEWCOMER_GAMES = 6.0
"""So many games of it are in every starter's rating."""
USUAL_GAIN = 0.25
"""Weight of the last starter's rating in what a team usually has."""

SIDES = ("home", "away")

_TOLD = "with the line-ups, taken as 90 minutes before the start"
_TEAM = (
    Feature(
        "starter_rating",
        "lineup",
        "points",
        "Mean EPA of the starter's teams in his earlier starts, shrunk to that of a newcomer.",
        _TOLD,
        (STARTER, EPA),
    ),
    Feature(
        "starter_change",
        "lineup",
        "points",
        "The starter's rating less what his team has usually had.",
        _TOLD,
        (STARTER, EPA),
    ),
)
LINEUP = of_both_teams(_TEAM)


def lineup_events(games: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """One row a game whose starters are told: ``game_id``, ``known_at`` and the features of ``LINEUP``."""
    both = with_fact(with_fact(games, facts, STARTER), facts, EPA)
    told = pl.any_horizontal(pl.col(f"{side}_{STARTER}").is_not_null() for side in SIDES)
    named = both.filter(told).sort("kickoff", "game_id")
    home, away = _values(named)
    columns = {f"{f.name}_diff": home[:, i] - away[:, i] for i, f in enumerate(_TEAM)}
    columns |= {f"{f.name}_sum": home[:, i] + away[:, i] for i, f in enumerate(_TEAM)}
    frame = named.select("game_id", (pl.col("kickoff") - LINEUP_LEAD).cast(INSTANT).alias("known_at"))
    return frame.with_columns(pl.Series(f.name, columns[f.name], nan_to_null=True) for f in LINEUP)


def _values(games: pl.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The features of home and away team, float64 (games, features) each, NaN where nobody is told."""
    found = {side: np.full((games.height, len(_TEAM)), np.nan) for side in SIDES}
    rows = {
        side: list(zip(*(games[f"{side}_{name}"].to_list() for name in ("team", STARTER, EPA)), strict=True))
        for side in SIDES
    }
    book = _Book()
    for row, final in _in_order(games):
        for side in SIDES:
            team, starter, epa = rows[side][row]
            if starter is not None and final:
                book.played(team, starter, epa)
            elif starter is not None:
                found[side][row] = book.told(team, starter)
    return found["home"], found["away"]


def _in_order(games: pl.DataFrame) -> Iterator[tuple[int, bool]]:
    """Each game as it is told and as it is final, by time; what is final at a moment is known at it."""
    kickoff = games["kickoff"].dt.epoch("us").to_numpy()
    told, final = (kickoff + np.int64(lag.total_seconds() * 1e6) for lag in (-LINEUP_LEAD, FINAL_LAG))
    time, kind = np.concatenate([told, final]), np.repeat([1, 0], games.height)
    order = np.lexsort((np.arange(time.size), kind, time))
    yield from zip((order % max(games.height, 1)).tolist(), (kind[order] == 0).tolist(), strict=True)


@dataclass(slots=True)
class _Book:
    """What is known of starters and teams so far."""

    total: dict[str, float] = field(default_factory=dict)
    games: dict[str, int] = field(default_factory=dict)
    usual: dict[str, float] = field(default_factory=dict)

    def rating(self, starter: str) -> float:
        count = self.games.get(starter, 0)
        return (NEWCOMER * NEWCOMER_GAMES + self.total.get(starter, 0.0)) / (NEWCOMER_GAMES + count)

    def told(self, team: str, starter: str) -> tuple[float, float]:
        rating = self.rating(starter)
        return rating, rating - self.usual.get(team, rating)

    def played(self, team: str, starter: str, epa: float | None) -> None:
        rating = self.rating(starter)
        usual = self.usual.get(team, rating)
        self.usual[team] = usual + USUAL_GAIN * (rating - usual)
        if epa is not None:
            self.total[starter] = self.total.get(starter, 0.0) + epa
            self.games[starter] = self.games.get(starter, 0) + 1
