"""The registry as a person uses it: list, promote, roll back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from busta.errors import Refusal
from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED
from busta.plugins import league_names, market_names, pick
from busta.registry.connect import connect
from busta.registry.versions import model_name, note, now, promote, resolve, rollback, versions
from busta.workflows.record import RULES, rules_of

if TYPE_CHECKING:
    from busta.data.schema import Moment
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["list_models", "promote_version", "roll_back"]


def list_models(
    settings: Settings, market_name: str | None = None, league_name: str | None = None
) -> list[dict[str, Any]]:
    """All versions of all models, or of one market or league, newest first within a model."""
    leagues = [pick("league", league_name).name] if league_name else league_names()
    markets = [pick("market", market_name).name] if market_name else market_names()
    registry = connect(settings)
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
) -> dict[str, Any]:
    """Makes a version the champion of its market, if the gate lets it pass or it is forced, which is recorded.

    Raises:
        UsageError: There is no such version.
        Refusal: The gate rejected it, judged it by other rules than those in force, or was never asked.
    """
    registry = connect(settings)
    chosen = resolve(registry, _name(market_name, league_name, blind, moment), version)
    other_rules = chosen.tags.get(RULES) not in (None, rules_of(settings))
    forced = other_rules or chosen.tags.get("verdict") not in (FIT_TO_SERVE, FIT_TO_BET)
    if forced and not force:
        raise Refusal(_refusal(chosen, other_rules=other_rules))
    if forced:
        note(registry, chosen, {"forced": f"{now()} in spite of: {chosen.tags.get('verdict', 'no verdict')}"})
    before = promote(registry, chosen)
    return {
        "model": chosen.name,
        "champion": chosen.number,
        "before": before,
        "verdict": chosen.tags.get("verdict"),
        "forced": forced,
    }


def _refusal(version: Version, *, other_rules: bool) -> str:
    """Why a version may not become champion, and what to do."""
    about = f"version {version.number} of {version.name}"
    if other_rules:
        return f"{about} was judged by other rules than those in force\n`busta gate` judges it by these; or --force"
    if version.tags.get("verdict") == REJECTED:
        return f"{about} was rejected: {version.tags.get('verdict_reason')}\n--force makes it champion all the same"
    return f"{about} was never put to the gate\n`busta gate` does it; --force makes it champion all the same"


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
