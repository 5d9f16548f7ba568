"""What the market at the close says of bets that were really placed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import logit

from busta.betting.odds import edge, remove_vig
from busta.betting.settlement import label
from busta.data.schema import FINAL_LAG
from busta.errors import DataError
from busta.markets.dataset import Dataset, quotes_at, values_of
from busta.models.baseline import closing_triples, market_means
from busta.models.distribution import fit_distribution
from busta.performance.simulation.closing import AT_CLOSE
from busta.plugins import pick
from busta.workflows.data.ingest import has_tables, tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.data.tables import Stored
    from busta.ledger.fold import Bet
    from busta.plugins import League, Market
    from busta.settings import Settings

    Floats = NDArray[np.float64]

__all__ = ["Closed", "closing_of"]

NO_CLOSE = "no closing price of both sides is in the tables"
NO_HISTORY = "too few games are in the tables to carry a closing line to the line of the bet"
FEWEST_GAMES = 50

Closed = tuple[float, float, str | None]
"""Edge by the closing market and points the line moved the bettor's way, NaN where there is none, and why."""


def closing_of(settings: Settings, bets: Sequence[Bet]) -> dict[str, Closed]:
    """The closing-line value of each bet, by its key: its edge, as taken, by the close's own win, push and lose.

    The close is that of the tables, freed of its vig as the settings say; a distribution of the results
    around it, learned from all games there, carries it to the line of the bet.
    """
    found: dict[str, Closed] = {}
    for name, market in dict.fromkeys((bet.body["league"], bet.body["market"]) for bet in bets):
        some = [bet for bet in bets if (bet.body["league"], bet.body["market"]) == (name, market)]
        try:
            found |= _of_market(settings, pick("league", name), pick("market", market), some)
        except DataError as exc:  # nothing decides the market any more; what was settled stays
            found |= {bet.key: (np.nan, np.nan, str(exc).splitlines()[0]) for bet in some}
    return found


def _of_market(settings: Settings, league: League, market: Market, bets: Sequence[Bet]) -> dict[str, Closed]:
    if not has_tables(settings, league):
        return {bet.key: (np.nan, np.nan, NO_CLOSE) for bet in bets}
    data = _closes(tables_of(settings, league).read(), league, market, settings.bets.vig_method)
    played = np.flatnonzero(~np.isnan(data.value + data.closing_log_odds))
    if len(played) < FEWEST_GAMES:
        return {bet.key: (np.nan, np.nan, NO_HISTORY) for bet in bets}
    place = {game: row for row, game in enumerate(data.games["game_id"])}
    there = [bet for bet in bets if bet.body["game_id"] in place]
    rows = np.array([place[bet.body["game_id"]] for bet in there], dtype=np.int64)
    taken = np.array([bet.body["line"] or 0.0 for bet in there])
    distribution = fit_distribution(data, played)
    closing = market_means(data, rows, distribution)["closing"]
    triples = closing_triples(replace(data.take(rows), line=taken), np.arange(len(rows)), distribution, closing)
    known = data.games["known_at"].to_list()
    found: dict[str, Closed] = {bet.key: (np.nan, np.nan, NO_CLOSE) for bet in bets}
    for bet, row, triple in zip(there, rows, triples, strict=True):
        if bet.placed_at >= known[row]:
            found[bet.key] = (np.nan, np.nan, AT_CLOSE)
        elif not np.isnan(triple).any():
            found[bet.key] = _value(bet, triple, float(data.closing_line[row]), market)
    return found


def _value(bet: Bet, triple: Floats, closing_line: float, market: Market) -> Closed:
    win, _, lose = triple if bet.first_side else triple[::-1]
    moved = closing_line - bet.body["line"] if market.has_line else np.nan
    return float(edge(win, lose, bet.body["price"])), moved if bet.first_side else -moved, None


def _closes(tables: Stored, league: League, market: Market, method: str) -> Dataset:
    """The games that have a close, without features."""
    quotes = quotes_at(tables.quotes, market, "close", betting=False)
    games = tables.games.join(quotes, on="game_id", maintain_order="left").with_columns(
        decision_time="quoted_at", final_time=pl.col("kickoff") + FINAL_LAG, known_at="quoted_at"
    )
    line = games["line"].to_numpy().astype(np.float64) if market.has_line else np.zeros(games.height)
    prices = games.select("first_price", "second_price").to_numpy().astype(np.float64)
    value, log_odds = values_of(tables.facts, league, games, market), logit(remove_vig(prices, method)[:, 0])
    nothing = np.full(games.height, np.nan)
    return Dataset(
        market=market,
        league=league,
        blind=True,
        moment="open",
        games=games,
        names=(),
        X=np.empty((games.height, 0)),
        y=label(value, line),
        value=value,
        line=line,
        prices=prices,
        price_assumed=np.zeros(games.height, dtype=np.bool_),
        market_log_odds=log_odds,
        closing_line=line,
        closing_prices=prices,
        closing_log_odds=log_odds,
        elo=nothing,
    )
