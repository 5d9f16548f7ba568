"""What the page asks of workflows, which stand above it: each comes as a function."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError, OutsideError, without_password

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

__all__ = ["Books", "Desk", "Ledger"]

Json = dict[str, Any]
PATIENCE = 3.0
"""Seconds a page waits for the ledger: the first to read it after a start loads what that takes."""


@dataclass(frozen=True)
class Ledger:
    """What the ledger amounts to.

    Attributes:
        state: Changes with its entries and with the tables.
        shown: What ``busta bets show --json`` prints; ``None`` where it cannot be read.
        clocks: What time it is in a league that has a clock of its own.
        broken: Why it cannot be read.
    """

    state: object = None
    shown: Json | None = None
    clocks: Mapping[str, datetime] = field(default_factory=dict)
    broken: str | None = None

    def now(self, league: str) -> datetime:
        """What time it is in a league."""
        return self.clocks.get(league) or datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """The ledger, the trials and the watch, as the page needs them. The first five can be sent to another process.

    Attributes:
        look: The ledger, given its state when it was last read; ``None`` where nothing has changed since.
        record: Records a bet: league, a recommended row with the price and stake that were taken, and the book.
        own: Records a bet that somebody placed, told as `busta.record_bet` is.
        void: Voids a bet for a reason, or lets it stand again: key, reason, whether it is to stand again.
        settle: What ``busta bets settle --json`` prints.
        notes: What whoever has MLflow noted last: ``stakes`` by kind of slate, and ``trials``.
        watched: What the last watch of a league found; ``None`` where there was none.
        mlflow: Address of MLflow's own pages; ``None`` where no server has them.
        books: Names of books that the settings know.
    """

    look: Callable[[object], Ledger | None]
    record: Callable[[str, Mapping[str, Any], str], Json]
    own: Callable[[Mapping[str, Any]], Json]
    void: Callable[[str, str, bool], Json]
    settle: Callable[[], Json]
    notes: Callable[[], Json]
    watched: Callable[[str], Json | None]
    mlflow: str | None = None
    books: tuple[str, ...] = ()


class Books:
    """The ledger as it was last read; it is worked out again only when it has changed.

    Args:
        desk: Who reads it.
        do: Calls a function with its arguments where that keeps nobody else waiting.
    """

    def __init__(self, desk: Desk, do: Callable[..., Awaitable[Any]]) -> None:
        self.desk = desk
        self.do = do
        self._last = Ledger()
        self._looking: asyncio.Future[Ledger] | None = None

    async def look(self) -> Ledger:
        """The ledger; where it cannot be read in time, why."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(self._looking)
        except TimeoutError:
            return Ledger(broken="it is still being read; open the page again in a moment")

    async def _look(self) -> Ledger:
        try:
            found = await self.do(self.desk.look, self._last.state)
        except BustaError as exc:
            return Ledger(broken=without_password(str(exc)))
        self._last = found or self._last
        return self._last

    async def shown(self) -> Json:
        """What ``busta bets show --json`` prints.

        Raises:
            OutsideError: It cannot be read.
        """
        found = await self.look()
        if found.shown is None:
            raise OutsideError(str(found.broken))
        return found.shown
