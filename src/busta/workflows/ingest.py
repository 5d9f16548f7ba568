"""Ingest: from a source's files to the league's validated tables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busta.data.publish import current
from busta.data.tables import Tables
from busta.plugins import pick, several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["ensure_tables", "has_tables", "ingest", "tables_of"]


def ingest(settings: Settings, league_name: str, paths: Sequence[Path | str] | Path | str = ()) -> dict[str, Any]:
    """Downloads (or reads ``paths``), validates and stores a league's games and quotes.

    Returns:
        Counts by table of what came in, was new, changed, unchanged or refused, with warnings.

    Raises:
        UsageError: Unknown league, or a path that is none or is not there.
        DataError: A file that is not of the league's kind.
        OutsideError: The download failed.
    """
    league: League = pick("league", league_name)
    settings.workspace()
    files = [Path(path) for path in several("paths", paths, (str, Path), "a file or folder")]
    batch = league.load(settings, files)
    report = tables_of(settings, league).update(batch)
    return {"league": league.name} | asdict(report) | {"counts": {name: asdict(c) for name, c in report.counts.items()}}


def ensure_tables(settings: Settings, league: League) -> None:
    """Ingests the league if the workspace has nothing of it yet."""
    if not has_tables(settings, league):
        ingest(settings, league.name)


def has_tables(settings: Settings, league: League) -> bool:
    """Whether the workspace has anything of the league."""
    return current(tables_of(settings, league).folder) is not None


def tables_of(settings: Settings, league: League) -> Tables:
    """The league's tables in this workspace."""
    return Tables(settings.tables / league.name)
