"""Price: bets on one game's margin and total, at any line, all from one distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.betting.joint_prices import Leg, parlay
from busta.errors import UsageError
from busta.plugins import pick, several
from busta.registry.connect import connect
from busta.serving.board import Board, as_leg, chance, notes, priced
from busta.serving.words import read_spread, read_total
from busta.workflows.data.build import gold_of
from busta.workflows.data.starters import with_starters
from busta.workflows.predicting.joint import JOINED, Kind, hear, join, rows_of
from busta.workflows.predicting.price_words import find_game, read_teaser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint
    from busta.data.schema import Moment
    from busta.plugins import League
    from busta.settings import Settings
    from busta.workflows.predicting.forecast import Said
    from busta.workflows.predicting.price_words import Teaser

__all__ = ["price"]


def price(
    settings: Settings,
    game: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    week: str | None = None,
    date: str | None = None,
    spreads: Sequence[str] = (),
    totals: Sequence[float] = (),
    teasers: Sequence[str] = (),
    starters: Sequence[str] = (),
) -> dict[str, Any]:
    """Prices a game with the champions of the three markets, or the challengers while there are none.

    A game that a version has learned from is priced from what the version said before it had.

    Args:
        settings: The settings.
        game: An id, or two teams as ``KC@BUF``.
        league_name: The league.
        blind: Whether by models that see no price of the game.
        moment: By models of the open or of the close.
        week: Which of several games of the two teams, as ``2022-07``.
        date: The same by its day, as ``2022-11-13``.
        spreads: More lines in the book's way, as ``KC -3.5``; without a team it is the home team's.
        totals: More totals.
        teasers: Points and legs, as ``6 KC over``.
        starters: Of the game, if it is to come, each as ``KC=NAME``, where they are not those of the tables.

    Returns:
        The object ``busta price --json`` prints.

    Raises:
        BustaError: No such game, line or leg, or no model or price to start from.
    """
    league: League = pick("league", league_name)
    gold = gold_of(settings, league)
    row = find_game(gold.games, league, game, week, date)
    lines = [read_spread(text, league, row) for text in several("spreads", spreads, str, "a spread")]
    totals = [read_total(each) for each in several("totals", totals, (int, float), "a total")]
    legs = [read_teaser(text, league, gold.games, row) for text in several("teasers", teasers, str, "a teaser")]
    games = list(dict.fromkeys([row["game_id"], *(each.game_id for teaser in legs for each in teaser.picks)]))
    told = several("starters", starters, str, "TEAM=NAME")
    gold = with_starters(gold, league, settings.bets.vig_method, games, told, moment)
    kind = Kind(settings, connect(settings), league, blind, moment)
    said, missing = hear(kind, JOINED, gold, settings.bets.vig_method, games)
    asked = gold.games.filter(pl.col("game_id").is_in(games)).select("game_id", "home_team", "away_team")
    teams = {each["game_id"]: each for each in asked.iter_rows(named=True)}
    joint = _joint(said, missing, games)
    quotes = {name: _quoted(said[name], games) for name in said}
    boards = [
        Board(teams[name], joint.take(np.array([i])), {market: each[i] for market, each in quotes.items()})
        for i, name in enumerate(games)
    ]
    board = boards[0]
    return {
        **teams[row["game_id"]],
        "kickoff": row["kickoff"].isoformat(),
        "league": league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "joint": {name: said[name].version.number if name in said else None for name in JOINED},
        "out_of_fold": _seen(said, row["game_id"]),
        "moved": board.moved,
        **priced(board, lines, totals),
        "teasers": [_teaser(boards, teaser) for teaser in legs],
        "notes": notes(board, missing),
    }


def _seen(said: Mapping[str, Said], game: str) -> bool:
    """Whether a version has learned from the game."""
    rows = {market: int(rows_of(each, [game])[0]) for market, each in said.items()}
    return any(row >= 0 and bool(said[market].seen[row]) for market, row in rows.items())


def _quoted(said: Said, games: Sequence[str]) -> list[tuple[float, NDArray[np.float64]]]:
    """Line and prices of both sides of each game, NaN where there are none."""
    data, nothing = said.data, (np.nan, np.full(2, np.nan))
    return [(float(data.line[row]), data.prices[row]) if row >= 0 else nothing for row in rows_of(said, games)]


def _joint(said: Mapping[str, Said], missing: Mapping[str, str], games: list[str]) -> Joint:
    """The joint of the games.

    Raises:
        UsageError: Nothing is known of the margin of one of them.
    """
    if not {"moneyline", "ats"} & set(said):
        raise UsageError(f"{games[0]} has no price: {'; '.join(missing.values())}")
    joint = join(said, games)
    for game, unknown in zip(games, np.isnan(joint.margin[:, 0]), strict=True):
        if unknown:
            why = "its models have no out-of-fold prediction of it, or nobody quotes a moneyline or spread"
            raise UsageError(f"{game} has no price: {why}")
    return joint


def _teaser(boards: Sequence[Board], teaser: Teaser) -> dict[str, Any]:
    """A teaser by both rules of pushes."""
    legs: dict[str, list[Leg]] = {}
    of = {board.teams["game_id"]: board for board in boards}
    for each in teaser.picks:
        market = "ats" if each.quantity == "margin" else "totals"
        line = of[each.game_id].quoted(market)[0]
        if np.isnan(line):
            raise UsageError(f"no line of {market} is quoted for {each.game_id}, so none can be teased")
        legs.setdefault(each.game_id, []).append(Leg(each.quantity, line, each.first).moved(teaser.points))
    games = [(of[game].joint, 0, found) for game, found in legs.items()]
    lost = chance(parlay(games, "lost"))
    return {
        "points": teaser.points,
        "legs": [as_leg(of[game].teams, leg) for game, found in legs.items() for leg in found],
        **chance(parlay(games)),
        "fair_price_if_pushes_lose": lost["fair_price"],
    }
