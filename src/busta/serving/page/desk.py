"""What the page asks of workflows, which stand above it: each comes as a function."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from busta.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Books", "Desk"]

PATIENCE = 3.0
"""Seconds a page waits for the ledger: the first to read it after a start loads what that takes."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """The ledger and the trials, as the page needs them.

    Attributes:
        state: Changes whenever `show` would answer something else.
        show: What ``busta bets show --json`` prints.
        record: Records a bet: league, a recommended row with the price and stake that were taken, and the book.
        settle: What ``busta bets settle --json`` prints.
        clock: What time it is in a league that has a clock of its own; ``None`` for one of this world.
        trials: What ``busta trial show --json`` printed of each trial when somebody last looked.
        mlflow: Address of MLflow's own pages; ``None`` where no server has them.
        books: Names of books that the settings know.
    """

    state: Callable[[], object]
    show: Callable[[], Json]
    record: Callable[[str, Mapping[str, Any], str], Json]
    settle: Callable[[], Json]
    clock: Callable[[str], datetime | None]
    trials: Callable[[], Sequence[Json]]
    mlflow: str | None = None
    books: tuple[str, ...] = ()


class Books:
    """What the ledger amounts to, worked out only when it has changed; threads may share it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._state: object = None
        self._shown: Json = {}
        self._clocks: dict[str, datetime | None] = {}

    def show(self) -> Json:
        """What ``busta bets show --json`` prints.

        Raises:
            BustaError: The ledger cannot be read, or somebody is still reading it.
        """
        with self._alone():
            self._look()
            if not self._shown:
                self._shown = self._desk.show()
            return self._shown

    def now(self, league: str) -> datetime:
        """What time it is in a league; ours where nobody knows better.

        Raises:
            BustaError: Somebody is still reading the ledger.
        """
        with self._alone():
            if league not in self._clocks:
                self._clocks[league] = self._desk.clock(league)
            return self._clocks[league] or datetime.now(UTC)

    def _look(self) -> None:
        """Forgets everything where something has changed."""
        state = self._desk.state()
        if state != self._state:
            self._state, self._shown, self._clocks = state, {}, {}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=PATIENCE):
            raise OutsideError("it is still being read; open the page again in a moment")
        try:
            yield
        finally:
            self._lock.release()
