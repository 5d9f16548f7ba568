"""Quotes and facts in busta's own general format, by game: what every league takes from files of the user's.

A row names its game by busta's ``game_id``, or by day and both teams. A price is American, decimal or
fractional, as typed. Quotes without a time of their own are known by convention (``schema.known_at``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.betting.odds import parse_price
from busta.data import validate
from busta.data.matching import SIDES, find_games, not_team, team, team_codes
from busta.data.schema import EPA, FACTS, GAMES, INSTANT, LINEUP, QUOTES, STARTER, assumed_known_at
from busta.data.textfile import LINE, PROBLEM, date, not_date, not_number, number, problems, read_table, rename, require
from busta.errors import DataError, UsageError, unknown
from busta.plugins import markets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from busta.data.source import Batch, Kind
    from busta.plugins import League

__all__ = ["BOOK", "BY_GAME", "FactsByGame", "QuotesByGame", "not_price", "read_prices"]

MEETING = ("date", *SIDES)
BOOK = "own"
"""Whose quotes they are where the file does not say."""
WRONG = "#wrong"
PRICES, VALUES = ("first_price", "second_price"), ("home_value", "away_value")


class QuotesByGame:
    """Quotes of any market by game; a ``busta.data.source.QuoteSource``."""

    name: ClassVar[str] = "quotes-by-game"
    kind: ClassVar[str] = "quotes by game"
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("market", "line", *PRICES)
    optional: ClassVar[tuple[str, ...]] = ("game_id", *MEETING, "book", "moment", "known_at")

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """The quotes of those games.

        Raises:
            DataError: The file is not of this kind at all.
        """
        table = _read(raw, self, columns, league, games)
        read = {column: read_prices(table[column]) for column in PRICES}
        seen = pl.col("known_at").str.to_datetime("%+", strict=False, time_zone="UTC").cast(INSTANT)
        wrong = problems(
            pl.col(WRONG),
            not_number("line"),
            *(not_price(column, read[column]) for column in PRICES),
            pl.when(pl.col("known_at").is_not_null() & seen.is_null()).then(
                pl.format("column known_at: '{}' is not a time such as 2022-09-04T12:00:00Z", "known_at")
            ),
        )
        quotes = table.with_columns(pl.col("moment").fill_null("close")).select(
            "game_id",
            "market",
            pl.col("book").fill_null(BOOK),
            "moment",
            number("line").fill_null(pl.when(pl.col("line").is_null() & _without_line()).then(0.0)),
            *(pl.col(column).replace_strict(read[column], default=None, return_dtype=pl.Float64) for column in PRICES),
            pl.coalesce(seen, assumed_known_at()).alias("known_at"),
            seen.is_null().alias("known_at_assumed"),
            pl.col(LINE).alias("row"),
            pl.coalesce(PROBLEM, wrong).alias("problem"),
        )
        return validate.check(games.clear().select(*GAMES), quotes.cast(QUOTES), now=now, known=games)  # type: ignore[arg-type]


class FactsByGame:
    """What else is known of both teams in a game, a number or a name each; a ``busta.data.source.QuoteSource``."""

    name: ClassVar[str] = "facts-by-game"
    kind: ClassVar[str] = "facts by game"
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("fact", *VALUES)
    optional: ClassVar[tuple[str, ...]] = ("game_id", *MEETING)

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """The facts of those games; a team of which a row says nothing has none.

        Raises:
            DataError: The file is not of this kind at all.
        """
        table = _read(raw, self, columns, league, games)
        named = pl.col("fact").is_in(LINEUP)
        wrong = problems(
            pl.col(WRONG),
            pl.col("fact").replace_strict(_strangers(table["fact"]), default=None, return_dtype=pl.String),
            *(pl.when(~named).then(not_number(column)) for column in VALUES),
        )
        judged = table.with_columns(pl.coalesce(PROBLEM, wrong).alias("problem"))
        teams = judged.join(
            games.select("game_id", *(pl.col(side).alias(f"#{side}") for side in SIDES)), "game_id", "left"
        )
        facts = [
            teams.filter(pl.col(column).is_not_null(), pl.col("problem").is_null()).select(
                "game_id",
                pl.col(f"#{side}").alias("team"),
                "fact",
                pl.when(~named).then(number(column)).alias("value"),
                pl.when(named).then(column).alias("label"),
                pl.col(LINE).alias("row"),
                "problem",
            )
            for side, column in zip(SIDES, VALUES, strict=True)
        ]
        nothing = games.clear().select(*GAMES), pl.DataFrame(schema=QUOTES)
        return validate.check(*nothing, pl.concat([*facts, _of_rows(judged)]).cast(FACTS), now=now, known=games)  # type: ignore[arg-type]


BY_GAME = (QuotesByGame(), FactsByGame())
"""The kinds of files that every league takes."""


def _read(raw: bytes, kind: Kind, columns: Mapping[str, str], league: League, games: pl.DataFrame) -> pl.DataFrame:
    """The table with all columns of its kind, the ``game_id`` and ``kickoff`` of each row's game, and what is wrong."""
    table = rename(read_table(raw, kind.kind), columns, (*kind.required, *kind.optional))
    require(table, kind.required, kind.kind)
    if "game_id" in table.columns:
        found = _by_id(table, league, games)
    elif set(MEETING) <= set(table.columns):
        found = _by_meeting(table, league, games)
    else:
        raise DataError(f"not {kind.kind}: it names no game; needed is the column game_id, or {', '.join(MEETING)}")
    absent = [name for name in (*kind.required, *kind.optional) if name not in found.columns]
    return found.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def _by_id(table: pl.DataFrame, league: League, games: pl.DataFrame) -> pl.DataFrame:
    there = pl.format("there is no {} in the games of the league {}", "game_id", pl.lit(league.name))
    unknown_id = pl.concat_str(there, pl.lit("; ingest them first, or in the same call"))
    found = table.join(games.select("game_id", "kickoff"), "game_id", "left", maintain_order="left")
    wrong = unknown_id.fill_null("game_id is missing")
    return found.with_columns(pl.when(pl.col("kickoff").is_null()).then(wrong).alias(WRONG))


