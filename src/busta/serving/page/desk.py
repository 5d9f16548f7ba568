"""What the page asks of workflows, which stand above it: each comes as a function."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

__all__ = ["Books", "Desk"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """The ledger and the trials, as the page needs them.

    Attributes:
        state: Changes whenever `show` would answer something else.
        show: What ``busta bets show --json`` prints.
        record: Records a bet: league, a recommended row with the price and stake that were taken, and the book.
        settle: What ``busta bets settle --json`` prints.
        clock: What time it is in a league.
        trials: What ``busta trial show --json`` printed of each trial when somebody last looked.
        mlflow: Address of MLflow's own pages; ``None`` where no server has them.
        books: Names of books that the settings know.
    """

    state: Callable[[], object]
    show: Callable[[], Json]
    record: Callable[[str, Mapping[str, Any], str], Json]
    settle: Callable[[], Json]
    clock: Callable[[str], datetime]
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

    def show(self) -> Json:
        """What ``busta bets show --json`` prints.

        Raises:
            BustaError: The ledger cannot be read.
        """
        with self._lock:
            state = self._desk.state()
            if state != self._state or not self._shown:
                self._shown, self._state = self._desk.show(), state
            return self._shown
