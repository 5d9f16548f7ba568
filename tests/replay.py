"""A server on this machine that answers as a test tells it, and remembers what it was asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BODY = b"game_id,season\n2023_01_KC_BUF,2023\n"


@dataclass
class Site:
    """What it answers, one after the other and the last for ever: to a path of its own, or to any."""

    url: str = ""
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    routes: dict[str, list[Callable[[BaseHTTPRequestHandler], None]]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def at(self, path: str) -> str:
        """The address of a path."""
        return self.url.replace("/data/games.csv", path)

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(dict(handler.headers))
        self.paths.append(handler.path)
        answers = self.routes.get(handler.path.partition("?")[0], self.answers)
        (answers.pop(0) if len(answers) > 1 else answers[0])(handler)


def answer(status: int = 200, body: bytes = BODY, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        fields = {"Content-Length": str(len(body))} | {k.replace("_", "-"): v for k, v in headers.items()}
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        handler.close_connection = True

    return send


@contextmanager
def served() -> Iterator[Site]:
    """A site that runs."""
    site = Site(answers=[answer(404, b"")])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.reply(self)

        def log_message(self, *_: Any) -> None:
            """Keeps the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}/data/games.csv"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
