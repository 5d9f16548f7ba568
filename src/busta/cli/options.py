"""Options that many commands share, the settings they make, and how a command line that cannot be read ends."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from busta.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from busta.settings import Settings

log = logging.getLogger(__name__)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file; by default busta.toml in the workspace.")]
MarketName = Annotated[str, typer.Argument(metavar="MARKET", help="moneyline, ats, totals (or over-under).")]
LeagueName = Annotated[str, typer.Argument(metavar="LEAGUE", help="nfl or nba; sim and sim-edge are simulated.")]
LeagueOption = Annotated[str, typer.Option("--league", help="nfl or nba; sim and sim-edge are simulated.")]
Blind = Annotated[bool, typer.Option("--blind", help="Leave out every price of the game itself.")]


Starters = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="TEAM=NAME", help="Who starts a coming game, or TEAM=new for a first start. May be repeated."
    ),
]


class Price(StrEnum):
    """The price that is bet at."""

    open = "open"
    close = "close"


class Search(StrEnum):
    """How a search proposes settings."""

    tpe = "tpe"
    random = "random"
    grid = "grid"


PriceOption = Annotated[Price, typer.Option("--price", help="The price that is bet at.")]


class Commands(TyperGroup):
    """Commands whose parser speaks as all of busta does: one or two lines, what was given and what is allowed."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Runs one of them.

        Raises:
            UsageError: The command line cannot be read.
            OutsideError: The machine has too little memory.
        """
        try:
            return super().main(*arguments, **options)
        except typer.TyperException as exc:
            if exc.format_message().startswith("Usage: "):  # nothing was given: this is the help
                raise
            raise UsageError(_explain(exc)) from exc
        except MemoryError as exc:
            raise OutsideError(
                f"out of memory{f': {exc}' if str(exc) else ''}\n"
                "ask for less (fewer seasons, files or jobs), or run it on a machine that has more"
            ) from exc


def _explain(error: Any) -> str:
    """What a parser's error says of the word it met, and whose ``--help`` says more."""
    said = " ".join(error.format_message().split()).removesuffix(".").replace("Value error, ", "")
    param, cause = getattr(error, "param", None), error.__cause__
    if cause is None and param is not None and param.help:  # an argument is missing
        said += f": {param.help.removesuffix('.')}"
    elif cause is not None and repr(given := cause.errors()[0]["input"]) not in said:  # pydantic's
        said += f"; given: {given!r}"
    return f"{said}\n`{error.ctx.command_path if error.ctx else 'busta'} --help` says what is allowed"


def settings(config: Path | None, **flags: Any) -> Settings:
    """The settings in force, logs set up by them; a flag that was not given (``None``) says nothing."""
    from busta.telemetry.logs import setup
    from busta.workflows.start import load

    found = load(config, **_given(flags))
    setup(found)
    log.info("busta works in %s", found.home)
    return found


def _given(flags: dict[str, Any]) -> dict[str, Any]:
    nested = {name: _given(value) if isinstance(value, dict) else value for name, value in flags.items()}
    return {name: value for name, value in nested.items() if value is not None and value != {}}


def emit(result: Any, as_json: bool, show: Callable[[Any], None], *, under: str | None = None) -> None:
    """Prints a result for programs, as one object (a list stands ``under`` a name), or for people."""
    if as_json:
        typer.echo(
            json.dumps(result if under is None else {under: result}, ensure_ascii=False, allow_nan=False, default=str)
        )
    else:
        show(result)


def searching(step: Callable[[int, int], None]) -> Callable[[int, int, float | None], None]:
    """What is seen of a search: how far it is, and each new best, a line on standard error."""
    best: list[float] = []

    def told(done: int, of: int, loss: float | None) -> None:
        step(done, of)
        if loss is not None and (not best or loss < best[-1]):
            best.append(loss)
            typer.echo(f"candidate {done} of {of}: least log loss of the guiding seasons {loss:.4f}", err=True)

    return told


@contextmanager
def progress(words: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, only where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
