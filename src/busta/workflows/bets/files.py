"""Bets as files: all of them out to a table, a book's own list of them in."""

from __future__ import annotations

import io
import tomllib
from datetime import datetime
from pathlib import Path  # noqa: TC003 - annotations of what users call
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from busta.data.identity import content_id
from busta.data.publish import atomic_write
from busta.data.schema import INSTANT
from busta.data.source import MAX_BYTES
from busta.data.textfile import LINE, PROBLEM, read_csv
from busta.errors import BustaError, DataError, UsageError
from busta.ledger.storage import Ledger
from busta.plugins import pick
from busta.settings import as_path
from busta.telemetry.logs import run_id
from busta.workflows.bets.bets import show_bets
from busta.workflows.bets.slip import Board, slip, write_bets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.ledger.storage import Draft
    from busta.settings import Settings

__all__ = ["export_bets", "import_bets"]

EXPORTED: dict[str, pl.DataType] = {
    **dict.fromkeys(("key", "league", "game_id", "home_team", "away_team"), pl.String()),
    **dict.fromkeys(("kickoff", "placed_at", "recorded_at"), INSTANT),
    **dict.fromkeys(("season", "week"), pl.Int32()),
    **dict.fromkeys(("market", "pick", "side"), pl.String()),
    **dict.fromkeys(("line", "price", "stake"), pl.Float64()),
    "book": pl.String(),
    **dict.fromkeys(("paper", "late"), pl.Boolean()),
    **dict.fromkeys(("source", "model", "model_version"), pl.String()),
    **dict.fromkeys(("win", "push", "lose", "edge"), pl.Float64()),
    **dict.fromkeys(("state", "outcome"), pl.String()),
    **dict.fromkeys(("value", "profit", "clv", "clv_points"), pl.Float64()),
    "settlements": pl.Int32(),
    "reason": pl.String(),
}
"""Columns of an exported table; a price is decimal, a time UTC, a line that of the home side."""
INSTANTS = [name for name, kind in EXPORTED.items() if kind == INSTANT]

Field = Literal[
    "key", "game", "home_team", "away_team", "date", "week", "market", "pick", "line",
    "price", "stake", "book", "placed_at", "paper", "league",
]  # fmt: skip


class Formats(BaseModel):
    """How a file writes times, as `strftime` has it, and in which zone; ISO 8601 in UTC unless it says otherwise."""

    model_config = ConfigDict(extra="forbid")

    date: str | None = None
    placed_at: str | None = None
    zone: str = "UTC"


class Map(BaseModel):
    """How a book's file is read.

    Attributes:
        columns: What busta calls it = the column of the file.
        values: For a field, what the file says = what busta says.
        defaults: For a field that the file does not have.
        formats: How it writes times.
    """

    model_config = ConfigDict(extra="forbid")

    columns: dict[Field, str] = {}
    values: dict[Field, dict[str, str]] = {}
    defaults: dict[Field, str | float | bool] = {}
    formats: Formats = Formats()


