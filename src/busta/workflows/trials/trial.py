"""Trial: is the challenger better than the champion, on the games they are both asked about from now on?"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.errors import BustaError, OutsideError, UsageError
from busta.performance.significance.multiplicity import spent
from busta.plugins import pick
from busta.registry.ab_trials import ABTrial, Declared, ab_trials, conclude, declare
from busta.registry.connect import connect
from busta.registry.publish import CHALLENGER, CHAMPION
from busta.registry.versions import model_name, resolve
from busta.telemetry.logs import RUN_ID, run_id
from busta.trials.gains import gain_if_true
from busta.trials.prospects import prospects
from busta.trials.rule import FUTILE, RUNNING, WIN, Rule, decide
from busta.workflows.predicting.forecast import stored_forecasts
from busta.workflows.trials.evidence import Kind, by_week, common, figures, paired, seen
from busta.workflows.trials.money import arms_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.data.schema import Moment
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.trials.gains import Gains
    from busta.trials.rule import Decision

__all__ = ["show_trial", "start_trial", "stop_trial", "trial_of", "won_trial"]

_DECLARED = ("alpha", "planned", "beta", "margin", "horizon")


def start_trial(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str = CHALLENGER,
) -> dict[str, Any]:
    """Declares a trial of a version against the champion; games that kick off from now on count.

    Starting one that runs already changes nothing. What is declared stands in the section ``[trial]`` and holds
    for this trial; alpha and the number planned are those of the market's first trial.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        model: Version that is tried; by default the challenger.

    Returns:
        The object ``busta trial start --json`` prints: that of `show_trial`, and ``prospects``.

    Raises:
        UsageError: There is no champion, or no other version to try, or another trial is running.
        OutsideError: The registry is down.
    """
    kind = _kind(settings, market_name, league_name, blind, moment)
    champion, challenger = (resolve(kind.registry, _name(kind), wanted) for wanted in (CHAMPION, model))
    if champion.number == challenger.number:
        raise UsageError(f"version {champion.number} of {champion.name} is the champion; a trial needs another version")
    trial = _running(kind, champion, challenger) or _declared(kind, champion, challenger)
    hopes, why = _prospects(kind.registry, champion, challenger, _rule(trial))
    shown = _shown(kind, trial)
    return shown | {"prospects": hopes, "notes": shown["notes"] | _plan_note(settings, trial) | why}


def show_trial(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    number: int | None = None,
) -> dict[str, Any]:
    """How a trial stands; the first look that finds it decided notes so, and that holds.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        number: Which trial of the market; by default the last of this model.

    Returns:
        The object ``busta trial show --json`` prints.

    Raises:
        UsageError: There is no such trial.
        OutsideError: The registry is down, or a version's files are gone.
    """
    kind = _kind(settings, market_name, league_name, blind, moment)
    return _shown(kind, _wanted(kind, number))


def stop_trial(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
) -> dict[str, Any]:
    """Ends the running trial as futile, unless its games have decided it already; its part of alpha is spent.

    Returns:
        The object ``busta trial stop --json`` prints, that of `show_trial`.

    Raises:
        UsageError: No trial is running.
        OutsideError: The registry is down, or cannot be written to.
    """
    kind = _kind(settings, market_name, league_name, blind, moment)
    trial = _wanted(kind, None)
    if trial.decision:
        raise UsageError(
            f"no trial of {_name(kind)} is running; trial {trial.number} ended: {trial.decision['decision']}"
        )
    return _shown(kind, trial, stop=True)


def won_trial(registry: Registry, league: str, market: str, champion: Version, challenger: Version) -> bool:
    """Whether the challenger has won a trial against this champion; what nobody looked at has not been won."""
    pair = (champion.name, champion.number, challenger.number)
    return any(
        trial.decision.get("decision") == WIN
        for trial in ab_trials(registry, league, market)
        if (trial.declared.model, trial.declared.champion, trial.declared.challenger) == pair
    )


def trial_of(settings: Settings, registry: Registry, version: Version) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The last trial in which the version was champion or challenger, if any; why it cannot be shown."""
    tags = version.tags
    trials = ab_trials(registry, tags["league"], tags["market"])
    own = [
        trial
        for trial in trials
        if trial.declared.model == version.name
        and version.number in (trial.declared.champion, trial.declared.challenger)
    ]
    if not own:
        return None, {}
    moment: Moment = "open" if tags["price"] == "open" else "close"
    kind = _kind(settings, tags["market"], tags["league"], tags["information"] == "blind", moment)
    try:
        return _shown(kind, own[-1]), {}
    except BustaError as exc:
        return None, {"trial": f"trial {own[-1].number} cannot be shown: {str(exc).splitlines()[0]}"}


