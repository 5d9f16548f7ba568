"""Odds: what many books offer on coming games, fetched into the line history, and how a game's lines moved."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import polars as pl

from busta.data.books import at_moment, together
from busta.data.fetch import AnswerError, fetch
from busta.data.files import content
from busta.data.odds_api import PATH, QUERY, parse, quota
from busta.data.source import RawFile, of_file
from busta.errors import OutsideError, UsageError
from busta.plugins import market_names, pick
from busta.settings import as_path
from busta.workflows.data.ingest import ensure_tables, tables_of
from busta.workflows.predicting.price_words import find_game

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from busta.data.fetch import Fetched
    from busta.data.source import Batch
    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["fetch_odds", "show_odds"]

MAX_BYTES = 16 * 1024 * 1024
"""No answer is larger; a hundred games with forty books have about 3 MB."""
REFUSED = (401, 403)
PRICES = ("first_price", "second_price")


def fetch_odds(settings: Settings, league_name: str = "nfl", *, path: Path | str | None = None) -> dict[str, Any]:
    """Fetches what the books offer on the league's coming games from The Odds API, and keeps it.

    Args:
        settings: ``odds_api`` says with which key, from which regions or books.
        league_name: The league; its games are ingested if the workspace has none.
        path: An answer that was saved is read instead.

    Returns:
        As `busta.ingest`, with the key's ``quota``: requests ``remaining``, ``used``, and what this one cost.

    Raises:
        UsageError: There is no key, or the API has no such league.
        DataError: The answer is none, or all of it was refused.
        OutsideError: The API is down, or refuses the key.
    """
    league: League = pick("league", league_name)
    settings.workspace()
    if path is None:
        sport, key = _sport(league), _key(settings)
    ensure_tables(settings, league)
    games = tables_of(settings, league).read().games
    if path is None:
        fetched = _fetched(settings, league, sport, key)
        batch = of_file(parse(fetched.content, league, games, fetched_at=datetime.now(UTC)), fetched.file, named=False)
        left = quota(fetched.headers)
    else:
        batch, left = _saved(as_path("path", path), league, games), quota({})
    report = tables_of(settings, league).update(batch)
    counts = {name: asdict(count) for name, count in report.counts.items()}
    return {"league": league.name} | asdict(report) | {"counts": counts, "quota": left}


def _sport(league: League) -> str:
    if not league.odds_sport:
        raise UsageError(f"{league.name} is no sport of The Odds API (League.odds_sport); its odds are not fetched")
    return league.odds_sport


def _key(settings: Settings) -> str:
    if settings.odds_api.key is None:
        raise UsageError(
            "no key of The Odds API; set the variable BUSTA_ODDS_API__KEY, or put it into a file of that name "
            "in the folder BUSTA_SECRETS_DIR"
        )
    return settings.odds_api.key.get_secret_value()


def _fetched(settings: Settings, league: League, sport: str, key: str) -> Fetched:
    """The answer; a refusal of the key in words of its own."""
    api, data = settings.odds_api, settings.data
    whose = {"bookmakers": ",".join(api.bookmakers)} if api.bookmakers else {"regions": ",".join(api.regions)}
    url = f"{api.url.rstrip('/')}{PATH.format(sport=sport)}?{urlencode(whose | QUERY, safe=',')}"
    limits: dict[str, Any] = {"timeout": data.timeout, "retries": data.retries, "max_bytes": MAX_BYTES}
    try:
        return fetch(url, settings.raw / league.name, secret={"apiKey": key}, **limits)
    except AnswerError as exc:
        if exc.status not in REFUSED:
            raise
        raise OutsideError(
            f"The Odds API refuses the key ({exc.status}): it is wrong, or its quota is used up.\n"
            "Check BUSTA_ODDS_API__KEY and the quota of your plan"
        ) from exc


def _saved(path: Path, league: League, games: pl.DataFrame) -> Batch:
    """What a saved answer says."""
    raw = content(path)
    file = RawFile(path.name, hashlib.sha256(raw).hexdigest(), str(path.resolve()))
    return of_file(parse(raw, league, games), file, named=False)


def show_odds(
    settings: Settings, game: str, league_name: str = "nfl", *, week: str | None = None, date: str | None = None
) -> dict[str, Any]:
    """The line history of a game: what each book offered first and offers now, the consensus and the best price.

    Args:
        settings: The settings.
        game: An id, or two teams as ``KC@BUF``.
        league_name: The league.
        week: Which of several games of the two teams, as ``2022-07``.
        date: The same by its day, as ``2022-11-13``.

    Returns:
        The object ``busta odds show --json`` prints. After the start, ``now`` is the close.

    Raises:
        UsageError: There is no such game, or no odds of it were fetched.
    """
    league: League = pick("league", league_name)
    tables = tables_of(settings, league)
    games = tables.read().games
    row = find_game(games, league, game, week, date)
    ours = games.filter(game_id=row["game_id"])
    history = tables.snapshots().filter(pl.col("game_id") == row["game_id"], pl.col("known_at") < row["kickoff"])
    if history.is_empty():
        raise UsageError(f"no odds of {row['game_id']} were fetched; `busta odds fetch {league.name}` does it")
    until = min(datetime.now(UTC), row["kickoff"])
    return {
        **{name: row[name] for name in ("game_id", "home_team", "away_team")},
        "kickoff": row["kickoff"].isoformat(),
        "league": league.name,
        "fetched_at": history.sort("seen_at")["seen_at"][-1].isoformat(),
        "markets": [
            {"market": name, "sides": list(pick("market", name).sides)} | _history(rows, ours, until)
            for name in market_names()
            if not (rows := history.filter(market=name)).is_empty()
        ],
    }


def _history(history: pl.DataFrame, games: pl.DataFrame, until: datetime) -> dict[str, Any]:
    """What each book of a market said first and last, and all of them together."""
    books = [
        {"book": book, "snapshots": rows.height}
        | {"open": _offer(rows.row(0, named=True), until), "now": _offer(rows.row(-1, named=True), until)}
        for (book,), rows in history.sort("book", "known_at").group_by("book", maintain_order=True)
    ]
    first, last = (at_moment(history, games, moment) for moment in ("open", "close"))
    return {
        "books": books,
        "consensus": {"open": _together(first, until), "now": _together(last, until)},
        "best": _best(last),
    }


def _offer(row: Mapping[str, Any], until: datetime) -> dict[str, Any]:
    offered = {name: row[name] for name in ("line", *PRICES)}
    return offered | {"known_at": row["known_at"].isoformat(), "age_minutes": _age(row["known_at"], until)}


def _together(offers: pl.DataFrame, until: datetime) -> dict[str, Any]:
    (said,) = together(offers).rows(named=True)
    return {
        **{name: said[name] for name in ("line", "probability", "vig", "books")},
        "known_at": said["known_at"].isoformat(),
        "age_minutes": _age(said["known_at"], until),
    }


def _best(offers: pl.DataFrame) -> dict[str, Any]:
    """The best price of each side at the line of the consensus, and whose it is: of several, the first by name."""
    line = together(offers)["line"].item()
    there = offers.filter(pl.col("line") == line).sort("book")
    best = {price: there.sort(price, descending=True, maintain_order=True).row(0, named=True) for price in PRICES}
    sides = {price: {"price": row[price], "book": row["book"]} for price, row in best.items()}
    return {"line": line, "first": sides["first_price"], "second": sides["second_price"]}


def _age(known_at: datetime, until: datetime) -> int:
    return max(int((until - known_at).total_seconds() // 60), 0)
