"""The steps of a retraining, from what the record says was the last one to where it goes no further today."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from busta.errors import Refusal
from busta.performance.gate.verdict import REJECTED
from busta.registry.publish import finish
from busta.registry.trials import RECIPE
from busta.registry.versions import noted, resolve, versions
from busta.trials.rule import RUNNING, WIN
from busta.watch.retraining import (
    NOTHING,
    PROMOTE,
    REFUSE,
    ROLL_BACK,
    TRAIN,
    WAIT,
    Decision,
    decide_challenger,
    decide_champion,
    decide_training,
)
from busta.watch.verdict import DECAY
from busta.workflows.champions import end_what_was_begun
from busta.workflows.judging.gate import gate
from busta.workflows.manage import promote_version, roll_back
from busta.workflows.predicting.forecast import other_champion
from busta.workflows.retraining import record
from busta.workflows.retraining.facts import contradicted, facts_of, paired_of
from busta.workflows.training.recipe import as_trained
from busta.workflows.training.record import recipe_of
from busta.workflows.training.train import train
from busta.workflows.trials.trial import start_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.workflows.retraining.facts import Job
    from busta.workflows.retraining.record import State

__all__ = ["advance", "told"]

_DONE = (record.RETRAINED, record.PROMOTED)
BY = "retrain"
"""Who changed the champion, in the history of champions."""


def advance(job: Job) -> dict[str, Any]:
    """One step after the other, until one has nothing more to do."""
    if not job.dry:
        end_what_was_begun(job.settings, job.registry, job.name)
    back = _leave(job) or _probation(job)
    if back is not None:
        return back
    while True:
        state = job.diary.state
        end = _STEPS[state.stage](job, state)
        if end is not None:
            return end


def told(job: Job, decision: str, reason: str, triggers: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """What is printed of a model."""
    champion = other_champion(job.registry, job.name)
    return {
        "model": job.name,
        "market": job.market.name,
        "decision": decision,
        "reason": reason,
        "triggers": list(triggers),
        "champion": champion.number if champion else None,
        "challenger": None,
        "notes": job.notes,
    } | more


def _idle(job: Job, state: State) -> dict[str, Any] | None:
    """Whether to train."""
    champion = other_champion(job.registry, job.name)
    if champion is None:
        return told(job, NOTHING, "there is no champion; `busta train` and `busta promote` make the first one")
    facts = facts_of(job, state, champion)
    decision = decide_training(facts, job.settings.retrain)
    if decision.act == TRAIN and contradicted(job, champion):  # what is wrong today would be learned
        words = "today's data have games otherwise than the champion was judged on (BST014): look at the source"
        decision = Decision(REFUSE, f"{words}, or train and promote by hand ({decision.reason})", decision.triggers)
    of_now = {"champion": champion.number, "results": facts.results, "triggers": list(decision.triggers)}
    act = record.REFUSED if decision.act == REFUSE else decision.act
    if job.dry or decision.act != TRAIN:
        _note_look(job, decision, act, champion, of_now)
        return told(job, act, decision.reason, decision.triggers)
    newest = versions(job.registry, job.name)[0].number
    job.diary.write(TRAIN, decision.reason, state.attempt + 1, newest=newest, **of_now)
    return None


def _note_look(job: Job, decision: Decision, act: str, champion: Version, of_now: Mapping[str, Any]) -> None:
    """Written is what changed: what is reported, what calls, what follows."""
    if job.dry:
        return
    on = job.on(champion)
    reported = None if on is None else sorted(on)
    news = [decision.act, champion.number, reported, list(decision.triggers)]
    word = act if act == record.REFUSED else record.LOOKED
    job.diary.look(word, decision.reason, news, on=reported, **of_now)


def _train(job: Job, state: State) -> dict[str, Any] | None:
    """Trains by the champion's recipe, unless that was done before a kill."""
    champion = other_champion(job.registry, job.name)
    if champion is None or champion.number != state.known["champion"]:
        return _refuse(job, state, _changed(champion))
    if job.dry:
        return told(job, TRAIN, "a training was begun and has not ended", state.known["triggers"])
    chosen = as_trained(job.settings, job.registry, champion)
    version = _trained_already(job, state, chosen)
    if version is None:
        job.say(f"training {job.name}: {state.known['reason']}")
        number = train(chosen, job.market.name, job.league.name, **job.kind)["model_version"]
        version = resolve(job.registry, job.name, number)
    else:
        finish(job.registry, job.name, version.number, version.run_id)
    reason = f"{version.tags['verdict']}: {version.tags['verdict_reason']}"
    _write(job, record.RETRAINED, reason, version, verdict=version.tags["verdict"], champion=champion.number)
    return None