def _kind(settings: Settings, market: str, league: str, blind: bool, moment: Moment) -> Kind:
    return Kind(settings, connect(settings), pick("league", league), pick("market", market), blind, moment)


def _name(kind: Kind) -> str:
    return model_name(kind.league.name, kind.market.name, blind=kind.blind, moment=kind.moment)


def _trials(kind: Kind) -> list[ABTrial]:
    """All trials of the market; those of its other models take their part of alpha, too."""
    return ab_trials(kind.registry, kind.league.name, kind.market.name)


def _running(kind: Kind, champion: Version, challenger: Version) -> ABTrial | None:
    """The running trial of these two, if there is one; one of two others stands in the way."""
    for trial in _trials(kind):
        said = trial.declared
        if trial.decision or trial.deleted or said.model != champion.name:
            continue
        if (said.champion, said.challenger) == (champion.number, challenger.number):
            return trial
        raise UsageError(
            f"trial {trial.number} of {said.model}, version {said.challenger} against {said.champion}, is running\n"
            "`busta trial show` says how it stands, `busta trial stop` ends it"
        )
    return None


def _declared(kind: Kind, champion: Version, challenger: Version) -> ABTrial:
    """A new trial, by the settings in force; the lifetime's alpha was declared with the market's first."""
    trials, rules = _trials(kind), kind.settings.trial
    plan = trials[0].declared if trials else rules
    said = Declared(
        champion.name,
        champion.number,
        challenger.number,
        alpha=plan.alpha,
        planned=plan.planned,
        beta=rules.beta,
        margin=rules.margin,
        horizon=rules.horizon,
    )
    return declare(kind.registry, kind.league.name, kind.market.name, said, {RUN_ID: run_id()})


def _wanted(kind: Kind, number: int | None) -> ABTrial:
    own = [trial for trial in _trials(kind) if trial.declared.model == _name(kind)]
    if not own:
        raise UsageError(f"there is no trial of {_name(kind)} yet; `busta trial start` declares one")
    for trial in reversed(own):
        if number in (None, trial.number):
            return trial
    raise UsageError(f"{_name(kind)} has no trial {number}; it has: {', '.join(str(trial.number) for trial in own)}")


def _rule(trial: ABTrial) -> Rule:
    said = trial.declared
    return Rule(spent(said.alpha, trial.number, said.planned), said.alpha, said.beta, said.margin, said.horizon)


def _plan_note(settings: Settings, trial: ABTrial) -> dict[str, str]:
    said, asked = trial.declared, settings.trial
    changed = [name for name in _DECLARED if getattr(said, name) != getattr(asked, name)]
    words = [", ".join(f"{name} = {getattr(where, name):g}" for name in changed) for where in (asked, said)]
    return {"plan": f"the settings ask for {words[0]}; {words[1]} was declared and holds"} if changed else {}


