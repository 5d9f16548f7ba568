"""What sources say of teams beyond scores and lines, with a column a side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from busta.data.schema import LINEUP

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["with_facts"]


def with_facts(games: pl.DataFrame, facts: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The games with ``home_FACT`` and ``away_FACT`` of each: numbers, or names of a line-up; null where untold."""
    for name in names:
        told = facts.filter(pl.col("fact") == name).select("game_id", "team", "label" if name in LINEUP else "value")
        for side in ("home", "away"):
            of_side = told.rename({"team": f"{side}_team", told.columns[2]: f"{side}_{name}"})
            games = games.join(of_side, on=["game_id", f"{side}_team"], how="left", maintain_order="left")
    return games
