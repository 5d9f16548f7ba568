from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from busta.leagues.sim import World, play

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.data.source import Batch


def wide(batch: Batch) -> pl.DataFrame:
    """One row a game: result, truth, and line and prices of each market and moment."""
    assert batch.truth is not None
    table = batch.games.join(batch.truth, on="game_id", maintain_order="left")
    for (market, moment), quotes in batch.quotes.group_by("market", "moment"):
        names = {
            "line": f"line_{moment}_{market}",
            "first_price": f"first_{moment}_{market}",
            "second_price": f"second_{moment}_{market}",
        }
        table = table.join(quotes.select("game_id", *names).rename(names), on="game_id", maintain_order="left")
    home, away = pl.col("home_score"), pl.col("away_score")
    return table.with_columns(margin=home - away, total=home + away)


@pytest.fixture(scope="session")
def sim() -> Batch:
    """The default world."""
    return play(World())


@pytest.fixture(scope="session")
def sim_games(sim: Batch) -> pl.DataFrame:
    return wide(sim)


@pytest.fixture(scope="session")
def sim_long() -> pl.DataFrame:
    """Sixty seasons: narrow intervals for what is held against published figures."""
    return wide(play(World(seasons=60, seed=5))).filter(pl.col("margin").is_not_null())


@pytest.fixture(scope="session")
def played() -> Callable[[World], pl.DataFrame]:
    """Plays a world and joins all there is about a game into one row."""
    return lambda world: wide(play(world))