def _prospects(
    registry: Registry, champion: Version, challenger: Version, rule: Rule
) -> tuple[list[dict[str, Any]] | None, dict[str, str]]:
    """How such a trial ends if the challenger is no better, better by the margin, or right in all it says."""
    try:
        both = common(*(stored_forecasts(registry, version) for version in (champion, challenger)))
    except (OutsideError, UsageError) as exc:
        return None, {"prospects": f"not known: {str(exc).splitlines()[0]}"}
    past, most = paired(*both), gain_if_true(*(each.probability for each in both)) if len(both[0]) else 0.0
    gains = sorted({0.0, min(rule.margin, most), most})
    known = [asdict(each) for gain in gains if (each := prospects(past, rule, gain)) is not None]
    if not known:
        return None, {"prospects": "not known: the two walks forward share too few weeks"}
    words = f"the two say nearly the same: if the challenger is right it gains {most:.2g}, less than the margin"
    return known, {"prospects": words} if most < rule.margin else {}


def _shown(kind: Kind, trial: ABTrial, *, stop: bool = False) -> dict[str, Any]:
    """The object of a trial; its end is noted where it has just been found or is asked for."""
    said, rule = trial.declared, _rule(trial)
    versions = [resolve(kind.registry, said.model, number) for number in (said.champion, said.challenger)]
    looked = seen(kind, versions, trial.started)
    if trial.decision:
        looked = looked.until(trial.decision["last_week"])
    found = decide(looked.gains, rule)
    if found.at is not None:
        looked = looked.until(str(looked.gains.weeks[found.at]))
    ended, notes = _ended(kind.registry, trial, looked.gains, found, stop=stop)
    return {
        "model": said.model,
        "market": kind.market.name,
        "league": kind.league.name,
        "information": "blind" if kind.blind else "anchored",
        "price": kind.moment,
        "trial": trial.number,
        "trial_id": trial.id,
        "champion": said.champion,
        "challenger": said.challenger,
        "started": _date(trial.started),
        "rule": asdict(rule) | {"planned": said.planned},
        **ended,
        **figures(looked.gains, found, rule),
        "pending_games": looked.pending,
        "by_week": by_week(looked.gains, found),
        "arms": arms_of(kind.settings, trial.id, versions, looked.forecasts),
        "earlier": _earlier(kind, trial),
        "notes": notes,
    }


def _ended(
    registry: Registry, trial: ABTrial, gains: Gains, found: Decision, *, stop: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """Decision, reason and when; a decision that was noted holds, a new one is noted."""
    if trial.decision:
        kept = {name: trial.decision[name] for name in ("decision", "reason", "ended_at")}
        changed = found.outcome not in (RUNNING, kept["decision"])
        words = f"by the results as they are now it would be: {found.outcome}; what was decided holds"
        return kept, {"decision": words} if changed else {}
    outcome, reason = found.outcome, found.reason
    if outcome == RUNNING and stop:
        outcome, reason = FUTILE, f"stopped by hand, {reason}"
    if outcome == RUNNING:
        return {"decision": outcome, "reason": reason, "ended_at": None}, {}
    weeks = gains.weeks[: len(found.log_e_value)]
    decision = {"decision": outcome, "reason": reason, "last_week": str(weeks[-1]) if len(weeks) else ""}
    ended = {"decision": outcome, "reason": reason, "ended_at": _date(int(time.time() * 1000))}
    try:
        conclude(registry, trial, decision, _path(gains, found))
    except OutsideError as exc:
        if stop:
            raise
        return ended, {"noted": f"the decision could not be noted: {str(exc).splitlines()[0]}"}
    return ended, {}


def _path(gains: Gains, found: Decision) -> Sequence[dict[str, float]]:
    """What MLflow draws: the evidence and the games after each week."""
    games = np.cumsum(gains.games)
    return [{"log_e_value": float(log), "games": float(n)} for log, n in zip(found.log_e_value, games, strict=False)]


def _earlier(kind: Kind, trial: ABTrial) -> list[dict[str, Any]]:
    """The market's trials before this one, each of which has taken its part of alpha."""
    return [
        {
            "trial": other.number,
            "model": other.declared.model,
            "champion": other.declared.champion,
            "challenger": other.declared.challenger,
            "started": _date(other.started),
            "decision": other.decision.get("decision", "deleted" if other.deleted else RUNNING),
        }
        for other in _trials(kind)
        if other.number < trial.number
    ]


def _date(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
