"""What many books say of a game, as one: the consensus of their opinions and the best of their prices.

Of the snapshots of a game's market the first fetch makes the open and the last one before the start the
close. At each moment the line is the one most books have (of several, the one nearest to the median of all).
At that line ``consensus`` has the median of the vig-free probabilities, priced at the median vig, and ``best``
the highest price of each side. Both are known when the last of the books said so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.betting.odds import overround, remove_vig
from busta.data.schema import BEST, CONSENSUS, QUOTES, SNAPSHOT_KEY, SNAPSHOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.data.schema import Moment

__all__ = ["MOST_AGE", "at_moment", "merged", "one_book", "quotes_of", "together"]

MARKET = ("game_id", "market")
PRICES = ("first_price", "second_price")
LOWEST_PRICE = 1.001
MOST_AGE = timedelta(hours=2)
"""A close older than this, at the start, yields to another source's once the game is over."""


def one_book(quotes: pl.DataFrame, *, betting: bool = False) -> pl.DataFrame:
    """One quote of each market of a game and moment: the consensus, or to bet the best price; else the first book's.

    First is by name. Both have the same line and time, so what is bet is what the opinion is of.
    """
    ranks, other = ({BEST: 0, CONSENSUS: 1}, 2) if betting else ({CONSENSUS: 0, BEST: 2}, 1)
    rank = pl.col("book").replace_strict(ranks, default=other, return_dtype=pl.Int8)
    return quotes.sort("game_id", rank, "book").unique(
        ["game_id", "moment", "market"], keep="first", maintain_order=True
    )


def merged(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The snapshots of both, each once: what stood already was first fetched then and last seen now."""
    if new.is_empty():
        return old
    times = (pl.col("fetched_at").min(), pl.col("seen_at").max())
    return pl.concat([old, new]).group_by(SNAPSHOT_KEY).agg(*times).select(*SNAPSHOTS).sort(SNAPSHOT_KEY)


def at_moment(snapshots: pl.DataFrame, games: pl.DataFrame, moment: Moment) -> pl.DataFrame:
    """What each book offered at the first fetch of a market, or at the last before the start: a row a book.

    Args:
        snapshots: Rows of ``SNAPSHOTS``.
        games: Rows of ``GAMES``; the start is theirs.
        moment: Open or close.
    """
    before = snapshots.join(games.select("game_id", "kickoff"), on="game_id").filter(
        pl.col("known_at") < pl.col("kickoff")
    )
    time = pl.col("fetched_at").min() if moment == "open" else pl.col("seen_at").max()
    fetched = pl.col("fetched_at" if moment == "open" else "seen_at")
    return (
        before.filter(fetched == time.over(MARKET))
        .sort(*MARKET, "book", "known_at")
        .unique([*MARKET, "book"], keep="last", maintain_order=True)
    )


def together(offers: pl.DataFrame) -> pl.DataFrame:
    """Line, opinion and best prices of the books of each market of a game.

    Args:
        offers: A row a book, as `at_moment` gives them.

    Returns:
        ``game_id``, ``market``, ``kickoff``, ``line``, ``known_at``, ``probability`` (of the first side),
        ``vig``, ``best_first``, ``best_second`` and how many ``books`` are at the line.
    """
    prices = offers.select(PRICES).to_numpy().astype(np.float64)
    opinions = offers.with_columns(
        pl.Series("probability", remove_vig(prices)[:, 0], nan_to_null=True),
        pl.Series("vig", overround(prices), nan_to_null=True),
        pl.len().over(*MARKET, "line").alias("votes"),
        (pl.col("line") - pl.col("line").median().over(MARKET)).abs().alias("off"),
        pl.col("known_at").max().over(MARKET),
    )
    chosen = opinions.sort(*MARKET, "votes", "off", "line", descending=[False, False, True, False, False])
    return (
        chosen.filter(pl.col("line") == pl.col("line").first().over(MARKET))
        .group_by(MARKET, maintain_order=True)
        .agg(
            pl.col("kickoff", "line", "known_at").first(),
            pl.col("probability", "vig").median(),
            pl.col("first_price").max().alias("best_first"),
            pl.col("second_price").max().alias("best_second"),
            pl.len().alias("books"),
        )
    )


def quotes_of(snapshots: pl.DataFrame, games: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The quotes that the snapshots make: ``consensus`` and ``best`` of each moment.

    Left out is what another source knows better: an open that it knew earlier and, of a game that is over, its
    close where ours is older than ``MOST_AGE`` at the start.

    Args:
        snapshots: Rows of ``SNAPSHOTS``.
        games: Rows of ``GAMES``.
        others: The other quotes, rows of ``QUOTES``.
    """
    moments: Sequence[Moment] = ("open", "close")
    found = [_quotes(together(at_moment(snapshots, games, moment)), moment) for moment in moments]
    earliest = others.group_by(*MARKET, "moment").agg(pl.col("known_at").min().alias("other"))
    over = games.select("game_id", "kickoff", pl.col("home_score").is_not_null().alias("over"))
    late = pl.col("over") & (pl.col("known_at") < pl.col("kickoff") - MOST_AGE)
    better = pl.when(moment="open").then(pl.col("other") < pl.col("known_at")).otherwise(late)
    return (
        pl.concat(found)
        .join(earliest, on=[*MARKET, "moment"], how="left")
        .join(over, on="game_id", how="left")
        .filter(~(better & pl.col("other").is_not_null()).fill_null(value=False))
        .select(*QUOTES)
    )


def _quotes(said: pl.DataFrame, moment: Moment) -> pl.DataFrame:
    fair = pl.col("probability")
    room = 1 / (LOWEST_PRICE * pl.max_horizontal(fair, 1 - fair))  # the vig gives way where a price would sink to 1
    asked = pl.min_horizontal(1 + pl.col("vig"), room)
    priced = {
        CONSENSUS: (1 / (fair * asked), 1 / ((1 - fair) * asked)),
        BEST: (pl.col("best_first"), pl.col("best_second")),
    }
    frames = [
        said.select(
            "game_id",
            "market",
            pl.lit(book).alias("book"),
            pl.lit(moment).alias("moment"),
            "line",
            first.alias("first_price"),
            second.alias("second_price"),
            "known_at",
            pl.lit(value=False).alias("known_at_assumed"),
        ).cast(dict(QUOTES))  # type: ignore[arg-type]
        for book, (first, second) in priced.items()
    ]
    return pl.concat(frames)
