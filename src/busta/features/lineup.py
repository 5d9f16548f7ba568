"""Who starts, where one player matters most: his rating, and what he is worth against the team's usual starter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import EPA, INSTANT, LINEUP_LEAD, STARTER
from busta.features.catalog import Feature, of_both_teams
from busta.features.facts import with_facts

if TYPE_CHECKING:
    from busta.features.form import States

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
        margin_sign=1,
        total_sign=1,
    ),
    Feature(
        "starter_change",
        "lineup",
        "points",
        "The starter's rating less what his team has usually had.",
        _TOLD,
        (STARTER, EPA),
        margin_sign=1,
        total_sign=1,
    ),
    Feature(
        "starter_power_change",
        "lineup",
        "points",
        "The starter's part of the power rating less that of his team's last starter.",
        _TOLD,
        (STARTER,),
        margin_sign=1,
    ),
    Feature(
        "starter_total_change",
        "lineup",
        "points",
        "The starter's part of the power total less that of his team's last starter.",
        _TOLD,
        (STARTER,),
        total_sign=1,
    ),
)
LINEUP = of_both_teams(_TEAM)
_PARTS = {"part": "starter_power_change", "total_part": "starter_total_change"}


def lineup_events(games: pl.DataFrame, facts: pl.DataFrame, states: States) -> pl.DataFrame:
    """One row a game whose starters are told: ``game_id``, ``known_at`` and the features of ``LINEUP``.

    They are made of the games that were final when the starters were told.
    """
    named = with_facts(games, facts, (STARTER,)).filter(
        pl.any_horizontal(pl.col(f"{side}_{STARTER}").is_not_null() for side in SIDES)
    )
    told = (pl.col("kickoff") - LINEUP_LEAD).cast(INSTANT).alias("known_at")
    frame = named.select("game_id", told, *(f"{side}_{name}" for side in SIDES for name in ("team", STARTER)))
    starts = _rated(states.starts)
    for side in SIDES:
        frame = _with_side(frame, starts, side)
    columns = [(pl.col(f"home_{f.name}") - pl.col(f"away_{f.name}")).alias(f"{f.name}_diff") for f in _TEAM]
    columns += [(pl.col(f"home_{f.name}") + pl.col(f"away_{f.name}")).alias(f"{f.name}_sum") for f in _TEAM]
    return frame.select("game_id", "known_at", *columns)


def _rated(starts: pl.DataFrame) -> pl.DataFrame:
    """Each start with the starter's rating after it, and what his team has usually had."""
    total, count = pl.col(EPA).fill_null(0.0).cum_sum(), pl.col(EPA).is_not_null().cum_sum()
    rating = ((NEWCOMER * NEWCOMER_GAMES + total) / (NEWCOMER_GAMES + count)).over(STARTER)
    before = pl.col("rating").shift(fill_value=NEWCOMER).over(STARTER)
    usual = pl.col("before").ewm_mean(alpha=USUAL_GAIN, adjust=False).over("team")
    rated = starts.with_columns(rating.alias("rating")).with_columns(before.alias("before"))
    return rated.with_columns(usual.alias("usual"))


def _with_side(frame: pl.DataFrame, starts: pl.DataFrame, side: str) -> pl.DataFrame:
    """The features of one of the teams, from its own and its starter's last start; null where nobody is told."""
    team, starter = f"{side}_team", f"{side}_{STARTER}"
    by_starter = starts.select("known_at", pl.col(STARTER).alias(starter), "rating", *_PARTS)
    by_team = starts.select("known_at", pl.col("team").alias(team), "usual", pl.col(_PARTS.keys()).name.prefix("last "))
    found = frame.sort("known_at", "game_id")
    found = found.join_asof(by_starter, on="known_at", by=starter, check_sortedness=False)
    found = found.join_asof(by_team, on="known_at", by=team, check_sortedness=False)
    rating = pl.col("rating").fill_null(NEWCOMER)
    values = {"starter_rating": rating, "starter_change": rating - pl.coalesce("usual", rating)}
    for name, feature in _PARTS.items():
        part = pl.col(name).fill_null(0.0)
        values[feature] = part - pl.coalesce(f"last {name}", part)
    named = pl.when(pl.col(starter).is_not_null())
    told = [named.then(value).alias(f"{side}_{name}") for name, value in values.items()]
    return found.with_columns(told).drop("rating", "usual", *_PARTS, *(f"last {name}" for name in _PARTS))
