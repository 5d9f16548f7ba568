"""A history of NBA odds: two rows a game, one as each of its teams saw it, with result and closing lines.

The two become one game, and have to say the same of it. What the file says and does not say:

- A spread is that of the row's team, below 0 where it is favoured. Ours is home's, above 0 where home is favoured.
- ``vs`` is the team at home, ``@`` the visitor. Where both rows say ``vs`` (London, Mexico City), the game was on
  neutral ground, and the first team by its code stands as home, which there is worth nothing.
- It has days and no times. A game is taken to start when the last ones of a night do: so no score is known before
  it was, no game learns from another of its day, and all of a day is known by the next.
- It has no prices of spreads and totals, and no word on play-offs: every game is one of the regular season.
- A spread of 0 is a pick'em, or nothing. It is believed where the moneylines are prices of one game.
- ``secondHalfTotal`` was offered when half of the game was played. It is not read.

A season goes by the year in which it ends, as in the file. Weeks, Monday to Sunday, are counted from that of
1 October, so that they do not depend on which games a file has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.data import validate
from busta.data.matching import not_team, team, team_codes
from busta.data.nflverse import american_price
from busta.data.schema import GAMES, INSTANT, QUOTES, known_at
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

__all__ = ["NbaHistory"]

KIND = "a history of NBA odds"
BOOK = "history"
LAST_START = time(22, 30)
"""Of a night, in the league's zone."""

SIDES = {"vs": True, "@": False}
"""Whether the row's team was at home."""
KEY = ("day", "own", "other")
SCORES, MONEYLINES = ("score", "opponentScore"), ("moneyLine", "opponentMoneyLine")

FIRST_DAY, LAST_DAY = (10, 1), (10, 14)
"""Month and day, of the year before and of its own, that a season lies within; that of 2020 ended on 11 October."""
PAIR = (1.0, 1.15)
"""What the implied probabilities of two moneylines of one game sum to: 1.01 to 1.06 in 998 of 1,000 games."""


