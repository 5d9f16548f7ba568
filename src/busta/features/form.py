"""A team's state after each finished game: its ratings and exponentially weighted form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import EPA, FINAL_LAG, INSTANT
from busta.features.catalog import Feature
from busta.features.facts import with_fact
from busta.features.ratings import RATINGS, Played, ratings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.plugins import League

__all__ = ["FORM", "States", "closing_lines", "finished", "team_states"]

HALF_LIVES = (5, 14)
"""In games: the form of about a month, and that of about a season."""

_MEASURES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "points_for": ("points scored", "points", ()),
    "points_against": ("points allowed", "points", ()),
    "margin": ("margin", "points", ()),
    "cover_margin": ("margin less the closing spread, from the team's side", "points", ("line",)),
    "over_margin": ("total less the closing total", "points", ("line",)),
    "past_spread": ("closing spread of its earlier games, from the team's side", "points", ("line",)),
    "past_total": ("closing total of its earlier games", "points", ("line",)),
    "epa_for": ("points its plays were expected to add (EPA)", "points", (EPA,)),
    "epa_against": ("points its opponents' plays were expected to add (EPA)", "points", (EPA,)),
}

FORM = RATINGS + tuple(
    Feature(
        f"{measure}_{half_life}",
        "form",
        unit,
        f"Exponentially weighted {words}, half-life {half_life} games.",
        "when the team's last game is final, four hours after its start",
        needs,
    )
    for half_life in HALF_LIVES
    for measure, (words, unit, needs) in _MEASURES.items()
)


@dataclass(frozen=True, slots=True)
class States:
    """Rows (team, known_at) sorted by team and time, one column a feature of ``FORM``.

    Attributes:
        frame: ``team``, ``season``, ``known_at`` and the features.
        carry: Share of a rating that a season leaves, by feature; 1 where not named.
    """

    frame: pl.DataFrame
    carry: Mapping[str, float]


def closing_lines(quotes: pl.DataFrame) -> pl.DataFrame:
    """``game_id``, ``spread`` and ``total_line`` at the close; the first book by name where there are several."""
    lines = quotes.filter(pl.col("moment") == "close").sort("game_id", "book")
    spread = (
        lines.filter(pl.col("market") == "ats").group_by("game_id", maintain_order=True).agg(pl.col("line").first())
    )
    total = (
        lines.filter(pl.col("market") == "totals").group_by("game_id", maintain_order=True).agg(pl.col("line").first())
    )
    return spread.rename({"line": "spread"}).join(
        total.rename({"line": "total_line"}), on="game_id", how="full", coalesce=True
    )


def finished(games: pl.DataFrame, lines: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The games with a result, in time order, with their closing lines and how well both teams played."""
    return (
        with_fact(games, facts, EPA)
        .filter(pl.col("home_score").is_not_null() & pl.col("away_score").is_not_null())
        .join(lines, on="game_id", how="left")
        .sort("kickoff", "game_id")
    )


def team_states(games: pl.DataFrame, quotes: pl.DataFrame, facts: pl.DataFrame, league: League) -> States:
    """Each team's state after each of its finished games, known when that game is final."""
    played = finished(games, closing_lines(quotes), facts)
    rated, carry = _with_ratings(played, league)
    long = pl.concat([_side(rated, "home", "away", 1), _side(rated, "away", "home", -1)]).sort(
        "team", "kickoff", "game_id"
    )
    weighted = [
        pl.col(measure)
        .ewm_mean(half_life=half_life, ignore_nulls=True)
        .forward_fill()
        .over("team")
        .alias(f"{measure}_{half_life}")
        for half_life in HALF_LIVES
        for measure in _MEASURES
    ]
    frame = long.with_columns(weighted).select(
        "team",
        "season",
        (pl.col("kickoff") + FINAL_LAG).cast(INSTANT).alias("known_at"),
        *(f.name for f in FORM),
    )
    return States(frame, carry)


def _with_ratings(played: pl.DataFrame, league: League) -> tuple[pl.DataFrame, dict[str, float]]:
    teams = {team: code for code, team in enumerate(league.teams)}
    nan = math.nan
    ratings = ratings_of(
        Played(
            home=[teams[team] for team in played["home_team"]],
            away=[teams[team] for team in played["away_team"]],
            season=played["season"].to_list(),
            margin=(played["home_score"] - played["away_score"]).cast(pl.Float64).to_list(),
            spread=played["spread"].fill_null(nan).to_list(),
            total_line=played["total_line"].fill_null(nan).to_list(),
            edge=[0.0 if neutral else league.home_edge for neutral in played["neutral"]],
            teams=len(teams),
        ),
        league,
    )
    columns = [pl.Series(f"home_{name}", rating.home) for name, rating in ratings.items()]
    columns += [pl.Series(f"away_{name}", rating.away) for name, rating in ratings.items()]
    return played.with_columns(columns), {name: rating.carry for name, rating in ratings.items()}


def _side(rated: pl.DataFrame, side: str, other: str, sign: int) -> pl.DataFrame:
    """The games as one of their teams saw them."""
    margin = sign * (pl.col("home_score") - pl.col("away_score")).cast(pl.Float64)
    total = (pl.col("home_score") + pl.col("away_score")).cast(pl.Float64)
    return rated.select(
        "game_id",
        "season",
        "kickoff",
        pl.col(f"{side}_team").alias("team"),
        *(pl.col(f"{side}_{f.name}").alias(f.name) for f in RATINGS),
        pl.col(f"{side}_score").cast(pl.Float64).alias("points_for"),
        pl.col(f"{other}_score").cast(pl.Float64).alias("points_against"),
        margin.alias("margin"),
        (margin - sign * pl.col("spread")).alias("cover_margin"),
        (total - pl.col("total_line")).alias("over_margin"),
        (sign * pl.col("spread")).alias("past_spread"),
        pl.col("total_line").alias("past_total"),
        pl.col(f"{side}_{EPA}").alias("epa_for"),
        pl.col(f"{other}_{EPA}").alias("epa_against"),
    )
