"""Reads comma-separated text, a JSON list or a Parquet file, whose every field is checked before it is believed.

All columns come as text, with the line of each row. `number`, `whole` and `date` give a column's
values, null where there is none; `not_number`, `not_whole` and `not_date` say what is wrong with a
text that is no such value.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "LINE",
    "PROBLEM",
    "date",
    "field_names",
    "not_date",
    "not_number",
    "not_whole",
    "number",
    "problems",
    "read_csv",
    "read_json",
    "read_parquet",
    "read_table",
    "rename",
    "require",
    "whole",
]

LINE = "#line"
"""Column with the line of a row's end in the file, the header being line 1; of JSON, which object it is."""
PROBLEM = "#problem"
"""Column with what is wrong with a row; null where nothing is."""

_NOTHING = ["", "NA", "NaN", "nan", "NULL", "null", "None"]
_DATE = "%Y-%m-%d"
PARQUET = b"PAR1"


def read_csv(raw: bytes, kind: str) -> pl.DataFrame:
    """All columns of a file as text, with the columns ``LINE`` and ``PROBLEM``.

    Blank lines are skipped; a line with too many or too few fields is kept, with that as its problem.

    Args:
        raw: UTF-8 text with a header line.
        kind: What the file should be, for messages.

    Raises:
        DataError: The bytes are not such a file.
    """
    header, rows = _split(_text(raw, kind), kind)
    width = len(header)
    schema = {name: pl.String() for name in header}
    fields = [row[:width] + [""] * (width - len(row)) for _, row in rows]
    frame = pl.DataFrame(fields, schema=schema, orient="row").with_columns(_cleaned(pl.all()))
    lines = pl.Series(LINE, [line for line, _ in rows], dtype=pl.Int64)
    odd = [None if len(row) == width else f"{len(row)} fields where the header has {width}" for _, row in rows]
    return frame.with_columns(lines, pl.Series(PROBLEM, odd, dtype=pl.String))


def read_json(raw: bytes, kind: str) -> pl.DataFrame:
    """All fields of a list of flat objects as text, with the columns ``LINE`` and ``PROBLEM``.

    A field that an object does not have is null; what is no object is kept, with that as its problem.

    Args:
        raw: UTF-8 text, a JSON list of objects.
        kind: What the file should be, for messages.

    Raises:
        DataError: The bytes are not such a file.
    """
    rows = _objects(raw, kind)
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    fields = [
        [_as_text(row.get(name)) for name in names] if isinstance(row, dict) else [None] * len(names) for row in rows
    ]
    frame = pl.DataFrame(fields, schema=dict.fromkeys(names, pl.String()), orient="row").with_columns(
        _cleaned(pl.all())
    )
    odd = [None if isinstance(row, dict) else "it is no object with fields" for row in rows]
    lines = pl.Series(LINE, range(1, len(rows) + 1), dtype=pl.Int64)
    return frame.with_columns(lines, pl.Series(PROBLEM, odd, dtype=pl.String))


