"""Telling of retrainings: every decision worth telling goes to every target, once it was noted to have arrived.

What could not be told is tried again by the next retraining, for a week.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from busta.errors import OutsideError
from busta.ledger.chain import Draft
from busta.telemetry.notify import Notice, send, targets
from busta.workflows.retraining.record import KIND, RETRAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.ledger.storage import Entry, Ledger
    from busta.settings import Notify

__all__ = ["tell"]

NOTIFIED = "notified"
_TOO_OLD = timedelta(days=7)


def tell(log: Ledger, rules: Notify, now: datetime) -> list[dict[str, Any]]:
    """Tells what has not been told.

    Returns:
        ``event``, ``model``, ``target``, and the ``error`` of what could not be told, of each.

    Raises:
        OutsideError: The ledger is down.
    """
    found = []
    for entry, target in _waiting(log, rules, now):
        body = entry.body
        told = {"event": body["decision"], "model": body["model"], "target": target, "error": None}
        try:
            send(rules, target, _notice(entry))
        except OutsideError as exc:
            told["error"] = str(exc).splitlines()[0]
        else:
            what = {"what": NOTIFIED, "of": entry.seq, "target": target}
            log.append([Draft(KIND, f"{NOTIFIED}/{entry.seq}/{target}", what)])
        found.append(told)
    return found


def _waiting(log: Ledger, rules: Notify, now: datetime) -> Iterator[tuple[Entry, str]]:
    asked = targets(rules)
    if not asked:
        return
    entries = log.read(KIND)
    done = {(entry.body["of"], entry.body["target"]) for entry in entries if entry.body.get("what") == NOTIFIED}
    for entry in entries:
        body = entry.body
        if body.get("what") != RETRAIN or body["decision"] not in rules.events or body.get("again"):
            continue
        if now - datetime.fromisoformat(body["at"]) <= _TOO_OLD:
            yield from ((entry, target) for target in asked if (entry.seq, target) not in done)


def _notice(entry: Entry) -> Notice:
    body = entry.body
    return Notice(
        id=str(entry.seq),
        event=body["decision"],
        model=body["model"],
        champion=body.get("champion"),
        challenger=body.get("challenger"),
        reason=body["reason"],
        at=body["at"],
    )
