"""A bet of one's own, as the page's form says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.errors import UsageError
from busta.plugins import market_names, pick

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["own_bet", "picks"]

ON = ("money", "paper")


def picks(game: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What can be bet on in a game, whatever is served: the form's word for it, and one for people.

    Args:
        game: With ``home_team`` and ``away_team``.
    """
    found = [(pick("market", name), side) for name in market_names() for side in pick("market", name).sides]
    return [(f"{market.name} {side}", f"{market.title}: {game.get(f'{side}_team', side)}") for market, side in found]


def own_bet(fields: Mapping[str, str], league: str) -> dict[str, Any]:
    """What `busta.record_bet` is to be told of a form.

    Equal bets are one, as everywhere, unless the form says that this is a second one: then its key names it, and the
    same form sent twice is still one bet.

    Args:
        fields: The form's.
        league: Whose game it is.

    Raises:
        UsageError: Something is left open that only its sender can know; all else is said by what records it.
    """
    name, _, side = fields.get("pick", "").partition(" ")
    if not side:
        raise UsageError("say what the bet is on: a market and one of its sides")
    if fields.get("on") not in ON:
        raise UsageError("say whether there is real money on it, or whether it is on paper")
    market, line = pick("market", name), _line(fields.get("line", ""))
    if market.has_line and line is None:
        example = "as the book gives them for that side, as -3.5" if market.quantity == "margin" else "as 45.5"
        raise UsageError(f"a bet on {market.title.lower()} needs its points, {example}")
    return {
        "league_name": league,
        "market": market.name,
        "game": fields.get("game", ""),
        "side": f"{side} {line}" if market.has_line else side,
        "line": None if market.has_line else line,
        "price": fields.get("price", ""),
        "stake": fields.get("amount", "").strip(),
        "book": fields.get("book", ""),
        "paper": fields["on"] == "paper",
        "late": fields.get("placed") or None,
        "key": (fields.get("key") or None) if fields.get("second") else None,
    }


def _line(text: str) -> str | None:
    """The points, as they are typed or copied from the page; ``None`` of none."""
    given = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(given.split()) > 1:
        raise UsageError(f"points {text!r} cannot be right; give a number alone, as -3.5 or 45.5")
    return given or None