def read_parquet(raw: bytes, kind: str) -> pl.DataFrame:
    """All columns of a Parquet file as text, with the columns ``LINE`` and ``PROBLEM``; days and times by ISO 8601.

    Args:
        raw: A Parquet file whose columns hold numbers, texts, days or times.
        kind: What the file should be, for messages.

    Raises:
        DataError: The bytes are not such a file.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(raw))
        text = frame.select(_written(column) for column in frame if not column.dtype.is_nested())
    except (pl.exceptions.PolarsError, OSError) as exc:
        raise DataError(f"not {kind}: a Parquet file that cannot be read ({str(exc).splitlines()[0]})") from exc
    lines = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(LINE)
    return text.with_columns(_cleaned(pl.all())).with_columns(lines, pl.lit(None, pl.String).alias(PROBLEM))


def _written(column: pl.Series) -> pl.Series:
    """A column as text; times that are all midnight, in no zone, are days."""
    if not isinstance(column.dtype, pl.Datetime):
        return column.cast(pl.String)
    days = column.dtype.time_zone is None and column.dt.truncate("1d").equals(column)
    return column.dt.to_string("%Y-%m-%d" if days else "iso:strict")


def read_table(raw: bytes, kind: str) -> pl.DataFrame:
    """What `read_json` makes of a JSON list, `read_parquet` of a Parquet file, and `read_csv` of any other.

    Raises:
        DataError: The bytes are none of these.
    """
    if raw.startswith(PARQUET):
        return read_parquet(raw, kind)
    return read_json(raw, kind) if _is_list(raw) else read_csv(raw, kind)


def field_names(raw: bytes, kind: str) -> list[str]:
    """The names that a table's fields have in the file, which tell what kind it is of.

    Raises:
        DataError: The bytes are no table.
    """
    if _is_list(raw) or raw.startswith(PARQUET):
        return read_table(raw, kind).drop(LINE, PROBLEM).columns
    first = next(_rows(_text(raw, kind), kind), None)
    return [name.strip() for name in first[1]] if first else []


def rename(table: pl.DataFrame, columns: Mapping[str, str], known: Sequence[str]) -> pl.DataFrame:
    """The table under the source's column names; a column mapped to a name wins over one called so.

    Args:
        table: As read.
        columns: Column of the file = column of the source; those the file does not have are passed over.
        known: The source's columns.

    Raises:
        UsageError: The source has no such column, or two of the file's are to be the same one.
    """
    strangers = sorted(set(columns.values()) - set(known))
    if strangers:
        raise UsageError(
            f"[columns] maps to {', '.join(map(repr, strangers))}, which the source does not have. "
            f"Allowed: {', '.join(known)}"
        )
    present = {own: name for own, name in columns.items() if own in table.columns}
    if len(set(present.values())) < len(present):
        raise UsageError("[columns] maps two columns of the file to the same one: " + ", ".join(present.values()))
    replaced = [name for own, name in present.items() if name in table.columns and name not in present and name != own]
    return table.drop(replaced).rename(present)


def require(table: pl.DataFrame, needed: Sequence[str], kind: str) -> None:
    """Refuses a file that lacks a column, or has no row.

    Raises:
        DataError: It does.
    """
    lacking = [name for name in needed if name not in table.columns]
    if lacking:
        raise DataError(
            f"not {kind}: column{'s' * (len(lacking) > 1)} missing: {', '.join(lacking)}.\n"
            "Where the file calls them otherwise, say so under [columns] in a map: --map FILE"
        )
    if table.is_empty():
        raise DataError(f"{kind} with a header and no rows: nothing to take")


def number(column: str) -> pl.Expr:
    """The finite numbers in a column of text."""
    value = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def whole(column: str) -> pl.Expr:
    """The whole numbers in a column of text; ``17.0`` is one."""
    value = number(column)
    return pl.when(value == value.floor()).then(value).cast(pl.Int32, strict=False)


def date(column: str) -> pl.Expr:
    """The dates (2022-09-08) in a column of text."""
    return pl.col(column).str.to_date(_DATE, strict=False)


def not_number(column: str) -> pl.Expr:
    """What is wrong with a text that is no number."""
    return _wrong(column, number(column), "is not a number")


def not_whole(column: str) -> pl.Expr:
    """What is wrong with a text that is no whole number."""
    kind = pl.when(number(column).is_null()).then(pl.lit("is not a number"))
    return _wrong(column, whole(column), kind.otherwise(pl.lit("is not a whole number")))


def not_date(column: str) -> pl.Expr:
    """What is wrong with a text that is no date."""
    return _wrong(column, date(column), "is not a date such as 2022-09-08")


def problems(*parts: pl.Expr) -> pl.Expr:
    """All that is wrong with a row in one text, null where nothing is."""
    text = pl.concat_str(*parts, separator="; ", ignore_nulls=True)
    return pl.when(text != "").then(text).alias(PROBLEM)


def _wrong(column: str, value: pl.Expr, reason: str | pl.Expr) -> pl.Expr:
    reason = pl.lit(reason) if isinstance(reason, str) else reason
    said = pl.format("column {}: '{}' {}", pl.lit(column), pl.col(column).str.slice(0, 40), reason)
    return pl.when(pl.col(column).is_not_null() & value.is_null()).then(said)


def _cleaned(text: pl.Expr) -> pl.Expr:
    stripped = text.str.strip_chars()
    return pl.when(~stripped.is_in(_NOTHING)).then(stripped)


def _text(raw: bytes, kind: str) -> str:
    if not raw.strip():
        raise DataError(f"not {kind}: the file is empty")
    if b"\0" in raw:
        raise DataError(f"not {kind}: a binary file (compressed, a spreadsheet or UTF-16?); needed is plain UTF-8 text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DataError(f"not {kind}: byte {exc.start} is not UTF-8; save the file as UTF-8") from exc


def _split(text: str, kind: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and each row with the line it ends on."""
    rows = list(_rows(text, kind))
    if not rows:
        raise DataError(f"not {kind}: no column has a name")
    header = [name.strip() or f"#{position}" for position, name in enumerate(rows[0][1])]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"not {kind}: its header has {', '.join(map(repr, twice))} more than once")
    return header, rows[1:]


def _rows(text: str, kind: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, row
    except csv.Error as exc:
        raise DataError(f"not {kind}: line {reader.line_num} is not comma-separated text ({exc})") from exc


def _is_list(raw: bytes) -> bool:
    return raw.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _objects(raw: bytes, kind: str) -> list[Any]:
    text = _text(raw, kind)
    try:
        rows: list[Any] = json.loads(text)  # a list: it starts as one
    except (ValueError, RecursionError) as exc:
        raise DataError(f"not {kind}: it starts as a JSON list and is none ({exc})") from exc
    if not any(isinstance(row, dict) for row in rows):
        raise DataError(f"not {kind}: a JSON list without objects")
    return rows


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
