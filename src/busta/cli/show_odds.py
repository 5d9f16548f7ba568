"""How fetched odds and a game's line history look to a person."""

from __future__ import annotations

from typing import Any

from busta.cli.show import _console, _table, ingest
from busta.reports.numbers import counted
from busta.serving.words import bet_name

__all__ = ["fetched", "history"]


def fetched(result: dict[str, Any]) -> None:
    """Counts by table and warnings, then what is left of the quota."""
    ingest(result)
    quota = result["quota"]
    if quota["remaining"] is not None:
        cost = "" if quota["last"] is None else f"; this fetch cost {quota['last']}"
        _console.print(f"quota of The Odds API: {quota['remaining']} requests left{cost}")


def history(result: dict[str, Any]) -> None:
    """A table a market, a row a book; below them what they say together and the best prices."""
    _console.print(f"{result['game_id']} {_time(result['kickoff'])}; fetched {_time(result['fetched_at'])}")
    for market in result["markets"]:
        table = _table(
            "book", "first", "latest", "age", "offers", title=f"{market['market']}, {_sides(market, result)}"
        )
        for book in market["books"]:
            cells = (_offer(market, book[name], result) for name in ("open", "now"))
            table.add_row(book["book"], *cells, _age(book["now"]), str(book["snapshots"]))
        said = market["consensus"]
        cells = (_opinion(market, said[name], result) for name in ("open", "now"))
        table.add_row("consensus", *cells, _age(said["now"]), "")
        _console.print(table)
        _console.print(f"best: {', '.join(_best(market, result))}")


def _best(market: dict[str, Any], result: dict[str, Any]) -> list[str]:
    best = market["best"]
    sides = zip(market["sides"], (best["first"], best["second"]), strict=True)
    return [f"{_bet(market, side, best['line'], result)} {it['price']:.2f} at {it['book']}" for side, it in sides]


def _bet(market: dict[str, Any], side: str, line: float, result: dict[str, Any]) -> str:
    return bet_name(result | {"side": side, "line": None if market["market"] == "moneyline" else line})


def _sides(market: dict[str, Any], result: dict[str, Any]) -> str:
    named = {"home": result["home_team"], "away": result["away_team"]}
    return " / ".join(named.get(side, side) for side in market["sides"])


def _offer(market: dict[str, Any], offer: dict[str, Any], result: dict[str, Any]) -> str:
    line = "" if market["market"] == "moneyline" else f"{_bet(market, market['sides'][0], offer['line'], result)}  "
    return f"{line}{offer['first_price']:.2f} / {offer['second_price']:.2f}"


def _opinion(market: dict[str, Any], said: dict[str, Any], result: dict[str, Any]) -> str:
    bet = _bet(market, market["sides"][0], said["line"], result)
    return f"{bet}  {said['probability']:.1%} of {counted(said['books'], 'book')}"


def _age(offer: dict[str, Any]) -> str:
    return f"{offer['age_minutes']} min"


def _time(text: str) -> str:
    return f"{text[:16].replace('T', ' ')} UTC"
