"""Ingest: from a source's files to the league's validated tables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busta.data.mapping import read_map
from busta.data.publish import current
from busta.data.tables import Tables
from busta.plugins import pick, several
from busta.settings import as_path
from busta.workflows.data.own_league import keep, own_batch, own_definition, with_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["ensure_tables", "has_tables", "ingest", "tables_of"]


def ingest(
    settings: Settings,
    league_name: str,
    paths: Sequence[Path | str] | Path | str = (),
    *,
    map_path: Path | str | None = None,
) -> dict[str, Any]:
    """Downloads (or reads ``paths``), validates and stores a league's games and quotes.

    Args:
        settings: The settings.
        league_name: The league; one that nobody knows is described by the map.
        paths: Files or folders to read instead of downloading.
        map_path: How they are to be read, as TOML; a league that it describes keeps it for the next time.

    Returns:
        Counts by table of what came in, was new, changed, unchanged or refused, with warnings.

    Raises:
        UsageError: Unknown league, a path that is none or is not there, or a map that does not fit.
        DataError: A file that is not of the league's kind.
        OutsideError: The download failed.
    """
    settings.workspace()
    files = [Path(path) for path in several("paths", paths, (str, Path), "a file or folder")]
    given = None if map_path is None else read_map(as_path("map_path", map_path))
    own = own_definition(settings, league_name, given)
    league: League = pick("league", league_name)
    if own is None:
        batch = league.load(settings if given is None else with_columns(settings, given, league), files)
    else:
        own, batch = own_batch(settings, own, files)
    report = tables_of(settings, league).update(batch)
    if own is not None:
        keep(settings, own)
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
