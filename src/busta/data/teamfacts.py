"""How well each team played in each game: nflverse's team statistics by week, or a table by game.

What counts is EPA, the points that a team's plays added to those to be expected; the statistics by week
tell pace, passes and turnovers besides. The row of a week contains that week's game, so it is known when
the game is final.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.data import validate
from busta.data.matching import code_of, not_team, team, team_codes
from busta.data.schema import EPA, FACTS, GAMES, PASSES, PLAYS, QUOTES, TURNOVERS
from busta.data.textfile import (
    LINE,
    PROBLEM,
    not_number,
    not_whole,
    number,
    problems,
    read_table,
    rename,
    require,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from busta.data.source import Batch
    from busta.plugins import League

__all__ = ["EpaByGame", "NflverseTeamWeek"]

MOST_EPA = 80.0
"""Points of EPA beyond which a number is something else; the games of 2000-2022 run from -56 to 48."""
MOST_PLAYS = 130.0
"""Plays of a team in a game beyond which a number is something else; the games of 2016-2022 run from 36 to 94."""
KEY = ("season", "week", "team", "opponent")

OF_PACE = ("attempts", "sacks_suffered", "carries")
OF_TURNOVERS = ("passing_interceptions", "sack_fumbles_lost", "rushing_fumbles_lost", "receiving_fumbles_lost")


class NflverseTeamWeek:
    """nflverse's ``stats_team_week_SEASON.csv``; a ``busta.data.source.QuoteSource``."""

    name: ClassVar[str] = "nflverse-team-week"
    kind: ClassVar[str] = "nflverse team statistics by week"
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("season", "week", "team", "opponent_team", "passing_epa", "rushing_epa")
    optional: ClassVar[tuple[str, ...]] = (*OF_PACE, *OF_TURNOVERS)

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """The facts of both teams of those games.

        Raises:
            DataError: The file is not of this kind at all.
            UsageError: ``columns`` maps to a column that is neither required nor optional.
        """
        table = _read(raw, self.kind, columns, self.required, self.optional)
        missing = tuple(name for name in self.optional if name not in table.columns)
        table = table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
        codes = team_codes(table, league, ("team", "opponent_team"))
        rows = table.with_columns(
            whole("season"), whole("week"), *(team(column, codes) for column in ("team", "opponent_team"))
        ).rename({"opponent_team": "opponent"})
        found = rows.join(_meetings(games), on=KEY, how="left", maintain_order="left")
        unknown = pl.format(
            "there is no game of {} against {} in week {} of {}; ingest the games first, or in the same call",
            *("team", "opponent_team", "week", "season"),
        )
        wrong = problems(
            not_whole("season"),
            not_whole("week"),
            *(not_team(column, codes, league.name) for column in ("team", "opponent_team")),
            *(not_number(column) for column in ("passing_epa", "rushing_epa", *self.optional)),
            pl.when(pl.col("game_id").is_null()).then(unknown),
            pl.when(~_plays().is_between(0, MOST_PLAYS)).then(pl.format("{} plays cannot be right", _plays())),
        )
        given = table.with_columns(found["game_id"], found["team"].alias("code"))
        return replace(_checked(given, wrong, _by_week(), games, now), missing=missing)


class EpaByGame:
    """A table with the EPA of a team by nflverse's ``game_id``; a ``busta.data.source.QuoteSource``."""

    name: ClassVar[str] = "epa"
    kind: ClassVar[str] = "EPA by game_id and team"
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("game_id", "team", EPA)
    optional: ClassVar[tuple[str, ...]] = ()

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """The EPA of both teams of those games; an id may name a team by any of its names.

        Raises:
            DataError: The file is not of this kind at all.
        """
        table = _read(raw, self.kind, columns, self.required)
        codes = team_codes(table, league, ("team",))
        ids = _ids(table["game_id"], games, league)
        unknown = pl.format("there is no {} in the games; ingest them first, or in the same call", "given")
        wrong = problems(
            not_team("team", codes, league.name),
            not_number(EPA),
            pl.when(pl.col("game_id").is_null()).then(unknown),
        )
        given = table.with_columns(
            pl.col("game_id").alias("given"),
            pl.col("game_id").replace_strict(ids, default=None, return_dtype=pl.String),
            team("team", codes).alias("code"),
        )
        return _checked(given, wrong, {EPA: number(EPA)}, games, now)


