"""Bets: recorded, voided, settled and shown; the ledger is where they are kept."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import polars as pl

from busta.errors import DataError, UsageError
from busta.ledger.fold import fold, settlements, void
from busta.ledger.storage import Draft, Ledger
from busta.markets.dataset import values_of
from busta.plugins import pick
from busta.telemetry.logs import run_id
from busta.workflows.bets.closing import closing_of
from busta.workflows.bets.figures import figures_of
from busta.workflows.bets.moved import overdue, schedule_of, start_of, to_void, today
from busta.workflows.bets.slip import Board, row_of, slip, write_bets
from busta.workflows.bets.words import name_of, read_amount
from busta.workflows.data.ingest import has_tables, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from busta.ledger.fold import Account, Bet, Decided
    from busta.settings import Settings
    from busta.workflows.bets.closing import Closed

__all__ = [
    "move_bankroll",
    "record_bet",
    "record_recommended",
    "settle_bets",
    "show_bets",
    "verify_ledger",
    "void_bets",
]


def record_bet(
    settings: Settings,
    market: str,
    game: str,
    side: str,
    *,
    price: str | float,
    stake: float,
    book: str,
    paper: bool,
    line: float | None = None,
    league_name: str = "nfl",
    week: str | None = None,
    date: str | None = None,
    late: str | datetime | None = None,
    key: str | None = None,
    source: str = "manual",
    now: datetime | None = None,
) -> dict[str, Any]:
    """Records a bet; the same bet twice is recorded once.

    Args:
        settings: The settings.
        market: Its name.
        game: An id, or two teams as ``KC@BUF`` with a week or a date.
        side: In the book's way, as ``BUF -3.5``, ``over 45.5`` or ``BUF``; or a side's name with ``line``.
        price: American, decimal or fractional.
        stake: In the currency of the bankroll.
        book: Who took it.
        paper: Whether no money is on it.
        line: As it stands everywhere inside: home favoured = positive, or the total.
        league_name: The league.
        week: Which of several games of the two teams, as ``2022-07``.
        date: The same by its day, as ``2022-11-13``.
        late: When it was placed, of a bet that is recorded only now; a game that has begun needs it.
        key: A name of its own, such as the book's number: two equal bets are two only by their keys.
        source: ``manual``, ``recommended``, ``import`` or ``api``.
        now: What time it is; by default the clock's.

    Returns:
        The object ``busta bets record --json`` prints.

    Raises:
        UsageError: Anything that cannot be right, or a game that has begun.
        DataError: Another bet has that key.
        OutsideError: The ledger's database is down, locked or full.
    """
    board = Board(settings, league_name, now)
    row = board.game(game, week, date)
    draft = slip(
        board,
        market,
        row,
        side,
        line=line,
        price=price,
        stake=stake,
        book=book,
        paper=paper,
        placed_at=late,
        key=key,
        source=source,
    )
    return _recorded(settings, [draft]) | {"league": board.league.name}


def record_recommended(
    settings: Settings, recommended: Mapping[str, Any], *, book: str, now: datetime | None = None
) -> dict[str, Any]:
    """Records the bets of `busta.recommend` that have a stake, on paper or for money as it says.

    Args:
        settings: The settings.
        recommended: The object that ``busta bets recommend --json`` prints.
        book: Who takes them.
        now: What time it is; by default the clock's.

    Raises:
        UsageError: It is no such object, or a game has begun.
        OutsideError: The ledger's database is down, locked or full.
    """
    try:
        board = Board(settings, recommended["league"], now)
        chosen = [row for row in recommended["bets"] if row["stake"]]
        drafts = [
            slip(
                board,
                row["market"],
                board.game(row["game_id"], None, None),
                row["side"],
                **{name: row[name] for name in ("line", "price", "stake", "paper")},
                book=book,
                source="recommended",
                about={name: row[name] for name in ("model", "model_version", "probability", "edge")},
            )
            for row in chosen
        ]
    except (KeyError, TypeError) as exc:
        raise UsageError(f"that is nothing `busta bets recommend --json` prints: {exc} is missing") from exc
    return _recorded(settings, drafts) | {"league": board.league.name}


def void_bets(
    settings: Settings,
    bets: Sequence[str] | str = (),
    *,
    reason: str,
    games: Sequence[str] | str = (),
    undo: bool = False,
) -> dict[str, Any]:
    """Voids bets: their stakes come back, and they count in no turnover; `undo` takes that back.

    Args:
        settings: The settings.
        bets: Keys of bets, or their first letters.
        reason: Why, such as ``postponed``.
        games: Ids of games all of whose bets are meant.
        undo: Whether bets that are void are to stand again, and bets on a game that was moved are to stand.

    Raises:
        UsageError: No such bet.
        OutsideError: The ledger's database is down, locked or full.
    """
    said = name_of("reason", reason)
    with Ledger.of(settings, run_id=run_id()) as ledger:
        account = fold(ledger.read())
        asked = [account.find(key) for key in _texts(bets)]
        for game in _texts(games):
            asked += _on_game(account, game)
        if not asked:
            raise UsageError("say which bets: their keys, or a game with --game")
        meant, schedule = {bet.key: bet for bet in asked}, schedule_of(settings, asked)
        changed = [
            bet for bet in meant.values() if bet.void == undo or (undo and to_void(settings.ledger, bet, schedule))
        ]
        ledger.append(void(bet, said, undo=undo, start=start_of(bet, schedule)) for bet in changed)
        after = fold(ledger.read())
        return {"changed": len(changed), "bets": [row_of(after.bets[key]) for key in meant], "head": ledger.head()[1]}


def _texts(given: Sequence[str] | str) -> Sequence[str]:
    return [given] if isinstance(given, str) else given


def _on_game(account: Account, game: str) -> list[Bet]:
    found = [bet for bet in account.bets.values() if bet.body["game_id"] == game]
    if not found:
        raise UsageError(f"no bet is on the game {game!r}; `busta bets show` lists them with their games")
    return found


def settle_bets(settings: Settings, *, now: datetime | None = None) -> dict[str, Any]:
    """Settles bets by the scores in the games tables; a corrected score settles them anew, by new entries.

    A bet whose game was moved further than its book's rule allows (``ledger.void_after``) is not settled before
    somebody has said whether it is void or stands; ``ledger.void_moved`` voids it.

    Returns:
        The object ``busta bets settle --json`` prints: what is newly settled, what was settled anew, what waits, and
        what is to be voided.

    Raises:
        OutsideError: The ledger's database is down, locked or full.
    """
    with Ledger.of(settings, run_id=run_id()) as ledger:
        before = fold(ledger.read())
        schedule = schedule_of(settings, before.bets.values())
        reasons = {key: why for key, bet in before.bets.items() if (why := to_void(settings.ledger, bet, schedule))}
        voiding = settings.ledger.void_moved
        ledger.append(void(before.bets[key], why) for key, why in reasons.items() if voiding)
        values, notes = _values(settings, before.bets.values())
        written = ledger.append(settlements(before, values, waiting=() if voiding else reasons))
        after = fold(ledger.read())
        head = ledger.head()[1]
    touched = [entry.body["bet"] for entry in written if entry.new and entry.kind == "settlement"]
    fresh = [key for key in touched if not before.bets[key].settlements]
    waiting = [bet for bet in after.bets.values() if bet.state == "open"]
    moved = [row_of(after.bets[key]) | {"why": why} for key, why in reasons.items()]
    return {
        "settled": [row_of(after.bets[key]) for key in fresh],
        "resettled": [
            row_of(after.bets[key])
            | {"profit_before": before.bets[key].profit, "value_before": before.bets[key].last["value"]}
            for key in touched
            if key not in fresh
        ],
        "voided": [row for row in moved if row["state"] == "void"],
        "to_void": [row for row in moved if row["state"] != "void"],
        "waiting": len(waiting),
        "overdue": overdue(settings, [bet for bet in waiting if bet.key not in reasons], schedule, now),
        "notes": notes,
        "head": head,
    }


def _values(settings: Settings, bets: Iterable[Bet]) -> tuple[dict[Decided, float | None], dict[str, str]]:
    """What decides each of those bets, by the games tables; a game that is not in them says nothing."""
    values: dict[Decided, float | None] = {}
    notes: dict[str, str] = {}
    by_market: dict[tuple[str, str], set[str]] = {}
    for bet in bets:
        league, game, market = bet.decided_by
        by_market.setdefault((league, market), set()).add(game)
    for (name, market), games in by_market.items():
        try:
            found = _decided(settings, name, market, games)
        except (DataError, UsageError) as exc:  # a market that nothing decides any more does not keep others waiting
            notes[f"{name}.{market}"] = str(exc)
            continue
        values |= {(name, game, market): value for game, value in found.items()}
        if lost := sorted(games - found.keys()):
            notes[f"{name}.games"] = f"not in the tables, so not settled: {', '.join(lost)}; void their bets, or ingest"
    return values, notes


def _decided(settings: Settings, name: str, market: str, games: set[str]) -> dict[str, float | None]:
    """What decides that market in each of those games that is in the tables."""
    league = pick("league", name)
    if not has_tables(settings, league):
        raise UsageError(f"the workspace has no tables of {name}; run `busta ingest {name}`")
    tables = tables_of(settings, league).read()
    found = tables.games.filter(pl.col("game_id").is_in(games))
    values = values_of(tables.facts, league, found, pick("market", market)).tolist()
    return {game: None if math.isnan(value) else value for game, value in zip(found["game_id"], values, strict=True)}


def show_bets(settings: Settings) -> dict[str, Any]:
    """Bankroll, bets and all figures of them; real and paper bets apart, in no figure together.

    Returns:
        The object ``busta bets show --json`` prints.

    Raises:
        OutsideError: The ledger's database is down.
    """
    with Ledger.of(settings) as ledger:
        account = fold(ledger.read())
        entries, head = ledger.head()
    closed = closing_of(settings, [bet for bet in account.bets.values() if bet.state == "settled"])
    schedule = schedule_of(settings, account.bets.values())
    return {
        "entries": entries,
        "head": head,
        "real": figures_of(settings, account, closed, paper=False),
        "paper": figures_of(settings, account, closed, paper=True),
        "bets": [
            row_of(bet) | _closing(closed.get(bet.key)) | today(settings.ledger, bet, schedule)
            for bet in account.bets.values()
        ],
    }


def _closing(found: Closed | None) -> dict[str, float | None]:
    value, points, _ = found or (np.nan, np.nan, None)
    return {"clv": None if np.isnan(value) else value, "clv_points": None if np.isnan(points) else points}


def move_bankroll(
    settings: Settings, amount: float | str, *, paper: bool = False, key: str | None = None, note: str | None = None
) -> dict[str, Any]:
    """Puts money into the bankroll (above 0) or takes it out (below); figures of bets do not move with it.

    Args:
        settings: The settings.
        amount: In the currency of the bankroll.
        paper: Whether it is that of the bets on paper.
        key: The same key twice moves money once.
        note: What for.

    Raises:
        UsageError: No amount, or more taken out than is there and not at stake.
        DataError: Another amount has that key.
        OutsideError: The ledger's database is down, locked or full.
    """
    moved = read_amount(amount)
    name = name_of("key", key) if key else uuid4().hex[:12]
    with Ledger.of(settings, run_id=run_id()) as ledger:
        account = fold(ledger.read())
        free = account.bankroll(settings.ledger.bankroll, paper=paper) - account.at_stake(paper=paper)
        if moved < -free and ledger.find("bankroll", name) is None:
            raise UsageError(f"{-moved:g} cannot be taken out: {free:.2f} is there and not at stake")
        (entry,) = ledger.append([Draft("bankroll", name, {"amount": moved, "paper": paper, "note": note})])
        after = fold(ledger.read()).bankroll(settings.ledger.bankroll, paper=paper)
        return {
            "moved": entry.new,
            "key": name,
            "amount": moved,
            "paper": paper,
            "bankroll": after,
            "head": ledger.head()[1],
        }


def verify_ledger(settings: Settings, head: str | None = None) -> dict[str, Any]:
    """Looks at the whole chain of hashes: was an entry changed, moved or removed?

    Args:
        settings: The settings.
        head: One that was written down earlier: without it nobody can see that the end was cut off.

    Returns:
        The object ``busta bets verify --json`` prints.

    Raises:
        UsageError: The head is no hash.
        OutsideError: The ledger's database is down.
    """
    if head is not None and not re.fullmatch("[0-9a-f]{64}", head):
        raise UsageError(
            f"head {head[:80]!r} is none: a head has 64 of 0-9 and a-f, as `busta bets show --json` prints it"
        )
    with Ledger.of(settings) as ledger:
        checked = ledger.verify(head)
    return {
        "sound": not checked.problems,
        "entries": checked.entries,
        "head": checked.head,
        "held_against": head,
        "problems": list(checked.problems),
    }


def _recorded(settings: Settings, drafts: Sequence[Draft]) -> dict[str, Any]:
    """What was written, and what stands out."""
    with Ledger.of(settings, run_id=run_id()) as ledger:
        entries = write_bets(ledger, drafts)
        account = fold(ledger.read())
        head = ledger.head()[1]
    rows = [row_of(account.bets[entry.key]) | {"new": entry.new} for entry in entries]
    return {
        "recorded": sum(entry.new for entry in entries),
        "bets": rows,
        "notes": _notes(settings, account, rows),
        "head": head,
    }


def _notes(settings: Settings, account: Account, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Void bets that are there already; stakes above what is allowed: they happened, so they are recorded, and said."""
    notes: dict[str, str] = {}
    for row in rows:
        bankroll = account.bankroll(settings.ledger.bankroll, paper=row["paper"])
        most = settings.ledger.books.get(row["book"])
        if row["state"] == "void":
            notes[row["key"]] = "that bet is void; if it was placed again, give it a key of its own (--key)"
        elif most is not None and row["stake"] > most:
            notes[row["key"]] = f"stake {row['stake']:g} is above the {most:g} that {row['book']} takes by ledger.books"
        elif row["stake"] > settings.bets.kelly_cap * bankroll:
            notes[row["key"]] = (
                f"stake {row['stake']:g} is above {settings.bets.kelly_cap:.0%} of the bankroll {bankroll:.2f}"
            )
    return notes
