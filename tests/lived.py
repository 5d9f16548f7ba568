"""A workspace whose league is lived through: at each moment it has what was known then, and the clock says so."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unittest import mock

from busta.data.tables import Tables
from busta.leagues.simulation.life import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from busta.data.source import Batch
    from busta.settings import Settings


def live(settings: Settings, batch: Batch, now: datetime) -> None:
    """Ingests what was known at that time."""
    Tables(settings.tables / "sim").update(known(batch, now))


@contextmanager
def clock(now: datetime) -> Iterator[datetime]:
    """The time of `time.time`, which is MLflow's: it begins at ``now`` and goes on."""
    began, start = time.perf_counter(), now.timestamp()

    def passes() -> float:
        return start + time.perf_counter() - began

    with mock.patch.object(time, "time", passes):
        yield now


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
