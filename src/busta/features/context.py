"""What the schedule and the venue say of a game: rest, travel, time zones, altitude, roof, surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.data.schema import INSTANT, LINEUP_LEAD, SCHEDULE_LEAD
from busta.features.catalog import Feature, of_both_teams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.plugins import League, Place

__all__ = ["ROOF", "SCHEDULE", "roof_events", "schedule_events"]

_SCHEDULED = "with the schedule, taken as eight days before the start"
_TEAM = (
    Feature(
        "rest_days",
        "schedule",
        "days",
        "Days since the team's last game this season, at most 14.",
        _SCHEDULED,
    ),
    Feature("bye", "schedule", "flag", "The team had a week off.", _SCHEDULED),
    Feature("short_week", "schedule", "flag", "Five days of rest or fewer.", _SCHEDULED),
    Feature("travel_km", "schedule", "1,000 km", "Great-circle way from the team's home to the venue.", _SCHEDULED),
    Feature("zones_east", "schedule", "hours", "Time zones crossed eastward from the team's home.", _SCHEDULED),
    Feature("back_to_back", "schedule", "flag", "The team played the day before.", _SCHEDULED),
    Feature("three_in_four", "schedule", "flag", "The team's third game within four days.", _SCHEDULED),
    Feature("climb_km", "schedule", "km", "How far above the team's home the venue lies.", _SCHEDULED),
)
SCHEDULE = (
    *of_both_teams(_TEAM),
    Feature("division", "schedule", "flag", "Both teams are of one division.", _SCHEDULED, ("division",)),
    Feature("neutral", "schedule", "flag", "Played on neutral ground.", _SCHEDULED),
    Feature("artificial", "schedule", "flag", "Artificial surface.", _SCHEDULED, ("surface",)),
    Feature("week", "schedule", "weeks", "Week of the season.", _SCHEDULED),
    Feature("postseason", "schedule", "flag", "A play-off game.", _SCHEDULED),
)
ROOF = (
    Feature(
        "indoors",
        "roof",
        "flag",
        "Dome or closed roof.",
        "with the schedule; a retractable roof 90 minutes before the start",
        ("roof",),
    ),
)

_GRASS = ("grass", "dessograss")
_EARTH_KM = 6371.0


def schedule_events(games: pl.DataFrame, league: League) -> pl.DataFrame:
    """One row a game: ``game_id``, ``known_at`` and the features of ``SCHEDULE``."""
    games = games.sort("kickoff", "game_id")
    rest = _rest(games)
    frame = games.select(
        "game_id",
        (pl.col("kickoff") - SCHEDULE_LEAD).cast(INSTANT).alias("known_at"),
        pl.col("division").cast(pl.Float64),
        pl.col("neutral").cast(pl.Float64),
        (~pl.col("surface").is_in(_GRASS)).cast(pl.Float64).alias("artificial"),
        pl.col("week").cast(pl.Float64),
        (pl.col("phase") == "post").cast(pl.Float64).alias("postseason"),
    )
    homes = {side: _homes(games[f"{side}_team"], games["season"], league) for side in rest}
    grounds = _grounds(games, homes["home"], league)
    sides = {side: rest[side] | _journey(games["kickoff"], homes[side], grounds) for side in rest}
    pairs = [(f.name, sides["home"][f.name], sides["away"][f.name]) for f in _TEAM]
    columns = [pl.Series(f"{name}_diff", home - away, nan_to_null=True) for name, home, away in pairs]
    columns += [pl.Series(f"{name}_sum", home + away, nan_to_null=True) for name, home, away in pairs]
    return frame.with_columns(columns).select("game_id", "known_at", *(f.name for f in SCHEDULE))


def roof_events(games: pl.DataFrame) -> pl.DataFrame:
    """One row a game with a known roof: ``game_id``, ``known_at``, ``indoors``."""
    retractable = pl.col("roof").is_in(["open", "closed"])
    lead = pl.when(retractable).then(pl.lit(LINEUP_LEAD)).otherwise(pl.lit(SCHEDULE_LEAD))
    return games.filter(pl.col("roof").is_not_null()).select(
        "game_id",
        (pl.col("kickoff") - lead).cast(INSTANT).alias("known_at"),
        pl.col("roof").is_in(["dome", "closed"]).cast(pl.Float64).alias("indoors"),
    )


def _rest(games: pl.DataFrame) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Rest of both teams before each game (NaN before the first of a season), from the schedule alone."""
    index = pl.int_range(pl.len()).alias("index")
    long = pl.concat(
        [
            games.select(index, "season", "kickoff", pl.col(f"{side}_team").alias("team"), pl.lit(side).alias("side"))
            for side in ("home", "away")
        ]
    ).sort("team", "season", "kickoff")
    long = long.with_columns(_days_since(1).alias("days"), _days_since(2).alias("days of two")).sort("index")
    found = {}
    for side in ("home", "away"):
        rest, two = long.filter(pl.col("side") == side).select("days", "days of two").to_numpy().T
        unknown = np.isnan(rest)
        found[side] = {
            "rest_days": np.minimum(rest, 14.0),
            "bye": np.where(unknown, np.nan, rest >= 12),  # noqa: PLR2004 - a week off: 13 or 14 days, 12 to a Saturday
            "short_week": np.where(unknown, np.nan, rest <= 5),  # noqa: PLR2004
            "back_to_back": np.where(unknown, np.nan, rest <= 1),
            "three_in_four": np.where(unknown, np.nan, two <= 3),  # noqa: PLR2004 - today is the fourth
        }
    return found


