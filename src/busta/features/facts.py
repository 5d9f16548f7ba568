"""What sources say of teams beyond scores and lines, with a column a side."""

from __future__ import annotations

import polars as pl

from busta.data.schema import LINEUP

__all__ = ["with_fact"]


def with_fact(games: pl.DataFrame, facts: pl.DataFrame, fact: str) -> pl.DataFrame:
    """The games with the columns ``home_FACT`` and ``away_FACT``: numbers, or names of a line-up; null where untold."""
    column = "label" if fact in LINEUP else "value"
    told = facts.filter(pl.col("fact") == fact).select("game_id", "team", column)
    for side in ("home", "away"):
        of_side = told.rename({"team": f"{side}_team", column: f"{side}_{fact}"})
        games = games.join(of_side, on=["game_id", f"{side}_team"], how="left", maintain_order="left")
    return games
