"""The command ``busta explain``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, LeagueOption, MarketName, Price, PriceOption, emit, settings

__all__ = ["EXAMPLE", "explain"]

EXAMPLE = "Example: busta explain moneyline KC@BUF --week 2023-20"
_SHOWN = 10


def explain(
    market: MarketName,
    game: Annotated[
        str | None,
        typer.Argument(
            metavar="[GAME]", help="Its id, or away@home with --week or --date; without it, what moves all forecasts."
        ),
    ] = None,
    week: Annotated[str | None, typer.Option(help="Season and week of the game, as 2022-18.")] = None,
    date: Annotated[str | None, typer.Option(help="Its day, as 2022-11-13.")] = None,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[str | None, typer.Option(help="Version, champion, challenger or file of `train --out`.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say what a forecast is the sum of: market, features, calibration, and what all markets together change."""
    from busta.workflows.predicting.explain import explain as run

    result = run(
        settings(config), market, game, league, blind=blind, moment=price.value, model=model, week=week, date=date
    )
    emit(result, as_json, _show)


def _show(result: dict[str, Any]) -> None:
    (_game if "parts" in result else _overall)(result)


def _game(result: dict[str, Any]) -> None:
    """The parts of one forecast: what stands for every game, then the features that move it most."""
    from busta.cli.show import _console, _table

    parts, mark = result["parts"], "*" if result["out_of_fold"] else ""
    line = "" if result["line"] is None else f" at {result['line']:g}"
    title = f"{result['model']} version {result['model_version']}: {result['game_id']}{mark}, {result['side']}{line}"
    table = _table("", "log-odds", "value", title=title)
    table.add_row("market", f"{parts['market']:+z.4f}", "")
    table.add_row("any game", f"{parts['level']:+z.4f}", "")
    for row in result["features"][:_SHOWN]:
        value = "unknown" if row["value"] is None else f"{row['value']:.3g}"
        table.add_row(row["feature"], f"{row['part']:+z.4f}", value)
    if others := result["features"][_SHOWN:]:
        table.add_row(f"{len(others)} other features", f"{sum(row['part'] for row in others):+z.4f}", "")
    table.add_row("calibration", f"{parts['calibration']:+z.4f}", "")
    table.add_row("joint of all markets", f"{parts['joint']:+z.4f}", "")
    table.add_row("sum", f"{result['log_odds']:+z.4f}", f"{result['probability']:.1%}", style="bold")
    _console.print(table)
    if result["out_of_fold"]:
        _console.print("* the version learned from this game: explained is what it said before it had")
    for note in result["notes"].values():
        _console.print(f"note: {note}")


def _overall(result: dict[str, Any]) -> None:
    """Which features move the forecasts, and whether they did in every fold."""
    from busta.cli.show import _console, _table

    title = f"{result['model']} version {result['model_version']}: mean absolute part of a game's log-odds"
    table = _table("feature", "part", "lowest fold", "highest fold", title=title)
    for row in result["features"]:
        table.add_row(row["feature"], *(f"{row[n]:.4f}" for n in ("part", "part_lowest_fold", "part_highest_fold")))
    _console.print(table)
