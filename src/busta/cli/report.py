"""The command ``busta report``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, LeagueOption, MarketName, Price, PriceOption, emit, settings

__all__ = ["EXAMPLE", "report"]

EXAMPLE = "Example: busta report moneyline --out moneyline.html"


def report(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[str | None, typer.Option(help="Version, champion, challenger or file of `train --out`.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File of the report; by default one in the workspace's reports/.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Write one page that says whether a model may be bet on, why, how sure, and how to get the same figures."""
    from busta.workflows.judging.report import report as run

    result = run(settings(config), market, league, blind=blind, moment=price.value, model=model, out=out)
    emit(result, as_json, _show)


def _show(result: dict[str, Any]) -> None:
    """The verdict, and where the files are."""
    typer.echo(f"{result['model']} version {result['model_version']}: may I bet on it? {result['sentence']}")
    typer.echo(f"report: {result['report']}")
    typer.echo(f"card:   {result['card']}")
    for note in result["notes"].values():
        typer.echo(f"note: {note}")