def _trained_already(job: Job, state: State, chosen: Settings) -> Version | None:
    """The version that this retraining made before it was killed: newer than all before, of this data and recipe."""
    wanted = {"gold_version": str(job.gold.manifest["version"]), RECIPE: recipe_of(chosen, job.data)}
    for version in versions(job.registry, job.name):
        if int(version.number) > int(state.known["newest"]) and wanted.items() <= dict(version.tags).items():
            return version
    return None


def _shadow(job: Job, state: State) -> dict[str, Any] | None:
    """What becomes of the challenger: the gate has spoken, now the games do."""
    champion, challenger = _two(job, state)
    if challenger is None or champion is None or champion.number != state.known["champion"]:
        return _refuse(job, state, _gone(state) if challenger is None else _changed(champion))
    if challenger.tags["trained_through"] <= champion.tags["trained_through"]:
        return _refuse(job, state, "no new data: it learned from no game that the champion has not")
    if challenger.tags["verdict"] == REJECTED:
        return _refuse(job, state, f"the gate rejected it: {challenger.tags['verdict_reason']}")
    tried = job.settings.trial.require or challenger.tags[RECIPE] != champion.tags[RECIPE]
    if tried:
        decision = _in_trial(job, challenger)
    else:
        paired = paired_of(job, champion, challenger)
        decision = decide_challenger(paired, job.settings.retrain, job.settings.trial.alpha)
    if decision.act == REFUSE:
        return _refuse(job, state, decision.reason)
    if decision.act == WAIT or job.dry:
        if state.stage != record.SHADOW and not job.dry:
            _write(job, record.SHADOW, decision.reason, challenger, champion=champion.number)
        return told(job, decision.act, decision.reason, state.known["triggers"], challenger=challenger.number)
    _write(job, record.PROMOTING, decision.reason, challenger, champion=champion.number, tried=tried)
    return None


def _in_trial(job: Job, challenger: Version) -> Decision:
    """A new recipe, or one of which the settings ask it, has to win a declared trial: it claims to be better."""
    if job.dry:
        return Decision(WAIT, "a declared trial decides: its recipe is not the champion's, or trial.require is set")
    found = start_trial(job.settings, job.market.name, job.league.name, model=challenger.number, **job.kind)
    words = f"trial {found['trial']}: {found['reason']}"
    if found["decision"] == RUNNING:
        return Decision(WAIT, words)
    return Decision(PROMOTE if found["decision"] == WIN else REFUSE, words)


def _promote(job: Job, state: State) -> dict[str, Any] | None:
    """Asks the gate again, which knows by now what else was tried, and promotes by its rule; never by force."""
    champion, challenger = _two(job, state)
    before = state.known["champion"]
    if challenger is None:
        return _refuse(job, state, _gone(state))
    if job.dry:
        return told(job, PROMOTE, state.known["reason"], challenger=challenger.number)
    if champion is None or champion.number not in (before, challenger.number):
        return _refuse(job, state, _changed(champion))
    if champion.number != challenger.number:
        job.say(f"promoting version {challenger.number} of {job.name}")
        names = (job.market.name, challenger.number, job.league.name)
        gate(job.settings, job.market.name, job.league.name, model=challenger.number, **job.kind)
        try:
            tried, why = state.known["tried"], state.known["reason"]
            promote_version(job.settings, *names, require_trial=tried, **job.kind, by=BY, reason=why)
        except Refusal as exc:
            return _refuse(job, state, str(exc).splitlines()[0])
    reason = state.known["reason"]
    _write(job, record.PROMOTED, reason, challenger, before=before, champion=challenger.number)
    return told(job, record.PROMOTED, reason, challenger=challenger.number, before=before)


