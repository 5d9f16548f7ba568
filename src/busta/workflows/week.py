"""Week: what a bettor does every week, in one go: ingest, build, predict, recommend, settle."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from filelock import FileLock, Timeout

from busta.data.publish import atomic_write
from busta.errors import BustaError, OutsideError, UsageError
from busta.ledger.predictions import prediction
from busta.ledger.storage import Ledger
from busta.plugins import market_names, pick, several
from busta.registry.connect import connect
from busta.registry.versions import model_name, now, versions
from busta.telemetry.logs import run_id
from busta.workflows.bets.bets import record_recommended, settle_bets
from busta.workflows.bets.recommend import recommend
from busta.workflows.bets.slip import Board
from busta.workflows.data.build import build
from busta.workflows.data.ingest import ingest
from busta.workflows.predicting.predict import Wanted, predict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from busta.data.schema import Moment
    from busta.settings import Settings

__all__ = ["STEPS", "week"]

STEPS = ("ingest", "build", "predict", "recommend", "record", "settle")


@dataclass
class _Run:
    """What the steps found, and which of them failed."""

    settings: Settings
    say: Callable[[str], None]
    found: dict[str, Any] = field(default_factory=lambda: {step: {} for step in STEPS})
    failed: dict[str, str] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)

    def step(self, name: str, league: str, work: Callable[[], Any]) -> bool:
        """Does one step of a league; whether it went well."""
        self.say(f"{league}: {name}")
        try:
            self.found[name][league] = work()
        except BustaError as exc:
            self.failed[f"{name}.{league}"] = str(exc)
            self.codes.append(exc.exit_code)
            return False
        return True


def week(
    settings: Settings,
    leagues: Sequence[str] | str = ("nfl",),
    *,
    paths: Sequence[Path | str] | Path | str = (),
    blind: bool = False,
    moment: Moment = "close",
    book: str | None = None,
    now: datetime | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Ingests, builds, predicts and recommends the coming week of each league, then settles what is finished.

    Running it twice changes nothing. Where a step of a league fails, the league's later ones are left out, as nobody
    should bet at yesterday's prices; the other leagues and the settlement are not. Predictions go into the ledger.

    Args:
        settings: All settings.
        leagues: Their names.
        paths: Files to read instead of downloading; of one league only.
        blind: By models that see no price of the game.
        moment: The price that is bet at.
        book: Record what is recommended as taken there, once a week of a league; by default nothing is recorded.
        now: What time it is; by default the clock's.
        say: Told of each step as it begins.

    Returns:
        The object ``busta week --json`` prints; ``exit_code`` is the highest of the steps that failed, else 0.

    Raises:
        UsageError: Files with several leagues, or an unknown league.
        OutsideError: Another run is under way in this workspace.
    """
    names = [pick("league", name).name for name in dict.fromkeys(several("leagues", leagues, str, "a league"))]
    if paths and len(names) != 1:
        raise UsageError(f"files are of one league, and {len(names)} are asked for: {', '.join(names) or 'none'}")
    run, started = _Run(settings, say), time.perf_counter()
    with _alone(settings):
        weeks = {name: _league(run, name, paths, blind, moment, book, now) for name in names}
        run.step("settle", "all", lambda: settle_bets(settings, now=now))
    return {
        "leagues": names,
        "week": weeks,
        **run.found,
        "settle": run.found["settle"].get("all"),
        "failed": run.failed,
        "exit_code": max(run.codes, default=0),
        "seconds": round(time.perf_counter() - started, 2),
    }


def _league(
    run: _Run, name: str, paths: Any, blind: bool, moment: Moment, book: str | None, now: datetime | None
) -> str | None:
    """One league's steps up to the first that fails; its coming week, if there is one."""
    settings = run.settings
    if not run.step("ingest", name, lambda: ingest(settings, name, paths)):
        return None
    if not run.step("build", name, lambda: build(settings, name)):
        return None
    board = Board(settings, name, now)
    coming = _coming(board)
    if coming is None:
        return None
    kind: dict[str, Any] = {"blind": blind, "moment": moment}
    wanted = Wanted(week=coming)
    if not run.step(
        "predict", name, lambda: _predicted(settings, name, wanted, kind, run.found["build"][name]["version"])
    ):
        return coming
    markets = list(run.found["predict"][name])
    ask = {**kind, "book": book, "now": board.now}
    if run.step("recommend", name, lambda: recommend(settings, markets, wanted, name, **ask)) and book:
        run.step("record", name, lambda: _recorded(settings, run.found["recommend"][name], coming, book, board.now))
    return coming


def _recorded(settings: Settings, found: dict[str, Any], coming: str, book: str, now: datetime) -> dict[str, Any]:
    """Records a week's bets once: beside open bets a second run would find others that were left out at first."""
    with Ledger.of(settings) as ledger:
        there = [entry.body for entry in ledger.read("bet")]
    for bet in there:
        taken = (bet["league"], f"{bet['season']}-{bet['week']:02}", bet["book"], bet["source"])
        if taken == (found["league"], coming, book, "recommended"):
            words = f"bets of week {coming} were recorded already; `busta bets record` takes more"
            return {"recorded": 0, "bets": [], "notes": {"again": words}}
    return record_recommended(settings, found, book=book, now=now)


def _coming(board: Board) -> str | None:
    """The first week with a game that is to come."""
    ahead = board.games.filter(pl.col("home_score").is_null() & (pl.col("kickoff") > board.now)).sort("kickoff")
    return f"{ahead['season'][0]}-{ahead['week'][0]:02}" if ahead.height else None


def _predicted(settings: Settings, league: str, wanted: Wanted, kind: dict[str, Any], gold: str) -> dict[str, Any]:
    """What each market's model says, kept in the ledger; a market without a model is left out."""
    registry = connect(settings)
    markets = [name for name in market_names() if versions(registry, model_name(league, name, **kind))]
    if not markets:
        raise UsageError(f"no market of {league} has a model of that kind; `busta train` makes one")
    found = {name: predict(settings, name, wanted, league, **kind) for name in markets}
    of_all = {
        "league": league,
        "information": "blind" if kind["blind"] else "anchored",
        "moment": kind["moment"],
        "gold_version": gold,
    }
    with Ledger.of(settings, run_id=run_id()) as ledger:
        for result in found.values():
            about = of_all | {"model": result["model"]}
            written = ledger.append(prediction(about | row) for row in result["predictions"])
            result["recorded"] = sum(entry.new for entry in written)
    return found


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keeps a second run out, which is told who is at work; a killed run keeps nobody out."""
    home = settings.workspace()
    lock, who = FileLock(home / ".week.lock", timeout=0), home / ".week.json"
    try:
        lock.acquire()
    except Timeout as exc:
        raise OutsideError(f"another `busta week` is at work in {home}{_who(who)}; wait for it or end it") from exc
    try:
        atomic_write(who, json.dumps({"process": os.getpid(), "since": now()}).encode())
        yield
    finally:
        who.unlink(missing_ok=True)
        lock.release()


def _who(file: Path) -> str:
    try:
        said = json.loads(file.read_bytes())
    except (OSError, ValueError):  # it has just begun, or just ended
        return ""
    return f": process {said['process']}, since {said['since']}"
