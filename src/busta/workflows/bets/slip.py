"""A bet as it is typed becomes a bet as it is recorded; what makes two of them the same."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.errors import DataError, UsageError
from busta.ledger.chain import Draft
from busta.plugins import pick
from busta.serving.words import bet_name
from busta.workflows.bets.words import name_of, read_money, read_pick, read_price, read_time
from busta.workflows.data.ingest import ensure_tables, tables_of
from busta.workflows.predicting.price_words import find_game

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.ledger.fold import Bet
    from busta.ledger.storage import Entry, Ledger
    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["Board", "row_of", "slip", "write_bets"]

SAME = ("league", "game_id", "market", "side", "line", "price", "stake", "book", "paper")
"""What makes two bets the same one."""
OPENING_HOUR = timedelta(hours=1)
SOURCES = ("manual", "recommended", "import", "api")


class Board:
    """The games of a league, and what time it is there."""

    def __init__(self, settings: Settings, league_name: str, now: datetime | None = None) -> None:
        self.league: League = pick("league", league_name)
        ensure_tables(settings, self.league)
        tables = tables_of(settings, self.league)
        self.games = tables.read().games
        self.now = now or self._clock(simulated=tables.truth() is not None)

    def _clock(self, *, simulated: bool) -> datetime:
        """A simulated league has a clock of its own: it stands an hour before the first game that is to come."""
        ahead = self.games.filter(pl.col("home_score").is_null())["kickoff"].min()
        if simulated and isinstance(ahead, datetime):
            return ahead - OPENING_HOUR
        return datetime.now(UTC)

    def game(self, text: str, week: str | None, date: str | None) -> dict[str, Any]:
        """The game that is meant."""
        return find_game(self.games, self.league, text, week, date)


def slip(
    board: Board,
    market_name: str,
    game: Mapping[str, Any],
    side: str,
    *,
    line: float | None,
    price: object,
    stake: object,
    book: str,
    paper: bool,
    placed_at: str | datetime | None = None,
    key: str | None = None,
    source: str = "manual",
    about: Mapping[str, Any] | None = None,
) -> Draft:
    """The entry of a bet.

    Args:
        board: The league.
        market_name: The market.
        game: A row of its games.
        side: As `read_pick` takes it.
        line: The same.
        price: In any form.
        stake: In the currency of the bankroll.
        book: Who took it.
        paper: Whether no money is on it.
        placed_at: When it was placed, where it was recorded later than that.
        key: A name of its own, such as the book's number; by default made of what the bet is.
        source: Where it came from.
        about: ``model``, ``model_version``, ``probability`` and ``edge``, where a model had a say.

    Raises:
        UsageError: Anything that cannot be right, or a game that has begun.
    """
    market = pick("market", market_name)
    found, points = read_pick(side, line, market, board.league, game)
    placed = _placed(board, game, placed_at)
    if source not in SOURCES:
        raise UsageError(f"source {source!r} is none of {', '.join(SOURCES)}")
    body = {
        "league": board.league.name,
        "game_id": game["game_id"],
        "market": market.name,
        "side": found,
        "line": points,
        "price": read_price(price),
        "stake": read_money("stake", stake),
        "book": name_of("book", book),
        "paper": bool(paper),
        "source": source,
        "placed_at": placed,
        "late": board.now >= game["kickoff"],
        **{name: game[name] for name in ("home_team", "away_team", "kickoff", "season", "week")},
        **dict.fromkeys(("model", "model_version", "probability", "edge")),
        **(about or {}),
    }
    return Draft("bet", name_of("key", key) if key else _key(body), body)


def _placed(board: Board, game: Mapping[str, Any], given: str | datetime | None) -> datetime:
    """When the bet was placed: before the game began, and not in the future."""
    placed = board.now if given is None else read_time("time", given)
    if placed > board.now:
        raise UsageError(
            f"a bet placed at {placed:%Y-%m-%d %H:%M} UTC is of the future; now it is {board.now:%H:%M} UTC"
        )
    if placed >= game["kickoff"]:
        began = f"{game['game_id']} began at {game['kickoff']:%Y-%m-%d %H:%M} UTC"
        advice = "" if given else "; --late TIME says when a bet was placed that is recorded only now"
        raise UsageError(f"{began}, and a bet is placed before that{advice}")
    return placed


def _key(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([body[name] for name in SAME]).encode()).hexdigest()[:12]


def write_bets(ledger: Ledger, drafts: Sequence[Draft]) -> list[Entry]:
    """Writes bets; one that is there already, by its key and by what it is, is not written again.

    Raises:
        DataError: A key that is there with another bet.
    """
    first: dict[str, Draft] = {}
    for draft in drafts:
        first.setdefault(draft.key, draft)
    for attempt in range(2):
        known = {key: found for key in first if (found := ledger.find("bet", key))}
        for draft in drafts:
            _require_same(draft, known[draft.key].body if draft.key in known else first[draft.key].body)
        try:
            written = {entry.key: entry for entry in ledger.append(d for d in first.values() if d.key not in known)}
        except DataError:  # another process wrote one of them in this moment
            if attempt:
                raise
            continue
        break
    return [(known | written)[draft.key] for draft in drafts]


def _require_same(draft: Draft, there: Mapping[str, Any]) -> None:
    other = [name for name in SAME if draft.body[name] != there[name]]
    if other:
        told = ", ".join(f"{name} {there[name]} there and {draft.body[name]} here" for name in other)
        raise DataError(f"another bet is recorded under the key {draft.key!r}: {told}; give this one a key of its own")


def row_of(bet: Bet) -> dict[str, Any]:
    """A bet as every command prints it."""
    return {
        "key": bet.key,
        "recorded_at": bet.at.isoformat(),
        "pick": bet_name(bet.body),
        **bet.body,
        "state": bet.state,
        "outcome": None if bet.void else bet.last["outcome"],
        "value": bet.last["value"],
        "profit": bet.profit,
        "settlements": len(bet.settlements),
        "reason": bet.reason,
    }