def export_bets(settings: Settings, file: Path | str) -> dict[str, Any]:
    """Writes all bets, with what came of them, to a ``.csv`` or ``.parquet`` file: the old one or the new, never half.

    Raises:
        UsageError: Another kind of file.
        OutsideError: The ledger's database is down, or the disk is full.
    """
    path = as_path("file", file)
    if path.suffix not in (".csv", ".parquet"):
        raise UsageError(f"cannot export to {path}; allowed are a .csv and a .parquet file")
    shown = show_bets(settings)
    rows = [row | (row["probability"] or {}) for row in shown["bets"]]
    texts = {name: pl.String() if name in INSTANTS else kind for name, kind in EXPORTED.items()}
    frame = pl.DataFrame([{name: row.get(name) for name in EXPORTED} for row in rows], schema=texts)
    frame = frame.with_columns(pl.col(INSTANTS).str.to_datetime(time_unit="us", time_zone="UTC"))
    content = io.BytesIO()
    if path.suffix == ".csv":
        frame.write_csv(content, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")
    else:
        frame.write_parquet(content)
    atomic_write(path, content.getvalue())
    return {"file": str(path), "bets": frame.height, "head": shown["head"]}


def import_bets(
    settings: Settings, file: Path | str, mapping: Path | str, *, now: datetime | None = None
) -> dict[str, Any]:
    """Records the bets of a book's CSV file; what is there already is not recorded again.

    Args:
        settings: The settings.
        file: The book's list of bets.
        mapping: A TOML file that says what its columns mean: `Map`.
        now: What time it is; by default the clock's.

    Returns:
        The object ``busta bets import --json`` prints.

    Raises:
        UsageError: No such file, or a mapping that cannot be right.
        DataError: No CSV file, or all of its rows are refused.
        OutsideError: The ledger's database is down.
    """
    path, how = as_path("file", file), _map(as_path("mapping", mapping))
    table = _table(path, how)
    boards: dict[str, Board] = {}
    drafts: dict[str, Draft] = {}
    refused: list[dict[str, Any]] = []
    for row in table.iter_rows(named=True):
        try:
            draft = _draft(settings, boards, how, row, now)
            if draft.key in drafts:
                raise DataError("the same bet stands in an earlier row; map the book's number as key if it is another")
            drafts[draft.key] = draft
        except BustaError as exc:
            refused.append({"row": row[LINE], "reason": " ".join(str(exc).split())})
    kept = _keep(settings, refused)
    if refused and not drafts:
        first = refused[0]
        told = f"the first, line {first['row']}: {first['reason']}"
        raise DataError(f"all {len(refused)} rows were refused; {told}.\nAll reasons: {kept}")
    with Ledger.of(settings, run_id=run_id()) as ledger:
        entries = write_bets(ledger, list(drafts.values()))
        head = ledger.head()[1]
    new = sum(entry.new for entry in entries)
    return {
        "file": str(path),
        "came": table.height,
        "recorded": new,
        "known": len(entries) - new,
        "refused": len(refused),
        "refused_file": None if kept is None else str(kept),
        "reasons": refused,
        "head": head,
    }


def _map(path: Path) -> Map:
    try:
        found = Map.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} is not valid TOML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        key = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise UsageError(f"{path}: {key}: {first['msg'].lower()}") from exc
    try:
        ZoneInfo(found.formats.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise UsageError(f"{path}: formats.zone {found.formats.zone!r} is no time zone, as America/New_York") from exc
    there = {*found.columns, *found.defaults}
    lacking = {"placed_at", "market", "pick", "price", "stake", "book", "paper"} - there
    lacking |= {"game (or home_team and away_team)"} if not there & {"game", "home_team"} else set()
    if lacking:
        raise UsageError(
            f"{path} does not say where {', '.join(sorted(lacking))} comes from, in [columns] or [defaults]"
        )
    return found


def _table(path: Path, how: Map) -> pl.DataFrame:
    try:
        raw = path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else None
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    if raw is None:
        raise UsageError(f"no file {path}, or one that is larger than {MAX_BYTES:,} bytes")
    table = read_csv(raw, "a list of bets")
    if lost := [column for column in how.columns.values() if column not in table.columns]:
        there = ", ".join(name for name in table.columns if name not in (LINE, PROBLEM))
        raise DataError(f"{path.name} has no column {', '.join(map(repr, lost))}; it has: {there}")
    return table


def _draft(
    settings: Settings, boards: dict[str, Board], how: Map, row: Mapping[str, Any], now: datetime | None
) -> Draft:
    """The bet of a row."""
    if row[PROBLEM] is not None:
        raise DataError(row[PROBLEM])
    said: dict[str, Any] = {name: _said(how, name, row) for name in (*how.columns, *how.defaults)}
    league = str(said.get("league") or "nfl")
    if league not in boards:
        boards[league] = Board(settings, league, now)
    board, market = boards[league], pick("market", _needed(said, "market"))
    game = said.get("game") or f"{_needed(said, 'away_team')}@{_needed(said, 'home_team')}"
    line = said.get("line") if market.has_line else None
    return slip(
        board,
        market.name,
        board.game(str(game), said.get("week"), _day(how, said.get("date"))),
        _needed(said, "pick") if line is None else f"{_needed(said, 'pick')} {line}",
        line=None,
        price=_needed(said, "price"),
        stake=_needed(said, "stake"),
        book=_needed(said, "book"),
        paper=_truth(said["paper"]),
        placed_at=_moment(how, _needed(said, "placed_at")),
        key=said.get("key"),
        source="import",
    )


def _said(how: Map, name: Field, row: Mapping[str, Any]) -> Any:
    """What a row says of a field, in busta's words; the default where it says nothing."""
    found = row[how.columns[name]] if name in how.columns else None
    if found is None:
        return how.defaults.get(name)
    return how.values.get(name, {}).get(found, found)


def _needed(said: Mapping[str, Any], name: str) -> str:
    if said.get(name) in (None, ""):
        raise DataError(f"{name} is empty")
    return str(said[name])


def _truth(said: Any) -> bool:
    text = str(said).strip().lower()
    if text not in ("true", "false"):
        raise DataError(f"paper is {said!r}; needed is true or false, by [values.paper] if the file says it otherwise")
    return text == "true"


def _day(how: Map, text: str | None) -> str | None:
    return text if text is None or how.formats.date is None else _parsed(text, how.formats.date).date().isoformat()


def _moment(how: Map, text: str) -> datetime:
    """A time of the file, in the zone of the file where it has none of its own."""
    form = how.formats.placed_at
    try:
        found = datetime.fromisoformat(text) if form is None else _parsed(text, form)
    except ValueError as exc:
        raise DataError(
            f"placed_at {text!r} is no time such as 2026-01-11T17:45; say how it is written: [formats]"
        ) from exc
    return found.replace(tzinfo=ZoneInfo(how.formats.zone)) if found.tzinfo is None else found


def _parsed(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is the file's, or none matters
    except ValueError as exc:
        raise DataError(f"{text!r} is not written as {form}") from exc


def _keep(settings: Settings, refused: list[dict[str, Any]]) -> Path | None:
    """Writes the refused rows down, under a name made from them: the same ones make no second file."""
    if not refused:
        return None
    frame = pl.DataFrame(refused, schema={"row": pl.Int64(), "reason": pl.String()})
    path = settings.workspace() / "data" / "bets" / "refused" / f"{content_id({'refused': frame})}.csv"
    if not path.exists():
        atomic_write(path, frame.write_csv().encode())
    return path