def _days_since(games: int) -> pl.Expr:
    """Days since the team's game that many rows before this one, null where that is not of this season."""
    own = pl.all_horizontal(pl.col(name) == pl.col(name).shift(games) for name in ("team", "season"))
    passed = pl.col("kickoff").diff(games).dt.total_hours()
    return pl.when(own).then((passed / 24).round().cast(pl.Float64))


def _journey(
    kickoff: pl.Series, here: Sequence[Place | None], there: Sequence[Place | None]
) -> dict[str, NDArray[np.float64]]:
    """Way, time zones and climb from a team's home to the venue; NaN where either place is unknown."""
    start, end = _located(here), _located(there)
    return {
        "travel_km": _great_circle(start[:, :2], end[:, :2]) / 1000,
        "zones_east": _hours(kickoff, there) - _hours(kickoff, here),
        "climb_km": end[:, 2] - start[:, 2],
    }


def _grounds(games: pl.DataFrame, homes: Sequence[Place | None], league: League) -> list[Place | None]:
    """Where each game is played: at the home team's, or at the neutral venue."""
    rows = zip(games["venue"].to_list(), games["neutral"].to_list(), homes, strict=True)
    return [league.places.get(venue) if neutral else home for venue, neutral, home in rows]


def _homes(teams: pl.Series, seasons: pl.Series, league: League) -> list[Place | None]:
    pairs = list(zip(teams.to_list(), seasons.to_list(), strict=True))
    homes = {}
    for team, season in set(pairs):
        moved = [p for (t, first, last), p in league.moves.items() if t == team and first <= season <= last]
        homes[team, season] = moved[0] if moved else league.places.get(team)
    return [homes[pair] for pair in pairs]


def _located(places: Sequence[Place | None]) -> NDArray[np.float64]:
    """Latitude, longitude and altitude, shape (games, 3); NaN where the place is unknown."""
    return np.array([(p.latitude, p.longitude, p.altitude) if p else (np.nan,) * 3 for p in places])


def _hours(instants: pl.Series, places: Sequence[Place | None]) -> NDArray[np.float64]:
    """Hours that clocks at those places were ahead of UTC."""
    hours = np.full(len(places), np.nan)
    zone_of = np.array([p.zone if p else "" for p in places])
    for zone in set(zone_of) - {""}:
        there = zone_of == zone
        local = instants.filter(there).dt.convert_time_zone(zone)
        hours[there] = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes().to_numpy() / 60
    return hours


def _great_circle(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kilometres between places given in degrees, shape (games, 2) each (haversine, Sinnott 1984)."""
    (lat1, lon1), (lat2, lon2) = np.radians(start).T, np.radians(end).T
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(half)), dtype=np.float64)
