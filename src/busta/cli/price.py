"""The command ``busta price``."""

from __future__ import annotations

from typing import Annotated

import typer

from busta.cli.options import Blind, Config, Json, LeagueOption, Price, PriceOption, Starters, emit, settings

__all__ = ["EXAMPLE", "price"]

EXAMPLE = 'Example: busta price KC@BUF --week 2023-20 --spread "BUF -3.5" --total 47 --teaser "6 BUF over"'


def price(
    game: Annotated[str, typer.Argument(metavar="GAME", help="Its id, or away@home with --week or --date.")],
    spread: Annotated[
        list[str] | None,
        typer.Option(help='Another spread, as "BUF -3.5"; without a team the home team\'s. May be repeated.'),
    ] = None,
    total: Annotated[list[float] | None, typer.Option(help="Another total; may be repeated.")] = None,
    teaser: Annotated[
        list[str] | None,
        typer.Option(
            help='Points and legs, as "6 BUF over": teams of the same week, over, under, over:TEAM, under:TEAM. '
            "May be repeated."
        ),
    ] = None,
    week: Annotated[str | None, typer.Option(help="Season and week of the game, as 2022-18.")] = None,
    date: Annotated[str | None, typer.Option(help="Its day, as 2022-11-13.")] = None,
    starters: Starters = None,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    at: PriceOption = Price.close,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Price a game from one distribution of margin and total: any spread or total, parlays, teasers, fair lines."""
    from busta.cli.show_price import priced
    from busta.workflows.predicting.price import price as run

    result = run(
        settings(config),
        game,
        league,
        blind=blind,
        moment=at.value,
        week=week,
        date=date,
        spreads=spread or (),
        totals=total or (),
        teasers=teaser or (),
        starters=starters or (),
    )
    emit(result, as_json, priced)
