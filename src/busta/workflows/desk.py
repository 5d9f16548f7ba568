"""Desk: what the page asks of the ledger and the trials, as functions of the settings."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from busta.serving.page.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from busta.settings import Settings

__all__ = ["desk_of"]


WAIT = 2.0
"""Seconds a page waits for whoever else writes to the ledger."""


def desk_of(settings: Settings) -> Desk:
    """The page's way to the ledger of those settings and to what was noted of their trials."""
    return Desk(
        state=partial(_state, settings),
        show=partial(_show, settings),
        record=partial(_record, settings),
        settle=partial(_settle, settings),
        clock=partial(_clock, settings),
        trials=partial(_trials, settings),
        mlflow=_mlflow(settings.tracking.tracking_uri),
        books=tuple(settings.ledger.books),
    )


def _state(settings: Settings) -> object:
    """Changes with every entry of the ledger and with the tables, which closing prices come from."""
    from busta.ledger.storage import Ledger

    with Ledger.open(settings.ledger.url or settings.workspace() / "ledger.db", wait=WAIT) as ledger:
        return ledger.head(), _tables(settings)


def _tables(settings: Settings) -> list[tuple[str, str]]:
    return [(path.parent.name, path.read_text()) for path in sorted(settings.tables.glob("*/CURRENT"))]


def _show(settings: Settings) -> dict[str, Any]:
    from busta.workflows.bets import show_bets

    return show_bets(settings)


def _record(settings: Settings, league: str, row: Mapping[str, Any], book: str) -> dict[str, Any]:
    """Records a recommended bet at the price and stake that were really taken; its edge is that of the price."""
    from busta.betting.odds import edge
    from busta.workflows.bet_words import read_money, read_price
    from busta.workflows.bets import record_recommended

    price, stake, chance = read_price(row["price"]), read_money("stake", row["stake"]), row["probability"]
    taken = {"price": price, "stake": stake, "edge": float(edge(chance["win"], chance["lose"], price))}
    return record_recommended(settings, {"league": league, "bets": [{**row, **taken}]}, book=book)


def _settle(settings: Settings) -> dict[str, Any]:
    from busta.workflows.bets import settle_bets

    return settle_bets(settings)


def _clock(settings: Settings, league: str) -> datetime | None:
    """A simulated league's own clock."""
    from busta.workflows.bet_slip import Board
    from busta.workflows.ingest import tables_of

    board = Board(settings, league)
    return board.now if tables_of(settings, board.league).truth() is not None else None


def _mlflow(uri: str | None) -> str | None:
    """The address of MLflow's pages, without user, password and query."""
    if uri is None or not uri.startswith(("http://", "https://")):
        return None
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _file(settings: Settings) -> Path:
    return settings.workspace() / "serving" / "trials.json"


def _trials(settings: Settings) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(_file(settings).read_bytes())
    except FileNotFoundError:
        return []
    return found
