"""The history of champions in the ledger: which version came to be one, when, by whom and why, and what the gate said.

    begun -> done
          -> not done

A change is entered before MLflow's alias is moved, and again once it is, under a lease that one process holds. Where
the ledger is down nothing is changed. Who is killed in between leaves a change without an end, which claims nothing:
the model's next change or retraining writes the end that MLflow tells.
"""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from busta.errors import OutsideError, UsageError
from busta.ledger.chain import Draft
from busta.ledger.storage import Ledger
from busta.plugins import pick
from busta.telemetry.logs import run_id
from busta.workflows.predicting.forecast import other_champion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.ledger.lease import Lease
    from busta.ledger.storage import Entry
    from busta.registry.connect import Registry
    from busta.settings import Settings

__all__ = ["BEGUN", "DONE", "NOT_DONE", "Change", "champion_history", "changing", "end_what_was_begun", "reason_of"]

KIND, WHAT = "audit", "champion"
BEGUN, DONE, NOT_DONE = "begun", "done", "not done"
SECONDS = 60.0
"""A process that gives no sign of life for so long keeps nobody from changing the champion."""
LONGEST_REASON = 500


class Change:
    """A change of one model's champion, held by this process alone.

    Attributes:
        before: Number of the champion there is; ``None``: there is none.
    """

    def __init__(self, ledger: Ledger, lease: Lease, name: str, before: str | None) -> None:
        self._ledger, self._lease, self._name, self.before = ledger, lease, name, before
        self._number = len(_begun(ledger, name))

    def begin(self, version: str, by: str, reason: str | None, **about: Any) -> None:
        """Enters what is about to be done.

        Args:
            version: Who is to be champion.
            by: The command.
            reason: Why, in the words of whoever asked for it.
            about: What else there is to say of it.

        Raises:
            OutsideError: The ledger is down, or the lease was lost; nothing may be changed then.
        """
        self._number += 1
        body = {"version": version, "before": self.before, "by": by, "who": _who(), "reason": reason, **about}
        self._write(BEGUN, BEGUN, body)
        self._lease.check()

    def end(self) -> dict[str, str]:
        """Enters that it is done; where the ledger has gone down since, says so, as the champion is changed."""
        try:
            self.close(DONE)
        except OutsideError as exc:
            words = str(exc).splitlines()[0]
            return {
                "ledger": f"the champion is changed, but the ledger has only its beginning: {words}; the next change "
                "or retraining of the model enters the end"
            }
        return {}

    def close(self, state: str) -> None:
        """Enters the end of the last change that was begun.

        Raises:
            OutsideError: The ledger is down.
        """
        self._write("end", state, {})

    def _write(self, key: str, state: str, body: dict[str, Any]) -> None:
        whole = {"what": WHAT, "model": self._name, "number": self._number, "state": state, **body}
        self._ledger.append([Draft(KIND, f"{WHAT}/{self._name}/{self._number}/{key}", whole)])


@contextmanager
def changing(settings: Settings, registry: Registry, name: str) -> Iterator[Change]:
    """Holds the right to change a model's champion; a change that was begun before and has no end gets it first.

    Args:
        settings: All settings.
        registry: Where the model is registered.
        name: Of the registered model.

    Raises:
        OutsideError: The ledger or MLflow is down, or another busta is changing that champion.
    """
    with Ledger.of(settings, run_id=run_id()) as ledger, ledger.lease(f"champion of {name}", SECONDS) as lease:
        champion = other_champion(registry, name)
        change = Change(ledger, lease, name, champion.number if champion else None)
        left = _without_end(ledger, name)
        if left is not None:
            change.close(DONE if left.body["version"] == change.before else NOT_DONE)
        yield change


def end_what_was_begun(settings: Settings, registry: Registry, name: str) -> None:
    """Enters the end of a change that a killed process left without one; of none, asks nobody anything.

    Raises:
        OutsideError: The ledger or MLflow is down, or another busta is changing that champion.
    """
    with Ledger.of(settings) as ledger:
        left = _without_end(ledger, name)
    if left is not None:
        with changing(settings, registry, name):
            pass


def champion_history(
    settings: Settings, market_name: str | None = None, league_name: str | None = None
) -> list[dict[str, Any]]:
    """Every change of a champion, oldest first: promotions by the gate or by force, and roll-backs.

    Args:
        settings: All settings.
        market_name: Market or alias; by default all.
        league_name: League; by default all.

    Returns:
        Of each ``seq`` and ``at`` of its entry in the ledger, ``model``, ``league``, ``market``, the ``version`` that
        became champion, the one ``before``, ``by`` which command, ``who`` ran it, ``run_id``, ``reason``, ``forced``,
        ``in_spite_of``, the gate's ``verdict`` and ``verdict_reason``, ``state`` (``done``, ``not done`` or ``begun``,
        where its end is not known) and ``ended_at``.

    Raises:
        UsageError: No such league or market, or no workspace.
        OutsideError: The ledger is down.
    """
    market = pick("market", market_name).name if market_name else None
    league = pick("league", league_name).name if league_name else None
    with Ledger.of(settings) as ledger:
        entries = _changes(ledger)
    ends = {_place(entry): entry for entry in entries if entry.body["state"] != BEGUN}
    rows = [_row(entry, ends.get(_place(entry))) for entry in entries if entry.body["state"] == BEGUN]
    return [row for row in rows if market in (None, row["market"]) and league in (None, row["league"])]


def reason_of(text: str | None) -> str | None:
    """A reason as a person gave it, on one line.

    Raises:
        UsageError: It is too long, or none at all.
    """
    if text is None:
        return None
    words = " ".join(text.split())
    if not words or len(words) > LONGEST_REASON or not words.isprintable():
        raise UsageError(f"reason {text!r:.60} cannot be right; give a text of up to {LONGEST_REASON} characters")
    return words


def _row(begun: Entry, end: Entry | None) -> dict[str, Any]:
    body = {key: value for key, value in begun.body.items() if key not in ("what", "number")}
    about = {"seq": begun.seq, "at": begun.at.isoformat(), **body, "run_id": begun.run_id}
    return about | {
        "state": end.body["state"] if end else BEGUN,
        "ended_at": end.at.isoformat() if end else None,
    }


def _place(entry: Entry) -> tuple[str, int]:
    return entry.body["model"], entry.body["number"]


def _changes(ledger: Ledger) -> list[Entry]:
    return [entry for entry in ledger.read(KIND) if entry.body.get("what") == WHAT]


def _begun(ledger: Ledger, name: str) -> list[Entry]:
    """The beginnings of all changes of a model's champion."""
    return [entry for entry in _changes(ledger) if entry.body["model"] == name and entry.body["state"] == BEGUN]


def _without_end(ledger: Ledger, name: str) -> Entry | None:
    """The last change, if it has no end."""
    begun = _begun(ledger, name)
    if not begun or ledger.find(KIND, f"{WHAT}/{name}/{len(begun)}/end"):
        return None
    return begun[-1]


def _who() -> str:
    """Whose process this is, and on which machine; a container's user may have a number alone."""
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
