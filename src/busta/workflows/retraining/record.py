"""The record of retrainings in the ledger: what was decided and why, and how far an unfinished one had come.

What is about to be done is written before it is done ("train", "promote", "roll back"), and again once it is
("retrained", "promoted", "rolled back"), so that whoever comes after a kill knows where to go on. That nothing
needs doing is written only when it is news.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from busta.ledger.chain import Draft
from busta.ledger.storage import Ledger
from busta.watch.retraining import ROLL_BACK, TRAIN, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from busta.ledger.storage import Entry
    from busta.settings import Settings

__all__ = [
    "FAILED",
    "IDLE",
    "KIND",
    "LOOKED",
    "PROMOTED",
    "PROMOTING",
    "REFUSED",
    "RETRAIN",
    "RETRAINED",
    "ROLLED_BACK",
    "SHADOW",
    "Diary",
    "State",
    "decisions",
    "fold",
]

KIND, RETRAIN = "audit", "retrain"
IDLE = "idle"
RETRAINED, SHADOW, PROMOTING, PROMOTED = "retrained", "shadow", "promote", "promoted"
ROLLED_BACK, REFUSED, FAILED, LOOKED = "rolled back", "refused", "failed", "looked"
_STAGES = (TRAIN, RETRAINED, SHADOW, PROMOTING)


@dataclass(frozen=True)
class State:
    """What the record of one model amounts to.

    Attributes:
        attempt: Number of the last retraining, 0 before the first.
        stage: The last thing that is written of it: ``train``, ``retrained``, ``shadow`` or ``promote``; ``idle``
            once it has ended.
        known: What was written of that retraining, the later on top of the earlier.
        last: When it began, or the last roll-back if that came later.
        looks: What was reported of which champion, oldest first.
        reign: How the last champion that was promoted here came to be; ``None`` once it was rolled back.
        leaving: What was written of a roll-back that is not known to be done.
        news: What the last look amounted to; the same is no news.
        failures: In a row, up to now.
        failed_at: When the last one was.
        failure: Why.
        entries: How many there are.
    """

    attempt: int = 0
    stage: str = IDLE
    known: Mapping[str, Any] = field(default_factory=dict)
    last: Look | None = None
    looks: tuple[tuple[str, Look], ...] = ()
    reign: Mapping[str, Any] | None = None
    leaving: Mapping[str, Any] | None = None
    news: object = None
    failures: int = 0
    failed_at: datetime | None = None
    failure: str | None = None
    entries: int = 0


def fold(bodies: Iterable[Mapping[str, Any]]) -> State:
    """Folds what was written of one model, in its order."""
    state = State()
    for body in bodies:
        state = replace(_after(state, body), entries=state.entries + 1)
    return state


def _after(state: State, body: Mapping[str, Any]) -> State:
    decision, at = body["decision"], datetime.fromisoformat(body["at"])
    if decision == FAILED:
        return replace(state, failures=state.failures + 1, failed_at=at, failure=body["reason"])
    state = replace(state, failures=0, failed_at=None, failure=None)
    if "news" in body:
        return _looked(state, body, at)
    if decision == ROLL_BACK:  # what was learned from the newest games did no good: the gap begins anew
        return replace(state, leaving=body, last=Look(at, body["results"]))
    if decision == ROLLED_BACK:
        return replace(state, leaving=None, reign=None)
    if decision == TRAIN:
        begun = Look(at, body["results"])
        return replace(state, attempt=body["attempt"], stage=TRAIN, known=body, last=begun, news=None)
    stage, reign = decision if decision in _STAGES else IDLE, body if decision == PROMOTED else state.reign
    return replace(state, stage=stage, known={**state.known, **body}, reign=reign)


def _looked(state: State, body: Mapping[str, Any], at: datetime) -> State:
    looks = state.looks
    if body["on"] is not None:
        looks = (*looks, (body["champion"], Look(at, body["results"], frozenset(body["on"]))))
    return replace(state, looks=looks, news=body["news"])


class Diary:
    """Reads and writes the record of one model.

    Args:
        log: The ledger.
        about: Model, league and market, which stand in every entry.
        now: What time it is.
        check: Called before anything is written; raises where another has taken over.
    """

    def __init__(self, log: Ledger, about: Mapping[str, str], now: datetime, check: Callable[[], None]) -> None:
        self._log, self._about, self._now, self._check = log, about, now, check
        self._bodies = [entry.body for entry in _entries(log) if entry.body["model"] == about["model"]]

    @property
    def state(self) -> State:
        """How far it has come."""
        return fold(self._bodies)

    def write(self, decision: str, reason: str, attempt: int, **more: Any) -> None:
        """Writes what is about to be done or was done in a retraining, once.

        Raises:
            OutsideError: The ledger is down, or another has taken over.
        """
        self._append(f"{attempt}/{decision}", {"decision": decision, "reason": reason, "attempt": attempt, **more})

    def look(self, decision: str, reason: str, news: list[Any], **more: Any) -> None:
        """Writes what a look found, if it is other than what the last one did.

        Raises:
            OutsideError: The ledger is down, or another has taken over.
        """
        state = self.state
        if state.news != news:
            body = {"decision": decision, "reason": reason, "news": news, **more}
            self._append(f"{LOOKED}/{state.entries + 1}", body)

    def fail(self, reason: str, **more: Any) -> None:
        """Writes that a step failed.

        Raises:
            OutsideError: The ledger is down, or another has taken over.
        """
        state = self.state
        again = state.failure == reason
        body = {"decision": FAILED, "reason": reason, "again": again, "attempt": state.attempt, **more}
        self._append(f"{FAILED}/{state.entries + 1}", body)

    def _append(self, key: str, body: Mapping[str, Any]) -> None:
        self._check()
        whole = {"what": RETRAIN, **self._about, "at": self._now.isoformat(), **body}
        (entry,) = self._log.append([Draft(KIND, f"{RETRAIN}/{self._about['model']}/{key}", whole)])
        self._bodies.append(entry.body)


def decisions(settings: Settings, model: str | None = None) -> list[dict[str, Any]]:
    """All that was decided about retrainings, oldest first.

    Args:
        settings: All settings.
        model: Name of a registered model; by default all.

    Returns:
        ``seq``, ``at``, ``model``, ``league``, ``market``, ``decision``, ``reason`` and what else belongs to each.

    Raises:
        OutsideError: The ledger is down.
    """
    with Ledger.of(settings) as log:
        return [{"seq": entry.seq, **entry.body} for entry in _entries(log) if model in (None, entry.body["model"])]


def _entries(log: Ledger) -> list[Entry]:
    return [entry for entry in log.read(KIND) if entry.body.get("what") == RETRAIN]
