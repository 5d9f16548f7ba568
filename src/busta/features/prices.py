"""The prices of the game itself, as features: what the market says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtr

from busta.betting.odds import remove_vig
from busta.data.books import one_book
from busta.errors import UsageError
from busta.features.catalog import PRICES, Feature
from busta.plugins import markets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.plugins import League, Market

__all__ = ["GAPS", "QUOTED", "price_events", "quoted", "with_gaps"]

_SEEN = "when the quote is seen; by convention the open a week, the close a second before the start"

_RATED = "when the quote is seen, and whenever the ratings change after it"
_SPREAD = ("power_rating_diff", "home_edge", "starter_power_change_diff")
_TOTAL = ("power_total_sum", "total_level", "starter_total_change_sum")

_BOTH_PRICES = ("first_price", "second_price")


def _price(name: str, meaning: str, quantity: str, *, level: bool = False) -> Feature:
    """The probability of a market's first side; without a line (``level``) it says how large the quantity is."""
    return Feature(
        name,
        PRICES,
        "probability",
        meaning,
        _SEEN,
        _BOTH_PRICES,
        margin_sign=1 if level and quantity == "margin" else 0,
        total_sign=1 if level and quantity == "total" else 0,
        swapped=1.0 if quantity == "margin" else None,
    )


def _line(name: str, meaning: str, quantity: str) -> Feature:
    return Feature(
        name,
        PRICES,
        "points",
        meaning,
        _SEEN,
        ("line",),
        margin_sign=1 if quantity == "margin" else 0,
        total_sign=1 if quantity == "total" else 0,
        swapped=0.0 if quantity == "margin" else None,
    )


QUOTED = (
    _price(
        "price_home_win", "Home wins, vig-free; from the spread where no moneyline is quoted.", "margin", level=True
    ),
    _price("price_home_cover", "Home covers, vig-free; a half where no price is quoted.", "margin"),
    _price("price_over", "Over the total, vig-free; a half where no price is quoted.", "total"),
    _line("price_spread", "The spread, positive where home is favoured.", "margin"),
    _line("price_total", "The total.", "total"),
)
"""Prices and lines of busta's own markets."""

GAPS = (
    Feature(
        "price_gap",
        PRICES,
        "points",
        "What the power ratings and home ground make of the spread, less the spread.",
        _RATED,
        ("line",),
        line_sign=1,
        swapped=0.0,
    ),
    Feature(
        "price_total_gap",
        PRICES,
        "points",
        "What the power totals and the usual total make of the total, less the total.",
        _RATED,
        ("line",),
        line_sign=1,
    ),
)
"""How far the line lies from what the ratings make of it."""


def quoted() -> tuple[Feature, ...]:
    """The price of every market found, and the line of each that names a feature for it; busta's own first.

    Raises:
        UsageError: Two markets call a feature by the same name.
    """
    found: dict[str, str] = {}
    for market in markets().values():
        for name in filter(None, (market.price_feature, market.line_feature)):
            if name in found:
                raise UsageError(f"the markets {found[name]} and {market.name} both write {name!r}; rename one of them")
            found[name] = market.name
    own = {feature.name for feature in QUOTED}
    others = (feature for market in markets().values() for feature in _of_market(market) if feature.name not in own)
    return (*QUOTED, *others)


def _of_market(market: Market) -> Iterator[Feature]:
    """What is to be known of another package's market."""
    unquoted = "a half" if market.has_line else "empty"
    meaning = f"{market.title}: {market.sides[0]}, vig-free; {unquoted} where no price is quoted."
    yield _price(market.price_feature, meaning, market.quantity)
    if market.line_feature:
        yield _line(market.line_feature, f"{market.title}: the line.", market.quantity)


def price_events(games: pl.DataFrame, quotes: pl.DataFrame, league: League, vig_method: str) -> pl.DataFrame:
    """One row a game and time at which a quote was seen: ``game_id``, ``known_at``, the features of `quoted`.

    A market's quote stands until its next one; of several books the consensus is read, or else the first.
    """
    prices = quotes.select("first_price", "second_price").to_numpy().astype(np.float64)
    fair = pl.Series("fair", remove_vig(prices, vig_method)[:, 0], nan_to_null=True)
    said = {name: value for market in markets().values() for name, value in _said(market)}
    return (
        quotes.with_columns(fair)
        .join(games.select("game_id"), on="game_id", how="semi")
        .pipe(one_book)
        .sort("game_id", "known_at", pl.col("moment") == "close")
        .select(
            "game_id",
            "known_at",
            *(said[feature.name].alias(feature.name) for feature in quoted() if feature.name in said),
        )
        .unique(["game_id", "known_at"], keep="last", maintain_order=True)
        .with_columns(pl.col("price_home_win").fill_null(_win_from_spread("price_spread", league.margin_sd)))
    )


def _said(market: Market) -> Iterator[tuple[str, pl.Expr]]:
    """The features of a market's quotes, and what each is."""
    fair = pl.col("fair")
    yield market.price_feature, _of(market.name, fair.fill_null(0.5) if market.has_line else fair)
    if market.line_feature:
        yield market.line_feature, _of(market.name, pl.col("line"))


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
