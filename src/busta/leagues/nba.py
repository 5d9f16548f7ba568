"""The NBA: its teams under all their names, their homes, and a file of the user's as the source of its games.

A season goes by the year in which it ends: 2019 is that of 2018-19. Rest, travel and altitude come from the
schedule, pace from the scores: ``points_for``, ``points_against`` and ``past_total`` of both teams together.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from busta.errors import UsageError
from busta.leagues.clubs import ARIZONA, CENTRAL, EAST, MOUNTAIN, PACIFIC, Club
from busta.plugins import League, Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from busta.data.source import Batch
    from busta.settings import Settings

__all__ = ["LEAGUE", "load"]

CLUBS: dict[str, Club] = {
    "ATL": Club("Atlanta", "Hawks", Place(33.7573, -84.3963, EAST, 0.31)),
    "BKN": Club("Brooklyn", "Nets", Place(40.6826, -73.9754, EAST, 0.01)),
    "BOS": Club("Boston", "Celtics", Place(42.3662, -71.0621, EAST, 0.01)),
    "CHA": Club("Charlotte", "Hornets", Place(35.2251, -80.8392, EAST, 0.23)),
    "CHI": Club("Chicago", "Bulls", Place(41.8807, -87.6742, CENTRAL, 0.18)),
    "CLE": Club("Cleveland", "Cavaliers", Place(41.4965, -81.6882, EAST, 0.20)),
    "DAL": Club("Dallas", "Mavericks", Place(32.7905, -96.8103, CENTRAL, 0.13)),
    "DEN": Club("Denver", "Nuggets", Place(39.7487, -105.0077, MOUNTAIN, 1.59)),
    "DET": Club("Detroit", "Pistons", Place(42.3411, -83.0553, EAST, 0.18)),
    "GSW": Club("Golden State", "Warriors", Place(37.7680, -122.3877, PACIFIC, 0.00)),
    "HOU": Club("Houston", "Rockets", Place(29.7508, -95.3621, CENTRAL, 0.01)),
    "IND": Club("Indiana", "Pacers", Place(39.7640, -86.1555, EAST, 0.22)),
    "LAC": Club("Los Angeles", "Clippers", Place(34.0430, -118.2673, PACIFIC, 0.08)),
    "LAL": Club("Los Angeles", "Lakers", Place(34.0430, -118.2673, PACIFIC, 0.08)),
    "MEM": Club("Memphis", "Grizzlies", Place(35.1382, -90.0506, CENTRAL, 0.08)),
    "MIA": Club("Miami", "Heat", Place(25.7814, -80.1870, EAST, 0.00)),
    "MIL": Club("Milwaukee", "Bucks", Place(43.0451, -87.9172, CENTRAL, 0.19)),
    "MIN": Club("Minnesota", "Timberwolves", Place(44.9795, -93.2761, CENTRAL, 0.25)),
    "NOP": Club("New Orleans", "Pelicans", Place(29.9490, -90.0821, CENTRAL, 0.00)),
    "NYK": Club("New York", "Knicks", Place(40.7505, -73.9934, EAST, 0.01)),
    "OKC": Club("Oklahoma City", "Thunder", Place(35.4634, -97.5151, CENTRAL, 0.36)),
    "ORL": Club("Orlando", "Magic", Place(28.5392, -81.3839, EAST, 0.03)),
    "PHI": Club("Philadelphia", "76ers", Place(39.9012, -75.1720, EAST, 0.01)),
    "PHX": Club("Phoenix", "Suns", Place(33.4457, -112.0712, ARIZONA, 0.33)),
    "POR": Club("Portland", "Trail Blazers", Place(45.5316, -122.6668, PACIFIC, 0.02)),
    "SAC": Club("Sacramento", "Kings", Place(38.5802, -121.4997, PACIFIC, 0.01)),
    "SAS": Club("San Antonio", "Spurs", Place(29.4270, -98.4375, CENTRAL, 0.21)),
    "TOR": Club("Toronto", "Raptors", Place(43.6435, -79.3791, EAST, 0.08)),
    "UTA": Club("Utah", "Jazz", Place(40.7683, -111.9011, MOUNTAIN, 1.30)),
    "WAS": Club("Washington", "Wizards", Place(38.8981, -77.0209, EAST, 0.02)),
}

OTHER_NAMES = {  # besides code, city and nickname
    "BKN": "BRK, NJN, New Jersey, New Jersey Nets",
    "CHA": "CHO, Bobcats, Charlotte Bobcats",
    "CLE": "Cavs",
    "DAL": "Mavs",
    "GSW": "GS",
    "LAC": "LA Clippers, L.A. Clippers",
    "LAL": "LA Lakers, L.A. Lakers",
    "MEM": "Vancouver, Vancouver Grizzlies",
    "MIN": "Wolves",
    "NOP": "NO, NOH, NOK, New Orleans Hornets",
    "NYK": "NY",
    "OKC": "SEA, Seattle, SuperSonics, Sonics, Seattle SuperSonics",
    "PHI": "Sixers, Philadelphia Sixers",
    "PHX": "PHO",
    "POR": "Blazers, Portland Blazers",
    "SAS": "SA",
    "WAS": "WSH",
}
OF_TWO = ("Los Angeles", "Hornets")
"""Names of two teams, and so of none: the Hornets were New Orleans's to 2013, and are Charlotte's since 2015."""

MOVES: dict[tuple[str, int, int], Place] = {  # the franchise's home in those seasons, first and last included
    ("BKN", 1978, 2012): Place(40.8117, -74.0676, EAST),
    ("GSW", 1972, 2019): Place(37.7503, -122.2030, PACIFIC),
    ("MEM", 1996, 2001): Place(49.2778, -123.1088, "America/Vancouver", 0.01),
    ("NOP", 2006, 2007): CLUBS["OKC"].home,  # after hurricane Katrina
    ("OKC", 1968, 2008): Place(47.6221, -122.3540, PACIFIC, 0.04),
    ("TOR", 2021, 2021): Place(27.9427, -82.4519, EAST),  # the border was closed
}

MOST_SPREAD = 40.0
"""Points beyond which a spread is none; the largest of 2008-2015 is 21."""
TOTALS = (140.0, 300.0)
"""Points a total is within; the closes of 2008-2015 run from 170.5 to 240.5."""


def load(settings: Settings, paths: Sequence[Any]) -> Batch:
    """Games and closing quotes of a history of NBA odds with two rows a game; quotes and facts by game.

    Args:
        settings: The column names of the user's own files.
        paths: Files, or folders of ``.csv`` and ``.json`` files; the later one wins.

    Raises:
        UsageError: No path is given, or one is not there.
        DataError: A file is not of this kind.
    """
    from busta.data.files import from_files
    from busta.data.nba_history import NbaHistory
    from busta.data.tables import known_games

    if not paths:
        raise UsageError("the NBA's games are not downloaded; give a file: busta ingest nba --from FILE")
    return from_files(
        [Path(path) for path in paths],
        LEAGUE,
        games=(NbaHistory(MOST_SPREAD, TOTALS),),
        known=lambda: known_games(settings, LEAGUE),
        columns=settings.data.columns,
        now=datetime.now(UTC),
    )


def _aliases() -> dict[str, str]:
    """All names of the teams, lower-cased."""
    found: dict[str, str] = {}
    for code, club in CLUBS.items():
        others = OTHER_NAMES[code].split(", ") if code in OTHER_NAMES else []
        names = [code, club.city, club.nickname, f"{club.city} {club.nickname}", *others]
        found |= dict.fromkeys([name.lower() for name in names if name not in OF_TWO], code)
    return found


# The numbers are those of the seasons 2008 to 2015, before the first that is kept for looking.
LEAGUE = League(
    name="nba",
    title="NBA",
    teams=tuple(CLUBS),
    load=load,
    margin_sd=11.7,
    total_sd=17.4,
    home_edge=2.8,
    aliases=_aliases(),
    places={code: club.home for code, club in CLUBS.items()},
    moves=MOVES,
    market_gain=0.2,
    market_carry=0.7,
    market_total_gain=0.3,
    elo_gain=11.0,
    score_gain=0.04,
    power_gain=0.3,
    result_gain=0.05,
    total_power_gain=0.3,
    unused=("rest_days_*",),
    odds_sport="basketball_nba",
)
