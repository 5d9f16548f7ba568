"""All commands. Heavy imports stand inside the command that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from busta.cli.audit import EXAMPLE as AUDIT_EXAMPLE
from busta.cli.audit import audit
from busta.cli.backtest import EXAMPLE as BACKTEST_EXAMPLE
from busta.cli.backtest import backtest
from busta.cli.bets import bets
from busta.cli.explain import EXAMPLE as EXPLAIN_EXAMPLE
from busta.cli.explain import explain
from busta.cli.features import features
from busta.cli.models import evaluate, gate, models, promote, rollback
from busta.cli.odds import odds
from busta.cli.options import (
    Blind,
    Commands,
    Config,
    Json,
    LeagueName,
    LeagueOption,
    MarketName,
    Price,
    PriceOption,
    Search,
    Starters,
    emit,
    progress,
    searching,
    settings,
)
from busta.cli.price import EXAMPLE as PRICE_EXAMPLE
from busta.cli.price import price
from busta.cli.report import EXAMPLE as REPORT_EXAMPLE
from busta.cli.report import report
from busta.cli.reproduce import EXAMPLE as REPRODUCE_EXAMPLE
from busta.cli.reproduce import reproduce
from busta.cli.retrain import EXAMPLE as RETRAIN_EXAMPLE
from busta.cli.retrain import retrain
from busta.cli.serve import EXAMPLE as SERVE_EXAMPLE
from busta.cli.serve import keys, serve
from busta.cli.trial import trial
from busta.cli.watch import EXAMPLE as WATCH_EXAMPLE
from busta.cli.watch import watch
from busta.cli.week import EXAMPLE as WEEK_EXAMPLE
from busta.cli.week import week

app = typer.Typer(
    name="busta",
    cls=Commands,
    help="Sports-betting models that are judged against the closing line. Start with: busta quickstart",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(features, name="features")
app.add_typer(trial, name="trial")
app.add_typer(bets, name="bets")
app.add_typer(odds, name="odds")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"busta {version('busta')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; goes anywhere on the line.")
    ] = False,
) -> None: ...


@app.command(epilog="Example: busta init my-bets")
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", envvar="BUSTA_HOME", help="The workspace.")] = Path(),
    as_json: Json = False,
) -> None:
    """Write a commented busta.toml and the files of a DVC pipeline; never overwrites."""
    from busta.cli import show
    from busta.workflows.init import init as run

    emit(run(folder), as_json, show.init)


@app.command(
    epilog="Example: busta ingest nfl --from games.csv\n\nExample: busta ingest mine --from games.csv --map map.toml"
)
def ingest(
    league: LeagueName,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="Read this file or folder instead of downloading; may be repeated. "
            "For nfl: games.csv, a CSV of opening spreads, a JSON archive of odds. For nba: a CSV of results and odds.",
        ),
    ] = None,
    mapped: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="How to read the files, as TOML; describes a new league, too."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Download (or read) a league's games and odds, validate and store them."""
    from busta.cli import show
    from busta.workflows.data.ingest import ingest as run

    emit(run(settings(config), league, files or (), map_path=mapped), as_json, show.ingest)


