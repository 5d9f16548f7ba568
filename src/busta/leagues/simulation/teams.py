"""The 32 invented clubs of the simulated league, and the grounds they play on.

Cities are real, so that distances and time zones are; none of them has a club in the NFL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from busta.plugins import Place

__all__ = ["ABROAD", "DIVISIONS", "FINALS", "SITES", "TEAMS", "WESTERN", "Club", "aliases", "places"]

Roof = Literal["outdoors", "dome", "retractable"]

EAST, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)


@dataclass(frozen=True, slots=True)
class Club:
    """A team: code, city, nickname, home."""

    code: str
    city: str
    nickname: str
    place: Place
    roof: Roof = "outdoors"
    surface: str = "grass"


def _club(
    code: str, name: str, where: tuple[float, float, str], roof: Roof = "outdoors", surface: str = "grass"
) -> Club:
    city, _, nickname = name.rpartition(" ")
    return Club(code, city, nickname, Place(*where), roof, surface)


# Four to a division; divisions 0-3 are one conference, 4-7 the other.
TEAMS: tuple[Club, ...] = (
    _club("HFD", "Hartford Herons", (41.76, -72.67, EAST)),
    _club("PVD", "Providence Puffins", (41.82, -71.41, EAST), surface="turf"),
    _club("ALB", "Albany Otters", (42.65, -73.75, EAST)),
    _club("ROC", "Rochester Larks", (43.16, -77.61, EAST), "dome", "turf"),
    _club("MKE", "Milwaukee Muskies", (43.04, -87.91, CENTRAL), "retractable", "turf"),
    _club("MDN", "Madison Mallards", (43.07, -89.40, CENTRAL)),
    _club("GRR", "Grand Rapids Grouse", (42.96, -85.67, EAST), "dome", "turf"),
    _club("TOL", "Toledo Turtles", (41.65, -83.54, EAST), surface="turf"),
    _club("MEM", "Memphis Mules", (35.15, -90.05, CENTRAL)),
    _club("BHM", "Birmingham Bobcats", (33.52, -86.80, CENTRAL), surface="turf"),
    _club("KNX", "Knoxville Kestrels", (35.96, -83.92, EAST)),
    _club("ORL", "Orlando Ospreys", (28.54, -81.38, EAST)),
    _club("PDX", "Portland Pumas", (45.52, -122.68, PACIFIC), surface="turf"),
    _club("SAC", "Sacramento Salmon", (38.58, -121.49, PACIFIC)),
    _club("BOI", "Boise Bluebirds", (43.62, -116.20, MOUNTAIN), surface="turf"),
    _club("SPK", "Spokane Stags", (47.66, -117.43, PACIFIC), "dome", "turf"),
    _club("RVA", "Richmond Robins", (37.54, -77.44, EAST)),
    _club("NFK", "Norfolk Narwhals", (36.85, -76.29, EAST), surface="turf"),
    _club("RAL", "Raleigh Raccoons", (35.78, -78.64, EAST)),
    _club("CHS", "Charleston Cranes", (32.78, -79.93, EAST)),
    _club("OMA", "Omaha Owls", (41.26, -95.93, CENTRAL), surface="turf"),
    _club("DSM", "Des Moines Drakes", (41.59, -93.62, CENTRAL)),
    _club("LOU", "Louisville Lynx", (38.25, -85.76, EAST), surface="turf"),
    _club("CBS", "Columbus Cougars", (39.96, -83.00, EAST), "retractable"),
    _club("SAT", "San Antonio Armadillos", (29.42, -98.49, CENTRAL), "dome", "turf"),
    _club("AUS", "Austin Antelopes", (30.27, -97.74, CENTRAL), "retractable", "turf"),
    _club("ELP", "El Paso Egrets", (31.76, -106.49, MOUNTAIN)),
    _club("LRK", "Little Rock Lizards", (34.75, -92.29, CENTRAL), surface="turf"),
    _club("SLC", "Salt Lake City Skunks", (40.76, -111.89, MOUNTAIN)),
    _club("ABQ", "Albuquerque Adders", (35.08, -106.65, MOUNTAIN)),
    _club("TUC", "Tucson Tortoises", (32.22, -110.97, "America/Phoenix"), "retractable"),
    _club("RNO", "Reno Roadrunners", (39.53, -119.81, PACIFIC), surface="turf"),
)
DIVISIONS = 8
WESTERN = frozenset(i for i, club in enumerate(TEAMS) if club.place.zone not in {EAST, CENTRAL})

# Grounds that are nobody's home; the first few abroad, the rest take the final in turn.
SITES: dict[str, Place] = {
    "london": Place(51.56, -0.28, "Europe/London"),
    "munich": Place(48.22, 11.62, "Europe/Berlin"),
    "toronto": Place(43.64, -79.39, "America/Toronto"),
    "honolulu": Place(21.31, -157.86, "Pacific/Honolulu"),
    "san-juan": Place(18.47, -66.11, "America/Puerto_Rico"),
    "savannah": Place(32.08, -81.09, EAST),
}
ABROAD = (0, 1, 2)
FINALS = (3, 4, 5)


def places() -> dict[str, Place]:
    """Home of each team by code, and the neutral grounds by venue."""
    return {club.code: club.place for club in TEAMS} | SITES


def aliases() -> dict[str, str]:
    """Lower-cased codes, cities, nicknames and full names to codes."""
    return {
        name.lower(): club.code
        for club in TEAMS
        for name in (club.code, club.city, club.nickname, f"{club.city} {club.nickname}")
    }
