"""Milliseconds to build all features of a league, and to read them as of the start: warm, best of five.

On the real NFL games of the folder BUSTA_TEST_DATA where it is there, else on the simulated league.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import decision_time
from busta.features.build import CATALOG, build_events
from busta.features.store import MemoryGold
from busta.leagues import nfl, sim
from busta.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.data.source import Batch
    from busta.plugins import League

HERE = Path(__file__).resolve().parents[1]
TARGET = {"build_events": 100.0, "as_of": 50.0}
"""For 6,400 games."""


def main() -> None:
    league, batch = games_and_quotes()
    games, quotes = batch.games, batch.quotes
    events = build_events(games, quotes, league)
    gold = MemoryGold(games, quotes, events, CATALOG, {"version": None})
    decisions = games.select("game_id", decision_time("close").alias("decision_time"))
    print(f"{league.title}: {games.height} games, {quotes.height} quotes, {sum(map(len, events.values()))} events")
    jobs: dict[str, Callable[[], object]] = {
        "build_events": lambda: build_events(games, quotes, league),
        "as_of": lambda: gold.as_of(decisions),
    }
    for name, job in jobs.items():
        best = 1000 * min(seconds(job) for _ in range(5))
        target = TARGET[name] * games.height / 6400
        print(f"{name:<14}{best:>8.1f} ms  target {target:.0f} ms{'' if best <= target else '  too slow'}")


def games_and_quotes() -> tuple[League, Batch]:
    path = Path(os.environ.get("BUSTA_TEST_DATA", HERE.parent / "shared" / "data")) / "nflverse_games.csv"
    if not path.exists():
        return sim.LEAGUE, sim.play(sim.World(seasons=23))
    batch = nfl.LEAGUE.load(load(), [path])
    played = batch.games.filter(pl.col("home_score").is_not_null())
    return nfl.LEAGUE, type(batch)(played, batch.quotes)


def seconds(job: Callable[[], object]) -> float:
    start = perf_counter()
    job()
    return perf_counter() - start


if __name__ == "__main__":
    main()