@app.command(epilog="Example: busta sim --edge 2 --seed 7")
def sim(
    seasons: Annotated[int | None, typer.Option(help="Finished seasons.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the whole league.")] = None,
    edge: Annotated[float | None, typer.Option(help="Points by which the close is off for half of the teams.")] = None,
    open_bias: Annotated[float | None, typer.Option(help="Standard deviation of the open's error, in points.")] = None,
    close_correction: Annotated[float | None, typer.Option(help="Share of it that the close corrects.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Play the simulated league, whose true probabilities are known, and store it as league sim."""
    from busta.cli import show
    from busta.workflows.data.ingest import ingest as run

    world = {
        "seasons": seasons,
        "seed": seed,
        "edge": edge,
        "open_bias": open_bias,
        "close_correction": close_correction,
    }
    emit(run(settings(config, sim=world), "sim"), as_json, show.ingest)


@app.command(epilog="Example: busta train moneyline --blind")
def train(
    market: MarketName,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    through: Annotated[int | None, typer.Option(help="Last season to learn from.")] = None,
    first_test_season: Annotated[int | None, typer.Option(help="First season of the walk forward.")] = None,
    window: Annotated[
        int | None, typer.Option(help="Train on so many seasons before the test; by default on all.")
    ] = None,
    refit_weeks: Annotated[int | None, typer.Option(help="Fit anew every so many weeks within a season.")] = None,
    tune: Annotated[
        int | None, typer.Option(metavar="N", help="Try so many settings of the members, nested in the walk forward.")
    ] = None,
    search: Annotated[Search | None, typer.Option(help="How they are proposed.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the trees, and of a search.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Threads; changes no result.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to fit on instead; changes no result.")
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="A gold store made elsewhere.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File for a pipeline to track; --model takes it in place of a version.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Train a market's model, walk it forward beside the closing line, and register it."""
    from busta.cli import show
    from busta.workflows.training.train import train as run

    flags = {
        "first_test_season": first_test_season,
        "window": window,
        "refit_weeks": refit_weeks,
        "seed": seed,
        "jobs": jobs,
        "cluster": cluster,
    }
    chosen = settings(config, train=flags, tune={"trials": tune, "search": search.value if search else None})
    with progress(f"training {market}") as step:
        result = run(
            chosen,
            market,
            league,
            blind=blind,
            moment=price.value,
            through=through,
            gold_path=gold,
            out=out,
            progress=step,
            tuning=searching(step),
        )
    emit(result, as_json, show.trained)


@app.command(epilog="Example: busta predict moneyline --week 2022-18")
def predict(
    market: MarketName,
    week: Annotated[str | None, typer.Option(help="Season and week, as 2022-18.")] = None,
    date: Annotated[str | None, typer.Option(help="A day, as 2022-11-13.")] = None,
    games: Annotated[
        list[Path] | None, typer.Option(help="A file of games in the source's format; may be repeated.")
    ] = None,
    starters: Starters = None,
    league: LeagueOption = "nfl",
    blind: Blind = False,
    price: PriceOption = Price.close,
    model: Annotated[str | None, typer.Option(help="Version, champion, challenger or file of `train --out`.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Predict games: probability, fair price, edge and stake of the better side."""
    from busta.cli import show
    from busta.workflows.predicting.predict import Wanted
    from busta.workflows.predicting.predict import predict as run

    wanted = Wanted(week, date, tuple(games or ()))
    result = run(
        settings(config),
        market,
        wanted,
        league,
        blind=blind,
        moment=price.value,
        model=model,
        starters=starters or (),
    )
    emit(result, as_json, show.predicted)


app.command(epilog=PRICE_EXAMPLE)(price)
app.command(epilog=EXPLAIN_EXAMPLE)(explain)
app.command(epilog=BACKTEST_EXAMPLE)(backtest)
app.command(epilog=AUDIT_EXAMPLE)(audit)
app.command(epilog=REPORT_EXAMPLE)(report)
app.command(epilog=REPRODUCE_EXAMPLE)(reproduce)
app.command(epilog=WEEK_EXAMPLE)(week)
app.command(epilog=RETRAIN_EXAMPLE)(retrain)
app.command(epilog=WATCH_EXAMPLE)(watch)
app.command(epilog=SERVE_EXAMPLE)(serve)
app.add_typer(keys, name="keys")
app.command(epilog="Example: busta models moneyline")(models)
app.command(epilog="Example: busta promote moneyline 3")(promote)
app.command(epilog="Example: busta evaluate moneyline --model 2")(evaluate)
app.command(epilog="Example: busta gate moneyline")(gate)
app.command(epilog="Example: busta rollback moneyline")(rollback)


@app.command(epilog="Example: busta quickstart")
def quickstart(
    as_json: Json = False,
    config: Config = None,
) -> None:
    """From nothing to a verdict, on a fair simulated league and on one with a planted edge."""
    from busta.cli.show_quickstart import quickstart as show
    from busta.workflows.quickstart import quickstart as run

    def say(words: str) -> None:
        typer.echo(words, err=as_json)

    with progress("training") as step:
        result = run(settings(config), say=say, progress=step)
    emit(result, as_json, show)


@app.command(epilog="Example: busta doctor")
def doctor(as_json: Json = False, config: Config = None) -> int:
    """Check configuration, data, store, MLflow, versions and disk, and say what to do."""
    from busta.cli import show
    from busta.workflows.doctor import diagnose

    findings = diagnose(config)
    emit(findings, as_json, show.doctor, under="findings")
    return 0 if all(finding["ok"] for finding in findings) else 3
