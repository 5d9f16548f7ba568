"""What the words of `busta price` mean: a game, a spread in the book's way, the legs of a teaser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from busta.errors import UsageError
from busta.serving.words import quarters, read_spread, read_total
from busta.workflows.predicting.predict import played_on

if TYPE_CHECKING:
    from busta.plugins import League

__all__ = ["Pick", "Teaser", "find_game", "read_spread", "read_teaser", "read_total"]

SHOWN = 3  # games in an error


@dataclass(frozen=True, slots=True)
class Pick:
    """A leg of a teaser: the ``margin``'s or ``total``'s first (home, over) or second side of a game."""

    game_id: str
    quantity: Literal["margin", "total"]
    first: bool


@dataclass(frozen=True, slots=True)
class Teaser:
    """Legs whose lines move by so many points in the bettor's favour."""

    points: float
    picks: tuple[Pick, ...]


def find_game(games: pl.DataFrame, league: League, text: str, week: str | None, date: str | None) -> dict[str, Any]:
    """The game of an id, or of two teams as away@home, where the week or date says which.

    Raises:
        UsageError: There is no such game, or there are several, or a name is no team's.
    """
    among = games.filter(played_on(week, date, league.zone)).sort("kickoff")
    found = among.filter(pl.col("game_id") == text)
    if found.is_empty() and "@" in text:
        away, home = (league.team(name.strip()) for name in text.split("@", 1))
        found = among.filter((pl.col("home_team") == home) & (pl.col("away_team") == away))
        if (
            found.is_empty()
            and not among.filter((pl.col("home_team") == away) & (pl.col("away_team") == home)).is_empty()
        ):
            raise UsageError(f"no game {text!r}: {away} is at home there; write {home}@{away}")
    if found.height == 1:
        return found.row(0, named=True)
    if found.height:
        ids = ", ".join(found["game_id"].tail(SHOWN))
        raise UsageError(
            f"{text!r} is {found.height} games, the last {ids}; say which with --week or --date, or give the id"
        )
    there = f" in {week or date}" if week or date else ""
    raise UsageError(
        f"{league.name} has no game {text!r}{there}; "
        f"give an id such as {games['game_id'][-1]}, or away@home with --week or --date"
    )


def read_teaser(text: str, league: League, games: pl.DataFrame, game: dict[str, Any]) -> Teaser:
    """Points and legs of ``6 KC over``; another team, or ``over:PHI``, means its own game in the same week.

    Raises:
        UsageError: No points of halves, no legs, or a leg that is none.
    """
    number, *words = str(text).split() or [""]
    points = quarters(number)
    if points is None or 2 * points != round(2 * points) or not words:
        raise UsageError(
            f'teaser {text!r} cannot be right; give points by halves and legs, as "6 {game["home_team"]} over"'
        )
    return Teaser(points, tuple(_pick(word, league, games, game) for word in words))


def _pick(word: str, league: League, games: pl.DataFrame, game: dict[str, Any]) -> Pick:
    side, _, name = word.partition(":")
    if side.lower() in ("over", "under"):
        where = _game_of(league.team(name), games, game) if name else game
        return Pick(where["game_id"], "total", side.lower() == "over")
    code = league.team(word)
    where = _game_of(code, games, game)
    return Pick(where["game_id"], "margin", where["home_team"] == code)


def _game_of(code: str, games: pl.DataFrame, game: dict[str, Any]) -> dict[str, Any]:
    """The team's game in the week of the game."""
    if code in (game["home_team"], game["away_team"]):
        return game
    same = (pl.col("season") == game["season"]) & (pl.col("week") == game["week"])
    found = games.filter(same & ((pl.col("home_team") == code) | (pl.col("away_team") == code)))
    if found.height != 1:
        raise UsageError(f"{code} plays {found.height} games in the week of {game['game_id']}; a leg needs one")
    return found.row(0, named=True)
