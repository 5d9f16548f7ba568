"""The validated tables of one league on disk, and how a batch changes them.

    FOLDER/CURRENT                 the version in force (see ``busta.data.publish``)
    FOLDER/<content id>/           games.parquet, quotes.parquet, facts.parquet, meta.json; snapshots.parquet if odds
                                   were fetched, truth.parquet if simulated
    FOLDER/refused/<content id>.csv  rows that were not taken, and why

An update takes new rows in, overwrites those that differ and leaves the others; the same batch twice
writes nothing the second time. Snapshots are only ever added; the quotes they make are made anew each time,
and so follow a start that moves.
"""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from busta.data.books import merged, quotes_of
from busta.data.identity import content_id
from busta.data.parquet import write_parquet
from busta.data.publish import atomic_write, current, locked, publish
from busta.data.schema import (
    BEST,
    CONSENSUS,
    FACT_KEY,
    FACTS,
    GAME_KEY,
    GAMES,
    QUOTE_KEY,
    QUOTES,
    SNAPSHOT_KEY,
    SNAPSHOTS,
    TRUTH,
    Counts,
    assumed_known_at,
)
from busta.data.source import REFUSED, filled, listed, upsert
from busta.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from busta.data.source import Batch
    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["KEEP", "Report", "Stored", "Tables", "known_facts", "known_games"]

KEEP = 2
"""Versions kept: the one in force and the one before it."""
RECENT = timedelta(days=30)
"""For so long after its start it is said that a source has a game no more."""
READS = 3  # a version may be pruned while it is read; the next look finds the new one


class Stored(NamedTuple):
    """The tables of a league, and where they came from.

    Attributes:
        games: Rows of ``GAMES`` by kick-off.
        quotes: Rows of ``QUOTES`` by kick-off.
        meta: ``version``, ``files``, ``ingested_at``, ``missing``.
        facts: Rows of ``FACTS``.
    """

    games: pl.DataFrame
    quotes: pl.DataFrame
    meta: dict[str, Any]
    facts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Report:
    """What an update did.

    Attributes:
        counts: For ``games``, ``quotes`` and, if any came, ``facts`` and ``snapshots``, what became of the rows.
            What was said of a refused game is not counted; it went with it.
        warnings: What a person should know.
        missing: Optional columns that the source did not have.
        refused_file: The rows that were refused, if any were.
        version: Content id of the tables now in force.
        written: Whether anything changed on disk.
    """

    counts: Mapping[str, Counts]
    warnings: tuple[str, ...]
    missing: tuple[str, ...]
    refused_file: Path | None
    version: str
    written: bool


