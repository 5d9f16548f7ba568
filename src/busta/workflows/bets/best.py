"""The best offer for a bet among the books whose odds are kept: whose line and price is worth most to us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.books import at_moment
from busta.workflows.data.ingest import tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["Offers", "best_offer", "offers_now"]

Offers = dict[tuple[str, str], list[dict[str, Any]]]
"""Of each game and market what each book offers, in order of their names."""


def offers_now(settings: Settings, league: League, now: datetime) -> Offers:
    """What the books offered at the last fetch, where several did; a market that one book alone is known of has none.

    Args:
        settings: The workspace.
        league: The league.
        now: What was fetched later is left out, and games that have begun.
    """
    tables = tables_of(settings, league)
    known = tables.snapshots().filter(pl.col("fetched_at") <= now)
    if known.is_empty():
        return {}
    ahead = tables.read().games.filter(pl.col("kickoff") > now)
    found: Offers = {}
    for row in at_moment(known, ahead, "close").iter_rows(named=True):
        found.setdefault((row["game_id"], row["market"]), []).append(row)
    return {about: offers for about, offers in found.items() if len(offers) > 1}


def best_offer(
    offers: Sequence[Mapping[str, Any]],
    edge_at: Callable[[float, float], float],
    *,
    first: bool,
    settings: Settings,
    now: datetime,
) -> dict[str, Any] | None:
    """The offer with the most edge for a side; of several that have as much, that of the first book by name.

    Args:
        offers: What each book offers of the bet's market, as `offers_now` has it.
        edge_at: The bet's edge at a whole or half line and a price. Offers at other lines are two bets in one, and
            left out.
        first: Whether the bet is on the market's first side.
        settings: The least edge, and what each book takes.
        now: What time it is.

    Returns:
        ``book``, ``line``, ``price`` and ``edge`` of it, whether that is ``enough``, ``known_at``, ``age_minutes``, the
        ``most`` that the book takes on one bet (``None``: no limit is known), and of how many ``books`` it is the best;
        ``None`` where there is no offer.
    """
    price = "first_price" if first else "second_price"
    edges = {row["book"]: edge_at(row["line"], row[price]) for row in offers if 2 * row["line"] % 1 == 0}
    if not edges:
        return None
    row = max((row for row in offers if row["book"] in edges), key=lambda row: edges[row["book"]])  # first of equals
    return {
        "book": row["book"],
        "line": row["line"],
        "price": row[price],
        "edge": edges[row["book"]],
        "enough": edges[row["book"]] >= settings.bets.min_edge,
        "known_at": row["known_at"].isoformat(),
        "age_minutes": max(int((now - row["known_at"]).total_seconds() // 60), 0),
        "most": settings.ledger.books.get(row["book"]),
        "books": len(offers),
    }
