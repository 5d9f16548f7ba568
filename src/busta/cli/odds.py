"""``busta odds``: what books offer on coming games, and how it moved."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from busta.cli.options import Config, Json, LeagueName, LeagueOption, emit, settings

__all__ = ["odds"]

odds = typer.Typer(help="What many books offer on coming games, and how it moved.", no_args_is_help=True)


@odds.command("fetch", epilog="Example: busta odds fetch nfl")
def fetch(
    league: LeagueName,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Read an answer of the API that was saved.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Fetch the books' odds of coming games from The Odds API and keep them; needs BUSTA_ODDS_API__KEY."""
    from busta.cli import show_odds as show
    from busta.workflows.data.odds import fetch_odds

    emit(fetch_odds(settings(config), league, path=file), as_json, show.fetched)


@odds.command("show", epilog="Example: busta odds show KC@BUF --week 2026-12")
def show(
    game: Annotated[str, typer.Argument(metavar="GAME", help="Its id, or away@home.")],
    league: LeagueOption = "nfl",
    week: Annotated[str | None, typer.Option(help="Which of several games, as 2022-07.")] = None,
    date: Annotated[str | None, typer.Option(help="The same by its day, as 2022-11-13.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show a game's line history: each book's first and latest offer, the consensus, the best price."""
    from busta.cli import show_odds as shown
    from busta.workflows.data.odds import show_odds

    emit(show_odds(settings(config), game, league, week=week, date=date), as_json, shown.history)
