from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from busta.leagues import nba
from busta.leagues.sim import World, play
from busta.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from busta.data.source import Batch

Row = dict[str, Any]
NBA: Row = {
    "date": "2014-11-05",
    "season": 2015,
    "team": "Boston",
    "home/visitor": "vs",
    "opponent": "Miami",
    "score": 101,
    "opponentScore": 95,
    "moneyLine": -200,
    "opponentMoneyLine": 170,
    "total": 201.5,
    "spread": -5,
    "secondHalfTotal": 99,
}
"""A row of a history of NBA odds: Boston at home, five points better than Miami."""


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


@pytest.fixture(scope="session")
def nba_pair() -> Callable[..., list[Row]]:
    """Both rows of a game in words of the home team; ``own`` and ``other`` then change one row alone."""

    def pair(own: Row | None = None, other: Row | None = None, **changes: Any) -> list[Row]:
        row = NBA | changes
        theirs = row | {
            "team": row["opponent"],
            "home/visitor": "@",
            "opponent": row["team"],
            "score": row["opponentScore"],
            "opponentScore": row["score"],
            "moneyLine": row["opponentMoneyLine"],
            "opponentMoneyLine": row["moneyLine"],
            "spread": row["spread"] if isinstance(row["spread"], str) else -row["spread"],
        }
        return [row | (own or {}), theirs | (other or {})]

    return pair


@pytest.fixture
def nba_load(tmp_path: Path) -> Callable[..., Batch]:
    """What the league makes of a file with these rows, and with ``more`` below them."""

    def loaded(*rows: Row, without: tuple[str, ...] = (), more: str = "") -> Batch:
        text = StringIO()
        writer = csv.DictWriter(text, [name for name in NBA if name not in without], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        (tmp_path / "history.csv").write_text(text.getvalue() + more)
        batch: Batch = nba.LEAGUE.load(load(home=tmp_path), [tmp_path / "history.csv"])
        return batch

    return loaded
