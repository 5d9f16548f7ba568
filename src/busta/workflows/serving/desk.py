"""Desk: what the page asks of the ledger, the trials and the watch, as functions of the settings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from busta.errors import BustaError, without_password
from busta.plugins import leagues
from busta.serving.page.desk import Desk, Ledger
from busta.settings import Settings
from busta.workflows.serving.notes import read_notes
from busta.workflows.watching.kept import last_watch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


__all__ = ["desk_of"]


def desk_of(settings: Settings) -> Desk:
    """The page's way to the ledger of those settings and to what was noted of their models."""
    given = settings.model_dump()  # which another process can be sent
    return Desk(
        look=partial(_look, given),
        record=partial(_record, given),
        own=partial(_own, given),
        void=partial(_void, given),
        settle=partial(_settle, given),
        notes=partial(read_notes, settings),
        watched=partial(last_watch, settings),
        mlflow=_mlflow(settings.tracking.tracking_uri),
        books=tuple(settings.ledger.books),
    )


def _look(given: Mapping[str, Any], state: object) -> Ledger | None:
    """The ledger, unless its head and the tables, which closing prices come from, are as they were."""
    from busta.workflows.bets.bets import show_bets
    from busta.workflows.serving.notes import BETS, ledger_of

    settings = Settings(**given)
    try:
        with ledger_of(settings) as log:
            tables = [(path.parent.name, path.read_text()) for path in sorted(settings.tables.glob("*/CURRENT"))]
            now = (log.last(BETS), tables)
        return None if now == state else Ledger(now, show_bets(settings), _clocks(settings))
    except BustaError as exc:
        return Ledger(clocks=_clocks(settings), broken=without_password(str(exc)))


def _clocks(settings: Settings) -> dict[str, datetime]:
    """What time it is in simulated leagues."""
    from busta.workflows.bets.slip import Board
    from busta.workflows.data.ingest import has_tables, tables_of

    found = [league for league in leagues().values() if has_tables(settings, league)]
    return {
        league.name: Board(settings, league.name).now
        for league in found
        if tables_of(settings, league).truth() is not None
    }


def _record(given: Mapping[str, Any], league: str, row: Mapping[str, Any], book: str) -> dict[str, Any]:
    """Records a recommended bet at the price and stake that were really taken; its edge is that of the price."""
    from busta.betting.odds import edge
    from busta.workflows.bets.bets import record_recommended
    from busta.workflows.bets.words import read_money, read_price

    price, stake, chance = read_price(row["price"]), read_money("stake", row["stake"]), row["probability"]
    taken = {"price": price, "stake": stake, "edge": float(edge(chance["win"], chance["lose"], price))}
    return record_recommended(Settings(**given), {"league": league, "bets": [{**row, **taken}]}, book=book)


def _own(given: Mapping[str, Any], bet: Mapping[str, Any]) -> dict[str, Any]:
    """Records a bet of a person's own."""
    from busta.workflows.bets.bets import record_bet

    return record_bet(Settings(**given), **bet)


def _void(given: Mapping[str, Any], key: str, reason: str, undo: bool) -> dict[str, Any]:
    from busta.workflows.bets.bets import void_bets

    return void_bets(Settings(**given), key, reason=reason, undo=undo)


def _settle(given: Mapping[str, Any]) -> dict[str, Any]:
    from busta.workflows.bets.bets import settle_bets

    return settle_bets(Settings(**given))


def _mlflow(uri: str | None) -> str | None:
    """The address of MLflow's pages, without user, password and query."""
    if uri is None or not uri.startswith(("http://", "https://")):
        return None
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