class Tables:
    """The tables in one folder, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> Stored:
        """The tables in force.

        Raises:
            UsageError: There are none.
            DataError: They cannot be read.
        """
        there = self._load()
        return Stored(there.games, there.quotes, there.meta, there.facts)

    def truth(self) -> pl.DataFrame | None:
        """The true probabilities of a simulated league; ``None`` for a real one.

        Raises:
            UsageError: There are no tables.
            DataError: They cannot be read.
        """
        return self._load().truth

    def snapshots(self) -> pl.DataFrame:
        """What books offered at other times, rows of ``SNAPSHOTS``.

        Raises:
            UsageError: There are no tables.
            DataError: They cannot be read.
        """
        return self._load().snapshots

    def update(self, batch: Batch, *, now: datetime | None = None) -> Report:
        """Takes a batch in. Rows it does not have stay, except that a simulated world replaces another.

        A batch may have quotes alone, of games that are in the tables; those of other games are refused.

        A descriptive column (division, roof, surface, venue) in which the batch says nothing at all
        keeps what was known, and so does an assumed start where the day is that of a known one. Quotes
        without a time of their own move with the start of their game; those of a time that is now at or
        after it are refused.

        Raises:
            DataError: Every row was refused, or the stored tables cannot be read.
            OutsideError: The disk is full or refuses; the tables are as before.
        """
        with locked(self.folder):
            now = now or datetime.now(UTC)
            before = self._load() if current(self.folder) else _nothing()
            change = _Change.of(before, batch, now)
            refused_file = self._keep_refused(change.refused)
            if refused_file and all(count.came == count.refused for count in change.counts.values()):
                first = change.refused.row(0, named=True)
                raise DataError(
                    f"all {change.refused.height} rows were refused; the first, line {first['row']}: "
                    f"{first['reason']}.\nAll reasons: {refused_file}"
                )
            version, written = self._write(change.frames, _meta(before.meta, batch, now))
        return Report(change.counts, change.warnings, batch.missing, refused_file, version, written)

    def _load(self) -> _Loaded:
        for _ in range(READS):
            folder = current(self.folder)
            if folder is None:
                raise UsageError(f"no tables in {self.folder}; run `busta ingest {self.folder.name}`")
            try:
                return _Loaded.from_folder(folder)
            except FileNotFoundError as exc:
                missing = exc
        raise DataError(
            f"{missing.filename or missing} is missing; delete {self.folder} and run `busta ingest {self.folder.name}`"
        ) from missing

    def _write(self, frames: Mapping[str, pl.DataFrame], meta: Mapping[str, Any]) -> tuple[str, bool]:
        version = content_id(frames)
        there = current(self.folder)
        if there is not None and there.name == version:
            return version, False
        content = json.dumps({"version": version, **meta}, indent=1, ensure_ascii=False)

        def write(folder: Path) -> None:
            for name, frame in frames.items():
                write_parquet(frame, folder / f"{name}.parquet")
            (folder / "meta.json").write_text(content, encoding="utf-8")

        publish(self.folder, version, write, keep=KEEP)
        return version, True

    def _keep_refused(self, refused: pl.DataFrame) -> Path | None:
        """Writes the refused rows down, under a name made from them: the same ones make no second file."""
        if refused.is_empty():
            return None
        path = self.folder / "refused" / f"{content_id({'refused': refused})}.csv"
        if not path.exists():
            atomic_write(path, refused.write_csv().encode())
        return path


def known_games(settings: Settings, league: League) -> pl.DataFrame:
    """The league's games in the workspace's tables; none where there are no tables yet."""
    tables = Tables(settings.tables / league.name)
    return tables.read().games if current(tables.folder) else pl.DataFrame(schema=GAMES)


def known_facts(settings: Settings, league: League) -> pl.DataFrame:
    """The league's facts in the workspace's tables; none where there are no tables yet."""
    tables = Tables(settings.tables / league.name)
    return tables.read().facts if current(tables.folder) else pl.DataFrame(schema=FACTS)


class _Loaded(NamedTuple):
    games: pl.DataFrame
    quotes: pl.DataFrame
    truth: pl.DataFrame | None
    meta: dict[str, Any]
    facts: pl.DataFrame
    snapshots: pl.DataFrame

    @classmethod
    def from_folder(cls, folder: Path) -> _Loaded:
        has_truth = (folder / "truth.parquet").exists()
        return cls(
            _read_table(folder / "games.parquet", GAMES),
            _read_table(folder / "quotes.parquet", QUOTES),
            _read_table(folder / "truth.parquet", TRUTH) if has_truth else None,
            _read_meta(folder / "meta.json"),
            _if_there(folder / "facts.parquet", FACTS),  # tables of an older busta have none
            _if_there(folder / "snapshots.parquet", SNAPSHOTS),
        )


def _nothing() -> _Loaded:
    games, quotes, facts, snapshots = (pl.DataFrame(schema=each) for each in (GAMES, QUOTES, FACTS, SNAPSHOTS))
    return _Loaded(games, quotes, None, {}, facts, snapshots)


def _if_there(path: Path, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return _read_table(path, schema) if path.exists() else pl.DataFrame(schema=schema)


def _read_table(path: Path, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
    try:
        frame = pl.read_parquet(path, glob=False)  # a path, whatever brackets it has
    except pl.exceptions.PolarsError as exc:
        raise DataError(f"{path} is damaged: {exc}. Delete the folder of the league and ingest again") from exc
    if dict(frame.schema) != dict(schema):
        raise DataError(
            f"{path} has other columns than this version of busta; delete its league's folder and ingest again"
        )
    return frame


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise DataError(f"{path} is damaged: {exc}. Delete the folder of the league and ingest again") from exc
    return meta


def _meta(before: Mapping[str, Any], batch: Batch, now: datetime) -> dict[str, Any]:
    """Where the tables come from: all files that ever went in, each once."""
    files = [*before.get("files", []), *(asdict(file) for file in batch.files)]
    files = [file for position, file in enumerate(files) if file not in files[:position]]
    missing = before.get("missing", []) if batch.games.is_empty() else list(batch.missing)
    return {"files": files, "ingested_at": now.isoformat(timespec="seconds"), "missing": missing}


@dataclass(frozen=True, slots=True)
class _Change:
    """The tables as they will be, and how they come to be so."""

    frames: Mapping[str, pl.DataFrame]
    counts: Mapping[str, Counts]
    refused: pl.DataFrame
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, before: _Loaded, batch: Batch, now: datetime) -> _Change:
        games_before = before.games if batch.truth is None else before.games.clear()
        games = upsert(games_before, filled(batch.games, games_before), GAME_KEY).sort("kickoff", "game_id")
        snapshots = merged(before.snapshots, batch.snapshots).join(games, on="game_id", how="semi")
        ours = pl.col("book").is_in([CONSENSUS, BEST]) & pl.col("game_id").is_in(
            snapshots["game_id"].unique().implode()
        )
        offered, unfit = _fitting(batch.quotes.filter(~ours), games)
        quotes_before = (before.quotes if batch.truth is None else before.quotes.clear()).filter(~ours)
        stored, overtaken = _fitting(quotes_before.join(offered, on=QUOTE_KEY, how="anti"), games)
        quotes = _with_made(pl.concat([stored, offered]), snapshots, games)
        facts_before = before.facts if batch.truth is None else before.facts.clear()
        facts = upsert(facts_before, batch.facts, FACT_KEY).join(games, on="game_id", how="semi").sort(FACT_KEY)
        came = pl.concat([batch.refused.select(*REFUSED), unfit])
        frames = {"games": games, "quotes": quotes, "facts": facts}
        if batch.truth is not None:
            frames["truth"] = batch.truth.sort("game_id")
        if snapshots.height:
            frames["snapshots"] = snapshots
        whole = (
            ("games", before.games, games, batch.games, GAME_KEY),
            ("quotes", before.quotes, quotes, offered, QUOTE_KEY),
            ("facts", before.facts, facts, batch.facts, FACT_KEY),
            ("snapshots", before.snapshots, snapshots, batch.snapshots, SNAPSHOT_KEY),
        )
        counts = {name: _count(old, new, given, key, came.filter(table=name)) for name, old, new, given, key in whole}
        counts = {name: count for name, count in counts.items() if count.came or name in {"games", "quotes"}}
        lost = () if batch.truth is not None else (*_moved(before.games, games), *_gone(before.games, batch.games, now))
        warnings = (*batch.warnings, *_replaced(before, games), *_overtaken(overtaken), *lost)
        return cls(frames, counts, pl.concat([came, overtaken]), warnings)


def _with_made(quotes: pl.DataFrame, snapshots: pl.DataFrame, games: pl.DataFrame) -> pl.DataFrame:
    """The quotes, which have their ``kickoff``, with those that the snapshots make; by the start."""
    made = quotes_of(snapshots, games, quotes) if snapshots.height else quotes.clear()
    rows = pl.concat([quotes.select(*QUOTES), made.select(*QUOTES)])
    timed = rows.join(games.select("game_id", "kickoff"), on="game_id", how="left")
    return timed.sort("kickoff", *QUOTE_KEY).select(*QUOTES)


def _fitting(quotes: pl.DataFrame, games: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The quotes made before their game, with its ``kickoff`` and timed by it; a refusal of each other."""
    timed = quotes.join(games.select("game_id", "kickoff"), on="game_id", how="left", maintain_order="left")
    timed = timed.with_columns(
        pl.when("known_at_assumed").then(assumed_known_at()).otherwise("known_at").alias("known_at")
    )
    problem = (
        pl.when(pl.col("kickoff").is_null())
        .then(pl.lit("there is no game of that id"))
        .when(pl.col("known_at") >= pl.col("kickoff"))
        .then(pl.lit("it was made at or after the start of its game"))
    )
    judged = timed.with_columns(problem.alias("problem"))
    refusal = (
        pl.lit("quotes").alias("table"),
        pl.lit(None, pl.Int64).alias("row"),
        "game_id",
        pl.format("{}: {}", "market", "problem").alias("reason"),
    )
    wrong = pl.col("problem").is_not_null()
    return judged.filter(~wrong).drop("problem"), judged.filter(wrong).select(*refusal)


