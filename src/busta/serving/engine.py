"""The slates in force: read from files, exchanged whole, never changed."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from busta.data.publish import current
from busta.errors import BustaError, unknown
from busta.serving.slate import Slate, read
from busta.serving.state import STATE, NothingServedError, read_state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Engine", "Kind"]

USUAL = "nfl"
log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """Which slate: ``league``, ``information`` (``anchored``, ``blind``) and ``price`` (``close``, ``open``)."""

    league: str
    information: str
    price: str


class Engine:
    """What is served.

    A request takes a slate once and answers from it alone: no answer is mixed from two versions.

    Args:
        root: The folder of all slates.
        token: Of the process that makes them, whose word is waited for; empty for nobody's.
        seconds: Between two looks at the folder.
    """

    def __init__(self, root: Path, token: str = "", seconds: float = 0.25) -> None:
        self.root = root
        self.slates: Mapping[Kind, Slate] = {}
        self.state: Mapping[str, Any] = {}
        self.problems: Mapping[str, str] = {}
        self._token = token
        self._seconds = seconds
        self._folders: dict[str, Path] = {}
        self._stop = threading.Event()
        self._served = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether there is something to serve, and somebody has looked whether it is the newest."""
        return self._served.is_set()

    def slate(self, league: str | None, information: str, price: str) -> Slate:
        """The slate of that kind; without a league, of the only one there is, else of the NFL.

        Raises:
            NothingServedError: There is none at all.
            UsageError: There is none of that kind; the message says which there are.
        """
        slates = self.slates
        if not slates:
            raise NothingServedError("no model is served yet; `busta train` and `busta promote` make one")
        names = sorted({kind.league for kind in slates})
        league = league or (names[0] if len(names) == 1 else USUAL)
        found = slates.get(Kind(league, information, price))
        if found is None:
            if league not in names:
                raise unknown("league", league, names)
            kinds = [f"{kind.information} at the {kind.price}" for kind in slates if kind.league == league]
            raise unknown(f"kind of {league} models", f"{information} at the {price}", kinds)
        return found

    def refresh(self) -> None:
        """Reads what is new; a slate that cannot be read leaves the one before it in force."""
        found = dict(self.slates)
        problems: dict[str, str] = {}
        for root in sorted(path for path in self.root.glob("*") if path.is_dir()):
            try:
                folder = current(root)
                if folder is None or folder == self._folders.get(root.name):
                    continue
                new = read(folder)
            except (OSError, ValueError, KeyError, BustaError) as exc:
                problems[root.name] = str(exc).splitlines()[0]
                log.warning("%s cannot be served: %s", root.name, problems[root.name])
                continue
            self._folders[root.name] = folder
            found[Kind(new.about["league"], new.about["information"], new.about["price"])] = new
        self.slates, self.problems = found, problems
        self.state = read_state(self.root / STATE)
        if self.slates and (not self._token or self.state.get("token") == self._token):
            self._served.set()

    def start(self) -> None:
        """Looks for what is new from now on, on a thread of its own."""
        self.refresh()
        threading.Thread(target=self._watch, name="busta-slates", daemon=True).start()

    def stop(self) -> None:
        """Ends the looking."""
        self._stop.set()
        self._served.set()

    def wait(self) -> None:
        """Waits until it is ready, or ends."""
        self._served.wait()

    def age(self) -> float | None:
        """Seconds since somebody last found that this is the newest; ``None`` where nobody has."""
        at = self.state.get("at")
        return None if at is None else max(time.time() - at, 0.0)

    def _watch(self) -> None:
        while not self._stop.wait(self._seconds):
            self.refresh()
