"""Parquet files, written so that a full disk is told by the system's own error."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

__all__ = ["write_parquet"]


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Writes a frame into that file; made in memory first.

    Polars itself tells of a full disk by errors of its own, and of one that is met in a file's last part by one that
    names no disk.

    Raises:
        OSError: The disk is full or refuses.
    """
    content = io.BytesIO()
    frame.write_parquet(content)
    path.write_bytes(content.getbuffer())
