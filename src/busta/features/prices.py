"""The prices of the game itself, as features: what the market says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtr

from busta.betting.odds import remove_vig
from busta.features.catalog import PRICES, Feature

if TYPE_CHECKING:
    from busta.plugins import League

__all__ = ["QUOTED", "price_events", "with_gaps"]

_SEEN = "when the quote is seen; by convention the open a week, the close a second before the start"

_RATED = "when the quote is seen, and whenever the ratings change after it"
_SPREAD = ("power_rating_diff", "home_edge", "starter_power_change_diff")
_TOTAL = ("power_total_sum", "total_level", "starter_total_change_sum")

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
    Feature(
        "price_gap",
        PRICES,
        "points",
        "What the power ratings and home ground make of the spread, less the spread.",
        _RATED,
        ("line",),
    ),
    Feature(
        "price_total_gap",
        PRICES,
        "points",
        "What the power totals and the usual total make of the total, less the total.",
        _RATED,
        ("line",),
    ),
)


def price_events(games: pl.DataFrame, quotes: pl.DataFrame, league: League, vig_method: str) -> pl.DataFrame:
    """One row a game and time at which a quote was seen: ``game_id``, ``known_at``, the features of ``QUOTED``.

    A market's quote stands until its next one; of several books the first by name is read.
    """
    prices = quotes.select("first_price", "second_price").to_numpy().astype(np.float64)
    fair = pl.Series("fair", remove_vig(prices, vig_method)[:, 0], nan_to_null=True)
    return (
        quotes.with_columns(fair)
        .join(games.select("game_id"), on="game_id", how="semi")
        .sort("game_id", "book")
        .unique(["game_id", "moment", "market"], keep="first", maintain_order=True)
        .sort("game_id", "known_at", pl.col("moment") == "close")
        .select(
            "game_id",
            "known_at",
            _of("moneyline", pl.col("fair")).alias("price_home_win"),
            _of("ats", pl.col("fair").fill_null(0.5)).alias("price_home_cover"),
            _of("totals", pl.col("fair").fill_null(0.5)).alias("price_over"),
            _of("ats", pl.col("line")).alias("price_spread"),
            _of("totals", pl.col("line")).alias("price_total"),
        )
        .unique(["game_id", "known_at"], keep="last", maintain_order=True)
        .with_columns(pl.col("price_home_win").fill_null(_win_from_spread("price_spread", league.margin_sd)))
    )


def with_gaps(prices: pl.DataFrame, form: pl.DataFrame, lineup: pl.DataFrame) -> pl.DataFrame:
    """The prices with both gaps, and a row more whenever the ratings change after the first quote."""
    rated = form.select("game_id", "known_at", *_SPREAD[:2], *_TOTAL[:2])
    told = lineup.select("game_id", "known_at", _SPREAD[2], _TOTAL[2])
    return (
        pl.concat([prices, rated, told], how="diagonal")
        .sort("game_id", "known_at", maintain_order=True)
        .with_columns(standing(pl.col(name)).alias(name) for name in (*prices.columns[2:], *_SPREAD, *_TOTAL))
        .unique(["game_id", "known_at"], keep="last", maintain_order=True)
        .filter(pl.any_horizontal(pl.col(prices.columns[2:]).is_not_null()))
        .select(
            *prices.columns,
            _less(_SPREAD, "price_spread").alias("price_gap"),
            _less(_TOTAL, "price_total").alias("price_total_gap"),
        )
    )


def _less(rated: tuple[str, str, str], line: str) -> pl.Expr:
    """What ratings, level and the change by the starters told make of a line, less the line."""
    rating, level, change = (pl.col(name) for name in rated)
    return rating + level + change.fill_null(0.0) - pl.col(line)


def _of(market: str, value: pl.Expr) -> pl.Expr:
    """A value of that market's quotes, standing until the next one."""
    return standing(pl.when(pl.col("market") == market).then(value))


def standing(value: pl.Expr) -> pl.Expr:
    """The last value of the same game, null before its first; for rows sorted by game and time.

    As ``forward_fill().over("game_id")``, without a group for every game.
    """
    row = pl.int_range(pl.len())
    first = pl.when(pl.col("game_id").ne_missing(pl.col("game_id").shift())).then(row).forward_fill()
    told = pl.when(value.is_not_null()).then(row).forward_fill()
    return pl.when(told >= first).then(value.forward_fill())


def _win_from_spread(spread: str, sd: float) -> pl.Expr:
    """Probability that home wins if its margin is normal around the spread (Stern 1991)."""
    return (pl.col(spread) / sd).map_batches(lambda z: pl.Series(ndtr(z.to_numpy()), nan_to_null=True), pl.Float64)
