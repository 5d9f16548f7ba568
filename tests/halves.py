"""A market of another package for the tests: totals of the first half, a number that the final score does not tell."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from busta import plugins
from busta.data.schema import FACTS, QUOTES
from busta.plugins import Market

if TYPE_CHECKING:
    from collections.abc import Iterator

FACT = "first_half_points"
FIRST_HALF = Market(
    name="first-half-totals",
    title="First-half totals",
    sides=("over", "under"),
    quantity="total",
    score=FACT,
    has_line=True,
    features=("*_sum", "indoors", "week", "price_first_half_*"),
    price_feature="price_first_half_over",
    line_feature="price_first_half_total",
    elo_feature="elo_sum",
    aliases=("1h-totals",),
)


@dataclass
class Point:
    """An entry point."""

    loaded: Any

    def load(self) -> Any:
        return self.loaded


def forget() -> None:
    """Lets leagues and markets be discovered anew."""
    plugins.leagues.cache_clear()
    plugins.markets.cache_clear()


@contextmanager
def installed(**offered: list[Any]) -> Iterator[None]:
    """As if packages were installed that offer these ``markets`` and ``leagues``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            plugins, "entry_points", lambda group: [Point(o) for o in offered.get(group.removeprefix("busta."), [])]
        )
        forget()
        yield
    forget()


def first_halves(games: pl.DataFrame, seed: int = 1) -> pl.DataFrame:
    """Facts: of the points of each team, each was made in the first half or not, by a coin."""
    rng = np.random.default_rng(seed)
    played = games.drop_nulls("home_score")
    frames = [
        played.select(
            "game_id",
            pl.col(f"{side}_team").alias("team"),
            pl.lit(FACT).alias("fact"),
            pl.Series("value", rng.binomial(played[f"{side}_score"].to_numpy(), 0.5).astype(np.float64)),
            pl.lit(None, pl.String).alias("label"),
        )
        for side in ("home", "away")
    ]
    return pl.concat(frames).select(*FACTS)


def half_quotes(quotes: pl.DataFrame) -> pl.DataFrame:
    """Quotes: half of each total, at the prices of the total."""
    totals = quotes.filter(market="totals")
    return totals.with_columns(market=pl.lit(FIRST_HALF.name), line=pl.col("line").round() / 2).select(*QUOTES)
