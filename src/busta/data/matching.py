"""Which team a name means and which game a day and two teams mean; what is not found is said, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.plugins import League

__all__ = ["SIDES", "code_of", "find_games", "not_team", "team", "team_codes"]

SIDES = ("home_team", "away_team")
TOLERANCE = 1
"""Days by which another source's day of a game may be off: the day after in another zone, or a slip."""


def team_codes(table: pl.DataFrame, league: League, columns: Sequence[str] = SIDES) -> dict[str, str]:
    """The codes of the names in those columns; a name of no team, or of several, has none."""
    names = pl.concat([table[column].alias("name") for column in columns]).drop_nulls().unique()
    return {name: code for name in names if (code := code_of(name, league)) is not None}


def team(column: str, codes: Mapping[str, str]) -> pl.Expr:
    """The codes of a column of names, null where there is none."""
    return pl.col(column).replace_strict(codes, default=None, return_dtype=pl.String)


def not_team(column: str, codes: Mapping[str, str], league: str) -> pl.Expr:
    """What is wrong with a name that has no code."""
    return pl.when(pl.col(column).is_not_null() & ~pl.col(column).is_in(list(codes))).then(
        pl.format("column {}: '{}' is no team of the league {}", pl.lit(column), column, pl.lit(league))
    )


def find_games(rows: pl.DataFrame, games: pl.DataFrame, league: League) -> pl.DataFrame:
    """The rows with ``game_id`` and ``kickoff`` of the game they mean, null where that is not one alone.

    It is the game of those teams, home and away, on that day in the league's zone or, where there is
    none, a day from it.

    Args:
        rows: With ``day``, and the codes of the teams in ``SIDES``.
        games: Rows of ``GAMES``.
        league: Says in which zone a day is.
    """
    local = pl.col("kickoff").dt.convert_time_zone(league.zone).dt.date()
    played = games.select("game_id", "kickoff", *SIDES, local.alias("played"))
    off = (pl.col("day") - pl.col("played")).dt.total_days().abs()
    near = (
        rows.with_row_index("#index")
        .select("#index", "day", *SIDES)
        .join(played, on=SIDES)
        .with_columns(off.alias("off"))
        .filter(pl.col("off") <= TOLERANCE)
        .filter(pl.col("off") == pl.col("off").min().over("#index"))
        .filter(pl.len().over("#index") == 1)
        .select("#index", "game_id", "kickoff")
    )
    return rows.with_row_index("#index").join(near, on="#index", how="left", maintain_order="left").drop("#index")


def code_of(name: str, league: League) -> str | None:
    """The code of a team by any of its names; ``None`` where it is no team's, or several teams'."""
    try:
        return league.team(name)
    except UsageError:
        return None  # its rows are refused, with the name
