"""The command ``busta retrain``."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, LeagueName, Price, PriceOption, emit, settings

__all__ = ["EXAMPLE", "retrain", "show"]

EXAMPLE = "Example: busta retrain nfl\n\nExample: busta retrain nfl --market ats --dry-run"


def retrain(
    league: LeagueName = "nfl",
    markets: Annotated[
        list[str] | None,
        typer.Option("--market", help="Only this market; may be repeated. By default all that have a model."),
    ] = None,
    blind: Blind = False,
    price: PriceOption = Price.close,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Show what was decided so far instead.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Train anew where results, drift, decay or the calendar call for it; promote and roll back by rule."""
    from busta.workflows.retraining.retrain import decisions
    from busta.workflows.retraining.retrain import retrain as run

    chosen = settings(config)
    if history:
        emit(decisions(chosen), as_json, _history, under="decisions")
        return 0
    result = run(
        chosen,
        league,
        markets or None,
        blind=blind,
        moment=price.value,
        dry_run=dry_run,
        say=_said if sys.stderr.isatty() else lambda _: None,  # cron would send a letter
    )
    emit(result, as_json, show)
    return int(result["exit_code"])


def _said(words: str) -> None:
    typer.echo(words, err=True)


def show(result: dict[str, Any]) -> None:
    """What was decided of each model, a line each."""
    if not result["models"]:
        typer.echo(f"there is no {result['information']} model of {result['league']} yet; `busta train` makes one")
    would = "would be: " if result["dry_run"] else ""
    for model in result["models"]:
        version = f" version {model['challenger']}" if model["challenger"] else ""
        typer.echo(f"{model['model']}: {would}{model['decision']}{version}: {model['reason']}")
    for each in result["told"]:
        if not each["error"]:
            typer.echo(f"told {each['target']}: {each['model']} {each['event']}")
    for note in [*result["notes"].values(), *(note for model in result["models"] for note in model["notes"].values())]:
        typer.echo(f"note: {note}")


def _history(decided: list[dict[str, Any]]) -> None:
    for each in decided:
        version = f" version {each['challenger']}" if each.get("challenger") else ""
        typer.echo(f"{each['at'][:16]} {each['model']} {each['decision']}{version}: {each['reason']}")
