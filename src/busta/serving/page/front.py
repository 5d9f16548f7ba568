"""What stands before the guard for a person's browser: its session, and answers that a person can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from busta.serving.guard import SESSION
from busta.serving.page.html import problem_page
from busta.serving.problems import PROBLEM_JSON

if TYPE_CHECKING:
    from busta.serving.guard import App, Message, Receive, Scope, Send
    from busta.serving.page.session import Sessions

__all__ = ["Front"]

PROGRAMS = ("/v1/", "/health/", "/metrics", "/openapi.json")
"""Paths that programs ask, with a key and in JSON; all others are a person's."""
OURS = (b"content-type", b"content-length", b"content-security-policy", b"referrer-policy")
UNKNOWN = 401


class Front:
    """An ASGI application around the guard.

    Args:
        app: The guard.
        sessions: Who has signed in.
    """

    def __init__(self, app: App, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http" or scope["path"].startswith(PROGRAMS):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        scope[SESSION] = self._sessions.who(headers)
        readable = b"text/html" in headers.get(b"accept", b"")
        started: Message = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message, headers=_ours(message["headers"]))
                if not (readable and _is_problem(message)):
                    await send(started)
            elif readable and _is_problem(started):
                if not message.get("more_body"):
                    await self._say(started, json.loads(message["body"]), scope, send)
            else:
                await send(message)

        await self._app(scope, receive, sending)

    async def _say(self, started: Message, problem: Any, scope: Scope, send: Send) -> None:
        """A problem as a page; to whoever has no key yet, the way to give one."""
        token = self._sessions.token(dict(scope["headers"])) if started["status"] == UNKNOWN else None
        page, policy = problem_page(problem, token)
        kept = [(name, value) for name, value in started["headers"] if name not in OURS]
        length = str(len(page)).encode()
        own = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", length)]
        own += [(b"content-security-policy", policy.encode()), REFERRER]
        await send({"type": "http.response.start", "status": started["status"], "headers": [*kept, *own]})
        await send({"type": "http.response.body", "body": page})


REFERRER = (b"referrer-policy", b"same-origin")
"""Without one, browsers hide where a form comes from, even from us."""


def _ours(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name != REFERRER[0]] + [REFERRER]


def _is_problem(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name == b"content-type"]
    return bool(kinds) and kinds[0].startswith(PROBLEM_JSON.encode())
