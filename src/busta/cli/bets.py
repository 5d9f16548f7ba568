"""The commands ``busta bets …``."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Any

import typer

from busta.cli.options import (
    Blind,
    Commands,
    Config,
    Json,
    LeagueOption,
    Price,
    PriceOption,
    Starters,
    emit,
    settings,
)
from busta.errors import DataError, UsageError

__all__ = ["bets"]

bets = typer.Typer(
    cls=Commands, help="The ledger: what was bet, what came of it, and that nobody changed it.", no_args_is_help=True
)

Week = Annotated[str | None, typer.Option(help="Season and week, as 2022-18.")]
Date = Annotated[str | None, typer.Option(help="A day, as 2022-11-13.")]
Book = Annotated[str | None, typer.Option(help="Who took the bet.")]
Key = Annotated[
    str | None, typer.Option(help="A name of its own, such as the book's number; the same one counts once.")
]


@bets.command("recommend", epilog="Example: busta bets recommend moneyline ats totals --week 2022-18")
def recommend(
    markets: Annotated[
        list[str] | None, typer.Argument(metavar="[MARKET…]", help="By default moneyline, ats and totals.")
    ] = None,
    week: Week = None,
    date: Date = None,
    games: Annotated[
        list[Path] | None, typer.Option(help="A file of games in the source's format; may be repeated.")
    ] = None,
    book: Book = None,
    starters: Starters = None,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Recommend bets of a week or day: all stakes together, under every limit; why not, where not."""
    from busta.cli import show_bets
    from busta.workflows.bets.recommend import recommend as run
    from busta.workflows.predicting.predict import Wanted

    wanted = Wanted(week, date, tuple(games or ()))
    kind: dict[str, Any] = {"blind": blind, "moment": price.value, "book": book, "starters": starters or ()}
    emit(run(settings(config), markets or (), wanted, league, **kind), as_json, show_bets.recommended)


@bets.command(
    "record",
    epilog='Example: busta bets record ats KC@BUF "BUF -2.5" --week 2023-20 --price -105 --stake 25 '
    "--book pinnacle --real --late 2024-01-21T20:00Z",
)
def record(
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="moneyline, ats, totals …")] = None,
    game: Annotated[
        str | None, typer.Argument(metavar="[GAME]", help="Its id, or away@home with --week or --date.")
    ] = None,
    side: Annotated[str | None, typer.Argument(metavar="[PICK]", help='"BUF -3.5", "over 45.5" or BUF.')] = None,
    price: Annotated[str | None, typer.Option(help="American, decimal or fractional.")] = None,
    stake: Annotated[str | None, typer.Option(help="In the currency of the bankroll.")] = None,
    book: Book = None,
    paper: Annotated[
        bool | None, typer.Option("--paper/--real", help="Whether money is on it; one must be said.")
    ] = None,
    week: Week = None,
    date: Date = None,
    late: Annotated[
        str | None, typer.Option(metavar="TIME", help="When a bet was placed that is recorded only now (UTC).")
    ] = None,
    key: Key = None,
    recommended: Annotated[
        Path | None, typer.Option("--from", help="Take the bets that `busta bets recommend --json` wrote here.")
    ] = None,
    league: LeagueOption = "nfl",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Record a bet that was placed; the same bet twice is recorded once."""
    from busta.cli import show_bets
    from busta.workflows.bets.bets import record_bet, record_recommended

    typed = {
        "MARKET": market,
        "GAME": game,
        "PICK": side,
        "--price": price,
        "--stake": stake,
        "--paper or --real": paper,
    }
    if recommended is not None:
        if extra := [name for name, value in typed.items() if value is not None]:
            raise UsageError(f"with --from, {', '.join(extra)} cannot be given: the file says what is bet")
        result = record_recommended(settings(config), _slate(recommended), book=_needed({"--book": book})[0])
    else:
        words = _needed(typed | {"--book": book})
        result = record_bet(
            settings(config),
            *words[:3],
            price=words[3],
            stake=words[4],
            paper=words[5],
            book=words[6],
            league_name=league,
            week=week,
            date=date,
            late=late,
            key=key,
        )
    emit(result, as_json, show_bets.recorded)


def _needed(given: dict[str, Any]) -> list[Any]:
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        raise UsageError(f"{', '.join(lacking)} missing\n`busta bets record --help` says what is needed")
    return list(given.values())


def _slate(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UsageError(f"cannot read {file}: {exc.strerror}") from exc
    except ValueError as exc:
        raise DataError(f"{file} is no JSON; write it with busta bets recommend --json > {file}") from exc


@bets.command("void", epilog="Example: busta bets void 71093865848f --reason postponed")
def void(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY…]", help="Of the bets; first letters do.")] = None,
    game: Annotated[list[str] | None, typer.Option(help="All bets on the game of this id. May be repeated.")] = None,
    reason: Annotated[str, typer.Option(help="Why: postponed, abandoned, typed wrong …")] = "postponed",
    undo: Annotated[
        bool, typer.Option("--undo", help="Let void bets, or those on a game that was moved, stand.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Void bets: the stake comes back, and they are in no turnover."""
    from busta.cli import show_bets
    from busta.workflows.bets.bets import void_bets

    result = void_bets(settings(config), keys or (), games=game or (), reason=reason, undo=undo)
    emit(result, as_json, show_bets.voided)


