"""A team's state after each finished game: its ratings and exponentially weighted form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from busta.data.books import one_book
from busta.data.schema import EPA, FACT_NAMES, FINAL_LAG, INSTANT, PASSES, PLAYS, STARTER, TURNOVERS
from busta.features.catalog import Feature, of_both_teams
from busta.features.facts import with_facts
from busta.features.ratings import RATINGS, Played, power_of_margin, power_of_total, ratings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.features.catalog import Sign
    from busta.plugins import League

__all__ = ["BOTH", "FORM", "LEVELS", "States", "closing_lines", "finished", "team_states"]

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

_SLOW: dict[str, tuple[str, str, tuple[str, ...]]] = {  # of which a month says little: the last is mostly luck
    "plays": ("plays run", "plays", (PLAYS,)),
    "pass_share": ("share of passes among its plays", "share", (PASSES,)),
    "turnovers": ("turnovers", "turnovers", (TURNOVERS,)),
    "takeaways": ("turnovers of its opponents", "turnovers", (TURNOVERS,)),
}

_MARGIN_SIGNS: dict[str, Sign] = {
    **dict.fromkeys(("points_for", "margin", "past_spread", "epa_for", "takeaways"), 1),
    **dict.fromkeys(("points_against", "epa_against", "turnovers"), -1),
}
_TOTAL_SIGNS: dict[str, Sign] = dict.fromkeys(
    ("points_for", "points_against", "past_total", "epa_for", "epa_against", "plays"), 1
)

_WEIGHTED = [(name, half_life, *about) for half_life in HALF_LIVES for name, about in _MEASURES.items()]
_WEIGHTED += [(name, HALF_LIVES[-1], *about) for name, about in _SLOW.items()]

FORM = RATINGS + tuple(
    Feature(
        f"{measure}_{half_life}",
        "form",
        unit,
        f"Exponentially weighted {words}, half-life {half_life} games.",
        "when the team's last game is final, four hours after its start",
        needs,
        margin_sign=_MARGIN_SIGNS.get(measure, 0),
        total_sign=_TOTAL_SIGNS.get(measure, 0),
    )
    for measure, half_life, words, unit, needs in _WEIGHTED
)


BOTH = of_both_teams(FORM)

_LAST = "when the last game of either team is final, or with the schedule"
LEVELS = (
    Feature(
        "home_edge",
        "form",
        "points",
        "What home ground is worth by the closing spreads of late, 0 on neutral ground.",
        _LAST,
        ("line",),
        margin_sign=1,
        swapped=0.0,
    ),
    Feature(
        "total_level",
        "form",
        "points",
        "The usual total by the closing totals of late.",
        _LAST,
        ("line",),
        total_sign=1,
    ),
)


@dataclass(frozen=True, slots=True)
class States:
    """Rows (team, known_at) sorted by team and time, one column a feature of ``FORM``.

    Attributes:
        frame: ``team``, ``season``, ``known_at`` and the features.
        carry: Share of a rating that a season leaves, by feature; 1 where not named.
        starts: Those games with a starter, by time, a row a team: ``team``, ``starter``, ``known_at``, the ``epa`` of
            his team in it, his part of the power rating (``part``) and of the power total (``total_part``) after it.
        levels: ``known_at`` and the features of ``LEVELS``, as on a team's own ground, after each finished game.
    """

    frame: pl.DataFrame
    carry: Mapping[str, float]
    starts: pl.DataFrame
    levels: pl.DataFrame


def closing_lines(quotes: pl.DataFrame) -> pl.DataFrame:
    """``game_id``, ``spread`` and ``total_line`` at the close; of several books the consensus, or else the first."""
    lines = one_book(quotes.filter(pl.col("moment") == "close"))
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
    """The games with a result, in time order, with their closing lines, starters and how well both teams played."""
    return (
        with_facts(games, facts, FACT_NAMES)
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
        for measure, half_life, *_ in _WEIGHTED
    ]
    known_at = (pl.col("kickoff") + FINAL_LAG).cast(INSTANT).alias("known_at")
    frame = long.with_columns(weighted).select("team", "season", known_at, *(f.name for f in FORM))
    starts = long.filter(pl.col(STARTER).is_not_null()).sort("kickoff", "game_id", "team")
    starts = starts.select("team", STARTER, known_at, pl.col("epa_for").alias(EPA), "part", "total_part")
    return States(frame, carry, starts, rated.select(known_at, *(f.name for f in LEVELS)))


def _with_ratings(played: pl.DataFrame, league: League) -> tuple[pl.DataFrame, dict[str, float]]:
    rows = _played(played, league)
    margin, total = power_of_margin(rows, league), power_of_total(rows, league)
    ratings = ratings_of(rows, league, margin, total)
    columns = [pl.Series("home_edge", margin.level), pl.Series("total_level", total.level)]
    for name, power in (("part", margin), ("total_part", total)):
        columns += [pl.Series(f"home_{name}", power.home_starter), pl.Series(f"away_{name}", power.away_starter)]
    columns += [pl.Series(f"home_{name}", rating.home) for name, rating in ratings.items()]
    columns += [pl.Series(f"away_{name}", rating.away) for name, rating in ratings.items()]
    return played.with_columns(columns), {name: rating.carry for name, rating in ratings.items()}


def _played(played: pl.DataFrame, league: League) -> Played:
    teams = {team: code for code, team in enumerate(league.teams)}
    nan = math.nan
    return Played(
        home=[teams[team] for team in played["home_team"]],
        away=[teams[team] for team in played["away_team"]],
        season=played["season"].to_list(),
        margin=(played["home_score"] - played["away_score"]).cast(pl.Float64).to_list(),
        total=(played["home_score"] + played["away_score"]).cast(pl.Float64).to_list(),
        spread=played["spread"].fill_null(nan).to_list(),
        total_line=played["total_line"].fill_null(nan).to_list(),
        edge=[0.0 if neutral else league.home_edge for neutral in played["neutral"]],
        teams=len(teams),
        home_starter=played[f"home_{STARTER}"].to_list(),
        away_starter=played[f"away_{STARTER}"].to_list(),
    )


def _side(rated: pl.DataFrame, side: str, other: str, sign: int) -> pl.DataFrame:
    """The games as one of their teams saw them."""
    margin = sign * (pl.col("home_score") - pl.col("away_score")).cast(pl.Float64)
    total = (pl.col("home_score") + pl.col("away_score")).cast(pl.Float64)
    return rated.select(
        "game_id",
        "season",
        "kickoff",
        pl.col(f"{side}_team").alias("team"),
        pl.col(f"{side}_{STARTER}").alias(STARTER),
        *(pl.col(f"{side}_{name}").alias(name) for name in ("part", "total_part")),
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
        pl.col(f"{side}_{PLAYS}").alias("plays"),
        pl.col(f"{side}_{PASSES}").alias("pass_share"),
        pl.col(f"{side}_{TURNOVERS}").alias("turnovers"),
        pl.col(f"{other}_{TURNOVERS}").alias("takeaways"),
    )
