"""Kept: where the last result of a watch is, and what it says; the server reads it without what watching takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from busta.errors import DataError
from busta.plugins import pick

if TYPE_CHECKING:
    from pathlib import Path

    from busta.settings import Settings

__all__ = ["last_watch", "place"]


def place(settings: Settings, league: str) -> Path:
    """Where a league's last result is kept."""
    return settings.workspace() / "watch" / f"{league}.json"


def last_watch(settings: Settings, league_name: str = "nfl") -> dict[str, Any] | None:
    """What the last `watch` of the league found, or None where there was none.

    Raises:
        UsageError: There is no such league.
        DataError: The file is not what a watch writes.
    """
    file = place(settings, pick("league", league_name).name)
    try:
        found: dict[str, Any] = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as exc:
        raise DataError(f"{file} is no JSON; `busta watch {league_name}` writes it anew") from exc
    return found
