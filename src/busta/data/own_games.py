"""Games of any sport from a file of somebody's own, read as a map says; a ``busta.data.source.Source``.

A row is a game, or one of its two teams'. Beside the result it may hold the closing moneyline, spread and
total. Quotes have no time of their own, so they are taken as known by convention (``schema.known_at``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.betting.odds import parse_price
from busta.data import validate
from busta.data.by_game import BOOK, not_price, read_prices
from busta.data.matching import SIDES
from busta.data.schema import GAMES, INSTANT, QUOTES, known_at
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
from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from busta.data.mapping import Format, Map
    from busta.data.source import Batch
    from busta.plugins import League

__all__ = ["OwnGames", "OwnTeams", "own_source"]

MIDDAY = time(12)
WHEN = ("kickoff", "date", "time")
ABOUT = ("game_id", "season", "week", "phase", "neutral", "roof", "surface", "venue", "book")
MARKETS = {  # of a row a game: line, first and second price
    "moneyline": (None, "home_moneyline", "away_moneyline"),
    "ats": ("spread", "home_spread_price", "away_spread_price"),
    "totals": ("total", "over_price", "under_price"),
}
OF_GAMES = (*SIDES, "home_score", "away_score")
OF_TEAMS = ("team", "opponent", "side", "score")
GAME_QUOTES = tuple(name for columns in MARKETS.values() for name in columns if name)
TEAM_QUOTES = ("moneyline", "spread", "spread_price", "total", "over_price", "under_price")
TRUE, FALSE = ("1", "true", "yes", "y"), ("0", "false", "no", "n")
FORMS = {
    "any": re.compile(".*"),
    "decimal": re.compile(r"[0-9]+(\.[0-9]+)?"),
    "american": re.compile(r"[+-]?[1-9][0-9]{2,}(\.[0-9]+)?"),
    "fractional": re.compile(r"[0-9.]+\s*/\s*[0-9.]+|evens?"),
}
WANTED = {
    "any": "price such as -110, 1.91 or 10/11",
    "decimal": "decimal price such as 1.91",
    "american": "American price such as -110",
    "fractional": "fractional price such as 10/11",
}
ISO = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")
LONGEST_NAME = 60


@dataclass(frozen=True)
class OwnGames:
    """The source of games in files that a map describes.

    Attributes:
        map: The map, which has a league.
    """

    map: Map
    name: ClassVar[str] = "own-games"
    kind: ClassVar[str] = "games as the map describes them"
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = OF_GAMES  # and kickoff, or date
    optional: ClassVar[tuple[str, ...]] = (*WHEN, *ABOUT, *GAME_QUOTES)

    def parse(self, raw: bytes, league: League, *, columns: Mapping[str, str], now: datetime) -> Batch:
        """The games and closing quotes in a file; a name of no team yet is a new team's.

        Raises:
            DataError: The file is not of this kind at all.
            UsageError: The map does not fit the file, or a format of it is none.
        """
        form = self.map.format
        table = rename(read_table(raw, self.kind), columns, (*self.required, *self.optional))
        require(table, self.required, self.kind)
        _check(table, form)
        table = table.with_columns(
            pl.lit(None, pl.String).alias(name) for name in self.optional if name not in table.columns
        )
        own = self.map.league
        assert own is not None  # noqa: S101 - for the type checker: who has none reads no games
        table = _timed(_named(table, league, self.map), form, own.zone)
        rows = _identified(_paired(table, form) if form.rows == "team" else table, own.zone)
        return validate.check(_games(rows, own.season_starts), _quotes(rows, form), now=now)


class OwnTeams(OwnGames):
    """The same where a row is a team's."""

    required: ClassVar[tuple[str, ...]] = OF_TEAMS
    optional: ClassVar[tuple[str, ...]] = (*WHEN, *ABOUT, *TEAM_QUOTES)


def own_source(of: Map) -> OwnGames:
    """The source of the files that a map describes."""
    return OwnTeams(of) if of.format.rows == "team" else OwnGames(of)


def _check(table: pl.DataFrame, form: Format) -> None:
    """Refuses a file and a map that do not fit together."""
    if not {"kickoff", "date"} & set(table.columns):
        raise UsageError("the file says not when a game starts; map a column to kickoff, or one to date")
    if "spread" in table.columns and form.spread is None:
        raise UsageError(
            'the file has spreads: say under [format] whether spread = "home" (positive where home is favoured) '
            'or "book" (negative where the team is favoured)'
        )
    empty = pl.Series([""]).str
    formats = [(form.date, empty.to_date)]
    formats += [(text, empty.to_datetime) for text in (f"{form.date} {form.time}", form.kickoff) if text]
    for text, read in formats:
        try:
            read(text, strict=False)
        except pl.exceptions.PolarsError as exc:
            raise UsageError(f"{text!r} is no format of a day or a time: {str(exc).splitlines()[0]}") from exc


