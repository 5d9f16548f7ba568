"""Games that were moved or called off, and what becomes of the bets on them.

A book voids a bet whose game does not begin within so many days of the start it was placed for. Which game was moved
the tables say; which bet is void the book says: so a person decides, unless a setting does (``ledger.void_moved``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.plugins import league_names, pick
from busta.workflows.bets.slip import Board, row_of
from busta.workflows.data.ingest import has_tables, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from busta.ledger.fold import Bet
    from busta.settings import Ledger, Settings

__all__ = ["Schedule", "overdue", "schedule_of", "start_of", "to_void", "today"]

OVERDUE = timedelta(days=3)
"""So long after the start of a game without a score its bets are called overdue."""
FURTHEST = timedelta(days=60)
"""A later game of the same two teams is not taken for one that was moved further."""


@dataclass(frozen=True)
class Schedule:
    """What the tables know today of the games that were bet on.

    Attributes:
        starts: By league and id; a game that is in no tables is not there.
        tables: All games of each league that has tables.
    """

    starts: Mapping[tuple[str, str], datetime]
    tables: Mapping[str, pl.DataFrame]


def schedule_of(settings: Settings, bets: Iterable[Bet]) -> Schedule:
    """What the tables know of the games of those bets."""
    wanted: dict[str, set[str]] = {}
    for bet in bets:
        wanted.setdefault(bet.body["league"], set()).add(bet.body["game_id"])
    tables = {name: games for name in wanted if (games := _tables(settings, name)) is not None}
    starts = {
        (name, game): start
        for name, games in tables.items()
        for game, start in games.filter(pl.col("game_id").is_in(wanted[name])).select("game_id", "kickoff").rows()
    }
    return Schedule(starts, tables)


def _tables(settings: Settings, name: str) -> pl.DataFrame | None:
    """The games of a league; ``None`` where it has no tables, or was a package's that is gone."""
    if name not in league_names():
        return None
    league = pick("league", name)
    return tables_of(settings, league).read().games if has_tables(settings, league) else None


def start_of(bet: Bet, schedule: Schedule) -> datetime | None:
    """When the bet's game starts by the tables; ``None`` where it is in none."""
    return schedule.starts.get((bet.body["league"], bet.body["game_id"]))


def to_void(rules: Ledger, bet: Bet, schedule: Schedule) -> str | None:
    """Why a bet is void by its book's rule, which nobody has decided yet; ``None``: it is not, or somebody has."""
    start = start_of(bet, schedule)
    days = rules.void_after_by.get(bet.body["book"], rules.void_after)
    if bet.void or start is None or start - bet.kickoff <= timedelta(days=days):
        return None
    if bet.stands is not None and (bet.settlements or bet.stands == start.isoformat()):
        return None
    return f"moved from {bet.kickoff:%Y-%m-%d %H:%M} to {start:%Y-%m-%d %H:%M} UTC, more than {days:g} days"


def today(rules: Ledger, bet: Bet, schedule: Schedule) -> dict[str, str | None]:
    """When the bet's game starts by the tables of today, and why the bet is to be voided for that."""
    start = start_of(bet, schedule)
    return {"kickoff_now": start.isoformat() if start else None, "to_void": to_void(rules, bet, schedule)}


def overdue(settings: Settings, bets: Iterable[Bet], schedule: Schedule, now: datetime | None) -> list[dict[str, Any]]:
    """Open bets whose games should have a score by now, with what game each may have been moved to (``perhaps``)."""
    there = [bet for bet in bets if bet.body["league"] in schedule.tables]
    clocks = {name: Board(settings, name, now).now for name in {bet.body["league"] for bet in there}}
    return [
        row_of(bet) | {"perhaps": _perhaps(bet, schedule.tables[bet.body["league"]])}
        for bet in there
        if clocks[bet.body["league"]] > (start_of(bet, schedule) or bet.kickoff) + OVERDUE
    ]


def _perhaps(bet: Bet, games: pl.DataFrame) -> str | None:
    """A source that moves a game to another week may give it another id: the next game of the same two teams."""
    body, later = bet.body, pl.col("kickoff") - pl.lit(bet.kickoff)
    teams = (pl.col(name) == body[name] for name in ("home_team", "away_team"))
    same = games.filter(*teams, pl.col("game_id") != body["game_id"], later > timedelta(0), later <= FURTHEST)
    return None if same.is_empty() else str(same.sort("kickoff")["game_id"][0])