def _by_week() -> dict[str, pl.Expr]:
    """Each fact from the columns of the statistics by week; null where one of them is."""
    passes = number("attempts") + number("sacks_suffered")
    turnovers = [number(name) for name in OF_TURNOVERS]
    return {
        EPA: number("passing_epa") + number("rushing_epa"),
        PLAYS: _plays(),
        PASSES: pl.when(_plays() > 0).then(passes / _plays()),
        TURNOVERS: turnovers[0] + turnovers[1] + turnovers[2] + turnovers[3],
    }


def _plays() -> pl.Expr:
    attempts, sacks, carries = (number(name) for name in OF_PACE)
    return attempts + sacks + carries


def _read(
    raw: bytes, kind: str, columns: Mapping[str, str], required: Sequence[str], optional: Sequence[str] = ()
) -> pl.DataFrame:
    table = rename(read_table(raw, kind), columns, (*required, *optional))
    require(table, required, kind)
    return table


def _meetings(games: pl.DataFrame) -> pl.DataFrame:
    """A row a game and team: season, week, team, opponent, ``game_id``."""
    sides = [("home_team", "away_team"), ("away_team", "home_team")]
    rows = [
        games.select("season", "week", pl.col(own).alias("team"), pl.col(other).alias("opponent"), "game_id")
        for own, other in sides
    ]
    return pl.concat(rows).unique(KEY, keep="none").with_columns(pl.col("season", "week").cast(pl.Int64))


def _ids(given: pl.Series, games: pl.DataFrame, league: League) -> dict[str, str]:
    """Ids as given and the games they mean: the same id, or one such as 2010_01_ARI_STL with other names of teams."""
    played = games.select(pl.format("{}_{}_{}_{}", "season", "week", "away_team", "home_team").alias("key"), "game_id")
    by_key, own = dict(played.iter_rows()), set(games["game_id"])
    found = {}
    for name in given.drop_nulls().unique():
        game = name if name in own else by_key.get(_key(name, league))
        if game is not None:
            found[name] = game
    return found


def _key(name: str, league: League) -> str:
    season, _, rest = name.partition("_")
    week, _, teams = rest.partition("_")
    away, _, home = teams.partition("_")
    return f"{season}_{week.lstrip('0')}_{code_of(away, league)}_{code_of(home, league)}"


def _checked(
    table: pl.DataFrame, wrong: pl.Expr, values: Mapping[str, pl.Expr], games: pl.DataFrame, now: datetime
) -> Batch:
    """The facts of rows with nothing wrong; a row with something wrong is refused once, under its EPA."""
    epa = values[EPA]
    beyond = pl.format("an EPA of {} is none, being beyond {} points", epa, pl.lit(MOST_EPA))
    problem = pl.coalesce(pl.col(PROBLEM), wrong, pl.when(epa.abs() > MOST_EPA).then(beyond))
    told = table.with_columns(problem.alias("problem"))
    facts = pl.concat(
        told.filter(value.is_not_null() & pl.col("problem").is_null() | pl.col("problem").is_not_null() & (fact == EPA))
        .select(
            "game_id",
            pl.col("code").alias("team"),
            pl.lit(fact).alias("fact"),
            value.alias("value"),
            pl.lit(None).alias("label"),
            pl.col(LINE).alias("row"),
            "problem",
        )
        .cast(dict(FACTS))  # type: ignore[arg-type]
        for fact, value in values.items()
    )
    nothing = pl.DataFrame(schema=GAMES), pl.DataFrame(schema=QUOTES)
    return validate.check(*nothing, facts, now=now, known=games)
