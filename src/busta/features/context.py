"""What the schedule and the venue say of a game: rest, travel, time zones, altitude, roof, surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.data.schema import INSTANT, LINEUP_LEAD, SCHEDULE_LEAD
from busta.features.catalog import Feature, of_both_teams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.plugins import League

__all__ = ["ROOF", "SCHEDULE", "roof_events", "schedule_events"]

_SCHEDULED = "with the schedule, taken as eight days before the start"
_TEAM = (
    Feature(
        "rest_days",
        "schedule",
        "days",
        "Days since the team's last game this season, at most 14.",
        _SCHEDULED,
        margin_sign=1,
    ),
    Feature("bye", "schedule", "flag", "The team had a week off.", _SCHEDULED),
    Feature("short_week", "schedule", "flag", "Five days of rest or fewer.", _SCHEDULED),
    Feature(
        "travel_km",
        "schedule",
        "1,000 km",
        "Great-circle way from the team's home to the venue.",
        _SCHEDULED,
        margin_sign=-1,
    ),
    Feature("zones_east", "schedule", "hours", "Time zones crossed eastward from the team's home.", _SCHEDULED),
    Feature(
        "body_clock",
        "schedule",
        "hours",
        "Hours between the start, by the clock of the team's home, and 18:00, when bodies are at their best.",
        "with the schedule; empty where the hour of the start is assumed",
        margin_sign=-1,
    ),
    Feature("back_to_back", "schedule", "flag", "The team played the day before.", _SCHEDULED, margin_sign=-1),
    Feature(
        "three_in_four",
        "schedule",
        "flag",
        "The team's third game within four days.",
        _SCHEDULED,
        margin_sign=-1,
    ),
    Feature("climb_km", "schedule", "km", "How far above the team's home the venue lies.", _SCHEDULED, margin_sign=-1),
)
SCHEDULE = (
    *of_both_teams(_TEAM),
    Feature("division", "schedule", "flag", "Both teams are of one division.", _SCHEDULED, ("division",)),
    Feature("rematch", "schedule", "flag", "The two have met before this season.", _SCHEDULED),
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
_PEAK, _DAY = 18, 24  # strength and speed peak in the early evening of the own clock: Smith, Guilleminault & Efron 1997


def schedule_events(games: pl.DataFrame, league: League) -> pl.DataFrame:
    """One row a game: ``game_id``, ``known_at`` and the features of ``SCHEDULE``."""
    games = games.sort("kickoff", "game_id")
    rest = _rest(games)
    frame = games.select(
        "game_id",
        (pl.col("kickoff") - SCHEDULE_LEAD).cast(INSTANT).alias("known_at"),
        pl.col("division").cast(pl.Float64),
        _rematch().alias("rematch"),
        pl.col("neutral").cast(pl.Float64),
        (~pl.col("surface").is_in(_GRASS)).cast(pl.Float64).alias("artificial"),
        pl.col("week").cast(pl.Float64),
        (pl.col("phase") == "post").cast(pl.Float64).alias("postseason"),
    )
    atlas = _Atlas.of(league)
    homes = {side: atlas.homes(games[f"{side}_team"], games["season"], league) for side in rest}
    journeys = _journeys(atlas, games["kickoff"], homes, atlas.grounds(games, homes["home"]))
    clocks = {side: {"body_clock": _body_clock(atlas, games, home)} for side, home in homes.items()}
    sides = {side: rest[side] | journeys[side] | clocks[side] for side in rest}
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


def _rematch() -> pl.Expr:
    """Whether the two teams of each game, in time order, have met before this season."""
    pair = pl.min_horizontal("home_team", "away_team"), pl.max_horizontal("home_team", "away_team")
    return (pl.int_range(pl.len()).over("season", *pair) > 0).cast(pl.Float64)


def _days_since(games: int) -> pl.Expr:
    """Days since the team's game that many rows before this one, null where that is not of this season."""
    own = pl.all_horizontal(pl.col(name) == pl.col(name).shift(games) for name in ("team", "season"))
    passed = pl.col("kickoff").diff(games).dt.total_hours()
    return pl.when(own).then((passed / 24).round().cast(pl.Float64))


@dataclass(frozen=True, slots=True)
class _Atlas:
    """The places of a league by number, the last of which is nowhere.

    Attributes:
        number: Of each home and venue, by name, and of each place a team moved from, by its entry in ``League.moves``.
        at: Latitude, longitude and altitude, shape (places, 3); NaN nowhere.
        zones: Time zone of each place; empty nowhere.
    """

    number: dict[object, int]
    at: NDArray[np.float64]
    zones: NDArray[np.str_]

    @classmethod
    def of(cls, league: League) -> _Atlas:
        places = [*league.places.items(), *league.moves.items()]
        at = [(place.latitude, place.longitude, place.altitude) for _, place in places]
        zones = [place.zone for _, place in places]
        number: dict[object, int] = {name: index for index, (name, _) in enumerate(places)}
        return cls(number, np.array([*at, (np.nan,) * 3]), np.array([*zones, ""]))

    def homes(self, teams: pl.Series, seasons: pl.Series, league: League) -> NDArray[np.int64]:
        """Where each team was at home in that season."""
        pairs = list(zip(teams.to_list(), seasons.to_list(), strict=True))
        homes = {}
        for team, season in set(pairs):
            moved = [move for move in league.moves if move[0] == team and move[1] <= season <= move[2]]
            homes[team, season] = self.number.get(moved[0] if moved else team, -1)
        return np.array([homes[pair] for pair in pairs], dtype=np.int64)

    def grounds(self, games: pl.DataFrame, homes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each game is played: at the home team's, or at the neutral venue."""
        venues = [self.number.get(venue, -1) for venue in games["venue"].to_list()]
        return np.where(games["neutral"].to_numpy(), np.array(venues, dtype=np.int64), homes)

    def hours(self, instants: pl.Series, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Hours that the clocks at those places are ahead of UTC at those times, shape (games,); NaN nowhere."""
        hours, zones = np.full(len(instants), np.nan), self.zones[places]
        for zone in set(zones.tolist()) - {""}:
            there = zones == zone
            local = instants.filter(there).dt.convert_time_zone(zone)
            hours[there] = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes().to_numpy() / 60
        return hours


def _journeys(
    atlas: _Atlas, kickoff: pl.Series, homes: dict[str, NDArray[np.int64]], grounds: NDArray[np.int64]
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Way, time zones and climb from each team's home to the venue; NaN where either place is unknown."""
    hours, end = atlas.hours(kickoff, grounds), atlas.at[grounds]
    return {
        side: {
            "travel_km": _great_circle(atlas.at[home][:, :2], end[:, :2]) / 1000,
            "zones_east": hours - atlas.hours(kickoff, home),
            "climb_km": end[:, 2] - atlas.at[home, 2],
        }
        for side, home in homes.items()
    }


def _body_clock(atlas: _Atlas, games: pl.DataFrame, homes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Hours between the start and the best hour of the day, by the clock at home; NaN where either is unknown."""
    kickoff = games["kickoff"]
    minutes = (kickoff.dt.hour().cast(pl.Int32) * 60 + kickoff.dt.minute()).to_numpy()
    off = np.abs((minutes / 60 + atlas.hours(kickoff, homes) - _PEAK + _DAY / 2) % _DAY - _DAY / 2)
    return np.where(games["kickoff_assumed"], np.nan, off)


def _great_circle(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kilometres between places given in degrees, shape (games, 2) each (haversine, Sinnott 1984)."""
    (lat1, lon1), (lat2, lon2) = np.radians(start).T, np.radians(end).T
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(half)), dtype=np.float64)
