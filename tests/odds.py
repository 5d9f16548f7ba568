"""Answers in the shape The Odds API documents, with invented values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

FETCHED = datetime(2026, 9, 8, 12, tzinfo=UTC)
"""When the answers are taken to be fetched."""
START = "2026-09-13T17:00:00Z"
SAID = "2026-09-08T11:58:00Z"


def market(key: str, *outcomes: tuple[str, float, float | None], **more: Any) -> dict[str, Any]:
    """A market with its outcomes: name, price and point."""
    named = [
        {"name": name, "price": price} | ({} if point is None else {"point": point}) for name, price, point in outcomes
    ]
    return {"key": key, "last_update": SAID, "outcomes": named} | more


def book(
    key: str = "alpha",
    moneyline: tuple[float, float] = (1.6, 2.45),
    line: float = 3.5,
    ats: tuple[float, float] = (1.91, 1.91),
    total: float = 47.5,
    ou: tuple[float, float] = (1.95, 1.87),
    home: str = "Buffalo Bills",
    away: str = "Kansas City Chiefs",
    **more: Any,
) -> dict[str, Any]:
    """A book with the three markets of a game; ``line`` as busta has it, home favoured positive."""
    markets = [
        market("h2h", (away, moneyline[1], None), (home, moneyline[0], None)),
        market("spreads", (home, ats[0], -line), (away, ats[1], line)),
        market("totals", ("Over", ou[0], total), ("Under", ou[1], total)),
    ]
    return {"key": key, "title": key.title(), "last_update": SAID, "markets": markets} | more


def event(*books: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A game of the Bills against the Chiefs."""
    return {
        "id": "e912304de2b2ce35b473ce2ecd3d1502",
        "sport_key": "americanfootball_nfl",
        "commence_time": START,
        "home_team": "Buffalo Bills",
        "away_team": "Kansas City Chiefs",
        "bookmakers": list(books),
    } | more


def answer_of(*events: Any) -> bytes:
    """The body of an answer."""
    return json.dumps(list(events)).encode()


def later(of: dict[str, Any], **by: float) -> dict[str, Any]:
    """The same event with everything said so much later."""
    text = json.dumps(of)
    moved = datetime.fromisoformat(SAID) + timedelta(**by)
    changed: dict[str, Any] = json.loads(text.replace(SAID, moved.strftime("%Y-%m-%dT%H:%M:%SZ")))
    return changed
