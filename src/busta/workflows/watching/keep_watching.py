"""Keep watching: a service that watches again and again, and tells Prometheus what it found last."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError, UsageError, without_password
from busta.plugins import pick, several
from busta.watch.metrics import text
from busta.workflows.serving.serve import address, keys_of, listen, require_key, server_options
from busta.workflows.watching.figures import Figures
from busta.workflows.watching.watch import watch

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from busta.data.schema import Moment
    from busta.settings import Serve, Settings

__all__ = ["HOST", "OUTCOMES", "PORT", "Rounds", "keep_watching", "tell"]

log = logging.getLogger(__name__)

OUTCOMES = ("done", "partly", "failed")
HOST, PORT = "127.0.0.1", 8001
HIGHEST = 65_535
"""Port."""
FASTEST, SLOWEST = 1.0, 31_536_000.0
"""Seconds from one round to the next, at the least and, a year, at the most."""
ENDS = 10.0
"""Seconds the server has to end."""


def keep_watching(
    settings: Settings,
    league_name: str = "nfl",
    markets: Sequence[str] | str | None = None,
    *,
    blind: bool = False,
    moment: Moment = "close",
    every: float = 300.0,
    host: str = HOST,
    port: int = PORT,
    then: Callable[[Mapping[str, Any]], object] | None = None,
    told: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Watches a league again and again, and tells Prometheus at ``/metrics`` what it found, until told to stop.

    Args:
        settings: All settings.
        league_name: League.
        markets: Their names or aliases; by default all that have a champion, round by round.
        blind: The models without any price of the game itself.
        moment: The price that is bet at.
        every: Seconds from the begin of a round to that of the next.
        host: Address to listen at; any but this machine's own asks for a key.
        port: Port; 0 takes any.
        then: What to do with what each round's watch found.
        told: Hears where, once the address is taken.

    Raises:
        UsageError: No such league, market or port, rounds that are too quick or too slow, or an address for others
            without a key.
        OutsideError: The address cannot be listened at.
    """
    if not FASTEST <= every <= SLOWEST:
        raise UsageError(
            f"a round every {every:g} seconds; at least {FASTEST:g} is needed, at most {SLOWEST:.0f} (--every)"
        )
    if not 0 <= port <= HIGHEST:
        raise UsageError(f"no port {port}; needed is 1 to {HIGHEST}, or 0 for any (--port)")
    for name in several("markets", markets or (), str, "a market"):
        pick("market", name)
    look = partial(watch, settings, league_name, markets, blind=blind, moment=moment)
    tell(settings, Rounds(look, Figures(settings, league_name), every, then), host, port, told)


class Rounds:
    """One round after the other; one that fails is logged and counted, and what was found before is told on.

    Args:
        look: What ``busta watch`` finds.
        figures: Gathers all else.
        every: Seconds from the begin of a round to that of the next.
        then: What to do with what each round found.
    """

    def __init__(
        self,
        look: Callable[[], Mapping[str, Any]],
        figures: Figures,
        every: float,
        then: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        self._look = look
        self._then = then
        self._figures = figures
        self._every = every
        self._stopped = False
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
        looked = self._part("watch", self._look, parts)
        if looked is not None:
            found["watched"] = [looked]
            if self._then is not None:
                self._part("then", partial(self._then, looked), parts)
        self._rounds["parts"] = parts
        return found, "done" if all(parts.values()) else "partly"

    def _part(self, name: str, work: Callable[[], Any], parts: dict[str, bool]) -> Any:
        """What a part of the round returns; ``None`` where it refuses, which is noted and logged."""
        try:
            found = work()
        except BustaError as exc:
            log.warning("%s: %s", name, without_password(str(exc)).splitlines()[0])
            parts[name] = False
            return None
        parts[name] = True
        return found

    def go_on(self) -> None:
        """Makes rounds until `stop`."""
        while not self._stopped:
            begun = time.monotonic()
            self.run()
            if not self._stopped:  # swallowed meanwhile
                time.sleep(max(begun + self._every - time.monotonic(), 0.0))

    def stop(self, *_: object) -> None:
        """Ends at once what is under way, as a signal's handler; where a library swallows that, after the round.

        Raises:
            KeyboardInterrupt: Always.
        """
        self._stopped = True
        raise KeyboardInterrupt


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
    listening.listen()  # who asks as soon as the address is told waits for the server, and is not turned away
    before = {number: signal.signal(number, rounds.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if told is not None:
            told({"url": f"{address(listening)}/metrics", "home": str(settings.workspace())})
        with _served(chosen, at, rounds, listening):
            rounds.go_on()
    except KeyboardInterrupt:
        log.info("told to stop")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
