r"""Retrain: when data or calendar call for it, train anew, and put the result in charge if the gate's rule allows.

    train -> retrained -> (shadow) -> promote -> promoted -> (probation) -> rolled back
                       \-> refused

Each step is written to the ledger before the next begins, under a lease that one process holds: a run that was
killed at any point is taken up by the next one where it ended, and nothing is done twice.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError, without_password
from busta.ledger.storage import Ledger
from busta.plugins import market_names, pick, several
from busta.registry.connect import connect
from busta.registry.versions import model_name, versions
from busta.telemetry.logs import run_id
from busta.watch.retraining import WAIT, next_try
from busta.watch.verdict import TRIGGERS
from busta.workflows.predicting.forecast import other_champion
from busta.workflows.retraining.facts import Job
from busta.workflows.retraining.record import FAILED, REFUSED, Diary, decisions
from busta.workflows.retraining.steps import advance, told
from busta.workflows.retraining.told import tell
from busta.workflows.watching.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from busta.data.schema import Moment
    from busta.registry.connect import Registry
    from busta.settings import Settings

__all__ = ["after_watch", "decisions", "retrain"]

log = logging.getLogger(__name__)

LEASE = "retrain"
_OUTSIDE, _NO = 5, 3


def retrain(
    settings: Settings,
    league_name: str = "nfl",
    markets: Sequence[str] | str | None = None,
    *,
    blind: bool = False,
    moment: Moment = "close",
    watched: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    dry_run: bool = False,
    unattended: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Looks after the champions of a league: trains, promotes and rolls back where the rules say so.

    Args:
        settings: All settings; the rules stand in ``[retrain]``, whom to tell in ``[notify]``.
        league_name: League.
        markets: Markets or aliases; by default all that have a model of that kind.
        blind: The models without any price of the game itself.
        moment: The price that is bet at.
        watched: What `watch` found; by default it is asked.
        now: What time it is; by default what the clock says.
        dry_run: Only say what would be done first.
        unattended: After failures, wait longer and longer before the next try.
        say: Called with what is being done.

    Returns:
        The object ``busta retrain --json`` prints.

    Raises:
        OutsideError: Another retraining is under way, or the ledger or MLflow is down.
        UsageError: No such league or market, or no workspace.
    """
    started, now = time.time(), now or datetime.now(UTC)
    league, registry = pick("league", league_name), connect(settings)
    about = {"league": league.name, "information": "blind" if blind else "anchored", "price": moment}
    with (
        Ledger.of(settings, run_id=run_id()) as ledger,
        ledger.lease(LEASE, settings.retrain.lease) as lease,
    ):
        wanted = _markets(registry, league.name, markets, blind=blind, moment=moment)
        notes: dict[str, str] = {}
        if watched is None:
            watched, notes = _watch(settings, registry, league.name, wanted, now, blind=blind, moment=moment)
        jobs = []
        for market in wanted:
            name = model_name(league.name, market, blind=blind, moment=moment)
            diary = Diary(ledger, {"model": name, "league": league.name, "market": market}, now, lease.check)
            job = Job(settings, registry, league, pick("market", market), blind, moment, now, diary, dry=dry_run)
            job.watched, job.say = _watched(watched, name), say
            jobs.append(job)
        models = [_look_after(job, unattended=unattended) for job in jobs]
        sent = [] if dry_run else tell(ledger, settings.notify, now)
    notes |= {f"notify.{each['target']}": each["error"] for each in sent if each["error"]}
    return {
        **about,
        "at": now.isoformat(),
        "dry_run": dry_run,
        "models": models,
        "told": sent,
        "exit_code": _exit_code(models, sent),
        "notes": notes,
        "seconds": round(time.time() - started, 2),
    }


def after_watch(
    settings: Settings,
    league_name: str,
    markets: Sequence[str] | str | None = None,
    *,
    blind: bool = False,
    moment: Moment = "close",
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What `busta watch --retrain` does with what the watch found: `retrain`, unattended, with a line in the log."""

    def act(found: Mapping[str, Any]) -> dict[str, Any]:
        result = retrain(settings, league_name, markets, blind=blind, moment=moment, watched=found, unattended=True)
        for model in result["models"]:
            level = logging.WARNING if model["decision"] == FAILED else logging.INFO
            log.log(level, "%s: %s: %s", model["model"], model["decision"], model["reason"])
        for notes in (result["notes"], *(model["notes"] for model in result["models"])):
            for note in notes.values():
                log.warning("%s", note)
        return result

    return act


def _markets(
    registry: Registry, league: str, asked: Sequence[str] | str | None, *, blind: bool, moment: Moment
) -> list[str]:
    """Those that were asked for, else those of which there is a model."""
    if asked is not None:
        return [pick("market", name).name for name in several("markets", asked, str, "a market")]
    named = {name: model_name(league, name, blind=blind, moment=moment) for name in market_names()}
    return [market for market, model in named.items() if versions(registry, model)]


def _watch(
    settings: Settings,
    registry: Registry,
    league: str,
    markets: Sequence[str],
    now: datetime,
    *,
    blind: bool,
    moment: Moment,
) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
    """What the watch says of their champions; where it cannot, why, and the other triggers are left."""
    if not set(TRIGGERS) & set(settings.retrain.triggers):
        return None, {}
    named = {name: model_name(league, name, blind=blind, moment=moment) for name in markets}
    reigning = [name for name, model in named.items() if other_champion(registry, model)]
    if not reigning:
        return None, {}
    try:
        return watch(settings, league, reigning, blind=blind, moment=moment, now=now), {}
    except BustaError as exc:
        words = without_password(str(exc)).splitlines()[0]
        return None, {"watched": f"drift and decay are not known: {words}"}


def _watched(watched: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    found = [each for each in (watched or {}).get("models", ()) if each["model"] == name]
    return found[0] if found else None


def _exit_code(models: Sequence[Mapping[str, Any]], sent: Sequence[Mapping[str, Any]]) -> int:
    """0, or what stands in the way: the first failure's code, an honest no, somebody who could not be told."""
    failed = [each["exit_code"] for each in models if each["decision"] == FAILED]
    if failed:
        return int(failed[0])
    if any(each["decision"] == REFUSED for each in models):
        return _NO
    return _OUTSIDE if any(each["error"] for each in sent) else 0


def _look_after(job: Job, *, unattended: bool) -> dict[str, Any]:
    """Takes one model as far as it goes today; a failure is written down, and the other models have their turn."""
    state = job.diary.state
    if unattended and state.failed_at and job.now < (again := next_try(state.failures, state.failed_at)):
        words = f"failed {state.failures} times in a row, next try after {again:%Y-%m-%d %H:%M}: {state.failure}"
        return told(job, WAIT, words)
    try:
        return advance(job)
    except BustaError as exc:
        reason, code = without_password(str(exc)).splitlines()[0], exc.exit_code
        if not job.dry:
            job.diary.fail(reason)
        return told(job, FAILED, reason) | {"exit_code": code}
    except Exception as exc:
        if not job.dry:
            job.diary.fail(f"a bug in busta ({type(exc).__name__})")
        raise
