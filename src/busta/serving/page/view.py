"""What the page shows, gathered: everything a template names stands here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from busta.plugins import pick
from busta.serving.page.drift import drift_of
from busta.serving.page.money import accounts
from busta.serving.page.own import picks
from busta.serving.page.reasons import reasons
from busta.serving.page.standing import ago, lacks, standing
from busta.serving.page.trial import trials_of
from busta.serving.page.week import week_of
from busta.serving.state import NothingServedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.serving.engine import Engine
    from busta.serving.page.desk import Desk, Ledger
    from busta.serving.page.reasons import Reasons
    from busta.serving.page.week import Round, Week
    from busta.serving.slate import Slate

__all__ = ["Asked", "address", "bets_address", "bets_page", "view"]

LATEST = 6
"""Bets on the first page."""
LISTED = 50
"""Bets on each page of all of them."""
MOST_BOOKS = 100
"""Of how many of the last bets the book is offered again."""
USUAL = ("anchored", "close")
STALE = 120.0
"""Seconds without a look for newer models after which the page says so."""
DONE = ("bet", "voided", "again", "settled", "resettled")
"""Key of a bet that was recorded, or voided or left to stand again; whether that changed nothing; how many bets were
settled, and anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be shown.

    Attributes:
        league: The league, by default as the API has it.
        information: ``anchored`` or ``blind``.
        price: ``close`` or ``open``.
        season: The season, by default that of the coming games.
        week: The week.
        game: Whose game is unfolded.
        done: What has just been done, to be said: see `DONE`.
    """

    league: str | None
    information: str
    price: str
    season: int | None
    week: int | None
    game: str | None
    done: Mapping[str, str]

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Asked:
        """Of a query or a form; what cannot be read is left out."""
        information, _, price = fields.get("kind", "").partition("-")
        done = {name: fields[name] for name in DONE if fields.get(name)}
        return cls(
            fields.get("league") or None,
            information or USUAL[0],
            price or USUAL[1],
            _whole(fields.get("season")),
            _whole(fields.get("week")),
            fields.get("game") or None,
            done,
        )


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 4 else None  # noqa: PLR2004


def address(asked: Asked, **more: Any) -> str:
    """Where that is shown."""
    said = {"league": asked.league, "kind": f"{asked.information}-{asked.price}", "season": asked.season}
    said |= {"week": asked.week} | more
    return "/?" + urlencode({name: value for name, value in said.items() if value not in (None, "")})


def view(engine: Engine, desk: Desk, ledger: Ledger, asked: Asked) -> dict[str, Any]:
    """Everything the page shows.

    Raises:
        UsageError: There is no such league, or no such kind of model.
    """
    money = _money(ledger, asked)
    try:
        slate = _slate(engine, asked)
    except NothingServedError as exc:
        nothing = {"slate": None, "nothing": str(exc), "at": asked}
        return {**nothing, "health": _health(engine), "desk": desk, **money}
    league = slate.about["league"]
    kind = {name: slate.about[name] for name in ("information", "price")}
    notes = desk.notes()
    stakes = notes["stakes"].get(f"{league}-{kind['information']}-{kind['price']}", _NO_STAKES)
    week = week_of(slate, ledger.now(league), asked.season, asked.week, stakes["bets"], asked.game)
    season, number = week.chosen or (None, None)
    at = Asked(league, kind["information"], kind["price"], season, number, asked.game, {})
    last_score = max((game["day"] for game in slate.games if game["home_score"] is not None), default=None)
    return {
        "slate": slate,
        "league": pick("league", league),
        "kinds": [(f"{k.information}-{k.price}", _kind(k)) for k in engine.slates if k.league == league],
        "kind": f"{kind['information']}-{kind['price']}",
        "leagues": [(name, pick("league", name).title) for name in sorted({k.league for k in engine.slates})],
        "titles": {name: pick("market", name).title for name in slate.markets},
        "week": week,
        "at": at,
        "to": lambda **more: address(at, **more),
        "standing": standing(slate),
        "opened": _opened(slate, week, asked.game),
        "lacks": lacks(week, _rest(slate, week)),
        "trials": trials_of(notes["trials"], league, kind["information"], kind["price"]),
        "stakes": stakes,
        "health": _health(engine),
        "desk": desk,
        "last_score": last_score,
        "drift": drift_of(desk.watched, slate, last_score),
        "picks": {game.row["game_id"]: picks(game.row) for game in week.shown if game.row["game_id"] == asked.game},
        "taken": _taken(money),
        "books": sorted({*desk.books, *(row["book"] for row in money.get("rows", ())[-MOST_BOOKS:])}),
        **money,
    }


_NO_STAKES: dict[str, Any] = {"error": None, "stopped": {}, "bets": {}}


def _slate(engine: Engine, asked: Asked) -> Slate:
    """The slate asked for; by default that of a kind there is."""
    kinds = [kind for kind in engine.slates if asked.league in (None, kind.league)]
    usual = (asked.information, asked.price) == USUAL
    if usual and kinds and not any((kind.information, kind.price) == USUAL for kind in kinds):
        return engine.slates[kinds[0]]
    return engine.slate(asked.league, asked.information, asked.price)


def _kind(kind: Any) -> str:
    """A kind of model for people."""
    words = {"anchored": "starts from the price", "blind": "sees no price of the game"}
    return f"{words.get(kind.information, kind.information)}, at the {kind.price}"


def _opened(slate: Slate, week: Week, game: str | None) -> dict[str, Reasons]:
    """Why each market's forecast of the unfolded game is what it is."""
    found = {}
    for offer in (offer for each in week.games if each.row["game_id"] == game for offer in each.offers):
        explained = slate.markets[offer.market].explained(offer.row["game_id"])
        if explained is not None:
            found[offer.market] = reasons(explained, offer)
    return found


