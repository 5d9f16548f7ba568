"""A map says how a file of somebody's own is to be read: one TOML file, checked as a whole before the data is.

[league]   what the league is, where it is nobody else's: title, zone, margin_sd …
[format]   how the file writes days, odds and spreads, and whether a game has one row or two
[columns]  column of the file = column of busta
[teams]    name in the file = team
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from busta.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Format", "Map", "OwnLeague", "read_map"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from exc
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Points = Annotated[float, Field(gt=0, le=1000)]
Name = Annotated[str, Field(min_length=1, max_length=60)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class OwnLeague(_Part):
    """A league that is described by a map alone.

    Attributes:
        title: Name for people; by default the league's.
        zone: Time zone in which the league says which day a game is on, and the file when it starts.
        season_starts: Month in which a season starts; a season goes by that year.
        margin_sd: As ``busta.plugins.League`` has it, and so are the next two; by default from the first file.
        total_sd: Of the total.
        home_edge: Of the home side.
        odds_sport: Its key at The Odds API.
    """

    title: Name | None = None
    zone: Zone = "UTC"
    season_starts: Annotated[int, Field(ge=1, le=12)] = 7
    margin_sd: Points | None = None
    total_sd: Points | None = None
    home_edge: Annotated[float, Field(ge=-100, le=100)] | None = None
    odds_sport: Annotated[str, Field(pattern=r"^[a-z0-9_]*$")] = ""


class Format(_Part):
    """How the file writes what it says.

    Attributes:
        rows: A row a game, or one for each of its teams.
        home: In rows of teams, what stands in ``side`` where the team is at home.
        away: The same where it is not.
        kickoff: Format of day and time in one column, as ``%d.%m.%Y %H:%M``; by default ISO 8601.
        date: Format of the day, as ``%d/%m/%Y``.
        time: Format of the time of day.
        odds: How prices are written; by default each as it looks, as on the command line.
        spread: ``home``: positive where home is favoured. ``book``: negative where the team is favoured.
    """

    rows: Literal["game", "team"] = "game"
    home: Name = "home"
    away: Name = "away"
    kickoff: Name | None = None
    date: Name = "%Y-%m-%d"
    time: Name = "%H:%M"
    odds: Literal["any", "decimal", "american", "fractional"] = "any"
    spread: Literal["home", "book"] | None = None


class Map(_Part):
    """All four parts; without ``league`` it names the columns of files of an installed league."""

    league: OwnLeague | None = None
    format: Format = Format()
    columns: dict[Name, Name] = {}
    teams: dict[Name, Name] = {}


def read_map(path: Path) -> Map:
    """The map in a file.

    Raises:
        UsageError: It is not there, not TOML, or says what is not allowed.
    """
    try:
        return Map.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise UsageError(f"cannot read the map {path}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} is not valid TOML: {exc}") from exc
    except ValidationError as exc:
        raise UsageError(f"{path}: {_explain(exc)}") from exc


def _explain(error: ValidationError) -> str:
    """The first thing wrong: which key, what was given, what is allowed."""
    first = error.errors()[0]
    key, where = ".".join(str(part) for part in first["loc"]), first["loc"][:-1]
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r}; allowed there: {', '.join(_allowed(where))}"
    return f"{key} = {str(first['input'])[:60]!r}: {first['msg'].removeprefix('Value error, ').lower()}"


def _allowed(where: tuple[int | str, ...]) -> list[str]:
    parts: dict[str, Any] = {"league": OwnLeague, "format": Format}
    return sorted((parts[str(where[0])] if where else Map).model_fields)