@dataclass(frozen=True, slots=True)
class NbaHistory:
    """The source of NBA games, scores and closing quotes; a ``busta.data.source.Source``.

    Attributes:
        most_spread: A spread beyond this many points is none.
        totals: A total is within these.
    """

    most_spread: float
    totals: tuple[float, float]
    name: ClassVar[str] = "nba-history"
    kind: ClassVar[str] = KIND
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("date", "season", "team", "home/visitor", "opponent", *SCORES)
    optional: ClassVar[tuple[str, ...]] = (*MONEYLINES, "spread", "total")

    def parse(self, raw: bytes, league: League, *, columns: Mapping[str, str], now: datetime) -> Batch:
        """The games and closing quotes in a file.

        Raises:
            DataError: The file is not of this kind at all.
            UsageError: ``columns`` maps to a column that is neither required nor optional.
        """
        names = (*self.required, *self.optional)
        table = rename(read_table(raw, KIND), columns, names)
        require(table, self.required, KIND)
        missing = tuple(name for name in self.optional if name not in table.columns)
        table = table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
        once = table.select(LINE, PROBLEM, *names).unique([PROBLEM, *names], keep="first", maintain_order=True)
        pairs = _pairs(_rows(once, league)).with_columns(_kickoff(league))
        batch = validate.check(_games(pairs), self._quotes(pairs), now=now)
        noted = _noted(batch.games, table.height - once.height)
        return replace(batch, missing=missing, warnings=(*noted, *batch.warnings))

    def _quotes(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Candidate quotes: a row for each market of a game that the file says something of."""
        prices, none = [american_price(name) for name in MONEYLINES], [pl.lit(None)] * 2
        return pl.concat(
            [
                _market_quotes(pairs, "moneyline", MONEYLINES, pl.lit(0.0), prices, _no_moneyline()),
                _market_quotes(pairs, "ats", ("spread",), -number("spread"), none, self._no_spread()),
                _market_quotes(pairs, "totals", ("total",), number("total"), none, self._no_total()),
            ]
        )

    def _no_spread(self) -> pl.Expr:
        """The first thing that is wrong with a spread."""
        spread, there = number("spread"), number(_there("spread"))
        return pl.coalesce(
            not_number("spread"),
            pl.when(spread.ne_missing(-there)).then(
                pl.format("the spreads {} and {} of its two rows are not one line", *_shown("spread", _there("spread")))
            ),
            pl.when(spread.abs() > self.most_spread).then(
                pl.format("the spread {} is beyond {} points", "spread", pl.lit(self.most_spread))
            ),
            pl.when((spread == 0) & ~_believed()).then(
                pl.lit("a spread of 0 beside moneylines that are none is no pick'em but nothing")
            ),
        )

    def _no_total(self) -> pl.Expr:
        """The first thing that is wrong with a total."""
        total, there = number("total"), number(_there("total"))
        return pl.coalesce(
            not_number("total"),
            pl.when(total.ne_missing(there)).then(
                pl.format("the totals {} and {} of its two rows are not one line", *_shown("total", _there("total")))
            ),
            pl.when(~total.is_between(*self.totals)).then(
                pl.format("the total {} is not within {} to {}", "total", *map(pl.lit, self.totals))
            ),
        )


def _there(column: str) -> str:
    """The column as it stands in the row of the other team."""
    return f"{column} there"


def _shown(*columns: str) -> tuple[pl.Expr, ...]:
    """Texts of the file for a message, which a null would make null."""
    return tuple(pl.col(column).fill_null("nothing") for column in columns)


def _believed() -> pl.Expr:
    """Whether the moneylines are American prices of one game."""
    chances = sum((1 / american_price(name) for name in MONEYLINES), pl.lit(0.0))
    return chances.is_between(*PAIR).fill_null(value=False)


def _no_moneyline() -> pl.Expr:
    """The first thing that is wrong with the two moneylines of a game."""
    first, second = MONEYLINES
    crossed = ((first, _there(second)), (second, _there(first)))
    return pl.coalesce(
        *map(not_number, MONEYLINES),
        pl.when(pl.any_horizontal(number(here).ne_missing(number(there)) for here, there in crossed)).then(
            pl.format(
                "its two rows have other moneylines: {} and {}, {} and {}",
                *_shown(*(column for pair in crossed for column in pair)),
            )
        ),
        pl.when(~_believed()).then(
            pl.format(
                "the moneylines {} and {} are not of one game: each is -100 and less or 100 and more, and their "
                "implied probabilities sum to {} to {}",
                *_shown(*MONEYLINES),
                *map(pl.lit, PAIR),
            )
        ),
    )


def _rows(table: pl.DataFrame, league: League) -> pl.DataFrame:
    """The rows with ``KEY`` and ``at_home``, and in ``PROBLEM`` what is wrong with each by itself."""
    codes = team_codes(table.select(home_team="team", away_team="opponent"), league)
    rows = table.with_columns(
        date("date").alias("day"),
        team("team", codes).alias("own"),
        team("opponent", codes).alias("other"),
        pl.col("home/visitor").replace_strict(SIDES, default=None, return_dtype=pl.Boolean).alias("at_home"),
        pl.coalesce(PROBLEM, _row_problems(codes, league.name)).alias(PROBLEM),
    )
    again = pl.int_range(pl.len()).over(*KEY, pl.col(PROBLEM).is_null()) > 0
    first = pl.col(LINE).first().over(*KEY, pl.col(PROBLEM).is_null())
    said = pl.format("line {} has this row of {} already, with other values; the first is kept", first, "team")
    return rows.with_columns(pl.coalesce(PROBLEM, pl.when(again).then(said)).alias(PROBLEM))


def _row_problems(codes: Mapping[str, str], league: str) -> pl.Expr:
    """All that is wrong with a row's fields."""
    needed = ("date", "season", "team", "home/visitor", "opponent")
    ground = pl.col("home/visitor")
    begins, ends = _year(-1, FIRST_DAY), _year(0, LAST_DAY)
    return problems(
        *(pl.when(pl.col(column).is_null()).then(pl.lit(f"column {column}: it is missing")) for column in needed),
        not_date("date"),
        *(not_whole(column) for column in ("season", *SCORES)),
        *(not_team(column, codes, league) for column in ("team", "opponent")),
        pl.when(team("team", codes) == team("opponent", codes)).then(pl.lit("a team plays itself")),
        pl.when(~ground.is_in(list(SIDES))).then(
            pl.format("column home/visitor: '{}' is none of {}", ground, pl.lit(", ".join(SIDES)))
        ),
        pl.when(~date("date").is_between(begins, ends)).then(
            pl.format("the day {} is not in the season that ends in {}", "date", "season")
        ),
    )


def _year(offset: int, day: tuple[int, int]) -> pl.Expr:
    """That month and day of a season's year, or one so many years from it; of a year that is none, any."""
    return pl.date(whole("season").clip(1, 9000) + offset, *day)


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """A row for each game, that of the home team, beside what the other one says; and those that make no game."""
    sound = rows.filter(pl.col(PROBLEM).is_null())
    said = [LINE, "at_home", "season", *SCORES, *MONEYLINES, "spread", "total"]
    other = sound.select(
        "day", pl.col("other").alias("own"), pl.col("own").alias("other"), pl.col(said).name.suffix(" there")
    )
    both = rows.join(other, on=KEY, how="left", maintain_order="left")
    alone = pl.col(PROBLEM).is_not_null() | pl.col(_there(LINE)).is_null()
    same_word = pl.col("at_home") == pl.col(_there("at_home"))
    is_home = pl.when(same_word).then(pl.col("own") < pl.col("other")).otherwise("at_home")
    return (
        both.filter(alone | is_home)
        .with_columns(
            pl.coalesce(PROBLEM, _pair_problems()).alias(PROBLEM),
            *(
                pl.when(pl.col("at_home").fill_null(value=True)).then(one).otherwise(another).alias(side)
                for side, one, another in (("home_team", "own", "other"), ("away_team", "other", "own"))
            ),
        )
        .with_columns(pl.format("{}_{}_{}", "day", "away_team", "home_team").alias("game_id"))
    )


def _pair_problems() -> pl.Expr:
    """All that is wrong with two rows as one game."""
    own, theirs = SCORES
    scores = (pl.col(own), pl.col(theirs), pl.col(_there(theirs)), pl.col(_there(own)))
    there = pl.col(_there(LINE)).is_not_null()
    apart = number(own).ne_missing(number(_there(theirs))) | number(theirs).ne_missing(number(_there(own)))
    return problems(
        pl.when(~there).then(pl.format("the row of {} is not there, or was refused itself", "opponent")),
        pl.when(there & apart).then(
            pl.format("its two rows have other scores: {}-{} and {}-{}", *(score.fill_null("?") for score in scores))
        ),
        pl.when(whole("season") != whole(_there("season"))).then(
            pl.format("its two rows are of the seasons {} and {}", "season", _there("season"))
        ),
        pl.when(~pl.col("at_home") & ~pl.col(_there("at_home"))).then(pl.lit("neither of its two rows is at home")),
        pl.when(number(own) == number(theirs)).then(
            pl.format("{}-{} is no final score: a game goes on until somebody has won", own, theirs)
        ),
    )


def _kickoff(league: League) -> pl.Expr:
    """The start in UTC."""
    local = pl.col("day").dt.combine(LAST_START).dt.replace_time_zone(league.zone)
    return local.dt.convert_time_zone("UTC").cast(INSTANT).alias("kickoff")


def _games(pairs: pl.DataFrame) -> pl.DataFrame:
    """Candidate games, with what is wrong with them so far."""
    monday = _year(-1, FIRST_DAY).dt.truncate("1w")
    unsaid = ("division", "roof", "surface", "venue")
    frame = pairs.select(
        "game_id",
        whole("season"),
        ((pl.col("day") - monday).dt.total_days() // 7 + 1).alias("week"),
        pl.lit("regular").alias("phase"),
        "kickoff",
        pl.lit(value=True).alias("kickoff_assumed"),
        "home_team",
        "away_team",
        whole(SCORES[0]).alias("home_score"),
        whole(SCORES[1]).alias("away_score"),
        (pl.col("at_home") & pl.col(_there("at_home"))).alias("neutral"),
        *(pl.lit(None).alias(column) for column in unsaid),
        pl.col(LINE).alias("row"),
        pl.col(PROBLEM).alias("problem"),
    )
    return frame.cast(dict(GAMES))  # type: ignore[arg-type]


def _market_quotes(
    pairs: pl.DataFrame,
    market: str,
    columns: tuple[str, ...],
    line: pl.Expr,
    prices: Sequence[pl.Expr],
    problem: pl.Expr,
) -> pl.DataFrame:
    said = pl.any_horizontal(pl.col(name).is_not_null() for column in columns for name in (column, _there(column)))
    frame = pairs.filter(said).select(
        "game_id",
        pl.lit(market).alias("market"),
        pl.lit(BOOK).alias("book"),
        pl.lit("close").alias("moment"),
        pl.when(line == 0).then(0.0).otherwise(line).alias("line"),  # not minus nothing
        prices[0].alias("first_price"),
        prices[1].alias("second_price"),
        known_at("close").alias("known_at"),
        pl.lit(value=True).alias("known_at_assumed"),
        pl.col(LINE).alias("row"),
        problem.alias("problem"),
    )
    return frame.cast(dict(QUOTES))  # type: ignore[arg-type]


def _noted(games: pl.DataFrame, repeated: int) -> tuple[str, ...]:
    neutral = games.filter(pl.col("neutral"))["game_id"]
    said = {
        f"{repeated} rows stand more than once with the same values; taken once": repeated,
        f"{games.height} games have a day and no time: each is taken to start at {LAST_START:%H:%M}, when the last of "
        "a night do": games.height,
        f"{len(neutral)} games both of whose rows are at home are taken to be on neutral ground: "
        f"{listed(neutral)}": len(neutral),
    }
    return tuple(text for text, count in said.items() if count)
