"""The command ``busta audit``."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, LeagueOption, Price, PriceOption, emit, progress, settings
from busta.errors import UsageError

if TYPE_CHECKING:
    from busta.performance.audit.table import Roles

__all__ = ["EXAMPLE", "audit"]

EXAMPLE = (
    "Example: busta audit moneyline\n\n"
    "busta audit --table mine.csv --target home_win --time kickoff --line closing_probability"
)
_OF_A_TABLE = "Of a table: "


def audit(
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="moneyline, ats, totals.")] = None,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    gold: Annotated[Path | None, typer.Option(help="A gold store made elsewhere.")] = None,
    table: Annotated[
        Path | None, typer.Option(help="A table made elsewhere, CSV or Parquet, instead of a market.")
    ] = None,
    target: Annotated[str | None, typer.Option(help=_OF_A_TABLE + "what is predicted, 0/1 or a number.")] = None,
    time: Annotated[str | None, typer.Option(help=_OF_A_TABLE + "when a row is decided on.")] = None,
    line: Annotated[
        str | None, typer.Option(help=_OF_A_TABLE + "the market's own estimate: a probability, or the spread.")
    ] = None,
    close: Annotated[
        str | None, typer.Option(help=_OF_A_TABLE + "the closing line, where bets are made before.")
    ] = None,
    teams: Annotated[str | None, typer.Option(metavar="HOME,AWAY", help=_OF_A_TABLE + "both sides.")] = None,
    fold: Annotated[str | None, typer.Option(help=_OF_A_TABLE + "the test fold of a row.")] = None,
    prediction: Annotated[str | None, typer.Option(help=_OF_A_TABLE + "what a model said.")] = None,
    known_at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[FEATURE=]COLUMN",
            help=_OF_A_TABLE + "when a feature (or, without a name, all others) became known; may be repeated.",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help=_OF_A_TABLE + "a column that no model sees; may be repeated.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Look for leaks in a market's store and training, or in any table; exits 0 if there are none, 3 if there are."""
    from busta.cli.show_audit import audited

    if (market is None) == (table is None):
        raise UsageError("give a market (busta audit moneyline) or a table (busta audit --table FILE), one of the two")
    if table is not None:
        from busta.workflows.judging.audit import audit_table

        roles = {"line": line, "close": close, "fold": fold, "prediction": prediction}
        result = audit_table(table, _roles(target, time, teams, known_at or [], ignore or [], roles))
    else:
        result = _of_market(str(market), league, gold, config, blind=blind, price=price)
    emit(result, as_json, audited)
    return 0 if result["clean"] else 3


def _of_market(
    market: str, league: str, gold: Path | None, config: Path | None, *, blind: bool, price: Price
) -> dict[str, Any]:
    from busta.workflows.judging.audit import audit as run

    with progress(f"audit {market}") as bar:
        chosen = settings(config)
        return run(chosen, market, league, blind=blind, moment=price.value, gold_path=gold, progress=bar)


def _roles(
    target: str | None,
    time: str | None,
    teams: str | None,
    known_at: list[str],
    ignore: list[str],
    others: dict[str, Any],
) -> Roles:
    from busta.performance.audit.table import Roles

    if target is None or time is None:
        raise UsageError(
            "a table needs --target COLUMN (what is predicted) and --time COLUMN (when a row is decided on)"
        )
    sides = tuple(part.strip() for part in teams.split(",")) if teams else None
    if sides is not None and len(sides) != 2:  # noqa: PLR2004 - two sides play a game
        raise UsageError(f"--teams {teams}; needed are two columns, --teams HOME,AWAY")
    known = tuple((feature or "*", column) for feature, _, column in (each.rpartition("=") for each in known_at))
    return Roles(target, time, teams=sides, known_at=known, ignore=tuple(ignore), **others)
