"""Leagues that a workspace describes itself, by a map: one file each, ``data/leagues/NAME.json``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from busta.data.mapping import Map, OwnLeague
from busta.errors import DataError, UsageError
from busta.plugins import League

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from busta.data.source import Batch
    from busta.settings import Settings

__all__ = ["Definition", "definitions", "load", "store"]


class Definition(BaseModel):
    """What makes a league of a workspace.

    Attributes:
        name: As on the command line.
        map: How its files are read; it has a ``league``.
        teams: Those that were seen so far.
        margin_sd: As ``busta.plugins.League`` has it, and so are the next two; ``None`` until it is known.
        total_sd: Of the total.
        home_edge: Of the home side.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    map: Map
    teams: tuple[str, ...] = ()
    margin_sd: float | None = None
    total_sd: float | None = None
    home_edge: float | None = None

    def league(self) -> League:
        """The league."""
        own = self.map.league or OwnLeague()
        aliases = {team.lower(): team for team in self.teams}
        aliases |= {name.lower(): team for name, team in self.map.teams.items() if team in self.teams}
        return League(
            name=self.name,
            title=own.title or self.name,
            teams=self.teams,
            load=partial(load, of=self),
            margin_sd=self.margin_sd or 0.0,
            total_sd=self.total_sd or 0.0,
            home_edge=self.home_edge or 0.0,
            aliases=aliases,
            zone=own.zone,
            odds_sport=own.odds_sport,
        )


def load(settings: Settings, paths: Sequence[Any], *, of: Definition) -> Batch:
    """Games and closing quotes of files as the map describes them; quotes and facts by game.

    Raises:
        UsageError: No path is given, or one is not there, or the map does not fit.
        DataError: A file is not of this kind.
    """
    from busta.data.files import from_files
    from busta.data.own_games import own_source
    from busta.data.tables import known_games

    if not paths:
        raise UsageError(f"{of.name} is not downloaded; give a file: busta ingest {of.name} --from FILE")
    league = of.league()
    return from_files(
        [Path(path) for path in paths],
        league,
        games=(own_source(of.map),),
        known=lambda: known_games(settings, league),
        columns=of.map.columns,
        now=datetime.now(UTC),
    )


def definitions(settings: Settings) -> list[Definition]:
    """The leagues that the workspace describes.

    Raises:
        DataError: A file of them is damaged.
    """
    return [_read(path) for path in sorted(settings.leagues.glob("*.json"))]


def _read(path: Path) -> Definition:
    try:
        return Definition.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as exc:
        raise DataError(f"{path} is damaged; delete it, and ingest the league with --map again") from exc


def store(settings: Settings, definition: Definition) -> None:
    """Keeps a league's definition in the workspace.

    Raises:
        OutsideError: The disk is full or refuses.
    """
    from busta.data.publish import atomic_write

    content = json.dumps(definition.model_dump(mode="json"), indent=1, ensure_ascii=False)
    atomic_write(settings.leagues / f"{definition.name}.json", content.encode())
