"""Price: bets on one game's margin and total, at any line, all from one distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.betting.joint import fair_line
from busta.betting.joint_prices import Leg, even, parlay, team_total, winning_margins
from busta.betting.odds import edge, fair_price
from busta.errors import UsageError
from busta.plugins import pick, several
from busta.registry.connect import connect
from busta.workflows.build import gold_of
from busta.workflows.joint import JOINED, Kind, hear, join, moved, rows_of
from busta.workflows.price_words import find_game, read_spread, read_teaser, read_total
from busta.workflows.starters import with_starters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint
    from busta.data.schema import Moment
    from busta.plugins import League
    from busta.settings import Settings
    from busta.workflows.forecast import Said
    from busta.workflows.price_words import Teaser

    Triple = NDArray[np.float64] | tuple[float, float, float]

__all__ = ["price"]


@dataclass(frozen=True)
class _Board:
    """The games that are asked for with their teams, the one to be priced first, and what is said of them."""

    games: list[str]
    teams: Mapping[str, dict[str, Any]]
    said: Mapping[str, Said]
    joint: Joint

    def quoted(self, market: str, game: str) -> tuple[float, NDArray[np.float64]]:
        """Line and prices of both sides, NaN where there are none."""
        row = int(rows_of(self.said[market], [game])[0]) if market in self.said else -1
        if row < 0:
            return np.nan, np.full(2, np.nan)
        data = self.said[market].data
        return float(data.line[row]), data.prices[row]

    def seen(self) -> bool:
        """Whether a version has learned from the game that is priced."""
        rows = {market: int(rows_of(said, self.games[:1])[0]) for market, said in self.said.items()}
        return any(row >= 0 and bool(self.said[market].seen[row]) for market, row in rows.items())


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
    board = _Board(games, teams, said, _joint(said, missing, games))
    return {
        **teams[row["game_id"]],
        "kickoff": row["kickoff"].isoformat(),
        "league": league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "joint": {name: said[name].version.number if name in said else None for name in JOINED},
        "out_of_fold": board.seen(),
        "moved": bool(moved(board.joint)[0]),
        "fair": _fair(board.joint),
        "prices": _prices(board, lines, totals),
        "parlays": _parlays(board),
        "teasers": [_teaser(board, teaser) for teaser in legs],
        "team_totals": _team_totals(board.joint),
        "winning_margins": _winning_margins(board.joint),
        "parity": _parity(board.joint),
        "notes": _notes(board, missing),
    }


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


def _fair(joint: Joint) -> dict[str, float | None]:
    """Fair lines and means of the game."""
    found = {
        "spread": joint.fair_spread()[0],
        "total": joint.fair_total()[0],
        "expected_margin": joint.expected_margin()[0],
        "expected_total": joint.expected_total()[0],
    }
    return {name: _number(value) for name, value in found.items()}


def _prices(board: _Board, spreads: Sequence[float], totals: Sequence[float]) -> list[dict[str, Any]]:
    """Both sides of the three markets at the quoted lines, then at those that were asked for."""
    joint, rows = board.joint, []
    for market in JOINED:
        line, prices = board.quoted(market, board.games[0])
        if market == "moneyline":
            line = 0.0
        rows += _both(joint, market, line, prices)
    nothing = np.full(2, np.nan)
    for line in spreads:
        rows += _both(joint, "ats", line, nothing)
    for line in totals:
        rows += _both(joint, "totals", line, nothing)
    return rows


def _both(joint: Joint, market: str, line: float, prices: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Both sides of a market at a line; none without a line, or where nothing is known of it."""
    triple = (joint.over if market == "totals" else joint.spread)(line)[0]
    if np.isnan(triple).any():
        return []
    sides = pick("market", market).sides
    return [
        {
            "market": market,
            "side": side,
            "line": None if market == "moneyline" else line,
            "price": _number(quoted),
            **_chance(each),
            "edge": _number(float(edge(each[0], each[2], quoted))),
        }
        for side, each, quoted in zip(sides, (triple, triple[::-1]), prices, strict=True)
    ]


