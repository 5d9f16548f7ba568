"""How the prices of a game look to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.cli.show import _american, _console, _table
from busta.serving.words import bet_name

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["priced"]


def priced(result: dict[str, Any]) -> None:
    """The three markets and what was asked for, fair lines, then what follows from margin and total together."""
    _console.print(_prices(result))
    _fair(result)
    if result["teasers"]:
        _console.print(_teasers(result))
    _console.print(_derived(result))
    if result["out_of_fold"]:
        _console.print("* a version learned from this game: its prices are from what it said before it had")
    for note in result["notes"].values():
        _console.print(f"note: {note}")


def _prices(result: dict[str, Any]) -> Table:
    versions = ", ".join(f"{market} {number}" for market, number in result["joint"].items() if number)
    mark = "*" if result["out_of_fold"] else ""
    title = f"{result['game_id']}{mark} {result['kickoff'][:16].replace('T', ' ')} UTC, versions: {versions}"
    table = _table("bet", "win", "push", "lose", "fair", "American", "price", "edge", title=title)
    for row in result["prices"]:
        edge = "-" if row["edge"] is None else f"{row['edge']:+.1%}"
        table.add_row(bet_name(row | _teams(result)), *_chance(row), _american(row["price"]), edge)
    return table


def _fair(result: dict[str, Any]) -> None:
    fair, teams = result["fair"], _teams(result)
    words = [bet_name({"side": "home", "line": fair["spread"]} | teams)]
    words += [] if fair["total"] is None else [f"total {fair['total']:g}"]
    means = [f"margin {fair['expected_margin']:+.1f}"]
    means += [] if fair["expected_total"] is None else [f"total {fair['expected_total']:.1f}"]
    _console.print(f"fair lines: {', '.join(words)}; expected: {', '.join(means)}")


def _teasers(result: dict[str, Any]) -> Table:
    table = _table("teaser", "win", "push", "lose", "fair", "American", "fair if pushes lose", title="teasers")
    for row in result["teasers"]:
        table.add_row(f"{row['points']:g}: {_legs(row)}", *_chance(row), _american(row["fair_price_if_pushes_lose"]))
    return table


def _derived(result: dict[str, Any]) -> Table:
    table = _table("bet", "win", "push", "lose", "fair", "American", title="margin and total together")
    teams = _teams(result)
    for row in result["parlays"]:
        table.add_row(_legs(row), *_chance(row))
    for row in result["team_totals"]:
        table.add_row(f"{teams[row['team'] + '_team']} {row['side']} {row['line']:g}", *_chance(row))
    for row in result["winning_margins"]:
        most = "+" if row["most"] is None else f"-{row['most']}"
        name = "tie" if row["side"] == "tie" else f"{teams[row['side'] + '_team']} by {row['least']}{most}"
        table.add_row(name, *_chance(row))
    for name, row in (result["parity"] or {}).items():
        table.add_row(f"{name} total", *_chance(row))
    return table


def _chance(row: dict[str, Any]) -> list[str]:
    """Win, push and lose, and the fair price both ways."""
    decimal = "-" if row["fair_price"] is None else f"{row['fair_price']:.3f}"
    return [
        *(f"{row['probability'][name]:.4f}" for name in ("win", "push", "lose")),
        decimal,
        _american(row["fair_price"]),
    ]


def _legs(row: dict[str, Any]) -> str:
    """The legs in the book's way, each total with its game where they are of several."""
    several = len({leg["game_id"] for leg in row["legs"]}) > 1
    return " + ".join(
        bet_name(leg) + (_of(leg) if several and leg["market"] == "totals" else "") for leg in row["legs"]
    )


def _of(leg: dict[str, Any]) -> str:
    return f" of {leg['away_team']}@{leg['home_team']}"


def _teams(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("home_team", "away_team")}
