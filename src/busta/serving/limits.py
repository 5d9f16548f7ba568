"""How often one client may ask: a bucket of tokens each, that fills at the rate."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Buckets"]

MOST = 10_000
"""Clients remembered; who has not asked for longest is forgotten first."""


class Buckets:
    """A token bucket a client.

    Args:
        rate: Tokens a second.
        burst: Tokens a bucket holds.
        clock: Seconds that only rise.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, tokens: float = 1.0) -> float:
        """Takes tokens; returns 0, or the seconds until there are enough where there are not."""
        now = self._clock()
        left, then = self._buckets.get(client, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.rate)
        short = tokens - left
        self._buckets[client] = (left if short > 0 else left - tokens, now)
        self._buckets.move_to_end(client)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return max(short, 0.0) / self.rate

    def empty(self, client: str) -> bool:
        """Whether it has no token left, taking none."""
        left, then = self._buckets.get(client, (self.burst, self._clock()))
        return left + (self._clock() - then) * self.rate < 1.0
