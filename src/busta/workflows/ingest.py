"""Ingest: from a source's files to the league's validated tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from busta.data.tables import Tables
from busta.plugins import pick

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["ensure_tables", "ingest", "tables_of"]


def ingest(settings: Settings, league_name: str, paths: Sequence[Path] = ()) -> dict[str, Any]:
    """Downloads (or reads ``paths``), validates and stores a league's games and quotes.

    Returns:
        Counts by table of what came in, was new, changed, unchanged or refused, with warnings.

    Raises:
        UsageError: Unknown league, or a path that is not there.
        DataError: A file that is not of the league's kind.
        OutsideError: The download failed.
    """
    league: League = pick("league", league_name)
    batch = league.load(settings, paths)
    report = tables_of(settings, league).update(batch)
    return {"league": league.name} | asdict(report)


def ensure_tables(settings: Settings, league: League) -> None:
    """Ingests the league if the workspace has nothing of it yet."""
    if not tables_of(settings, league).exists():
        ingest(settings, league.name)


def tables_of(settings: Settings, league: League) -> Tables:
    """The league's tables in this workspace."""
    return Tables(settings.tables / league.name)
