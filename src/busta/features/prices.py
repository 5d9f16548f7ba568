"""The prices of the game itself, as features: what the market says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtr

from busta.betting.odds import remove_vig
from busta.features.catalog import PRICES, Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.plugins import League

__all__ = ["QUOTED", "price_events"]

_SEEN = "when the quote is seen; by convention the open a week, the close a second before the start"

_BOTH_PRICES = ("first_price", "second_price")


def _quoted(name: str, unit: str, meaning: str, needs: tuple[str, ...]) -> Feature:
    return Feature(name, PRICES, unit, meaning, _SEEN, needs)


QUOTED = (
    _quoted(
        "price_home_win",
        "probability",
        "Home wins, vig-free; from the spread where no moneyline is quoted.",
        _BOTH_PRICES,
    ),
    _quoted("price_home_cover", "probability", "Home covers, vig-free; a half where no price is quoted.", _BOTH_PRICES),
    _quoted("price_over", "probability", "Over the total, vig-free; a half where no price is quoted.", _BOTH_PRICES),
    _quoted("price_spread", "points", "The spread, positive where home is favoured.", ("line",)),
    _quoted("price_total", "points", "The total.", ("line",)),
)


def price_events(games: pl.DataFrame, quotes: pl.DataFrame, league: League, vig_method: str) -> pl.DataFrame:
    """One row a game and moment with any quote: ``game_id``, ``known_at``, the features of ``QUOTED``."""
    prices = quotes.select("first_price", "second_price").to_numpy().astype(np.float64)
    fair = pl.Series("fair", remove_vig(prices, vig_method)[:, 0], nan_to_null=True)
    one_book = (
        quotes.with_columns(fair)
        .sort("game_id", "book")
        .group_by("game_id", "moment", "market", maintain_order=True)
        .first()
    )
    wide = one_book.select("game_id", "moment").unique(maintain_order=True)
    for market in ("moneyline", "ats", "totals"):
        rows = one_book.filter(pl.col("market") == market).select(
            "game_id",
            "moment",
            pl.col("line").alias(f"{market}_line"),
            pl.col("fair").alias(f"{market}_fair"),
            pl.col("known_at").alias(f"{market}_known"),
        )
        wide = wide.join(rows, on=["game_id", "moment"], how="left")
    known = pl.max_horizontal("moneyline_known", "ats_known", "totals_known")
    implied = pl.Series("implied", _win_from_spread(wide["ats_line"].to_numpy(), league.margin_sd), nan_to_null=True)
    return (
        wide.with_columns(implied)
        .join(games.select("game_id"), on="game_id", how="semi")
        .select(
            "game_id",
            known.alias("known_at"),
            pl.coalesce("moneyline_fair", "implied").alias("price_home_win"),
            pl.when(pl.col("ats_line").is_not_null()).then(pl.col("ats_fair").fill_null(0.5)).alias("price_home_cover"),
            pl.when(pl.col("totals_line").is_not_null()).then(pl.col("totals_fair").fill_null(0.5)).alias("price_over"),
            pl.col("ats_line").alias("price_spread"),
            pl.col("totals_line").alias("price_total"),
        )
    )


def _win_from_spread(spread: NDArray[np.float64], sd: float) -> NDArray[np.float64]:
    """Probability that home wins if its margin is normal around the spread (Stern 1991)."""
    return np.asarray(ndtr(spread.astype(np.float64) / sd), dtype=np.float64)
