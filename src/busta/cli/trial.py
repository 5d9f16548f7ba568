"""The commands ``busta trial …``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, LeagueOption, MarketName, Price, PriceOption, emit, settings

__all__ = ["trial"]

trial = typer.Typer(
    help="A trial of challenger against champion, on the games to come, that may be looked at every day.",
    no_args_is_help=True,
)


@trial.command(epilog="Example: busta trial start moneyline")
def start(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[str, typer.Option(help="Version that is tried.")] = "challenger",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Declare a trial of a version against the champion; games that kick off from now on count."""
    from busta.workflows.trials.trial import start_trial

    result = start_trial(settings(config), market, league, blind=blind, moment=price.value, model=model)
    emit(result, as_json, _show)


@trial.command(epilog="Example: busta trial show moneyline")
def show(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    number: Annotated[int | None, typer.Option(help="Which trial of the market; by default the last.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show how a trial stands: evidence, interval, decision. Look as often as you like."""
    from busta.workflows.trials.trial import show_trial

    result = show_trial(settings(config), market, league, blind=blind, moment=price.value, number=number)
    emit(result, as_json, _show)


@trial.command(epilog="Example: busta trial stop moneyline")
def stop(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """End the running trial as futile, unless its games have decided it; its part of alpha is spent."""
    from busta.workflows.trials.trial import stop_trial

    emit(stop_trial(settings(config), market, league, blind=blind, moment=price.value), as_json, _show)


def _show(result: dict[str, Any]) -> None:
    """How it stands, in a few lines."""
    rule = result["rule"]
    typer.echo(
        f"trial {result['trial']} of {result['model']}, since {result['started']}: "
        f"version {result['challenger']} against champion {result['champion']}"
    )
    typer.echo(f"{result['decision']}: {result['reason']}")
    typer.echo(
        f"e-value {result['e_value']:.3g} of {result['e_value_needed']:.3g} that a win needs; "
        f"that it is worse {result['e_value_worse']:.3g} of {1 / rule['alpha']:.3g}; "
        f"that it is not better by {rule['margin']:g} {result['e_value_futile']:.3g} of {1 / rule['beta']:.3g}"
    )
    if result["games"]:
        typer.echo(
            f"mean gain {result['mean_gain']:+.4f} log loss a game, {result['low']:+.4f} to {result['high']:+.4f} "
            f"(95 % at all times), {result['games']} games of {result['weeks']} weeks"
        )
    for name, account in (result["arms"] or {}).items():
        typer.echo(f"{name}'s own games: {account['bets']} bets, {account['profit']:+.2f} units")
    for hope in result.get("prospects") or ():
        typical = "" if hope["games"] is None else f", after {hope['games']} games"
        typer.echo(f"if it is better by {hope['gain']:.2g}: {hope['win']:.0%} of such trials are won{typical}")
    for note in result["notes"].values():
        typer.echo(f"note: {note}")
