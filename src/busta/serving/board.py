"""What the joint distribution of a game's margin and total says of every bet on it, as JSON is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.betting.joint import fair_line
from busta.betting.joint_prices import Leg, even, parlay, team_total, winning_margins
from busta.betting.odds import edge, fair_price
from busta.plugins import pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from busta.betting.joint import Joint

    Triple = NDArray[np.float64] | tuple[float, float, float]

__all__ = ["JOINED", "MOVED", "Board", "as_leg", "chance", "notes", "priced"]

JOINED = ("moneyline", "ats", "totals")
"""The markets of margin and total that are read from one distribution, in the order of its constraints."""
MOVED = 1e-9
"""By how much more than rounding a probability has to differ from its model's to be one that was moved."""


@dataclass(frozen=True)
class Board:
    """A game and what is offered on it.

    Attributes:
        teams: ``game_id``, ``home_team``, ``away_team``.
        joint: Its distribution, the first of the joint's games.
        quotes: Line and prices of both sides by market, NaN where there are none; without a market nobody quotes.
    """

    teams: Mapping[str, Any]
    joint: Joint
    quotes: Mapping[str, tuple[float, NDArray[np.float64]]]

    def quoted(self, market: str) -> tuple[float, NDArray[np.float64]]:
        """Line and prices of both sides, NaN where there are none."""
        return self.quotes.get(market, (np.nan, np.full(2, np.nan)))

    @property
    def moved(self) -> bool:
        """Whether the three models contradict each other, so that the spread's probability is not its model's."""
        return bool(np.abs(np.nan_to_num(self.joint.gap[0, 1])) > MOVED)


def priced(board: Board, spreads: Sequence[float], totals: Sequence[float]) -> dict[str, Any]:
    """Fair lines, both sides of the quoted lines and of those that are asked for, and what only a joint can price."""
    return {
        "fair": _fair(board.joint),
        "prices": _prices(board, spreads, totals),
        "parlays": _parlays(board),
        "team_totals": _team_totals(board.joint),
        "winning_margins": _winning_margins(board.joint),
        "parity": _parity(board.joint),
    }


def _fair(joint: Joint) -> dict[str, float | None]:
    """Fair lines and means of the game."""
    found = {
        "spread": joint.fair_spread()[0],
        "total": joint.fair_total()[0],
        "expected_margin": joint.expected_margin()[0],
        "expected_total": joint.expected_total()[0],
    }
    return {name: _number(value) for name, value in found.items()}


def _prices(board: Board, spreads: Sequence[float], totals: Sequence[float]) -> list[dict[str, Any]]:
    """Both sides of the three markets at the quoted lines, then at those that were asked for."""
    joint, rows = board.joint, []
    for market in JOINED:
        line, prices = board.quoted(market)
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
            **chance(each),
            "edge": _number(float(edge(each[0], each[2], quoted))),
        }
        for side, each, quoted in zip(sides, (triple, triple[::-1]), prices, strict=True)
    ]


def chance(triple: Triple) -> dict[str, Any]:
    """Win, push and lose, and the fair price: none of what cannot win."""
    win, push, lose = (float(part) for part in triple)
    return {
        "probability": {"win": win, "push": push, "lose": lose},
        "fair_price": float(fair_price(win, lose)) if win > 0 else None,
    }


def _yes(probability: float) -> dict[str, Any]:
    """The same of a bet that never pushes."""
    return chance((probability, 0.0, 1 - probability))


def _parlays(board: Board) -> list[dict[str, Any]]:
    """A side and over or under together, at the quoted lines."""
    lines = {market: board.quoted(market)[0] for market in ("ats", "totals")}
    if np.isnan([*lines.values(), board.joint.total[0, 0]]).any():
        return []
    rows = []
    for home in (True, False):
        for over in (True, False):
            legs = [Leg("margin", lines["ats"], home), Leg("total", lines["totals"], over)]
            rows.append(
                {
                    "legs": [as_leg(board.teams, leg) for leg in legs],
                    **chance(parlay([(board.joint, 0, legs)])),
                }
            )
    return rows


def as_leg(teams: Mapping[str, Any], leg: Leg) -> dict[str, Any]:
    """A leg of a parlay or teaser, with its teams."""
    market = pick("market", "ats" if leg.quantity == "margin" else "totals")
    return {**teams, "market": market.name, "side": market.sides[0 if leg.first else 1], "line": leg.line}


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
        {"side": side, "least": least, "most": most, **_yes(often)}
        for (side, least, most), often in winning_margins(joint, 0).items()
    ]


def _parity(joint: Joint) -> dict[str, Any] | None:
    often = even(joint, 0)
    return None if np.isnan(often) else {"odd": _yes(1 - often), "even": _yes(often)}


def notes(board: Board, missing: Mapping[str, str]) -> dict[str, str]:
    """Markets that say nothing, and models that contradict each other."""
    notes = {f"missing.{market}": f"{market} is no part of it: {why}" for market, why in missing.items()}
    if "totals" not in missing and np.isnan(board.joint.total[0, 0]):
        notes["missing.totals"] = "totals is no part of it: no total is quoted, or none was predicted out of fold"
    if board.moved:
        gap = board.joint.gap[0, 1]
        notes["moved"] = (
            "the moneyline's and the spread's model contradict each other: the moneyline stands, "
            f"home's chance to cover is {abs(gap):.3f} {'above' if gap > 0 else 'below'} what the spread's model says"
        )
    return notes


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
