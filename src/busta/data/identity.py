"""Names made from content: the same tables have the same name wherever they are made."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ID_LENGTH", "content_id"]

ID_LENGTH = 16


def content_id(frames: Mapping[str, pl.DataFrame]) -> str:
    """A name made from what is in the frames: 16 hexadecimal digits of a SHA-256.

    Hashed are, frame by frame in the order of their names, the columns' names and types, which values
    are there, and the values themselves (numbers as little-endian 64 bits, text as UTF-8 with its
    lengths). Row order counts; file formats, library versions and machines do not.

    >>> content_id({"t": pl.DataFrame({"a": [1, None]})})
    'b42dbff8795be604'
    """
    digest = hashlib.sha256()
    for name, frame in sorted(frames.items()):
        digest.update(f"{name}:{frame.height}\n".encode())
        for column in frame.iter_columns():
            digest.update(f"{column.name}:{column.dtype}\n".encode())
            digest.update(column.is_not_null().to_numpy().tobytes())
            digest.update(_bytes(column))
    return digest.hexdigest()[:ID_LENGTH]


def _bytes(column: pl.Series) -> bytes:
    if column.dtype == pl.String:
        text = column.fill_null("")
        return text.str.len_bytes().to_numpy().astype("<i8").tobytes() + "".join(text).encode()
    if column.dtype.is_float():
        values = column.fill_null(0.0).fill_nan(np.nan).to_numpy().astype("<f8") + 0.0  # one NaN, one zero
        return values.tobytes()
    return column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes()
