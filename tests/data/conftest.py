"""Small files in nflverse's format, made up here, and the place of the real ones."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from busta.data.nflverse import NflverseGames
from busta.leagues.nfl import LEAGUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from busta.data.source import Batch

NOW = datetime(2024, 7, 1, tzinfo=UTC)


@dataclass
class Sheet:
    """Rows of a file that a test may spoil before it is read."""

    rows: list[dict[str, str]]

    @property
    def raw(self) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().encode()

    def without(self, *columns: str) -> Sheet:
        return Sheet([{name: row[name] for name in row if name not in columns} for row in self.rows])

    def parse(self, columns: Mapping[str, str] | None = None, now: datetime = NOW) -> Batch:
        return NflverseGames().parse(self.raw, LEAGUE, columns=columns or {}, now=now)


def game(week: int, away: str, home: str, **changes: str) -> dict[str, str]:
    row = {
        "game_id": f"2023_{week:02d}_{away}_{home}",
        "season": "2023",
        "game_type": "REG",
        "week": str(week),
        "gameday": f"2023-09-{3 + 7 * week:02d}",
        "gametime": "13:00",
        "away_team": away,
        "away_score": "20",
        "home_team": home,
        "home_score": "23",
        "location": "Home",
        "away_moneyline": "130",
        "home_moneyline": "-150",
        "spread_line": "3",
        "away_spread_odds": "-110",
        "home_spread_odds": "-110",
        "total_line": "44.5",
        "under_odds": "-108",
        "over_odds": "-112",
        "div_game": "0",
        "roof": "outdoors",
        "surface": "grass ",
        "temp": "61",
        "stadium_id": "BUF00",
        "away_qb_id": "",
        "away_qb_name": "",
        "home_qb_id": "",
        "home_qb_name": "",
    }
    return row | changes


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_game() -> Callable[..., dict[str, str]]:
    return game


@pytest.fixture
def sheet() -> Sheet:
    return Sheet([game(1, "KC", "BUF"), game(1, "LA", "SEA"), game(2, "BUF", "LV"), game(2, "SEA", "KC")])


@pytest.fixture(scope="session")
def real_file() -> Path:
    folder = os.environ.get("BUSTA_TEST_DATA")
    return (Path(folder) if folder else Path(__file__).parents[3] / "shared" / "data") / "nflverse_games.csv"


@pytest.fixture(scope="session")
def real_sheet(real_file: Path) -> Sheet:
    return Sheet(list(csv.DictReader(io.StringIO(real_file.read_text()))))


@pytest.fixture(scope="session")
def real_batch(real_file: Path) -> Batch:
    return NflverseGames().parse(real_file.read_bytes(), LEAGUE, columns={}, now=NOW)
