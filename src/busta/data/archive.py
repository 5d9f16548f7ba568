"""A sports book's archive: one object a game, with its opening and closing spread and total.

Only the openings are read, without prices, which nobody recorded; the closes are nflverse's to say.
The format has no game ids: a game is found by its day and its teams (``matching.find_games``).

It was made from two rows a game, in which the favourite's has the spread and the other's the total,
and that shows where a game changed its favourite between open and close:

- the closing spread is then the total, and the total the spread;
- every opening spread has the sign of the *closing* favourite: it is right where the favourite stayed.

So the opening spread of a game whose close is such a total, or is a pick'em, is refused: its sign is not
to be trusted. What is left moved less than all games did; a file with every opening (``openings``) is
read before this one.

A zero stands for a pick'em as well as for nothing, and is refused as an opening.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.data import validate
from busta.data.matching import SIDES, find_games, not_team, team, team_codes
from busta.data.nflverse import american_price
from busta.data.openings import far_from, open_quotes
from busta.data.schema import GAMES
from busta.data.textfile import PROBLEM, not_number, number, problems, read_table, rename, require, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from busta.data.source import Batch
    from busta.plugins import League

__all__ = ["BookArchive"]

KIND = "a sports book's archive"
BOOK = "sportsbook"

OPENED, CLOSED, AWAY = "home_open_spread", "home_close_spread", "away_open_spread"
TOTAL, CLOSING_TOTAL = "open_over_under", "close_over_under"
MONEYLINES = ("home_close_ml", "away_close_ml")

PAIR = (1.0, 1.15)
"""What the implied probabilities of two moneylines of one game sum to; those of a shifted row do not."""


@dataclass(frozen=True, slots=True)
class BookArchive:
    """The source of opening spreads and totals; a ``busta.data.source.QuoteSource``.

    Attributes:
        most_spread: A spread beyond this many points is none; it is a total.
        totals: A total is within these.
        most_move: A line that moved further from open to close is a slip.
    """

    most_spread: float
    totals: tuple[float, float]
    most_move: float
    name: ClassVar[str] = "archive"
    kind: ClassVar[str] = KIND
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("date", *SIDES, OPENED, CLOSED, TOTAL, CLOSING_TOTAL)
    optional: ClassVar[tuple[str, ...]] = (AWAY, *MONEYLINES)

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """The opening spreads and totals of those games in a file.

        Raises:
            DataError: The file is not of this kind at all.
            UsageError: ``columns`` maps to a column that is neither required nor optional.
        """
        table = rename(read_table(raw, KIND), columns, (*self.required, *self.optional))
        require(table, self.required, KIND)
        absent = [name for name in self.optional if name not in table.columns]
        rows = _matched(table.with_columns(pl.lit(None, pl.String).alias(name) for name in absent), games, league)
        spread, total = -number(OPENED), number(TOTAL)
        quotes = pl.concat(
            [
                open_quotes(_offered(rows, OPENED), "ats", BOOK, spread, _wrong(self._no_spread(), OPENED, CLOSED)),
                open_quotes(_offered(rows, TOTAL), "totals", BOOK, total, _wrong(self._no_total(), TOTAL)),
            ]
        )
        batch = validate.check(games.clear().select(*GAMES), quotes, now=now, known=games)
        return replace(batch, warnings=(*self._changed(rows), *batch.warnings))

    def _no_spread(self) -> pl.Expr:
        """The first thing that is wrong with an opening spread."""
        opened, closed, away = number(OPENED), number(CLOSED), number(AWAY)
        chances = sum((1 / american_price(name) for name in MONEYLINES), pl.lit(0.0))
        return pl.coalesce(
            pl.when(opened == 0).then(
                pl.lit("an opening spread of 0 is a pick'em or none, which cannot be told apart")
            ),
            pl.when(opened.abs() > self.most_spread).then(
                pl.format("the opening spread {} is beyond {} points", opened, pl.lit(self.most_spread))
            ),
            pl.when(away != -opened).then(
                pl.format("the opening spreads {} and {} of the two teams are not one line", opened, away)
            ),
            pl.when(self._favourite_changed()).then(
                pl.format(
                    "the closing spread {} is a total: the favourite changed, and the opening spread has "
                    "the sign of the later one",
                    closed,
                )
            ),
            pl.when(closed == 0).then(pl.lit("the closing spread is 0, so the sign of the opening one means nothing")),
            pl.when(~chances.is_between(*PAIR)).then(
                pl.format("the moneylines {} and {} are not of one game: the row is shifted", *MONEYLINES)
            ),
            far_from(opened, closed, self.most_move, "spread"),
        )

    def _no_total(self) -> pl.Expr:
        """The first thing that is wrong with an opening total."""
        opened, closed = number(TOTAL), number(CLOSING_TOTAL)
        low, high = self.totals
        close = pl.when(closed.is_between(low, high)).then(closed)  # it may be a spread
        return pl.coalesce(
            pl.when(~opened.is_between(low, high)).then(
                pl.format("the opening total {} is not within {} to {}", opened, pl.lit(low), pl.lit(high))
            ),
            far_from(opened, close, self.most_move, "total"),
        )

    def _favourite_changed(self) -> pl.Expr:
        return number(CLOSED).abs() > self.most_spread

    def _changed(self, rows: pl.DataFrame) -> tuple[str, ...]:
        """A warning that what is left of the spreads is a choice of games."""
        count = rows.filter(pl.col("kickoff").is_not_null() & self._favourite_changed()).height
        if not count:
            return ()
        said = (
            f"{count} games changed their favourite between open and close and have no opening spread for it: "
            "the spreads of those that are left moved less than all did"
        )
        return (said,)


def _matched(table: pl.DataFrame, games: pl.DataFrame, league: League) -> pl.DataFrame:
    """The rows with the game they mean, and in ``PROBLEM`` why there is none."""
    codes = team_codes(table, league)
    texts = {f"{side} text": pl.col(side) for side in SIDES}
    problem = problems(
        pl.when(pl.col("date").is_null() | _day().is_null()).then(
            pl.format("column date: '{}' is not a date such as 20110908", pl.col("date").fill_null(""))
        ),
        *(not_team(side, codes, league.name) for side in SIDES),
    )
    table = table.with_columns(pl.coalesce(pl.col(PROBLEM), problem).alias(PROBLEM), _day().alias("day"))
    named = table.with_columns(**texts).with_columns(team(side, codes) for side in SIDES)
    nowhere = pl.format(
        "no game, or not one alone, of {} at {} within a day of {} is in the games of the league {}; "
        "ingest them first, or in the same call",
        *(pl.col(f"{side} text").fill_null("nobody") for side in reversed(SIDES)),
        "day",
        pl.lit(league.name),
    )
    found = find_games(named, games, league)
    return found.with_columns(
        pl.coalesce(pl.col(PROBLEM), pl.when(pl.col("kickoff").is_null()).then(nowhere)).alias(PROBLEM)
    )


def _day() -> pl.Expr:
    """The day in a date that is written as the number 20110908."""
    return whole("date").cast(pl.String).str.to_date("%Y%m%d", strict=False)


def _offered(rows: pl.DataFrame, line: str) -> pl.DataFrame:
    """The rows that say something of a market, and those that are no rows at all."""
    return rows.filter(pl.col(line).is_not_null() | pl.col(PROBLEM).is_not_null())


def _wrong(line: pl.Expr, *columns: str) -> pl.Expr:
    """What is wrong with the game of a row, or else with its numbers, or else with its line."""
    return pl.coalesce(pl.col(PROBLEM), problems(*(not_number(column) for column in columns)), line)
