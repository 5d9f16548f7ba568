"""A client of HTTP that costs little: raw connections that send the next request as soon as the last is answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"


@dataclass
class Load:
    """What came of it: seconds of each request, and how often each status and body came."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: dict[bytes, int] = field(default_factory=dict)
    broken: int = 0
    took: float = 0.0

    def quantile(self, share: float) -> float:
        """Milliseconds within which that share was answered."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.took if self.took else 0.0

    @property
    def failed(self) -> int:
        """Requests that were answered by something else than 200, or not at all."""
        return self.broken + sum(count for status, count in self.statuses.items() if status != 200)  # noqa: PLR2004


class Connection(asyncio.Protocol):
    """One connection that asks until it is told to stop."""

    def __init__(self, load: Load, request: Callable[[], bytes], until: float, keep: bool) -> None:
        self.load, self.request, self.until, self.keep = load, request, until, keep
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the first time."""
        self.transport = cast("asyncio.Transport", transport)
        self.ask()

    def ask(self) -> None:
        """Asks, unless the time is over."""
        if perf_counter() >= self.until:
            self.transport.close()
            self.done.set_result(None)
            return
        self.asked = perf_counter()
        self.transport.write(self.request())

    def data_received(self, data: bytes) -> None:
        """Counts an answer once it is whole."""
        self.read = self.read + data if self.read else data
        head = self.read.find(b"\r\n\r\n")
        if head < 0:
            return
        length = int(self.read[:head].lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(self.read) < head + 4 + length:
            return
        load = self.load
        load.seconds.append(perf_counter() - self.asked)
        status = int(self.read[9:12])
        load.statuses[status] = load.statuses.get(status, 0) + 1
        if self.keep:
            body = self.read[head + 4 :]
            load.bodies[body] = load.bodies.get(body, 0) + 1
        self.read = b""
        self.ask()

    def connection_lost(self, _: Exception | None) -> None:
        """Counts a connection that the server ended."""
        if not self.done.done():
            self.load.broken += 1
            self.done.set_result(None)


def post(path: str, body: bytes) -> bytes:
    """A request, as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(
    port: int, request: Callable[[], bytes], connections: int = 1, seconds: float = 5.0, *, keep: bool = False
) -> Load:
    """Asks over so many connections for so long; ``keep`` counts the bodies that come."""
    load = Load()

    async def all_of_them() -> None:
        start = perf_counter()
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: Connection(load, request, start + seconds, keep), HOST, port)
            for _ in range(connections)
        ]
        await asyncio.gather(*(protocol.done for _, protocol in made))
        load.took = perf_counter() - start

    uvloop.run(all_of_them())
    return load
