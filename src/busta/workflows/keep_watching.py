"""Keep watching: a service that watches again and again, and tells Prometheus what it found last."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError, without_password
from busta.watch.metrics import text
from busta.workflows.serve import address, keys_of, listen, require_key, server_options

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from typing import NoReturn

    from busta.settings import Serve, Settings
    from busta.workflows.figures import Figures

__all__ = ["OUTCOMES", "Rounds", "tell"]

log = logging.getLogger(__name__)

OUTCOMES = ("done", "partly", "failed")
ENDS = 10.0
"""Seconds the server has to end."""


class Rounds:
    """One round after the other; one that fails is logged and counted, and what was found before is told on.

    Args:
        look: What ``busta watch`` finds.
        figures: Gathers all else.
        every: Seconds from the begin of a round to that of the next.
    """

    def __init__(self, look: Callable[[], Mapping[str, Any]], figures: Figures, every: float) -> None:
        self._look = look
        self._figures = figures
        self._every = every
        self._found: dict[str, Any] = {}
        self._rounds: dict[str, Any] = {"outcomes": dict.fromkeys(OUTCOMES, 0), "every": every}
        self._text = text({"rounds": self._rounds})

    def text(self) -> bytes:
        """What the last rounds found, as Prometheus reads it."""
        return self._text

    def run(self) -> str:
        """Makes one round; returns how it went, one of `OUTCOMES`."""
        begun, found, outcome = time.perf_counter(), self._found, "failed"
        try:
            found, outcome = self._round()
            text(found)  # what cannot be told is a failure, too
        except Exception:  # a bug, or a library's: the next round may go well
            log.exception("a round of the watch failed")
            found, outcome = self._found, "failed"
        self._found = found
        self._rounds["outcomes"][outcome] += 1
        self._rounds["seconds"] = time.perf_counter() - begun
        if outcome == "done":
            self._rounds["last_success"] = time.time()
        self._text = text(found | {"rounds": self._rounds})
        return outcome

    def _round(self) -> tuple[dict[str, Any], str]:
        gathered, parts = self._figures.gather()
        found = self._found | gathered
        try:
            found["watched"] = [self._look()]
            parts["watch"] = True
        except BustaError as exc:
            log.warning("watch: %s", without_password(str(exc)).splitlines()[0])
            parts["watch"] = False
        self._rounds["parts"] = parts
        return found, "done" if all(parts.values()) else "partly"

    def go_on(self) -> NoReturn:
        """Makes rounds for ever."""
        while True:
            begun = time.monotonic()
            self.run()
            time.sleep(max(begun + self._every - time.monotonic(), 0.0))


def tell(
    settings: Settings, rounds: Rounds, host: str, port: int, told: Callable[[dict[str, Any]], None] | None = None
) -> None:
    """Makes rounds and tells of them at ``/metrics`` until SIGTERM or Ctrl-C; ``told`` hears where.

    Raises:
        UsageError: Others can reach the address, and there is no key.
        OutsideError: The address cannot be listened at.
    """
    at = settings.serve.model_copy(update={"host": host, "port": port, "workers": 1})
    chosen = settings.model_copy(update={"serve": at})
    require_key(chosen)
    listening = listen(host, port)
    if told is not None:
        told({"url": f"{address(listening)}/metrics", "home": str(settings.workspace())})
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        with _served(chosen, at, rounds, listening):
            rounds.go_on()
    except KeyboardInterrupt:
        log.info("told to stop")
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _served(settings: Settings, at: Serve, rounds: Rounds, listening: socket.socket) -> Iterator[None]:
    """A server of the figures on a thread of its own."""
    import uvicorn

    from busta.serving.scrape import scraped
    from busta.telemetry.metrics import Metrics

    app = scraped(rounds.text, at, keys_of(settings), Metrics())
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **server_options()))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="busta-metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(ENDS)
