"""Reads files of the user's: each by the source whose kind it is, which its columns tell.

Files with games are read first, whatever their place, so that files with quotes alone find them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from busta.data.by_game import BY_GAME
from busta.data.schema import GAME_KEY, GAMES
from busta.data.source import MAX_BYTES, RawFile, concatenate, filled, listed, of_file, upsert
from busta.data.textfile import field_names
from busta.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from busta.data.source import Batch, Kind, QuoteSource, Source
    from busta.plugins import League

__all__ = ["content", "from_files"]

SUFFIXES = (".csv", ".json", ".parquet")


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it came; ``folder`` is the one it was found in, None where the user named the file itself."""

    path: Path
    raw: bytes
    folder: Path | None


def from_files(
    paths: Sequence[Path],
    league: League,
    *,
    games: Sequence[Source],
    quotes: Sequence[QuoteSource] = (),
    known: Callable[[], pl.DataFrame],
    columns: Mapping[str, str],
    now: datetime,
) -> Batch:
    """What is in those files, each of one of the kinds given; where two say something of a game, the later's stands.

    Args:
        paths: Files, or folders. Of a folder its ``.csv``, ``.json`` and ``.parquet`` files are read, by name; those
            of no kind are passed over with a warning, and a folder that has no others is refused.
        league: Whose files they are.
        games: Kinds of files with games.
        quotes: Kinds of files with quotes of games that stand in other files, or are known; quotes and facts in
            the general format (`busta.data.by_game`) are always read.
        known: Gives the games that are there already; called where a file has quotes alone.
        columns: Column of a file = column of a source.
        now: A game that starts later has no score.

    Raises:
        UsageError: A path is not there or cannot be read; ``columns`` maps to what no source has.
        DataError: A file that the user named is of no kind, or a folder has none that is.
    """
    quotes = (*quotes, *BY_GAME)
    kinds = (*games, *quotes)
    _refuse_strangers(columns, kinds)
    files, warnings = _of_a_kind(_found(paths), league, kinds, columns)
    several = len(files) > 1
    batches = []
    for source, file in ((source, file) for source in games for file, kind in files if kind is source):
        parse = partial(source.parse, league=league, columns=_own(columns, source), now=now)
        batches.append(_taken(file, parse, several=several))
    alone = [(source, file) for source in quotes for file, kind in files if kind is source]
    there = _together(known(), batches) if alone else pl.DataFrame(schema=GAMES)
    for kind, file in alone:
        parse = partial(kind.parse, league=league, games=there, columns=_own(columns, kind), now=now)
        batches.append(_taken(file, parse, several=several))
    batch = concatenate(batches)
    return replace(batch, warnings=(*warnings, *batch.warnings))


def _found(paths: Sequence[Path]) -> Iterator[tuple[Path, Path | None]]:
    """Each file, and the folder it was found in."""
    for path in map(Path, paths):
        if not path.exists():
            raise UsageError(f"no file or folder {path}")
        folder = path if path.is_dir() else None
        found = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES) if folder else [path]
        if not found:
            raise UsageError(f"no {' or '.join(SUFFIXES)} file in the folder {path}")
        yield from ((each, folder) for each in found)


def content(path: Path) -> bytes:
    """The bytes of a file, which is looked at before it is opened: a pipe waits, and a device has no end.

    Raises:
        UsageError: It is not there or cannot be read.
        DataError: It is no file, or too large to be a table.
    """
    if not path.exists():
        raise UsageError(f"no file or folder {path}")
    try:
        if not path.is_file():
            raise DataError("not a regular file but a device, a pipe or a folder; a table of results is a file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    if len(content) > MAX_BYTES:
        raise DataError(f"larger than {MAX_BYTES:,} bytes: not a table of results")
    return content


def _of_a_kind(
    files: Iterable[tuple[Path, Path | None]], league: League, kinds: Sequence[Kind], columns: Mapping[str, str]
) -> tuple[list[tuple[_File, Kind]], list[str]]:
    """Each file that is of a kind, with it, and a warning of those in a folder that are not."""
    taken: list[tuple[_File, Kind]] = []
    passed: dict[Path, dict[str, DataError]] = {}
    for path, folder in files:
        try:
            file = _File(path, content(path), folder)
            taken.append((file, _kind_of(file.raw, league, kinds, columns)))
        except DataError as exc:
            if folder is None:
                raise DataError(f"{path.name}: {exc}") from exc
            passed.setdefault(folder, {})[path.name] = exc
    for folder, reasons in passed.items():
        if not any(file.folder == folder for file, _ in taken):
            name, why = next(iter(reasons.items()))
            raise DataError(f"no file in {folder} is of a kind that {league.name} reads. {name}: {why}") from why
    return taken, [_passed_over(folder, list(reasons), league.name) for folder, reasons in passed.items()]


def _passed_over(folder: Path, names: Sequence[str], league: str) -> str:
    return (
        f"of the files in {folder}, these are of no kind that {league} reads and are passed over: {listed(names)}; "
        "give one by its name to learn why"
    )


def _kind_of(raw: bytes, league: League, kinds: Sequence[Kind], columns: Mapping[str, str]) -> Kind:
    """The first kind all of whose columns the file has, by their own names or by those mapped to them."""
    names = field_names(raw, f"a file that {league.name} reads")
    present = {*names, *(columns[name] for name in names if name in columns)}
    lacking = {kind.kind: [name for name in kind.required if name not in present] for kind in kinds}
    found = next((kind for kind in kinds if not lacking[kind.kind]), None)
    if found is None:
        said = "; ".join(f"not {kind}: no column {', '.join(absent)}" for kind, absent in lacking.items())
        raise DataError(
            f"{said}.\nWhere the file calls its columns otherwise, say so under [columns] in a map: --map FILE"
        )
    return found


def _refuse_strangers(columns: Mapping[str, str], kinds: Sequence[Kind]) -> None:
    allowed = list(dict.fromkeys(name for kind in kinds for name in (*kind.required, *kind.optional)))
    strangers = sorted(set(columns.values()) - set(allowed))
    if strangers:
        raise UsageError(
            f"[columns] maps to {', '.join(map(repr, strangers))}, which the sources do not have. "
            f"Allowed: {', '.join(allowed)}"
        )


def _own(columns: Mapping[str, str], kind: Kind) -> dict[str, str]:
    """The names that are mapped to columns of this kind."""
    return {own: name for own, name in columns.items() if name in (*kind.required, *kind.optional)}


def _together(known: pl.DataFrame, batches: Sequence[Batch]) -> pl.DataFrame:
    """The games that will be there: those known, and those that come with these batches."""
    for batch in batches:
        known = upsert(known, filled(batch.games, known), GAME_KEY)
    return known


def _taken(file: _File, parse: Callable[[bytes], Batch], *, several: bool) -> Batch:
    """What a source finds in a file; of several, with the file's name in all it says."""
    name = file.path.name
    try:
        batch = parse(file.raw)
    except DataError as exc:
        raise DataError(f"{name}: {exc}") from exc
    came = RawFile(name, hashlib.sha256(file.raw).hexdigest(), str(file.path.resolve()))
    return of_file(batch, came, named=several)