def _rest(slate: Slate, week: Week) -> Rest:
    """By market, what is said of the season's other games; what was read for the page before is kept."""
    last, found = _RESTS.get(slate, (None, {}))
    if last != week.chosen:
        found = _read_rest(slate, *(week.chosen or (0, 0)))
        _RESTS[slate] = (week.chosen, found)
    return found


def _read_rest(slate: Slate, season: int, number: int) -> Rest:
    others = [game["game_id"] for game in slate.games if game["season"] == season and game["week"] != number]
    return {
        name: [json.loads(answers.predictions[game]) for game in others if game in answers.predictions]
        for name, answers in slate.markets.items()
    }


Rest = dict[str, list[dict[str, Any]]]
_RESTS: WeakKeyDictionary[Slate, tuple[Round | None, Rest]] = WeakKeyDictionary()


def _health(engine: Engine) -> dict[str, Any]:
    """What stands in the way of the newest."""
    age = engine.age()
    return {
        "checked": None if age is None else ago(datetime.fromtimestamp(engine.state["at"], UTC)),
        "stale": age is None or age > STALE,
        "error": engine.state.get("error"),
        "problems": engine.problems,
    }


def _money(ledger: Ledger, asked: Asked) -> dict[str, Any]:
    """The ledger, or why it cannot be read."""
    shown = ledger.shown
    if shown is None:
        nothing = {"accounts": [], "bets": [], "count": 0, "open": 0, "said": None, "purses": None}
        return nothing | {"broken": ledger.broken}
    rows = shown["bets"]
    return {
        "accounts": accounts(shown),
        "bets": rows[: -LATEST - 1 : -1],
        "count": len(rows),
        "open": sum(row["state"] == "open" for row in rows),
        "purses": {name: shown[name]["available"] for name in ("real", "paper")},
        "broken": None,
        "said": _said(asked.done, rows),
        "rows": rows,
    }


def _said(done: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What has just been done; a bet is told as the ledger has it."""
    if "bet" in done:
        bet = next((row for row in rows if row["key"] == done["bet"]), None)
        return {"bet": bet, "again": "again" in done} if bet else None
    if "voided" in done:
        bet = next((row for row in rows if row["key"] == done["voided"]), None)
        return {"voided": bet, "again": "again" in done} if bet else None
    if "settled" in done:
        return {"settled": _whole(done["settled"]) or 0, "resettled": _whole(done.get("resettled")) or 0}
    return None


def _taken(money: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The bets that stand in the ledger, by game and market."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in (each for each in money.get("rows", ()) if each["state"] != "void"):
        found.setdefault(f"{row['game_id']}-{row['market']}", []).append(row)
    return found


def bets_page(shown: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of all bets, the newest first."""
    which = asked.get("which", "")
    rows = [row for row in reversed(shown["bets"]) if which in ("", "paper" if row["paper"] else "real")]
    pages = max(1, -(-len(rows) // LISTED))
    number = min(max(_whole(asked.get("page")) or 1, 1), pages)
    return {
        "bets": rows[(number - 1) * LISTED : number * LISTED],
        "count": len(rows),
        "number": number,
        "pages": pages,
        "which": which if which in ("paper", "real") else "",
        "entries": shown["entries"],
        "head": shown["head"],
        "said": _said(Asked.of(asked).done, shown["bets"]),
    }


def bets_address(asked: Mapping[str, str], **more: str) -> str:
    """Where that page of all bets is."""
    said = {name: asked.get(name) for name in ("which", "page")} | more
    return "/bets?" + urlencode({name: value for name, value in said.items() if value})
