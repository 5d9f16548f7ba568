"""The real games of BUSTA_TEST_DATA (by default ../shared/data beside the repository) and their forecasts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from busta.features.build import CATALOG, build_events, missing_inputs
from busta.features.store import MemoryGold
from busta.markets.dataset import assemble
from busta.models.walk import walk
from busta.performance.forecasts import Forecasts
from busta.plugins import pick
from busta.settings import load

if TYPE_CHECKING:
    from busta.data.schema import Moment
    from busta.markets.dataset import Dataset

FOLDER = Path(os.environ.get("BUSTA_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
FILES = {
    "nfl": (
        *("nflverse_games.csv", "nfl_team_epa_by_game_2000_2022.csv"),
        *("nfl_opening_spreads_2007_2021.csv", "odds_history_nfl.json"),
    ),
    "nba": ("nba_odds_history.csv",),
}


def gold(league_name: str) -> MemoryGold:
    """The league's gold store, in memory; ends the program with exit code 5 where a file is missing."""
    paths = [FOLDER / name for name in FILES[league_name]]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        print(f"needed are real games, and there is no {', '.join(missing)}; BUSTA_TEST_DATA names their folder")
        sys.exit(5)
    league = pick("league", league_name)
    batch = league.load(load(), paths)
    events = build_events(batch.games, batch.quotes, league, facts=batch.facts)
    manifest = {
        "version": None,
        "features": [feature.to_dict() for feature in CATALOG],
        "missing": missing_inputs(batch.games, batch.quotes, batch.facts),
    }
    return MemoryGold(batch.games, batch.quotes, events, CATALOG, manifest, batch.facts)


def table(store: MemoryGold, league: str, market: str, last: int, *, blind: bool, moment: Moment = "close") -> Dataset:
    """The market's games up to a season."""
    data = assemble(store, pick("league", league), pick("market", market), blind=blind, moment=moment)
    return data.take((data.games["season"] <= last).to_numpy())


def forecasts(data: Dataset, first: int) -> Forecasts:
    """Out of fold, from a season on, by the members and settings that are the default."""
    return Forecasts.of(walk(data, load(train={"first_test_season": first}).train), data)
