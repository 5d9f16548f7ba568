"""What a source is: it describes where its files are and parses their bytes; it never fetches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

from busta.data.schema import GAME_KEY, QUOTE_KEY
from busta.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from busta.plugins import League

__all__ = ["REFUSED", "Batch", "RawFile", "Source", "concatenate", "from_files"]

REFUSED: dict[str, pl.DataType] = {
    "table": pl.String(),  # games or quotes
    "row": pl.Int64(),  # line of the source file, its header being line 1
    "game_id": pl.String(),
    "reason": pl.String(),
}
"""A row for each row that was not taken."""


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


def from_files(
    source: Source, paths: Sequence[Path], league: League, *, columns: Mapping[str, str], now: datetime
) -> Batch:
    """What a source finds in files of the user's; of a folder, in all its ``.csv`` files by name.

    Raises:
        UsageError: A file or folder is not there or cannot be read.
        DataError: A file is not of this kind at all.
    """
    batches = []
    files = list(_files(paths))
    for path in files:
        try:
            raw = path.read_bytes()
        except OSError as exc:
            raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
        try:
            batch = source.parse(raw, league, columns=columns, now=now)
        except DataError as exc:
            raise DataError(f"{path.name}: {exc}") from exc
        file = RawFile(path.name, hashlib.sha256(raw).hexdigest(), str(path.resolve()))
        batch = replace(batch, files=(file,))
        batches.append(_named(batch, path.name) if len(files) > 1 else batch)
    return concatenate(batches)


def concatenate(batches: Sequence[Batch]) -> Batch:
    """One batch of several; where two have the same game or quote, the later one's stands."""
    if len(batches) == 1:
        return batches[0]
    games = pl.concat([batch.games for batch in batches]).unique(GAME_KEY, keep="last", maintain_order=True)
    quotes = pl.concat([batch.quotes for batch in batches]).unique(QUOTE_KEY, keep="last", maintain_order=True)
    return Batch(
        games=games,
        quotes=quotes,
        refused=pl.concat([batch.refused for batch in batches]),
        warnings=tuple(warning for batch in batches for warning in batch.warnings),
        missing=tuple(dict.fromkeys(column for batch in batches for column in batch.missing)),
        files=tuple(file for batch in batches for file in batch.files),
    )


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if not path.exists():
            raise UsageError(f"no file or folder {path}")
        found = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not found:
            raise UsageError(f"no .csv file in the folder {path}")
        yield from found


def _named(batch: Batch, name: str) -> Batch:
    """The batch with its file's name in all it says: of several files, a line number says too little."""
    reason = pl.format("{}: {}", pl.lit(name), "reason").alias("reason")
    return replace(
        batch,
        refused=batch.refused.with_columns(reason),
        warnings=tuple(f"{name}: {warning}" for warning in batch.warnings),
    )