@bets.command("settle", epilog="Example: busta bets settle")
def settle(as_json: Json = False, config: Config = None) -> None:
    """Settle bets by the scores that were ingested; corrected scores settle them anew."""
    from busta.cli import show_bets
    from busta.workflows.bets.bets import settle_bets

    emit(settle_bets(settings(config)), as_json, show_bets.settled)


@bets.command("show", epilog="Example: busta bets show")
def show(as_json: Json = False, config: Config = None) -> None:
    """Show bankroll, bets and their figures, real and paper apart."""
    from busta.cli import show_bets
    from busta.workflows.bets.bets import show_bets as run

    emit(run(settings(config)), as_json, show_bets.shown)


@bets.command("bankroll", epilog="Example: busta bets bankroll +100", context_settings={"ignore_unknown_options": True})
def bankroll(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Put in, as +100, or taken out, as -100.")],
    paper: Annotated[bool, typer.Option("--paper/--real", help="Which bankroll.")] = False,
    key: Key = None,
    note: Annotated[str | None, typer.Option(help="What for.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Put money into the bankroll, or take it out; it is no gain and no loss."""
    from busta.cli import show_bets
    from busta.workflows.bets.bets import move_bankroll

    emit(move_bankroll(settings(config), amount, paper=paper, key=key, note=note), as_json, show_bets.moved)


@bets.command("verify", epilog="Example: busta bets verify --head 1c51ae3c…")
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head written down earlier: shows whether the end was cut off.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Check the chain of hashes: was an entry changed, moved or removed? Exits 3 if so."""
    from busta.cli import show_bets
    from busta.workflows.bets.bets import verify_ledger

    result = verify_ledger(settings(config), head)
    emit(result, as_json, show_bets.verified)
    return 0 if result["sound"] else 3


@bets.command("export", epilog="Example: busta bets export bets.parquet")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends with .csv or .parquet.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Write all bets, and what came of them, to a table."""
    from busta.cli import show_bets
    from busta.workflows.bets.files import export_bets

    emit(export_bets(settings(config), file), as_json, show_bets.exported)


@bets.command("import", epilog="Example: busta bets import my-bets.csv --map book.toml")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A book's list of bets, as CSV.")],
    mapping: Annotated[Path, typer.Option("--map", metavar="TOML", help="What its columns mean.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Record the bets of a book's own list; those that are there already are not recorded again."""
    from busta.cli import show_bets
    from busta.workflows.bets.files import import_bets

    emit(import_bets(settings(config), file, mapping), as_json, show_bets.imported)
