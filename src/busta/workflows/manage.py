"""The registry as a person uses it: list, promote, roll back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from busta.errors import Refusal
from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED
from busta.plugins import league_names, market_names, pick
from busta.registry import trials as record
from busta.registry.connect import connect
from busta.registry.versions import model_name, note, now, promote, registered, resolve, rollback, versions
from busta.workflows.predicting.forecast import other_champion
from busta.workflows.training.record import CHAMPION_THEN, NOBODY, RULES, TRIALS, rules_of
from busta.workflows.trials.trial import won_trial

if TYPE_CHECKING:
    from busta.data.schema import Moment
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["list_models", "promote_version", "roll_back"]

_GOOD = (FIT_TO_SERVE, FIT_TO_BET)
_WAS_REJECTED = "was rejected"


def list_models(
    settings: Settings, market_name: str | None = None, league_name: str | None = None
) -> list[dict[str, Any]]:
    """All versions of all models, or of one market or league, newest first within a model."""
    leagues = [pick("league", league_name).name] if league_name else league_names()
    markets = [pick("market", market_name).name] if market_name else market_names()
    registry = connect(settings)
    there = registered(registry)  # one question instead of one for each of a hundred names
    names = [
        model_name(league, market, blind=blind, moment=moment)
        for league in leagues
        for market in markets
        for blind in (False, True)
        for moment in ("close", "open")
    ]
    return [
        {
            "model": version.name,
            "version": version.number,
            "aliases": list(version.aliases),
            "trained_at": version.tags.get("trained_at", _date(version.created)),
            "seasons": version.tags.get("seasons"),
            "gold_version": version.tags.get("gold_version"),
            "verdict": version.tags.get("verdict"),
            "forced": version.tags.get("forced"),
            "unproven_stakes": version.tags.get("unproven_stakes"),
            "run_id": version.run_id,
        }
        for name in names
        if name in there
        for version in versions(registry, name)
    ]


def promote_version(
    settings: Settings,
    market_name: str,
    version: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    force: bool = False,
    require_trial: bool = False,
) -> dict[str, Any]:
    """Makes a version the champion of its market, if the gate lets it pass or it is forced, which is recorded.

    With ``require_trial``, or the setting ``trial.require``, it also has to have won a trial against the champion
    that there is (`start_trial`).

    Raises:
        UsageError: There is no such version.
        Refusal: The gate rejected it or was never asked; or it judged by other rules than those in force, before
            something else was tried on the market, or beside another champion; or it has not won a trial that is
            required.
    """
    registry = connect(settings)
    chosen = resolve(registry, _name(market_name, league_name, blind, moment), version)
    league, market = pick("league", league_name).name, pick("market", market_name).name
    why = _objection(settings, registry, chosen, league, market)
    ask = "gate"
    if why is None and (require_trial or settings.trial.require):
        why, ask = _without_trial(registry, chosen, league, market), "trial start"
    forced = why is not None
    if why and not force:
        again = _command(ask, market_name, league_name, chosen.number, blind=blind, moment=moment)
        advice = "" if why.startswith(_WAS_REJECTED) else f"run `{again}`; "
        about = f"version {chosen.number} of {chosen.name}"
        raise Refusal(f"{about} {why}\n{advice}--force makes it champion all the same")
    if why:
        verdict = chosen.tags.get("verdict", "no verdict")
        words = f"{verdict}, but it {why}" if verdict in _GOOD else verdict
        note(registry, chosen, {"forced": f"{now()} in spite of: {words}"})
    before = promote(registry, chosen)
    return {
        "model": chosen.name,
        "champion": chosen.number,
        "before": before,
        "verdict": chosen.tags.get("verdict"),
        "forced": forced,
    }


def _objection(settings: Settings, registry: Registry, version: Version, league: str, market: str) -> str | None:
    """What stands in the way of a version becoming champion, as the end of a sentence; ``None``: nothing."""
    tags = version.tags
    if tags.get("verdict") not in (REJECTED, *_GOOD):
        return "was never put to the gate"
    if tags.get(RULES) not in (None, rules_of(settings)):
        return "was judged by other rules than those in force"
    if tags["verdict"] == REJECTED:
        return f"{_WAS_REJECTED}: {tags.get('verdict_reason')}"
    if TRIALS not in tags:
        return "was judged by an older busta, which did not note what else had been tried"
    more = record.count(record.trials(registry, league, market)) - int(tags[TRIALS])
    if more > 0:
        return f"was judged before {more} more trial{'s' if more > 1 else ''} of this market"
    champion = other_champion(registry, version.name, version.number)
    then, today = tags.get(CHAMPION_THEN, NOBODY), champion.number if champion else NOBODY
    return None if then == today else f"was judged while there was {_reign(then)}; now there is {_reign(today)}"


def _without_trial(registry: Registry, version: Version, league: str, market: str) -> str | None:
    """That a version won no trial against the champion, as the end of a sentence; ``None``: it did, or need not."""
    champion = other_champion(registry, version.name, version.number)
    if champion is None or won_trial(registry, league, market, champion, version):
        return None
    return f"has won no trial against champion {champion.number}"


def _reign(number: str) -> str:
    return "no other champion" if number == NOBODY else f"champion {number}"


def _command(ask: str, market: str, league: str, number: str, *, blind: bool, moment: Moment) -> str:
    """How the gate is asked about that version, or a trial of it started."""
    kind = ("" if league == "nfl" else f" --league {league}") + (" --blind" if blind else "")
    return f"busta {ask} {market}{kind}{'' if moment == 'close' else f' --price {moment}'} --model {number}"


def roll_back(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
) -> dict[str, Any]:
    """Makes the champion before this one champion again.

    Raises:
        UsageError: There is none to go back to.
    """
    name = _name(market_name, league_name, blind, moment)
    now, before = rollback(connect(settings), name)
    return {"model": name, "champion": now, "before": before}


def _name(market: str, league: str, blind: bool, moment: Moment) -> str:
    return model_name(pick("league", league).name, pick("market", market).name, blind=blind, moment=moment)


def _date(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))
