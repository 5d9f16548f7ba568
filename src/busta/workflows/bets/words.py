"""What the words of a bet mean: a pick in the book's way, a price, money, a time."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from busta.betting.odds import parse_price
from busta.errors import UsageError, unknown
from busta.workflows.predicting.price_words import read_spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.plugins import League, Market

__all__ = ["name_of", "read_amount", "read_line", "read_money", "read_pick", "read_price", "read_time"]

MOST = 1e12
LONGEST_NAME = 100


def read_pick(
    text: str, line: float | None, market: Market, league: League, game: Mapping[str, Any]
) -> tuple[str, float | None]:
    """Side and line of ``BUF -3.5``, ``over 45.5`` or ``BUF``; or of a side's name and a line of its own.

    Args:
        text: A team of the game, or one of the market's sides, and for a market with a line the points in
            the book's way.
        line: The line as it stands everywhere inside (home favoured = positive), where the text has none.
        market: The market.
        league: Whose game it is.
        game: A row of the games.

    Raises:
        UsageError: No such side, no line where one is needed, or one that is no multiple of a half.
    """
    words = str(text).split()
    points = words.pop() if market.has_line and len(words) > 1 and line is None else None
    side = _side(" ".join(words), market, league, game)
    if not market.has_line:
        if line not in (None, 0):
            raise UsageError(f"a {market.name} has no line; given is {line}")
        return side, None
    if points is None and line is None:
        raise UsageError(f"pick {text!r} has no line; give it as {_example(market, game)}")
    if points is not None and market.quantity == "margin":
        return side, read_line(read_spread(f"{game[f'{side}_team']} {points}", league, dict(game)))
    found = read_line(line if points is None else points)
    if market.quantity != "margin" and found <= 0:
        raise UsageError(f"line {found:g} cannot be right; a total is above 0")
    return side, found


def read_line(given: object) -> float:
    """A line by halves.

    Raises:
        UsageError: It is none. A quarter line is two bets, and the payoff formula settles one.
    """
    line = _finite(given)
    if line is None or 4 * line != round(4 * line):
        raise UsageError(f"line {given} cannot be right; give points by halves, as 3.5")
    if 2 * line != round(2 * line):
        low, high = line - 0.25, line + 0.25
        raise UsageError(f"line {line:g} is two bets in one; record half of the stake at {low:g} and half at {high:g}")
    return line + 0.0


def read_price(given: object) -> float:
    """A decimal price, of a number or of whatever a person typed.

    Raises:
        UsageError: It is none.
    """
    return parse_price(repr(float(given)) if isinstance(given, (int, float)) and abs(given) < 100 else str(given))  # noqa: PLR2004


def read_money(name: str, given: object) -> float:
    """An amount above 0.

    Raises:
        UsageError: It is none.
    """
    amount = _finite(given)
    if amount is None or not 0 < amount <= MOST:
        raise UsageError(f"{name} {given} cannot be right; give an amount of money above 0, as 25")
    return amount


def read_amount(given: object) -> float:
    """Money put in (above 0) or taken out (below).

    Raises:
        UsageError: It is none.
    """
    amount = _finite(given)
    if not amount or abs(amount) > MOST:
        raise UsageError(f"amount {given} cannot be right; give money put in, as +100, or taken out, as -100")
    return amount


def read_time(name: str, given: str | datetime) -> datetime:
    """A moment in UTC; a text without a zone is UTC.

    Raises:
        UsageError: It is none.
    """
    try:
        moment = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError as exc:
        raise UsageError(f"{name} {given!r} cannot be right; give it as 2026-01-11T17:45Z") from exc
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def name_of(what: str, given: object) -> str:
    """A short printable name, such as a book's.

    Raises:
        UsageError: It is none.
    """
    name = str(given).strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{what} {str(given)!r:.60} cannot be right; give a name of up to {LONGEST_NAME} characters")
    return name


def _side(name: str, market: Market, league: League, game: Mapping[str, Any]) -> str:
    if name.lower() in market.sides:
        return name.lower()
    if "home" not in market.sides:
        raise unknown(f"side of {market.name}", name, market.sides)
    code = league.team(name)
    found = [side for side in market.sides if game[f"{side}_team"] == code]
    if not found:
        raise UsageError(f"{code} does not play in {game['game_id']}; {game['away_team']} and {game['home_team']} do")
    return found[0]


def _example(market: Market, game: Mapping[str, Any]) -> str:
    return f'"{game["home_team"]} -3.5"' if market.quantity == "margin" else f'"{market.sides[0]} 45.5"'


def _finite(given: object) -> float | None:
    """A number of a number or a text, ``None`` of anything else."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return None
    try:
        number = float(given)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
