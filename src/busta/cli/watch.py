"""The command ``busta watch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from busta.cli.options import Blind, Config, Json, Price, PriceOption, emit, settings
from busta.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from busta.settings import Settings

__all__ = ["EXAMPLE", "watch"]

EXAMPLE = (
    "Example: busta watch nfl\n\nbusta watch nfl --market totals --through 2020\n\nbusta watch --every 300 --retrain"
)
MOST = 10
"""Features that are shown without an alarm."""


def watch(
    league: Annotated[str, typer.Argument(metavar="[LEAGUE]", help="nfl or nba; by default nfl.")] = "nfl",
    markets: Annotated[
        list[str] | None,
        typer.Option("--market", help="Only this market; may be repeated. By default all with a champion."),
    ] = None,
    blind: Blind = False,
    price: PriceOption = Price.close,
    through: Annotated[int | None, typer.Option(help="Last season to look at.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Look from this day, as 2022-11-15, at what was over.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Watch again and again, and tell Prometheus at /metrics, until told to stop."
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="With --every: address to listen at; by default this machine's own.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="With --every: port, by default 8001; 0 takes any.")] = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Then do what `busta retrain` would do by what was found.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> int:
    """Ask whether champions still read, say and forecast what they did; exits 0 if so, 3 if something alarms."""
    chosen = settings(config)
    kind: dict[str, Any] = {"blind": blind, "moment": price.value}
    if retrain and (through is not None or as_of is not None):
        raise UsageError("--retrain goes by what is known now; --through and --as-of look back")
    if every is not None or host is not None or port is not None:
        given = {name: value for name, value in (("every", every), ("host", host), ("port", port)) if value is not None}
        if every is None or through is not None or as_of is not None:
            raise UsageError("--host and --port go with --every SECONDS, and --through and --as-of do not")
        then = {"then": _then(chosen, league, markets, **kind)} if retrain else {}
        _keep(chosen, league, markets or None, as_json, **then, **kind, **given)
        return 0
    from busta.workflows.watching.watch import watch as run

    now = None if as_of is None else _day(as_of)
    result = run(chosen, league, markets or None, through=through, now=now, **kind)
    if retrain:
        result["retrain"] = _then(chosen, league, markets, **kind)(result)
    emit(result, as_json, _show)
    return (result["retrain"]["exit_code"] if retrain else 0) or (3 if result["alarms"] else 0)


def _then(chosen: Settings, league: str, markets: list[str] | None, **kind: Any) -> Any:
    """What is done with what the watch found."""
    from busta.workflows.retraining.retrain import after_watch

    return after_watch(chosen, league, markets or None, **kind)


def _keep(chosen: Settings, league: str, markets: list[str] | None, as_json: bool, **how: Any) -> None:
    from busta.workflows.watching.keep_watching import keep_watching

    keep_watching(chosen, league, markets, told=lambda found: emit(found, as_json, _listening), **how)


def _listening(found: dict[str, Any]) -> None:
    typer.echo(f"watching {found['home']}, told at {found['url']}; Ctrl-C stops it", err=True)


def _day(given: str) -> datetime:
    from datetime import UTC, datetime

    try:
        day = datetime.fromisoformat(given)
    except ValueError as exc:
        raise UsageError(f"--as-of {given}: needed is a day, as 2022-11-15") from exc
    return day.replace(tzinfo=day.tzinfo or UTC)


def _show(result: dict[str, Any]) -> None:
    """Models, then the features that alarm or come nearest to it."""
    from busta.cli.show import _console

    weeks = result["weeks"]
    since = f", weeks since {weeks[0]}" if weeks else ""
    typer.echo(
        f"{result['league']} as of {result['as_of'][:16].replace('T', ' ')} UTC{since}: {_alarms(result['alarms'])}"
    )
    _console.print(_models(result["models"]))
    if result["features"]:
        _console.print(_features(result["features"]))
    for group in result["groups"]:
        if group["alarm"]:
            old, usual = group["age_hours"], group["age_hours_before"]
            typer.echo(
                f"{group['group']}: values are {old:.0f} hours old when bets are decided; in training {usual:.0f}"
            )
    for model in result["models"]:
        for reason in model["reasons"]:
            typer.echo(f"{model['market']}: {reason}")
    for note in result["notes"].values():
        typer.echo(f"note: {note}")
    if "retrain" in result:
        from busta.cli.retrain import show

        show(result["retrain"])


def _alarms(count: int) -> str:
    return "no alarm" if not count else f"{count} alarm{'s'[: count > 1]}"


def _models(models: list[dict[str, Any]]) -> Any:
    from busta.cli.show import _table

    table = _table(
        "market", "version", "games", "log loss", "close", "ECE", "close", "evidence", "predictions", "triggers"
    )
    for model in models:
        rolling, decay = model["rolling"], model["decay"]
        table.add_row(
            model["market"],
            str(model["version"]),
            str(model["games"]),
            *(_figure(rolling[name]) for name in ("log_loss", "closing_log_loss", "ece", "closing_ece")),
            f"{decay['e_value']:.3g} of {decay['threshold']:.3g}",
            f"{_figure(model['predictions']['psi'])} of {_figure(model['predictions']['psi_critical'])}",
            ", ".join(model["triggers"]) or "none",
        )
    return table


def _features(features: list[dict[str, Any]]) -> Any:
    """Those with an alarm, else the least likely."""
    from busta.cli.show import _table

    alarmed = [row for row in features if row["alarm"]]
    nearest = sorted(features, key=lambda row: 1.0 if row["p"] is None else row["p"])
    table = _table(
        "feature", "games", "PSI", "alarm at", "KS", "p", "shift", "missing", "outside", "read by",
        title=None if alarmed else f"nearest to an alarm, of {len(features)}",
    )  # fmt: skip
    for row in alarmed or nearest[:MOST]:
        table.add_row(
            row["feature"],
            str(row["games"]),
            *(_figure(row[name]) for name in ("psi", "psi_critical", "ks")),
            "-" if row["p"] is None else f"{row['p']:.2g}",
            "-" if row["shift"] is None else f"{row['shift']:+.2f}",
            f"{row['missing']:.0%}",
            f"{row['outside']:.0%}",
            ", ".join(row["read_by"]) or "none",
        )
    return table


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