def _count(
    before: pl.DataFrame, after: pl.DataFrame, came: pl.DataFrame, key: Sequence[str], refused: pl.DataFrame
) -> Counts:
    """What became of the rows that came."""
    taken = after.join(came, on=key, how="semi")
    known = taken.join(before, on=key, how="semi")
    same = known.join(before, on=before.columns, how="semi", nulls_equal=True)
    return Counts(
        came=taken.height + refused.height,
        new=taken.height - known.height,
        changed=known.height - same.height,
        unchanged=same.height,
        refused=refused.height,
    )


def _replaced(before: _Loaded, games: pl.DataFrame) -> tuple[str, ...]:
    gone = before.games.join(games, on="game_id", how="anti").height
    return (f"{gone} games of another simulated world were replaced",) if gone else ()


def _moved(before: pl.DataFrame, games: pl.DataFrame) -> tuple[str, ...]:
    """Games without a score that start at another time than was known before."""
    starts = before.filter(~pl.col("kickoff_assumed")).select("game_id", was="kickoff")
    both = games.join(starts, on="game_id", maintain_order="left").filter(pl.col("home_score").is_null())
    off = both.filter(pl.col("kickoff") != pl.col("was"))
    said = [f"{game} to {start:%Y-%m-%d %H:%M}" for game, start in off.select("game_id", "kickoff").rows()]
    return (f"{off.height} games were moved: {listed(said)}",) if said else ()


def _gone(before: pl.DataFrame, came: pl.DataFrame, now: datetime) -> tuple[str, ...]:
    """Games without a score, of these weeks or to come, that a file does not have which has games around them."""
    spans = came.group_by("season").agg(pl.col("kickoff").min().alias("first"), pl.col("kickoff").max().alias("last"))
    absent = before.join(came, on="game_id", how="anti", maintain_order="left").join(spans, on="season")
    open_ones = absent.filter(pl.col("home_score").is_null(), pl.col("kickoff") > now - RECENT)
    lost = open_ones.filter(pl.col("kickoff").is_between("first", "last"))["game_id"]
    if lost.is_empty():
        return ()
    return (f"{lost.len()} games are not in the source any more, called off or moved to another id: {listed(lost)}",)


def _overtaken(refused: pl.DataFrame) -> tuple[str, ...]:
    games = refused["game_id"].unique(maintain_order=True)
    if games.is_empty():
        return ()
    return (f"{refused.height} quotes were made at or after the new start of their game and are gone: {listed(games)}",)
