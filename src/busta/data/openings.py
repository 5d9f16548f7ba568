"""Opening spreads by nflverse's ``game_id``: what the first line of each game was, without prices.

The spread stands as nflverse writes it: positive where home is favoured. Of ``spread_last``, the last
one seen, only the distance is used: the close is nflverse's to say. No time is given, so an opening
is taken as known by convention (``schema.known_at``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from busta.data import validate
from busta.data.schema import GAMES, QUOTES, known_at
from busta.data.textfile import LINE, PROBLEM, not_number, number, problems, read_table, rename, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from busta.data.source import Batch
    from busta.plugins import League

__all__ = ["OpeningSpreads", "far_from", "open_quotes"]

KIND = "opening spreads by game_id"
BOOK = "openings"
"""By name before the archive's book: where both have a game's opening spread, this one is read."""


@dataclass(frozen=True, slots=True)
class OpeningSpreads:
    """The source of opening spreads; a ``busta.data.source.QuoteSource``.

    Attributes:
        most_spread: A spread beyond this many points is a slip.
        most_move: So is one that is further than this from the last.
    """

    most_spread: float
    most_move: float
    name: ClassVar[str] = "openings"
    kind: ClassVar[str] = KIND
    url: ClassVar[str] = ""  # a file of the user's
    required: ClassVar[tuple[str, ...]] = ("game_id", "spread_open")
    optional: ClassVar[tuple[str, ...]] = ("spread_last",)

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """The opening spreads of those games in a file.

        Raises:
            DataError: The file is not of this kind at all.
            UsageError: ``columns`` maps to a column that is neither required nor optional.
        """
        table = rename(read_table(raw, KIND), columns, (*self.required, *self.optional))
        require(table, self.required, KIND)
        last = pl.lit(None, pl.String).alias("spread_last")
        table = table if "spread_last" in table.columns else table.with_columns(last)
        table = table.filter(pl.col("spread_open").is_not_null() | pl.col(PROBLEM).is_not_null())
        rows = table.join(games.select("game_id", "kickoff"), on="game_id", how="left", maintain_order="left")
        quotes = open_quotes(rows, "ats", BOOK, number("spread_open"), self._problem(league))
        return validate.check(games.clear().select(*GAMES), quotes, now=now, known=games)

    def _problem(self, league: League) -> pl.Expr:
        """All that is wrong with a row; of a line that is no row at all, only that."""
        spread, there = number("spread_open"), pl.col("kickoff").is_not_null()
        unknown = pl.format(
            "there is no {} in the games of the league {}; ingest them first, or in the same call",
            "game_id",
            pl.lit(league.name),
        )
        found = problems(
            pl.when(pl.col("game_id").is_not_null() & ~there).then(unknown),
            not_number("spread_open"),
            not_number("spread_last"),
            pl.when(spread.abs() > self.most_spread).then(
                pl.format(
                    "column spread_open: {} is no spread, being beyond {} points", spread, pl.lit(self.most_spread)
                )
            ),
            far_from(spread, number("spread_last"), self.most_move, "spread"),
        )
        return pl.coalesce(pl.col(PROBLEM), found)


def open_quotes(rows: pl.DataFrame, market: str, book: str, line: pl.Expr, problem: pl.Expr) -> pl.DataFrame:
    """Candidate quotes at the open, which nobody recorded the prices of.

    Args:
        rows: With ``game_id``, ``kickoff`` (null where there is no such game) and the line of the file.
        market: ``ats`` or ``totals``.
        book: Whose quotes they are.
        line: The opening line.
        problem: What is wrong with a row, null where nothing is.
    """
    frame = rows.select(
        "game_id",
        pl.lit(market).alias("market"),
        pl.lit(book).alias("book"),
        pl.lit("open").alias("moment"),
        pl.when(line == 0).then(0.0).otherwise(line).alias("line"),  # not minus nothing
        pl.lit(None).alias("first_price"),
        pl.lit(None).alias("second_price"),
        known_at("open").alias("known_at"),
        pl.lit(value=True).alias("known_at_assumed"),
        pl.col(LINE).alias("row"),
        problem.alias("problem"),
    )
    return frame.cast(dict(QUOTES))  # type: ignore[arg-type]


def far_from(opening: pl.Expr, close: pl.Expr, most: float, name: str) -> pl.Expr:
    """What is wrong with an opening line that is further from the file's own close than lines move."""
    return pl.when((opening - close).abs() > most).then(
        pl.format(
            "the opening {} {} is more than {} points from the close, {}", pl.lit(name), opening, pl.lit(most), close
        )
    )
