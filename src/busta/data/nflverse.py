"""nflverse's ``games.csv``: NFL schedules, scores and closing lines since 1999.

Quotes have no time of their own, so they are taken as known by convention (``schema.known_at``).
Weather (``temp``, ``wind``) was recorded after the game, and is not read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.data import validate
from busta.data.matching import SIDES, not_team, team, team_codes
from busta.data.schema import FACTS, GAMES, INSTANT, QUOTES, STARTER, STARTER_NAME, known_at
from busta.data.source import listed
from busta.data.textfile import (
    LINE,
    PROBLEM,
    date,
    not_date,
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

__all__ = ["NflverseGames", "american_price"]

KIND = "nflverse games.csv"
BOOK = "nflverse"
EASTERN = "America/New_York"
USUAL_START = time(13, 0)

HALF_A_DAY = 12
MORNING = time(9, 0)
EVENING = time(21, 0)
LAST_WRONG_SEASON = 2005
"""Up to here the Monday games of nine in the evening stand in the file as 09:00; the first game that
did start in the morning, Eastern, was played in London in 2007. In 2017 and 2018 it is the other way
round: games of half past nine in the morning, in London, stand as 21:30."""

REGULAR = "REG"
POST = ("WC", "DIV", "CON", "SB", "POST")

QUARTERBACKS = {STARTER: ("home_qb_id", "away_qb_id"), STARTER_NAME: ("home_qb_name", "away_qb_name")}
MARKETS = (  # market, column of its line, of its first and of its second price
    ("moneyline", None, "home_moneyline", "away_moneyline"),
    ("ats", "spread_line", "home_spread_odds", "away_spread_odds"),
    ("totals", "total_line", "over_odds", "under_odds"),
)


class NflverseGames:
    """The source of NFL games, scores and closing quotes; a ``busta.data.source.Source``."""

    name: ClassVar[str] = "nflverse"
    kind: ClassVar[str] = KIND
    url: ClassVar[str] = ""  # stands in the settings: data.nflverse_url
    required: ClassVar[tuple[str, ...]] = (
        "game_id",
        "season",
        "game_type",
        "week",
        "gameday",
        "home_team",
        "away_team",
        "home_score",
        "away_score",
    )
    optional: ClassVar[tuple[str, ...]] = (
        "gametime",
        "location",
        "div_game",
        "roof",
        "surface",
        "stadium_id",
        *(column for columns in QUARTERBACKS.values() for column in columns),
        *(column for _, *columns in MARKETS for column in columns if column),
    )

    def parse(self, raw: bytes, league: League, *, columns: Mapping[str, str], now: datetime) -> Batch:
        """The games and closing quotes in a file.

        Raises:
            DataError: The file is not of this kind at all.
            UsageError: ``columns`` maps to a column that is neither required nor optional.
        """
        table = rename(read_table(raw, KIND), columns, (*self.required, *self.optional))
        require(table, self.required, KIND)
        missing = tuple(name for name in self.optional if name not in table.columns)
        table = table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
        table = table.with_columns(_shift(league).alias("shift")).with_columns(_kickoff())
        games = _games(table, league)
        batch = validate.check(games, _quotes(table, missing), _starters(table, games), now=now)
        return replace(batch, missing=missing, warnings=(*_noted(table), *batch.warnings))


def american_price(column: str) -> pl.Expr:
    """Decimal prices of a column of American ones, null between -100 and 100, where there are none."""
    american = number(column)
    size = american.abs() / 100
    gain = pl.when(american > 0).then(size).otherwise(1 / size)
    return pl.when(american.abs() >= 100).then(1 + gain)  # noqa: PLR2004 - evens, the least there is


def _kickoff() -> pl.Expr:
    """The start in UTC: the day, at the time given (or what it means) or else at one in the afternoon, Eastern."""
    start = _time().fill_null(pl.lit(USUAL_START))
    local = date("gameday").dt.combine(start) + pl.duration(hours="shift")
    eastern = local.dt.replace_time_zone(EASTERN, ambiguous="earliest", non_existent="null")
    return eastern.dt.convert_time_zone("UTC").cast(INSTANT).alias("kickoff")


def _time() -> pl.Expr:
    """Time of day; a missing one and a wrong one are null."""
    text = pl.col("gametime").str
    return pl.coalesce(text.to_time("%H:%M", strict=False), text.to_time("%H:%M:%S", strict=False))


def _shift(league: League) -> pl.Expr:
    """Hours from the time in the file to the true one where morning and evening were taken for each other."""
    europe = [venue for venue, place in league.places.items() if place.zone.startswith("Europe/")]
    in_the_evening = (whole("season") <= LAST_WRONG_SEASON) & (_time() == MORNING)
    in_the_morning = pl.col("stadium_id").is_in(europe) & (_time() >= EVENING)
    return pl.when(in_the_evening).then(HALF_A_DAY).when(in_the_morning).then(-HALF_A_DAY).otherwise(0)


def _noted(table: pl.DataFrame) -> tuple[str, ...]:
    early, late = (table["shift"] == HALF_A_DAY).sum(), table.filter(pl.col("shift") < 0)["game_id"].drop_nulls()
    said = {
        f"{early} games up to {LAST_WRONG_SEASON} with a start of 09:00 are taken to start at 21:00, Eastern": early,
        f"{len(late)} games in Europe are taken to start 12 hours earlier, in the morning: {listed(late)}": len(late),
    }
    return tuple(text for text, count in said.items() if count)


def _games(table: pl.DataFrame, league: League) -> pl.DataFrame:
    """Candidate games, with what is wrong with them so far."""
    codes = team_codes(table, league)
    game_type, place = pl.col("game_type").str.to_uppercase(), pl.col("location").str.to_lowercase()
    frame = table.select(
        "game_id",
        whole("season"),
        whole("week"),
        pl.when(game_type == REGULAR)
        .then(pl.lit("regular"))
        .when(game_type.is_in(POST))
        .then(pl.lit("post"))
        .alias("phase"),
        "kickoff",
        (pl.col("gametime").is_null() | (pl.col("shift") != 0)).alias("kickoff_assumed"),
        *(team(side, codes) for side in SIDES),
        whole("home_score"),
        whole("away_score"),
        pl.when(place.is_not_null().any()).then((place == "neutral").fill_null(value=False)).alias("neutral"),
        (whole("div_game") == 1).alias("division"),
        pl.col("roof", "surface").str.to_lowercase(),
        pl.col("stadium_id").alias("venue"),
        pl.col(LINE).alias("row"),
        _game_problems(codes, league.name),
    )
    return frame.cast(dict(GAMES))  # type: ignore[arg-type]


def _game_problems(codes: Mapping[str, str], league: str) -> pl.Expr:
    """All that is wrong with a game's fields; of a line that is no row at all, only that."""
    time_given = pl.col("gametime").is_not_null() & _time().is_null()
    known_type = (pl.col("game_type").str.to_uppercase()).is_in([REGULAR, *POST])
    found = problems(
        *(not_whole(column) for column in ("season", "week", "home_score", "away_score", "div_game")),
        not_date("gameday"),
        pl.when(time_given).then(pl.format("column gametime: '{}' is not a time such as 13:00", "gametime")),
        pl.when(~known_type).then(
            pl.format("column game_type: '{}' is none of {}", "game_type", pl.lit(", ".join((REGULAR, *POST))))
        ),
        *(not_team(side, codes, league) for side in SIDES),
    )
    return pl.coalesce(pl.col(PROBLEM), found).alias("problem")


