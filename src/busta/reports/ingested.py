"""What ingest refused, and what it took on trust, of the games and quotes that a version learned from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.reports.numbers import count, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["facts_of", "ingested"]

_SHOWN = 12
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def ingested(games: pl.DataFrame, quotes: pl.DataFrame, refused: pl.DataFrame) -> dict[str, Any]:
    """Counts of the rows of a gold store, of what nobody recorded in them, and the rows that were not taken.

    ``last_season`` is the last with a result.

    Args:
        games: Rows of ``GAMES``.
        quotes: Rows of ``QUOTES``.
        refused: Rows of ``REFUSED``, of every ingest into the workspace.
    """
    return {
        "games": games.height,
        "last_season": games.filter(pl.col("home_score").is_not_null())["season"].max(),
        "kickoff_assumed": int(games["kickoff_assumed"].sum()),
        "quotes": quotes.height,
        "known_at_assumed": int(quotes["known_at_assumed"].sum()),
        "without_prices": quotes.filter(pl.any_horizontal(pl.col("first_price", "second_price").is_null())).height,
        "refused": refused.unique(maintain_order=True).to_dicts(),
    }


def facts_of(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same as a person reads it: what is said, and of what."""
    yield "games", f"{count(found['games'])}; of {count(found['kickoff_assumed'])} the hour of the start is assumed"
    timed = f"{count(found['quotes'])}; of {count(found['known_at_assumed'])} the time is assumed"
    unpriced = f"{count(found['without_prices'])} have a line without both prices"
    yield "quotes", f"{timed} (a close a second before the start, an open seven days), {unpriced}"
    yield "refused", f"{counted(len(found['refused']), 'row')} by the ingests of this workspace"
    for rows in _alike(found["refused"])[:_SHOWN]:
        of = f"{rows[0]['table']}, {count(len(rows))}" + (" such as" if len(rows) > 1 else "")
        game = rows[0]["game_id"]
        yield of, f"{game}: {rows[0]['reason']}" if game else str(rows[0]["reason"])


def _alike(refused: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows that were refused for reasons that differ in numbers only, most first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in refused:
        groups.setdefault(f"{row['table']} {_NUMBER.sub('', row['reason'])}", []).append(row)
    return sorted(groups.values(), key=len, reverse=True)
