"""What Prometheus scrapes of a process that serves nothing else: one text, behind the guard of every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from busta.serving.guard import ROUTE, Guard
from busta.serving.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.serving.auth import Keys
    from busta.serving.guard import App, Receive, Scope, Send
    from busta.settings import Serve
    from busta.telemetry.metrics import Metrics

__all__ = ["METRICS", "scraped"]

METRICS = "/metrics"
LIVE = "/health/live"
KIND = b"text/plain; version=0.0.4; charset=utf-8"


def scraped(text: Callable[[], bytes], settings: Serve, keys: Keys, metrics: Metrics) -> App:
    """An ASGI application that answers ``/metrics`` and ``/health/live``.

    Args:
        text: What to tell, made anew by whoever asks.
        settings: Address, names and limits.
        keys: Who may ask, where others can reach it.
        metrics: Counts the requests; told, too.
    """

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["path"] not in (METRICS, LIVE) or scope["method"] not in ("GET", "HEAD"):
            raise Problem(404, f"there is nothing at {scope['path'][:100]}; {METRICS} has the figures")
        scope[ROUTE] = scope["path"]
        body = metrics.text((), {}) + text() if scope["path"] == METRICS else b"live\n"
        headers = [(b"content-type", KIND), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return Guard(app, settings, keys, metrics)