def _named(table: pl.DataFrame, league: League, of: Map) -> pl.DataFrame:
    """The table with the teams' own names: what the map says, a team there is already, or a new one."""
    columns = ("team", "opponent") if of.format.rows == "team" else SIDES
    given = pl.concat([table[column].alias("name") for column in columns]).drop_nulls().unique()
    named = {name: of.teams.get(name) or _known(name, league) for name in given}
    odd = [name for name, team in named.items() if len(team) > LONGEST_NAME or not team.isprintable()]
    wrong = [
        pl.when(pl.col(column).is_in(odd)).then(pl.format("column {}: this can be no team's name", pl.lit(column)))
        for column in columns
    ]
    return table.with_columns(
        *(pl.col(column).replace_strict(named, default=None, return_dtype=pl.String) for column in columns),
        pl.coalesce(PROBLEM, problems(*wrong)).alias(PROBLEM),
    )


def _known(name: str, league: League) -> str:
    return name if name in league.teams else league.aliases.get(name.lower(), name)


def _timed(table: pl.DataFrame, form: Format, zone: str) -> pl.DataFrame:
    """The table with the ``start`` in UTC, whether it is ``assumed``, and what is wrong with what it is read from."""
    day, clock, kickoff = pl.col("date"), pl.col("time"), pl.col("kickoff")
    midday = day.str.to_date(form.date, strict=False).dt.combine(MIDDAY)
    timed = _local(pl.concat_str(day, clock, separator=" "), f"{form.date} {form.time}")
    local = pl.when(clock.is_null()).then(midday).otherwise(timed)
    start = pl.coalesce(_kickoff(form.kickoff, zone), _utc(local, zone)).cast(INSTANT)
    given = pl.coalesce(kickoff, pl.concat_str(day, clock, separator=" ", ignore_nulls=True)).str.slice(0, 40)
    wanted = (
        pl.when(kickoff.is_null()).then(pl.lit(f"{form.date} {form.time}")).otherwise(pl.lit(form.kickoff or "ISO"))
    )
    wrong = pl.when(start.is_null()).then(pl.format("'{}' is no start by the format {}", given, wanted))
    assumed = kickoff.is_null() & clock.is_null()
    return table.with_columns(
        start.alias("start"), assumed.alias("assumed"), problems(pl.col(PROBLEM), wrong).alias(PROBLEM)
    )


def _kickoff(form: str | None, zone: str) -> pl.Expr:
    text = pl.col("kickoff").str
    if form is None:
        local = [_local(text.replace(" ", "T"), each) for each in ISO]
        aware = text.to_datetime("%+", strict=False, time_zone="UTC")
        return pl.coalesce(aware, *(_utc(each, zone) for each in local))
    if "%z" in form:
        return text.to_datetime(form, strict=False, time_zone="UTC").cast(INSTANT)
    return _utc(_local(pl.col("kickoff"), form), zone)


