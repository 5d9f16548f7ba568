"""The command ``busta backtest``."""

from __future__ import annotations

from typing import Annotated

import typer

from busta.cli.options import Blind, Config, Json, LeagueOption, MarketName, Price, PriceOption, emit, settings

__all__ = ["EXAMPLE", "backtest"]

EXAMPLE = "Example: busta backtest ats --stakes fractional-kelly --season 2021 --season 2022"


def backtest(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[str | None, typer.Option(help="Version, champion, challenger or file of `train --out`.")] = None,
    stakes: Annotated[
        str | None,
        typer.Option(help="flat, proportional, kelly, fractional-kelly, shrunk-kelly or simultaneous-kelly."),
    ] = None,
    min_edge: Annotated[float | None, typer.Option(help="Least expected profit of one unit.")] = None,
    max_edge: Annotated[float | None, typer.Option(help="Above it an edge is too good to be true.")] = None,
    strongest: Annotated[
        float | None, typer.Option(help="Only this share of the strongest opinions, by those of earlier seasons.")
    ] = None,
    assumed_prices: Annotated[
        bool | None, typer.Option("--assumed-prices/--no-assumed-prices", help="Bet at prices nobody recorded.")
    ] = None,
    bankroll: Annotated[float | None, typer.Option(help="What it starts with.")] = None,
    slippage: Annotated[float | None, typer.Option(help="Share of each price's profit that is lost.")] = None,
    season: Annotated[list[int] | None, typer.Option(help="Only this season; may be repeated.")] = None,
    team: Annotated[list[str] | None, typer.Option(help="Only games of this team; may be repeated.")] = None,
    side: Annotated[str | None, typer.Option(help="Only bets on home, away, over or under.")] = None,
    favourite: Annotated[
        bool | None, typer.Option("--favourite/--underdog", help="Only bets on the favourite, or on the underdog.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say what a model's bets would have earned, beside every simple strategy and the closing line."""
    from busta.cli.show_backtest import backtested
    from busta.workflows.judging.backtest import Filters
    from busta.workflows.judging.backtest import backtest as run

    rules = {
        "stakes": stakes,
        "min_edge": min_edge,
        "max_edge": max_edge,
        "strongest": strongest,
        "assumed_prices": assumed_prices,
        "bankroll": bankroll,
        "slippage": slippage,
    }
    role = None if favourite is None else "favourite" if favourite else "underdog"
    filters = Filters(tuple(season or ()), tuple(team or ()), side, role)  # type: ignore[arg-type]  # one of two words
    chosen = settings(config, bets=rules)
    result = run(chosen, market, league, blind=blind, moment=price.value, model=model, filters=filters)
    emit(result, as_json, backtested)
