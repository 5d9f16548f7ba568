"""What a source is: it describes where its files are and parses their bytes; it never fetches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from busta.plugins import League

__all__ = ["Batch", "RawFile", "Source"]

REFUSED: dict[str, pl.DataType] = {
    "table": pl.String(),  # games or quotes
    "row": pl.Int64(),  # line of the source file, its header being line 1
    "game_id": pl.String(),
    "reason": pl.String(),
}


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file as it came: its name, the SHA-256 of its bytes and where it was fetched from."""

    name: str
    sha256: str
    origin: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What a source found in its files, in the tables of ``busta.data.schema``.

    Attributes:
        games: Rows of ``GAMES``, those refused left out.
        quotes: Rows of ``QUOTES``, those refused left out.
        refused: Rows of ``REFUSED``: which row was not taken, and why.
        warnings: Things a person should know that refuse nothing.
        missing: Optional columns that the source's file does not have.
        files: The files all this came from.
        truth: Rows of ``TRUTH`` where the league is simulated.
    """

    games: pl.DataFrame
    quotes: pl.DataFrame
    refused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSED))
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    files: tuple[RawFile, ...] = ()
    truth: pl.DataFrame | None = None


class Source(Protocol):
    """A kind of file: where it lives, what it must hold, how it is read."""

    name: str
    url: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    def parse(self, raw: bytes, league: League, *, columns: Mapping[str, str], now: datetime) -> Batch:
        """The file's rows in our tables; ``columns`` renames the user's columns to the source's.

        Raises:
            DataError: The file is not of this kind at all.
        """
        ...