def _by_meeting(table: pl.DataFrame, league: League, games: pl.DataFrame) -> pl.DataFrame:
    codes = team_codes(table, league)
    wrong = problems(not_date("date"), *(not_team(side, codes, league.name) for side in SIDES))
    named = table.with_columns(wrong.alias(WRONG), date("date").alias("day"), *(team(side, codes) for side in SIDES))
    nowhere = pl.format("there is no one game of {} at {} on {}", *reversed(SIDES), "date")
    missing = pl.when(pl.col("game_id").is_null()).then(nowhere)
    return find_games(named, games, league).with_columns(pl.coalesce(WRONG, missing).alias(WRONG))


def read_prices(typed: pl.Series, parse: Callable[[str], float] = parse_price) -> dict[str, float]:
    """The decimal price of each text that is one, by what ``parse`` makes of it or refuses."""
    found = {}
    for text in typed.drop_nulls().unique():
        try:
            found[text] = parse(text)
        except UsageError:
            continue  # its rows are refused, with the text
    return found


def not_price(column: str, read: Mapping[str, float], wanted: str = "price such as -110, 1.91 or 10/11") -> pl.Expr:
    """What is wrong with a text of which no price was read."""
    wrong = pl.col(column).is_not_null() & ~pl.col(column).is_in(list(read))
    said = pl.format("column {}: '{}' is no {}", pl.lit(column), column, pl.lit(wanted))
    return pl.when(wrong).then(said)


def _without_line() -> pl.Expr:
    return pl.col("market").is_in([market.name for market in markets().values() if not market.has_line])


def _strangers(facts: pl.Series) -> dict[str, str]:
    """What is wrong with each name of a fact that nothing in busta reads."""
    deciding = {market.score for market in markets().values() if market.score}
    known = sorted({EPA, STARTER, *deciding})
    return {name: str(unknown("fact", name, known)) for name in facts.drop_nulls().unique() if name not in known}


def _of_rows(judged: pl.DataFrame) -> pl.DataFrame:
    """The rows that are wrong as a whole, each once, as candidate facts."""
    nothing = (pl.lit(None).alias(name) for name in ("value", "label"))
    return judged.filter(pl.col("problem").is_not_null()).select(
        "game_id", pl.lit(None).alias("team"), "fact", *nothing, pl.col(LINE).alias("row"), "problem"
    )
