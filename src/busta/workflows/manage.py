"""The registry as a person uses it: list, promote, roll back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from busta.errors import Refusal
from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED
from busta.plugins import league_names, market_names, pick
from busta.registry import trials as record
from busta.registry.connect import connect
from busta.registry.versions import (
    model_name,
    note,
    now,
    predecessor,
    promote,
    registered,
    resolve,
    rollback,
    versions,
)
from busta.workflows.champions import changing, reason_of
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
    reason: str | None = None,
    by: str = "promote",
) -> dict[str, Any]:
    """Makes a version the champion of its market, if the gate lets it pass or it is forced.

    The change is entered in the ledger before it is made, and again once it is (`busta.champion_history`). With
    ``require_trial``, or the setting ``trial.require``, the version also has to have won a trial against the champion
    that there is (`start_trial`).

    Args:
        settings: All settings.
        market_name: Market or alias.
        version: Number, or ``challenger``.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        force: Whether it becomes champion whatever the gate says.
        require_trial: Whether it has to have won a trial.
        reason: Why, for the ledger.
        by: The command that does it.

    Returns:
        The object ``busta promote --json`` prints.

    Raises:
        UsageError: There is no such version, or the reason is none.
        Refusal: The gate rejected it or was never asked; or it judged by other rules than those in force, before
            something else was tried on the market, or beside another champion; or it has not won a trial that is
            required.
        OutsideError: The ledger or MLflow is down, or another busta is changing that champion; nothing is changed.
    """
    words, registry = reason_of(reason), connect(settings)
    chosen = resolve(registry, _name(market_name, league_name, blind, moment), version)
    league, market = pick("league", league_name).name, pick("market", market_name).name
    with changing(settings, registry, chosen.name) as change:
        why = _objection(settings, registry, chosen, league, market)
        ask = "gate"
        if why is None and (require_trial or settings.trial.require):
            why, ask = _without_trial(registry, chosen, league, market), "trial start"
        if why and not force:
            again = _command(ask, market_name, league_name, chosen.number, blind=blind, moment=moment)
            raise _refused(chosen, why, again)
        result = {
            "model": chosen.name,
            "champion": chosen.number,
            "before": change.before,
            "verdict": chosen.tags.get("verdict"),
            "forced": why is not None,
        }
        if why is None and change.before == chosen.number:
            return result | {"notes": {}}
        about = {"league": league, "market": market} | _judged(chosen, why)
        change.begin(chosen.number, by, words, **about)
        if why:
            note(registry, chosen, {"forced": f"{now()} in spite of: {about['in_spite_of']}"})
        promote(registry, chosen)
        return result | {"notes": change.end()}


def _refused(version: Version, why: str, again: str) -> Refusal:
    advice = "" if why.startswith(_WAS_REJECTED) else f"run `{again}`; "
    about = f"version {version.number} of {version.name}"
    return Refusal(f"{about} {why}\n{advice}--force makes it champion all the same")


def _judged(version: Version, why: str | None) -> dict[str, Any]:
    """What the gate said of a version, and what stood in its way."""
    verdict = version.tags.get("verdict", "no verdict")
    words = None if why is None else f"{verdict}, but it {why}" if verdict in _GOOD else verdict
    said = {name: version.tags.get(name) for name in ("verdict", "verdict_reason")}
    return said | {"forced": why is not None, "in_spite_of": words}


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
    reason: str | None = None,
    by: str = "rollback",
) -> dict[str, Any]:
    """Makes the champion before this one champion again; entered in the ledger, as a promotion is.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        reason: Why, for the ledger.
        by: The command that does it.

    Returns:
        The object ``busta rollback --json`` prints.

    Raises:
        UsageError: There is none to go back to, or the reason is none.
        OutsideError: The ledger or MLflow is down, or another busta is changing that champion; nothing is changed.
    """
    words, registry = reason_of(reason), connect(settings)
    league, market = pick("league", league_name).name, pick("market", market_name).name
    name = _name(market, league, blind, moment)
    with changing(settings, registry, name) as change:
        earlier, _ = predecessor(registry, name)
        judged = _judged(resolve(registry, name, earlier), None)
        change.begin(earlier, by, words, league=league, market=market, **judged)
        number, before = rollback(registry, name)
        return {"model": name, "champion": number, "before": before, "notes": change.end()}


def _name(market: str, league: str, blind: bool, moment: Moment) -> str:
    return model_name(pick("league", league).name, pick("market", market).name, blind=blind, moment=moment)


def _date(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))
