"""The NFL: its teams under all their names, their homes, and nflverse as the source of its games."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from busta.leagues.clubs import ARIZONA, CENTRAL, EAST, MOUNTAIN, PACIFIC, Club
from busta.plugins import League, Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from busta.data.source import Batch
    from busta.settings import Settings

__all__ = ["LEAGUE", "download", "load"]

CLUBS: dict[str, Club] = {
    "ARI": Club("Arizona", "Cardinals", Place(33.5276, -112.2626, ARIZONA)),
    "ATL": Club("Atlanta", "Falcons", Place(33.7554, -84.4008, EAST)),
    "BAL": Club("Baltimore", "Ravens", Place(39.2780, -76.6227, EAST)),
    "BUF": Club("Buffalo", "Bills", Place(42.7738, -78.7870, EAST)),
    "CAR": Club("Carolina", "Panthers", Place(35.2258, -80.8528, EAST)),
    "CHI": Club("Chicago", "Bears", Place(41.8623, -87.6167, CENTRAL)),
    "CIN": Club("Cincinnati", "Bengals", Place(39.0955, -84.5161, EAST)),
    "CLE": Club("Cleveland", "Browns", Place(41.5061, -81.6995, EAST)),
    "DAL": Club("Dallas", "Cowboys", Place(32.7473, -97.0945, CENTRAL)),
    "DEN": Club("Denver", "Broncos", Place(39.7439, -105.0201, MOUNTAIN)),
    "DET": Club("Detroit", "Lions", Place(42.3400, -83.0456, EAST)),
    "GB": Club("Green Bay", "Packers", Place(44.5013, -88.0622, CENTRAL)),
    "HOU": Club("Houston", "Texans", Place(29.6847, -95.4107, CENTRAL)),
    "IND": Club("Indianapolis", "Colts", Place(39.7601, -86.1639, EAST)),
    "JAX": Club("Jacksonville", "Jaguars", Place(30.3239, -81.6373, EAST)),
    "KC": Club("Kansas City", "Chiefs", Place(39.0489, -94.4839, CENTRAL)),
    "LA": Club("Los Angeles", "Rams", Place(33.9535, -118.3392, PACIFIC)),
    "LAC": Club("Los Angeles", "Chargers", Place(33.9535, -118.3392, PACIFIC)),
    "LV": Club("Las Vegas", "Raiders", Place(36.0909, -115.1833, PACIFIC)),
    "MIA": Club("Miami", "Dolphins", Place(25.9580, -80.2389, EAST)),
    "MIN": Club("Minnesota", "Vikings", Place(44.9738, -93.2581, CENTRAL)),
    "NE": Club("New England", "Patriots", Place(42.0909, -71.2643, EAST)),
    "NO": Club("New Orleans", "Saints", Place(29.9511, -90.0812, CENTRAL)),
    "NYG": Club("New York", "Giants", Place(40.8135, -74.0745, EAST)),
    "NYJ": Club("New York", "Jets", Place(40.8135, -74.0745, EAST)),
    "PHI": Club("Philadelphia", "Eagles", Place(39.9008, -75.1675, EAST)),
    "PIT": Club("Pittsburgh", "Steelers", Place(40.4468, -80.0158, EAST)),
    "SEA": Club("Seattle", "Seahawks", Place(47.5952, -122.3316, PACIFIC)),
    "SF": Club("San Francisco", "49ers", Place(37.4033, -121.9694, PACIFIC)),
    "TB": Club("Tampa Bay", "Buccaneers", Place(27.9759, -82.5033, EAST)),
    "TEN": Club("Tennessee", "Titans", Place(36.1665, -86.7713, CENTRAL)),
    "WAS": Club("Washington", "Commanders", Place(38.9077, -76.8645, EAST)),
}

OTHER_NAMES = {  # besides code, nickname and city
    "ARI": "ARZ, PHO, CRD",
    "BAL": "BLT, RAV",
    "CLE": "CLV",
    "GB": "GNB",
    "HOU": "HST, HTX",
    "IND": "CLT",
    "JAX": "JAC, Jags",
    "KC": "KAN, KCC",
    "LA": "LAR, LA Rams, L.A. Rams, LAR Rams, STL, SL, RAM, St. Louis, St. Louis Rams",
    "LAC": "LA Chargers, L.A. Chargers, SD, SDG, San Diego, San Diego Chargers",
    "LV": "LVR, OAK, RAI, Oakland, Oakland Raiders",
    "NE": "NWE, NEP, Pats",
    "NO": "NOR, NOS",
    "NYG": "NY Giants, N.Y. Giants",
    "NYJ": "NY Jets, N.Y. Jets",
    "SF": "SFO, Niners, Fortyniners",
    "TB": "TAM, TBB, Tampa, Bucs",
    "TEN": "OTI",
    "WAS": "WSH, WFT, Redskins, Washington Redskins, Football Team, Washington Football Team",
}

VENUES: dict[str, Place] = {  # nflverse's stadium_id of grounds that games on neutral ground were played on
    "ATL00": Place(33.7577, -84.4008, EAST),
    "ATL97": CLUBS["ATL"].home,
    "BUF01": Place(43.6414, -79.3894, "America/Toronto"),
    "DAL00": CLUBS["DAL"].home,
    "DET00": CLUBS["DET"].home,
    "DUB00": Place(53.3607, -6.2511, "Europe/Dublin"),
    "FRA00": Place(50.0686, 8.6455, "Europe/Berlin"),
    "GER00": Place(48.2188, 11.6247, "Europe/Berlin"),
    "HOU00": CLUBS["HOU"].home,
    "IND00": CLUBS["IND"].home,
    "JAX00": CLUBS["JAX"].home,
    "LAX01": CLUBS["LA"].home,
    "LON00": Place(51.5560, -0.2796, "Europe/London"),
    "LON01": Place(51.4560, -0.3415, "Europe/London"),
    "LON02": Place(51.6043, -0.0664, "Europe/London"),
    "MEX00": Place(19.3029, -99.1505, "America/Mexico_City"),
    "MIA00": CLUBS["MIA"].home,
    "MIN01": CLUBS["MIN"].home,
    "NOR00": CLUBS["NO"].home,
    "NYC01": CLUBS["NYG"].home,
    "PHO00": CLUBS["ARI"].home,
    "PHO99": Place(33.4264, -111.9325, ARIZONA),
    "SAO00": Place(-23.5453, -46.4742, "America/Sao_Paulo"),
    "SDG00": Place(32.7831, -117.1196, PACIFIC),
    "SFO01": CLUBS["SF"].home,
    "TAM00": CLUBS["TB"].home,
    "VEG00": CLUBS["LV"].home,
}

MOVES: dict[tuple[str, int, int], Place] = {  # the franchise's home in those seasons, first and last included
    ("LA", 1995, 2015): Place(38.6328, -90.1885, CENTRAL),
    ("LAC", 1961, 2016): VENUES["SDG00"],
    ("LV", 1995, 2019): Place(37.7516, -122.2005, PACIFIC),
}


MOST_SPREAD = 30.0
"""Points of a spread beyond which an opening is a slip; the largest of 2007-2022 is 27.5."""
TOTALS = (25.0, 75.0)
"""Points of a total within which an opening is none; the closes of 1999-2022 run from 30 to 63.5."""
MOST_MOVE = 15.0
"""Points from open to close beyond which one of the two is a slip, often of sign: a quarterback is worth some seven."""


def load(settings: Settings, paths: Sequence[Any]) -> Batch:
    """Games and closing quotes of nflverse's file, downloaded; or what is in files of the user's.

    A file is of the kind that its columns tell: nflverse's ``games.csv``, opening spreads by its
    ``game_id``, a sports book's archive with opening spreads and totals, nflverse's team statistics by
    week, EPA by ``game_id``, or quotes and facts in busta's own general format. All but the first speak of
    games that stand in the workspace's tables or come in the same call.

    Args:
        settings: Where to download from and to; the column names of the user's own files.
        paths: Files, or folders of ``.csv`` and ``.json`` files (those of other kinds are passed over with a
            warning); the later one wins. None means download.

    Raises:
        UsageError: A path is not there.
        OutsideError: The download failed.
        DataError: A file is of no kind that is read here.
    """
    from busta.data.archive import BookArchive
    from busta.data.files import from_files
    from busta.data.nflverse import NflverseGames
    from busta.data.openings import OpeningSpreads
    from busta.data.tables import known_games
    from busta.data.teamfacts import EpaByGame, NflverseTeamWeek

    if not paths:
        return download(settings)
    return from_files(
        [Path(path) for path in paths],
        LEAGUE,
        games=(NflverseGames(),),
        quotes=(
            OpeningSpreads(MOST_SPREAD, MOST_MOVE),
            BookArchive(MOST_SPREAD, TOTALS, MOST_MOVE),
            NflverseTeamWeek(),
            EpaByGame(),
        ),
        known=lambda: known_games(settings, LEAGUE),
        columns=settings.data.columns,
        now=datetime.now(UTC),
    )


def download(settings: Settings) -> Batch:
    """Games and closing quotes from nflverse's file, and its team statistics by week where they are lacking.

    The statistics of the season under way are asked for each time. Without them the games are taken all the
    same, with a warning.

    Raises:
        OutsideError: The download of the games failed.
        DataError: What the server has is not of nflverse's kind.
    """
    from busta.data.fetch import fetch
    from busta.data.nflverse import NflverseGames
    from busta.data.schema import PLAYS
    from busta.data.seasons import by_season, lacking
    from busta.data.source import concatenate, of_file
    from busta.data.tables import known_facts
    from busta.data.teamfacts import NflverseTeamWeek

    data, now = settings.data, datetime.now(UTC)
    fetched = fetch(data.nflverse_url, settings.raw / "nfl", timeout=data.timeout, retries=data.retries)
    batch = of_file(NflverseGames().parse(fetched.content, LEAGUE, columns={}, now=now), fetched.file, named=False)
    seasons = lacking(batch.games, known_facts(settings, LEAGUE), PLAYS)
    weeks = by_season(NflverseTeamWeek(), seasons, data.nflverse_teams_url, LEAGUE, batch.games, settings, now)
    return concatenate([batch, weeks])


def _aliases() -> dict[str, str]:
    """All names of the teams, lower-cased, also without spaces and dots; a city of two teams names neither."""
    cities = [club.city for club in CLUBS.values()]
    found: dict[str, str] = {}
    for code, club in CLUBS.items():
        names = [code, club.nickname, f"{club.city} {club.nickname}", f"{code} {club.nickname}"]
        names += OTHER_NAMES[code].split(", ") if code in OTHER_NAMES else []
        names += [club.city] if cities.count(club.city) == 1 else []
        for name in names:
            spellings = (name.lower(), name.lower().replace(".", ""))
            found |= dict.fromkeys([*spellings, *(text.replace(" ", "") for text in spellings)], code)
    return found


LEAGUE = League(
    name="nfl",
    title="NFL",
    teams=tuple(CLUBS),
    load=load,
    margin_sd=13.3,
    total_sd=13.5,
    home_edge=2.2,
    aliases=_aliases(),
    places={code: club.home for code, club in CLUBS.items()} | VENUES,
    moves=MOVES,
    unused=("back_to_back_*", "three_in_four_*", "climb_km_*"),
    odds_sport="americanfootball_nfl",
)
