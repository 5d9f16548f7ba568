"""busta models, promote, rollback, evaluate, gate: the registered versions, and who is in charge."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

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
    settings,
)


def models(
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="Only this market.")] = None,
    league: Annotated[str | None, typer.Option("--league", help="Only this league.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show who became champion instead: when, by whom, why, forced or not.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List registered versions, with champion and challenger."""
    from busta.cli import show

    if history:
        from busta.workflows.champions import champion_history

        emit(champion_history(settings(config), market, league), as_json, show.champions, under="history")
        return
    from busta.workflows.manage import list_models

    emit(list_models(settings(config), market, league), as_json, show.models, under="models")


Reason = Annotated[str | None, typer.Option(help="Why, for the history of champions in the ledger.")]


def promote(
    market: MarketName,
    version: Annotated[str, typer.Argument(help="Number of the version, or challenger.")],
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    force: Annotated[bool, typer.Option("--force", help="Even if the gate rejected it; this is recorded.")] = False,
    require_trial: Annotated[
        bool, typer.Option("--require-trial", help="Only if it has won a trial against the champion.")
    ] = False,
    reason: Reason = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make a version the champion, if the gate lets it pass."""
    from busta.cli import show
    from busta.workflows.manage import promote_version

    result = promote_version(
        settings(config),
        market,
        version,
        league,
        blind=blind,
        moment=price.value,
        force=force,
        require_trial=require_trial,
        reason=reason,
    )
    emit(result, as_json, show.promoted)


def evaluate(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[str | None, typer.Option(help="Version, champion, challenger or file of `train --out`.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a pipeline to track: metrics.json, and CSV to plot.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Score a version's out-of-fold forecasts beside the closing line, each figure with its interval."""
    from busta.cli import show
    from busta.workflows.judging.evaluate import evaluate as run

    result = run(settings(config), market, league, blind=blind, moment=price.value, model=model, out=out)
    emit(result, as_json, show.evaluated)


def gate(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[
        str | None,
        typer.Option(help="Version, champion, challenger or file of `train --out`; by default the challenger."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for a pipeline to track: the verdict.")] = None,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 whatever the verdict: for a pipeline, a no is a result.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Ask whether a version is fit to serve or fit to bet; exits 0 if it may be promoted, 3 if not."""
    from busta.cli import show
    from busta.workflows.judging.gate import gate as run

    result = run(settings(config), market, league, blind=blind, moment=price.value, model=model, out=out)
    emit(result, as_json, show.gate)
    return 0 if result["may_be_promoted"] or exit_zero else 3


def rollback(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    reason: Reason = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make the champion before this one champion again; the history is kept."""
    from busta.cli import show
    from busta.workflows.manage import roll_back

    result = roll_back(settings(config), market, league, blind=blind, moment=price.value, reason=reason)
    emit(result, as_json, show.promoted)
