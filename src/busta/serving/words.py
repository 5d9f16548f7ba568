"""What the words of a line mean: a spread in the book's way, a total; and a bet in such words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.plugins import League

__all__ = ["bet_name", "quarters", "read_spread", "read_total"]

QUARTERS = 4


def read_spread(text: str, league: League, game: dict[str, Any]) -> float:
    """The spread from the home side (home favoured = positive) of ``KC -3.5``, or of the home team's ``-3.5``.

    Raises:
        UsageError: No number of quarters, or a team that does not play there.
    """
    *name, number = str(text).split() or [""]
    points = 0.0 if number.lower() in ("pk", "pick") else quarters(number)
    if points is None:
        raise UsageError(
            f'spread {text!r} cannot be right; give a team and its points, by quarters, as "{game["home_team"]} -3.5"'
        )
    home = not name or _is_home(league.team(" ".join(name)), game)
    return (-points if home else points) or 0.0


def read_total(given: float) -> float:
    """A total.

    Raises:
        UsageError: No number of quarters above 0.
    """
    points = quarters(str(given))
    if points is None or points <= 0:
        raise UsageError(f"total {given} cannot be right; give points above 0, by quarters, as 45.5")
    return points


def quarters(text: str) -> float | None:
    """A finite number of quarters."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and QUARTERS * number == round(QUARTERS * number) else None


def bet_name(row: Mapping[str, Any]) -> str:
    """The bet in the book's way: ``KC -3.5``, ``over 45.5``, ``BUF``.

    Args:
        row: ``side`` and ``line`` as they stand everywhere inside, ``home_team`` and ``away_team``.
    """
    side, line = row["side"], row["line"]
    if side is None:
        return "-"
    if side in ("over", "under"):
        return f"{side} {line:g}"
    team = str(row[f"{side}_team"])
    return team if line is None else f"{team} {(-line if side == 'home' else line) or 0:+g}"


def _is_home(code: str, game: dict[str, Any]) -> bool:
    if code not in (game["home_team"], game["away_team"]):
        raise UsageError(f"{code} does not play in {game['game_id']}; {game['away_team']} and {game['home_team']} do")
    return bool(code == game["home_team"])
