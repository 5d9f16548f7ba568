"""The command ``busta week``."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, Price, PriceOption, emit, settings

__all__ = ["EXAMPLE", "week"]

EXAMPLE = "Example: busta week nfl\n\nbusta week nfl nba --book pinnacle --json"


def week(
    leagues: Annotated[
        list[str] | None, typer.Argument(metavar="[LEAGUE]...", help="nfl or nba; by default nfl.")
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Option("--from", help="Read this instead of downloading; may be repeated.")
    ] = None,
    blind: Blind = False,
    price: PriceOption = Price.close,
    book: Annotated[str | None, typer.Option(help="Record what is recommended as bets taken there.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Ingest, build, predict and recommend the coming week, and settle what is finished; safe to run twice."""
    from busta.workflows.week import week as run

    result = run(
        settings(config),
        leagues or ("nfl",),
        paths=files or (),
        blind=blind,
        moment=price.value,
        book=book,
        say=_told if sys.stderr.isatty() else lambda _: None,  # cron would send a letter
    )
    emit(result, as_json, _show)
    return int(result["exit_code"])


def _told(words: str) -> None:
    typer.echo(words, err=True)


def _show(result: dict[str, Any]) -> None:
    """What came of each step, a line each."""
    for league in result["leagues"]:
        typer.echo(f"{league}: {_came_to(result, league)}")
        if recommended := result["recommend"].get(league):
            _bets(recommended)
        if recorded := result["record"].get(league):
            again = recorded["notes"].get("again")
            typer.echo(f"  recorded: {recorded['recorded']}{f' ({again})' if again else ''}")
    if settled := result["settle"]:
        typer.echo(
            f"settled: {len(settled['settled'])}, anew {len(settled['resettled'])}; waiting {settled['waiting']}"
            + (f"; to be voided {len(settled['to_void'])}: `busta bets settle` says why" if settled["to_void"] else "")
        )
    for step, words in result["failed"].items():
        typer.echo(f"failed: {step}: {words}", err=True)


def _came_to(result: dict[str, Any], league: str) -> str:
    coming = result["week"][league]
    if coming:
        return f"week {coming}"
    failed = [step.partition(".")[0] for step in result["failed"] if step.endswith(f".{league}")]
    return f"left out after {failed[0]} failed" if failed else "no game is to come"


def _bets(recommended: dict[str, Any]) -> None:
    for name in ("real", "paper"):
        account = recommended[name]
        typer.echo(f"  {name}: {account['bets']} bets, {account['staked']:.2f} of {account['bankroll']:.2f}")
    for bet in recommended["bets"]:
        typer.echo(
            f"  {bet['game_id']} {bet['market']} {bet['side']} at {bet['price']:.3f}: {bet['stake']:.2f}"
            f"{' (paper)' if bet['paper'] else ''}"
        )
