"""What a source is: it describes where its files are and parses their bytes; it never fetches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

import polars as pl

from busta.data.schema import FACT_KEY, FACTS, GAME_KEY, GAMES, QUOTE_KEY, SNAPSHOTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from busta.plugins import League

__all__ = [
    "MAX_BYTES",
    "REFUSED",
    "Batch",
    "Kind",
    "QuoteSource",
    "RawFile",
    "Source",
    "concatenate",
    "filled",
    "listed",
    "of_file",
    "upsert",
]

MAX_BYTES = 64 * 1024 * 1024
"""No table of results is larger (nflverse's of 27 seasons has 2 MB); what is, is something else."""

REFUSED: dict[str, pl.DataType] = {
    "table": pl.String(),  # games, quotes or facts
    "row": pl.Int64(),  # line of the source file, its header being line 1; of JSON, which object
    "game_id": pl.String(),
    "reason": pl.String(),
}
"""A row for each row that was not taken."""

DESCRIPTIVE = ("division", "roof", "surface", "venue")
SAME_DAY = timedelta(hours=12)
"""An assumed start is about midday: a known one nearer than this is of the same day."""
EXAMPLES = 5


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
        facts: Rows of ``FACTS``, those refused left out.
        snapshots: Rows of ``SNAPSHOTS``, those refused left out.
    """

    games: pl.DataFrame
    quotes: pl.DataFrame
    refused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSED))
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    files: tuple[RawFile, ...] = ()
    truth: pl.DataFrame | None = None
    facts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FACTS))
    snapshots: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SNAPSHOTS))


class Kind(Protocol):
    """A kind of file: its name, what people call it, where it lives and what it must and may hold."""

    name: ClassVar[str]
    kind: ClassVar[str]
    url: ClassVar[str]
    required: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]]


class Source(Kind, Protocol):
    """A kind of file that has games: where it lives, what it must hold, how it is read."""

    def parse(self, raw: bytes, league: League, *, columns: Mapping[str, str], now: datetime) -> Batch:
        """The file's rows in our tables; ``columns`` renames the user's columns to the source's.

        Raises:
            DataError: The file is not of this kind at all.
        """
        ...


class QuoteSource(Kind, Protocol):
    """A kind of file that has quotes or facts of games that other files have."""

    def parse(
        self, raw: bytes, league: League, games: pl.DataFrame, *, columns: Mapping[str, str], now: datetime
    ) -> Batch:
        """What the file says of those ``games``, rows of ``GAMES``; what it says of others is refused.

        Raises:
            DataError: The file is not of this kind at all.
        """
        ...


def concatenate(batches: Sequence[Batch]) -> Batch:
    """One batch of several; where two have the same row, the later one's stands.

    Of games and quotes that differ there is a warning; a fact that a later file contradicts is refused.
    """
    if len(batches) == 1:
        return batches[0]
    games, quotes, facts = batches[0].games, batches[0].quotes, batches[0].facts
    contrary: list[str] = []
    refused = [batch.refused for batch in batches]
    for batch in batches[1:]:
        later = filled(batch.games, games)
        contrary += _contrary(games, later, GAME_KEY, "kickoff")
        contrary += _contrary(quotes, batch.quotes, QUOTE_KEY, "known_at")
        refused.append(_denied(facts, batch))
        facts = upsert(facts, batch.facts, FACT_KEY)
        games, quotes = upsert(games, later, GAME_KEY), upsert(quotes, batch.quotes, QUOTE_KEY)
    return Batch(
        games=games,
        quotes=quotes,
        refused=pl.concat(refused),
        warnings=(*(warning for batch in batches for warning in batch.warnings), *_later_wins(contrary)),
        missing=tuple(dict.fromkeys(column for batch in batches for column in batch.missing)),
        files=tuple(file for batch in batches for file in batch.files),
        facts=facts,
        snapshots=pl.concat([batch.snapshots for batch in batches]),
    )


def of_file(batch: Batch, file: RawFile, *, named: bool = True) -> Batch:
    """The batch as what that file says; ``named`` where there are several, with its name in all it says."""
    if not named:
        return replace(batch, files=(file,))
    reason = pl.format("{}: {}", pl.lit(file.name), "reason").alias("reason")
    warnings = tuple(f"{file.name}: {warning}" for warning in batch.warnings)
    return replace(batch, files=(file,), refused=batch.refused.with_columns(reason), warnings=warnings)


def upsert(old: pl.DataFrame, new: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The old rows without those that came anew, and the new ones."""
    return pl.concat([old.join(new, on=key, how="anti", maintain_order="left"), new])


def filled(new: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    """The new games, with what is known of them where these say nothing.

    A descriptive column that is null throughout says nothing, nor does a null ``neutral``; an assumed
    start says which day, and so yields to a known one of the same day.
    """
    silent = [column for column in DESCRIPTIVE if new[column].null_count() == new.height]
    same_day = (pl.col("kickoff") - pl.col("kickoff before")).abs() < SAME_DAY
    known = pl.col("kickoff_assumed") & ~pl.col("kickoff_assumed before") & same_day
    both = new.join(old, on=GAME_KEY, how="left", suffix=" before", maintain_order="left")
    return both.with_columns(
        *(pl.col(f"{column} before").alias(column) for column in silent),
        pl.when(known).then("kickoff before").otherwise("kickoff").alias("kickoff"),
        pl.when(known).then(statement=False).otherwise("kickoff_assumed").alias("kickoff_assumed"),
        pl.coalesce("neutral", "neutral before", pl.lit(value=False)),
    ).select(*GAMES)


def listed(names: Sequence[str] | pl.Series) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - EXAMPLES} more" if len(names) > EXAMPLES else ""
    return f"{', '.join(names[:EXAMPLES])}{more}"


def _contrary(old: pl.DataFrame, new: pl.DataFrame, key: Sequence[str], time: str) -> list[str]:
    """The games of the rows that said something else before; nothing and an assumed time are no word."""
    assumed = f"{time}_assumed"
    said = old.with_columns(pl.when(~pl.col(assumed)).then(time).alias(time)).drop(assumed)
    values = [column for column in said.columns if column not in key]
    other = pl.any_horizontal(
        pl.col(value).is_not_null() & pl.col(value).ne_missing(pl.col(f"{value} later")) for value in values
    )
    return said.join(new, on=key, suffix=" later", maintain_order="left").filter(other)["game_id"].to_list()


def _denied(facts: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """A refusal of each of the facts of which the batch says something else."""
    later = batch.files[0].name if batch.files else "a later file"
    both = facts.join(batch.facts, on=FACT_KEY, suffix=" later", maintain_order="left")
    said, then = (pl.coalesce(pl.col(f"value{when}").cast(pl.String), f"label{when}") for when in ("", " later"))
    reason = pl.format(
        "{}: {} of {} in an earlier file; {} says {}, which is taken", "fact", said, "team", pl.lit(later), then
    )
    return both.filter(said != then).select(
        pl.lit("facts").alias("table"), pl.lit(None, pl.Int64).alias("row"), "game_id", reason.alias("reason")
    )


def _later_wins(contrary: Sequence[str]) -> tuple[str, ...]:
    games = list(dict.fromkeys(contrary))
    if not games:
        return ()
    return (f"the files contradict each other on {len(games)} games, the later one is taken: {listed(games)}",)
