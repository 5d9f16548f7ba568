"""What stands before every route: who asks, by which name, how often and how much; what every answer carries."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import logging
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.errors import without_password
from busta.serving.auth import SCOPES
from busta.serving.limits import Buckets
from busta.serving.problems import JSON, PROBLEM_JSON, Problem
from busta.telemetry.logs import may_be_id, requests, run_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from busta.serving.auth import Keys
    from busta.settings import Serve
    from busta.telemetry.metrics import Metrics

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["ALLOWED", "ROUTE", "SESSION", "Guard", "is_loopback", "needs", "read_body"]

log = logging.getLogger(__name__)

ALLOWED = "busta.scopes"
"""Where a request's scope says what its key may do."""
ROUTE = "busta.route"
"""Where it says which route answered, unless the router does."""
SESSION = "busta.session"
"""Where it says whose session its cookie is, and what that may do; only pages have one."""
OPEN = ("/health/live", "/health/ready", "/login")
"""Paths that never need a key: what starts and watches servers has none, nor has who comes to give one."""
FORM = "application/x-www-form-urlencoded"
HERE = ("localhost", "127.0.0.1", "::1")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
REQUEST_ID = b"x-request-id"
"""The header that names a request: as its client did, or by the server's run id and a number."""
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def needs(scope: Mapping[str, Any], allowed: str) -> None:
    """Refuses a request whose key may not do that.

    Raises:
        Problem: It may not.
    """
    if allowed not in scope.get(ALLOWED, SCOPES["admin"]):
        raise Problem(403, f"this key may not do that; it takes one of scope {allowed} (`busta keys add`)")


async def read_body(receive: Receive) -> bytes:
    """All of a request's body.

    Raises:
        Problem: The client went away before it was there.
    """
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "the request broke off")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


@dataclass
class _Call:
    """A request on its way: its headers, its id, whose it is, and what was answered."""

    headers: dict[bytes, bytes]
    id: bytes
    started: float
    client: str = ""
    status: int = 0


