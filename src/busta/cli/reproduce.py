"""The command ``busta reproduce``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from busta.cli.options import (
    Blind,
    Config,
    Json,
    LeagueOption,
    MarketName,
    Price,
    PriceOption,
    emit,
    progress,
    searching,
    settings,
)

__all__ = ["EXAMPLE", "reproduce"]

EXAMPLE = "Example: busta reproduce moneyline 3"


def reproduce(
    market: MarketName,
    version: Annotated[str, typer.Argument(help="Number, champion, challenger or file of `train --out`.")],
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    gold: Annotated[Path | None, typer.Option(help="Its gold store, where that was made elsewhere.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Train a version again from what was recorded and compare bit for bit; exits 0 if identical, 3 if not."""
    from busta.workflows.training.reproduce import reproduce as run

    chosen = settings(config)
    with progress(f"training {market} again") as step:
        result = run(
            chosen,
            market,
            version,
            league,
            blind=blind,
            moment=price.value,
            gold_path=gold,
            progress=step,
            tuning=searching(step),
        )
    emit(result, as_json, _show)
    return 0 if result["identical"] else 3


def _show(result: dict[str, Any]) -> None:
    """Whether it is the same, by how much it is not, and what is another one."""
    name = f"{result['model']} version {result['model_version']}"
    typer.echo(f"{name}: {'identical, bit for bit' if result['identical'] else 'not identical'}")
    for what, part in (("out of fold", result["out_of_fold"]), ("final model", result["final"])):
        typer.echo(f"{what}: {_compared(part)}")
    for kind, entries in result["differs"].items():
        for entry in entries:
            typer.echo(f"{kind}: {entry}")
    for note in result["notes"].values():
        typer.echo(f"note: {note}")


def _compared(part: dict[str, Any]) -> str:
    words = f"{part['different']} of {part['games']} predictions differ"
    if part["different"]:
        words += f", by {part['largest_difference']:.2e} at most"
    for name in ("missing", "added"):
        words += f", {part[name]} {name}" if part.get(name) else ""
    return words