def _chance(triple: Triple) -> dict[str, Any]:
    """Win, push and lose, and the fair price: none of what cannot win."""
    win, push, lose = (float(part) for part in triple)
    return {
        "probability": {"win": win, "push": push, "lose": lose},
        "fair_price": float(fair_price(win, lose)) if win > 0 else None,
    }


def _yes(probability: float) -> dict[str, Any]:
    """The same of a bet that never pushes."""
    return _chance((probability, 0.0, 1 - probability))


def _parlays(board: _Board) -> list[dict[str, Any]]:
    """A side and over or under together, at the quoted lines."""
    lines = {market: board.quoted(market, board.games[0])[0] for market in ("ats", "totals")}
    if np.isnan([*lines.values(), board.joint.total[0, 0]]).any():
        return []
    rows = []
    for home in (True, False):
        for over in (True, False):
            legs = [Leg("margin", lines["ats"], home), Leg("total", lines["totals"], over)]
            rows.append(
                {
                    "legs": [_leg(board.teams[board.games[0]], leg) for leg in legs],
                    **_chance(parlay([(board.joint, 0, legs)])),
                }
            )
    return rows


def _leg(teams: Mapping[str, Any], leg: Leg) -> dict[str, Any]:
    market = pick("market", "ats" if leg.quantity == "margin" else "totals")
    return {**teams, "market": market.name, "side": market.sides[0 if leg.first else 1], "line": leg.line}


def _teaser(board: _Board, teaser: Teaser) -> dict[str, Any]:
    """A teaser by both rules of pushes."""
    legs: dict[str, list[Leg]] = {}
    for each in teaser.picks:
        market = "ats" if each.quantity == "margin" else "totals"
        line = board.quoted(market, each.game_id)[0]
        if np.isnan(line):
            raise UsageError(f"no line of {market} is quoted for {each.game_id}, so none can be teased")
        legs.setdefault(each.game_id, []).append(Leg(each.quantity, line, each.first).moved(teaser.points))
    games = [(board.joint, board.games.index(game), found) for game, found in legs.items()]
    lost = _chance(parlay(games, "lost"))
    return {
        "points": teaser.points,
        "legs": [_leg(board.teams[game], leg) for game, found in legs.items() for leg in found],
        **_chance(parlay(games)),
        "fair_price_if_pushes_lose": lost["fair_price"],
    }


def _team_totals(joint: Joint) -> list[dict[str, Any]]:
    """Both sides of each team's own total at its fair line."""
    rows: list[dict[str, Any]] = []
    if np.isnan(joint.total[0, 0]):
        return rows
    for team in ("home", "away"):
        points, pmf = team_total(joint, 0, home=team == "home")
        line = float(fair_line(pmf[None], points)[0])
        over = float(pmf[points > line].sum())
        rows += [{"team": team, "side": "over", "line": line, **_yes(over)}]
        rows += [{"team": team, "side": "under", "line": line, **_yes(1 - over)}]
    return rows


def _winning_margins(joint: Joint) -> list[dict[str, Any]]:
    return [
        {"side": side, "least": least, "most": most, **_yes(chance)}
        for (side, least, most), chance in winning_margins(joint, 0).items()
    ]


def _parity(joint: Joint) -> dict[str, Any] | None:
    chance = even(joint, 0)
    return None if np.isnan(chance) else {"odd": _yes(1 - chance), "even": _yes(chance)}


def _notes(board: _Board, missing: Mapping[str, str]) -> dict[str, str]:
    """Markets that say nothing, and models that contradict each other."""
    notes = {f"missing.{market}": f"{market} is no part of it: {why}" for market, why in missing.items()}
    if "totals" not in missing and np.isnan(board.joint.total[0, 0]):
        notes["missing.totals"] = "totals is no part of it: no total is quoted, or none was predicted out of fold"
    if moved(board.joint)[0]:
        gap = board.joint.gap[0, 1]
        notes["moved"] = (
            "the moneyline's and the spread's model contradict each other: the moneyline stands, "
            f"home's chance to cover is {abs(gap):.3f} {'above' if gap > 0 else 'below'} what the spread's model says"
        )
    return notes


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