def _local(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us")


def _utc(local: pl.Expr, zone: str) -> pl.Expr:
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _paired(table: pl.DataFrame, form: Format) -> pl.DataFrame:
    """A row a game of rows that are a team's each; what has no other row, or contradicts it, says so."""
    key = ("start", *SIDES)
    away_side = pl.col("side") == form.away
    sided = table.with_columns(
        pl.when(away_side).then("opponent").otherwise("team").alias("home_team"),
        pl.when(away_side).then("team").otherwise("opponent").alias("away_team"),
        problems(pl.col(PROBLEM), _no_side(form)).alias(PROBLEM),
    )
    several = pl.len().over(*key, "side") > 1
    odd = sided.filter(pl.col(PROBLEM).is_not_null() | several)
    fine = sided.filter(pl.col(PROBLEM).is_null() & ~several)
    home, away = fine.filter(pl.col("side") == form.home), fine.filter(away_side)
    both = home.join(away.select(*key, *_OTHERS, LINE), on=key, how="full", coalesce=True, suffix="#", nulls_equal=True)
    spread = number("spread") + (number("spread#") if form.spread == "book" else -number("spread#"))
    alone = pl.col(LINE).is_null() | pl.col(f"{LINE}#").is_null()
    contrary = problems(
        pl.when(alone).then(pl.lit("the row of the other team is missing")),
        pl.when(spread != 0).then(pl.lit("its two rows have different spreads")),
        pl.when(number("total") != number("total#")).then(pl.lit("its two rows have different totals")),
    )
    joined = both.with_columns(
        pl.coalesce(LINE, f"{LINE}#").alias(LINE),
        contrary.alias(PROBLEM),
        pl.col("score").alias("home_score"),
        pl.col("score#").alias("away_score"),
        pl.col("moneyline").alias("home_moneyline"),
        pl.col("moneyline#").alias("away_moneyline"),
        pl.col("spread_price").alias("home_spread_price"),
        pl.col("spread_price#").alias("away_spread_price"),
        *(pl.coalesce(name, f"{name}#").alias(name) for name in ("total", "over_price", "under_price")),
    )
    again = pl.when(pl.col(PROBLEM).is_null()).then(pl.lit("the row of this team stands more than once"))
    lone = odd.with_columns(pl.coalesce(PROBLEM, again).alias(PROBLEM))
    return pl.concat([joined, lone], how="diagonal")


_OTHERS = ("score", "moneyline", "spread", "spread_price", "total", "over_price", "under_price")


def _no_side(form: Format) -> pl.Expr:
    named = pl.format("column side: '{}' is neither {} nor {}", "side", pl.lit(form.home), pl.lit(form.away))
    return pl.when(~pl.col("side").is_in([form.home, form.away]).fill_null(value=False)).then(
        named.fill_null("column side is empty")
    )


def _identified(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The rows with the ``day`` in that zone, and a ``game_id`` of day and teams where the file has none."""
    day = pl.col("start").dt.convert_time_zone(zone).dt.date()
    made = pl.format("{}_{}_{}", day, *reversed(SIDES)).str.replace_all(r"\s+", "-")
    return rows.with_columns(day.alias("day"), pl.coalesce("game_id", made).alias("game_id"))


def _games(rows: pl.DataFrame, season_starts: int) -> pl.DataFrame:
    """Candidate games; a season goes by the year it starts in, its weeks by sevens from that month's first day."""
    day = pl.col("day")
    year = day.dt.year() - (day.dt.month() < season_starts).cast(pl.Int32)
    week = (day - pl.date(year, season_starts, 1)).dt.total_days() // 7 + 1
    neutral = pl.col("neutral").str.to_lowercase()
    unclear = pl.when(~neutral.is_in([*TRUE, *FALSE])).then(
        pl.format("column neutral: '{}' is neither yes nor no", "neutral")
    )
    numbers = ("season", "week", "home_score", "away_score")
    frame = rows.select(
        "game_id",
        pl.coalesce(whole("season"), year).alias("season"),
        pl.coalesce(whole("week"), week).alias("week"),
        pl.col("phase").str.to_lowercase().fill_null("regular"),
        pl.col("start").alias("kickoff"),
        pl.col("assumed").alias("kickoff_assumed"),
        *SIDES,
        whole("home_score"),
        whole("away_score"),
        neutral.is_in(TRUE).alias("neutral"),
        pl.lit(None).alias("division"),
        *("roof", "surface", "venue"),
        pl.col(LINE).alias("row"),
        problems(
            pl.col(PROBLEM),
            *(not_whole(name) for name in numbers),
            pl.when(~neutral.is_in([*TRUE, *FALSE])).then(unclear),
        ).alias("problem"),
    )
    return frame.cast(dict(GAMES))  # type: ignore[arg-type]


def _quotes(rows: pl.DataFrame, form: Format) -> pl.DataFrame:
    """Candidate quotes: a row for each market of a game that the file has a line or a price of."""
    games = rows.with_columns(pl.col("start").alias("kickoff"))
    return pl.concat(_market_quotes(games, form, market, *columns) for market, columns in MARKETS.items())


def _market_quotes(rows: pl.DataFrame, form: Format, market: str, line: str | None, *prices: str) -> pl.DataFrame:
    columns = [column for column in (line, *prices) if column]
    read = {column: read_prices(rows[column], partial(_price, form=form.odds)) for column in prices}
    sign = -1.0 if market == "ats" and form.spread == "book" else 1.0
    wrong = ([not_number(line)] if line else []) + [
        not_price(column, read[column], WANTED[form.odds]) for column in prices
    ]
    frame = rows.filter(pl.any_horizontal(pl.col(columns).is_not_null())).select(
        "game_id",
        pl.lit(market).alias("market"),
        pl.col("book").fill_null(BOOK),
        pl.lit("close").alias("moment"),
        (number(line) * sign + 0.0 if line else pl.lit(0.0)).alias("line"),
        *(
            pl.col(column).replace_strict(read[column], default=None, return_dtype=pl.Float64).alias(name)
            for column, name in zip(prices, ("first_price", "second_price"), strict=True)
        ),
        known_at("close").alias("known_at"),
        pl.lit(value=True).alias("known_at_assumed"),
        pl.col(LINE).alias("row"),
        problems(*wrong).alias("problem"),
    )
    return frame.cast(dict(QUOTES))  # type: ignore[arg-type]


def _price(text: str, form: str) -> float:
    """The decimal price that a text of that form is."""
    if not FORMS[form].fullmatch(text):
        raise UsageError(f"{text!r} is no {form} price")
    return float(text) if form == "decimal" else parse_price(text)