def _probation(job: Job) -> dict[str, Any] | None:
    """Whether the champion before the one that was promoted here has to come back."""
    reign, champion = job.diary.state.reign, other_champion(job.registry, job.name)
    if reign is None or champion is None or champion.number != reign["challenger"]:
        return None
    older = _there(job, reign["before"])
    if older is None:  # somebody deleted it, and there is nothing to go back to
        return None
    paired = paired_of(job, older, champion, datetime.fromisoformat(reign["at"]))
    decay = DECAY in (job.on(champion) or ())
    decision = decide_champion(paired, job.settings.retrain, job.settings.trial.alpha, decay=decay)
    if decision.act != ROLL_BACK:
        return None
    if contradicted(job, champion):
        job.notes["roll_back"] = (
            f"not rolled back, as results or prices of games it was judged on changed: it {decision.reason}"
        )
        return None
    if job.dry:
        return told(job, ROLL_BACK, decision.reason)
    more = {"champion": champion.number, "to": older.number, "results": int(job.finished.sum())}
    job.diary.write(ROLL_BACK, decision.reason, reign["attempt"], **more)
    return _leave(job)


def _leave(job: Job) -> dict[str, Any] | None:
    """Goes back to the champion before, once: whoever was killed in between is not gone back from again."""
    leaving, champion = job.diary.state.leaving, other_champion(job.registry, job.name)
    if leaving is None:
        return None
    if job.dry:
        return told(job, ROLL_BACK, leaving["reason"])
    reason, worse = leaving["reason"], resolve(job.registry, job.name, leaving["champion"])
    if champion is not None and champion.number == worse.number:
        job.say(f"rolling {job.name} back to version {leaving['to']}")
        roll_back(job.settings, job.market.name, job.league.name, by=BY, reason=reason, **job.kind)
    now = other_champion(job.registry, job.name)
    number = now.number if now else None
    _tag(job, record.ROLLED_BACK, reason, worse)
    more = {"champion": number, "before": worse.number, "challenger": worse.number}
    job.diary.write(record.ROLLED_BACK, reason, leaving["attempt"], **more)
    return told(job, record.ROLLED_BACK, reason, before=worse.number)


def _refuse(job: Job, state: State, reason: str) -> dict[str, Any]:
    """The end of a retraining that changes nothing."""
    known = state.known
    if not job.dry:
        challenger = known.get("challenger")
        version = _there(job, challenger) if challenger else None
        if version is not None:
            _tag(job, record.REFUSED, reason, version)
        job.diary.write(record.REFUSED, reason, known["attempt"], champion=known["champion"], challenger=challenger)
    return told(job, record.REFUSED, reason, known.get("triggers", ()), challenger=known.get("challenger"))


def _write(job: Job, decision: str, reason: str, challenger: Version, **more: Any) -> None:
    """Writes what was decided of a challenger, once it is done to the version, and then to the ledger."""
    if decision in _DONE:
        _tag(job, decision, reason, challenger)
    job.diary.write(decision, reason, job.diary.state.attempt, challenger=challenger.number, **more)


def _tag(job: Job, decision: str, reason: str, version: Version) -> None:
    tags = {"retrain": decision, "retrain_reason": reason, "retrain_at": job.now.isoformat()}
    job.notes |= noted(job.registry, version, tags, "decision")


def _two(job: Job, state: State) -> tuple[Version | None, Version | None]:
    """The champion there is, and the challenger of this retraining, unless somebody deleted it."""
    return other_champion(job.registry, job.name), _there(job, state.known["challenger"])


def _there(job: Job, number: str) -> Version | None:
    return next((version for version in versions(job.registry, job.name) if version.number == number), None)


def _gone(state: State) -> str:
    return f"version {state.known['challenger']} is gone"


def _changed(champion: Version | None) -> str:
    now = f"version {champion.number} is champion" if champion else "there is no champion"
    return f"by now {now}"


_STEPS: Mapping[str, Callable[[Job, Any], dict[str, Any] | None]] = {
    record.IDLE: _idle,
    TRAIN: _train,
    record.RETRAINED: _shadow,
    record.SHADOW: _shadow,
    record.PROMOTING: _promote,
}