def _quotes(table: pl.DataFrame, missing: Sequence[str]) -> pl.DataFrame:
    """Candidate quotes: a row for each market of a game that the file has a line or a price of.

    A market whose line is no column of the file has none: its prices say nothing.
    """
    frames = [_market_quotes(table, *market) for market in MARKETS if market[1] not in missing]
    return pl.concat(frames)


def _market_quotes(table: pl.DataFrame, market: str, line: str | None, first: str, second: str) -> pl.DataFrame:
    columns = [column for column in (line, first, second) if column]
    wrong = [not_number(column) for column in columns] + [_no_price(column) for column in (first, second)]
    frame = table.filter(pl.any_horizontal(pl.col(columns).is_not_null())).select(
        "game_id",
        pl.lit(market).alias("market"),
        pl.lit(BOOK).alias("book"),
        pl.lit("close").alias("moment"),
        (number(line) if line else pl.lit(0.0)).alias("line"),
        american_price(first).alias("first_price"),
        american_price(second).alias("second_price"),
        known_at("close").alias("known_at"),
        pl.lit(value=True).alias("known_at_assumed"),
        pl.col(LINE).alias("row"),
        problems(*wrong).alias("problem"),
    )
    return frame.cast(dict(QUOTES))  # type: ignore[arg-type]


def _starters(table: pl.DataFrame, games: pl.DataFrame) -> pl.DataFrame:
    """Candidate facts: the starting quarterback of each team, by nflverse's id of him, and his name."""
    frames = [
        games.select(
            "game_id",
            pl.col(side).alias("team"),
            pl.lit(fact).alias("fact"),
            pl.lit(None, pl.Float64).alias("value"),
            table[column].alias("label"),
            "row",
        )
        for fact, columns in QUARTERBACKS.items()
        for side, column in zip(SIDES, columns, strict=True)
    ]
    return pl.concat(frames).filter(pl.col("label").is_not_null()).cast(dict(FACTS))  # type: ignore[arg-type]


def _no_price(column: str) -> pl.Expr:
    """What is wrong with a number that is no American price."""
    is_number = number(column).is_not_null() & american_price(column).is_null()
    return pl.when(is_number).then(
        pl.format("column {}: {} is no American price, which is 100 and more or -100 and less", pl.lit(column), column)
    )