class Guard:
    """An ASGI application around another.

    Args:
        app: The other.
        settings: Limits, and the names the server may be called by.
        keys: Who may ask.
        metrics: Where requests are counted.
    """

    def __init__(self, app: App, settings: Serve, keys: Keys, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys
        self._metrics = metrics
        self._local = is_loopback(settings.host)
        self._names = {name.lower() for name in (*settings.hosts, *((*HERE, settings.host) if self._local else ()))}
        rate = settings.rate / settings.workers
        self._buckets = Buckets(rate, 2 * rate)
        self._wrong = Buckets(0.2, 10.0)  # wrong keys from one address: ten, then one in five seconds
        self._run, self._numbers = run_id().encode(), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        call = _Call(headers, self._id(headers), time.perf_counter())

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*_with_ours(message.get("headers", [])), (REQUEST_ID, call.id)]
            await send(message)

        try:
            scope[ALLOWED] = self._checked(scope, call)
            async with asyncio.timeout(self._settings.seconds):
                await self._app(scope, self._counted(call, receive), sending)
        except Problem as problem:
            await _say(problem, call, sending)
        except TimeoutError:
            late = Problem(408, f"it took more than {self._settings.seconds:g} seconds", {"connection": "close"})
            await _say(late, call, sending)
        except Exception as exc:  # noqa: BLE001 - a bug ends one request, not the server
            about = {"request_id": call.id.decode()}
            told = without_password("".join(traceback.format_exception(exc)))
            log.error("a bug in busta: %s", told, extra=about)  # noqa: TRY400
            await _say(Problem(500, f"a bug in busta ({type(exc).__name__}); its log says more"), call, sending)
        seconds = time.perf_counter() - call.started
        method, route = scope["method"] if scope["method"] in _METHODS else "other", _route(scope)
        self._metrics.request(method, route, call.status, seconds)
        if requests.isEnabledFor(logging.INFO):
            _tell(call, method, route, seconds)

    def _id(self, headers: Mapping[bytes, bytes]) -> bytes:
        """The id that the client gave, if it is one, or one of our own."""
        given = headers.get(REQUEST_ID)
        if given is not None and may_be_id(given.decode("latin-1")):
            return given
        return b"%s-%d" % (self._run, next(self._numbers))

    def _checked(self, scope: Scope, call: _Call) -> tuple[str, ...]:
        """What the request may do.

        Raises:
            Problem: It may not be answered.
        """
        headers = call.headers
        self._named(scope, headers)
        call.client, allowed = self._who(scope, headers)
        wait = self._buckets.wait(call.client)
        if wait:
            raise Problem(429, f"at most {self._settings.rate:g} requests a second (serve.rate)", _retry(wait))
        if scope["method"] in WRITES:
            self._written(headers, FORM if SESSION in scope else JSON)
        return allowed

    def _named(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """On this machine's own address, against pages that had their name point here (DNS rebinding)."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:
            raise Problem(400, f"{len(hosts)} Host headers; one is needed")
        name = _name(hosts[0])
        if self._names and name not in self._names:
            raise Problem(403, f"the server is not called {name[:100]!r}; name it in serve.hosts if it is")
        origin = headers.get(b"origin")
        if origin is not None and scope["method"] in WRITES and _name(origin.rpartition(b"://")[2]) != name:
            raise Problem(403, "a page from elsewhere may not write here")

    def _who(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[str, tuple[str, ...]]:
        """Whose key it is, or the address without one, and what it may do."""
        address = scope["client"][0] if scope.get("client") else "unknown"
        given = _key(headers)
        if given is None:
            if self._local and not self._keys.any():
                return address, SCOPES["admin"]
            if (session := scope.get(SESSION)) is not None:
                return session  # type: ignore[no-any-return]
            if scope["path"] in OPEN:
                return address, ()
            raise _no_key("a key is needed: Authorization: Bearer KEY (`busta keys add` makes one)")
        if self._wrong.empty(address):
            raise Problem(429, "too many wrong keys from this address", _retry(5))
        found = self._keys.scopes(given)
        if found is None:
            self._wrong.wait(address)
            raise _no_key("that is no key, or one that was revoked")
        return found

    def _written(self, headers: Mapping[bytes, bytes], needed: str) -> None:
        """Only JSON, which no page from elsewhere can send without asking, or a page's form; not too much of it."""
        length = headers.get(b"content-length")
        if length is not None and (not length.isdigit() or int(length[:20]) > self._settings.body):
            raise _too_large(self._settings.body)
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != needed.encode() and (length not in (None, b"0") or b"transfer-encoding" in headers):
            raise Problem(415, f"the body is {kind[:50].decode('latin-1') or 'of no type'}; needed is {needed}")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Problem(415, "the body is compressed; send it as it is")

    def _counted(self, call: _Call, receive: Receive) -> Receive:
        """What arrives; a body that does not say how long it is, is counted."""
        if b"transfer-encoding" not in call.headers:
            return receive
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._settings.body:
                raise _too_large(self._settings.body)
            return message

        return counting


_METHODS = ("GET", "HEAD", "OPTIONS", *WRITES)


def _key(headers: Mapping[bytes, bytes]) -> str | None:
    given = headers.get(b"authorization", b"").decode("latin-1")
    kind, _, token = given.partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    other = headers.get(b"x-api-key")
    return other.decode("latin-1") if other is not None else given or None


def _no_key(why: str) -> Problem:
    return Problem(401, why, {"www-authenticate": "Bearer"})


def _too_large(most: int) -> Problem:
    return Problem(413, f"a body of more than {most} bytes (serve.body)", {"connection": "close"})


def _retry(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, round(seconds)))}


def _name(host: bytes) -> str:
    """The name in ``name:port``; of ``[::1]:8000`` that without brackets."""
    text = host.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def _route(scope: Scope) -> str:
    """The route's pattern: a client cannot make up new ones."""
    return scope.get(ROUTE) or str(getattr(scope.get("route"), "path", "other"))


def _with_ours(headers: Any) -> list[tuple[bytes, bytes]]:
    """Ours on top; a page has a policy of its own."""
    own = list(headers)
    return [*own, *HEADERS, *([] if any(name == POLICY[0] for name, _ in own) else [POLICY])]


def _tell(call: _Call, method: str, route: str, seconds: float) -> None:
    """A line of the log: the route's pattern, not what was asked for, which may hold what is nobody's business."""
    about = {
        "request_id": call.id.decode("latin-1"),
        "method": method,
        "route": route,
        "status": call.status,
        "seconds": round(seconds, 6),
        "client": call.client,
    }
    requests.info("%s %s %d %.1f ms %s", method, route, call.status, 1000 * seconds, about["request_id"], extra=about)


async def _say(problem: Problem, call: _Call, send: Send) -> None:
    """Answers with the problem, unless something was answered already."""
    if call.status:
        return
    body = problem.body
    headers = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
    headers += [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
