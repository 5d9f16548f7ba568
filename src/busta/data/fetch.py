"""The only network I/O of the product: one GET, cached as it came.

    CACHE/<sha256>         a body, named by its own checksum
    CACHE/index-<id>.json  what was last fetched from one URL: checksum, ETag, Last-Modified, when

A file that has not changed is not sent again (conditional GET); a cached file that no longer matches
its checksum is fetched anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from busta.data.publish import atomic_write
from busta.data.source import MAX_BYTES, RawFile
from busta.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["AnswerError", "Fetched", "fetch"]

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
SLOWEST = 20  # time-outs a whole download may take
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # answers that may be another a moment later
NOT_MODIFIED = 304


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, or found unchanged.

    Attributes:
        path: Where the cache keeps it.
        content: Its bytes, as the server has them.
        file: Its name, checksum and origin (without password or query).
        from_cache: The server said that the cached copy is still right.
        headers: Of the answer, by lower-case names.
    """

    path: Path
    content: bytes
    file: RawFile
    from_cache: bool
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Cached:
    content: bytes
    entry: Mapping[str, Any]


class _Shown(logging.Filter):
    """Lets httpx log an address only without what may be secret in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_shown(str(each)) if isinstance(each, httpx.URL) else each for each in record.args)
        return True


logging.getLogger("httpx").addFilter(_Shown())


class AnswerError(OutsideError):
    """The server answers, but not with the file; ``status`` is its answer's."""

    status = 0


class _PassingError(Exception):
    """A failure that another try may not have; ``wait`` is what the server asked for, in seconds."""

    tries = 1

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def fetch(
    url: str,
    cache: Path,
    *,
    timeout: float = 30.0,
    retries: int = 3,
    deadline: float = math.inf,
    max_bytes: int = MAX_BYTES,
    secret: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """The file at that address, from the cache if the server says it has not changed.

    Args:
        url: An http or https address.
        cache: Folder to keep the file in.
        timeout: Seconds to wait for the server, each try.
        retries: Tries after the first, at growing intervals, where the failure may pass.
        deadline: Seconds for all of it, tries and download; what takes longer is given up.
        max_bytes: A larger file is refused.
        secret: More of the query, such as a key: sent, but neither shown, logged nor part of any name.
        transport: Stands in for the network.
        sleep: Waits that many seconds.

    Raises:
        UsageError: The address is not http or https.
        AnswerError: The server answers that it has no such file, or that we may not have it.
        OutsideError: The server cannot be reached.
    """
    shown = _shown(url)
    cached = _lookup(url, cache)
    with httpx.Client(transport=transport, timeout=timeout, follow_redirects=True) as client:
        request = client.build_request("GET", httpx.URL(url).copy_merge_params(secret or {}), headers=_headers(cached))
        end = time.monotonic() + deadline
        one_try = partial(_get, client, request, max_bytes, SLOWEST * timeout, end)
        try:
            response, body = _insist(one_try, retries, sleep, end)
        except _PassingError as exc:
            raise OutsideError(_gave_up(shown, exc, cached, cache)) from exc
    if cached is not None and response.status_code == NOT_MODIFIED:
        sha256 = cached.entry["sha256"]
        file = RawFile(_name(shown), sha256, shown)
        return Fetched(cache / sha256, cached.content, file, from_cache=True, headers=dict(response.headers))
    return _keep(url, shown, cache, response, body)


def _insist(
    one_try: Callable[[], tuple[httpx.Response, bytes]], retries: int, sleep: Callable[[float], None], end: float
) -> tuple[httpx.Response, bytes]:
    """Tries again after a failure that may pass, each time after twice the wait, or what the server asked for."""
    tries = 0
    while True:
        try:
            return one_try()
        except _PassingError as exc:
            wait = max(min(FIRST_DELAY * 2**tries, LONGEST_DELAY), exc.wait)
            tries = exc.tries = tries + 1
            if tries > retries or time.monotonic() + wait >= end:
                raise
            sleep(wait)


def _shown(url: str) -> str:
    """The address without what may be secret (user, password, query), after a look at its scheme."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise UsageError(f"{url!r} is not an address: {exc}") from exc
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise UsageError(f"{url!r} is not an http or https address; a file of yours is read with --from FILE")
    return str(parts.copy_with(username=None, password=None, query=None, fragment=None))


def _name(shown: str) -> str:
    return shown.rstrip("/").rpartition("/")[2]


def _index(url: str, cache: Path) -> Path:
    return cache / f"index-{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"


def _lookup(url: str, cache: Path) -> _Cached | None:
    """What the cache has of that address, if it is still what was fetched."""
    try:
        entry = json.loads(_index(url, cache).read_bytes())
        content = (cache / entry["sha256"]).read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return None  # nothing there, or damaged: fetched anew either way
    intact = hashlib.sha256(content).hexdigest() == entry["sha256"]
    return _Cached(content, entry) if intact else None


def _headers(cached: _Cached | None) -> dict[str, str]:
    if cached is None:
        return {"User-Agent": "busta"}
    pairs = {
        "If-None-Match": cached.entry.get("etag"),
        "If-Modified-Since": cached.entry.get("last_modified"),
    }
    return {"User-Agent": "busta"} | {name: value for name, value in pairs.items() if value}


def _get(
    client: httpx.Client, request: httpx.Request, max_bytes: int, seconds: float, end: float
) -> tuple[httpx.Response, bytes]:
    """One try, of so many seconds but not beyond the end of all tries."""
    until = min(time.monotonic() + seconds, end)
    return _within(until, partial(_answer, client, request, max_bytes))


def _within(until: float, work: Callable[[], T]) -> T:
    """What ``work`` returns if it does so by then; it runs on a thread of its own, which is given up otherwise.

    The time-outs of a socket start anew with every byte, and a name server has none: neither ends a try.
    What the thread reads from ends with the client.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as exc:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
            future.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()  # a thread that is no daemon would be waited for at the exit
    try:
        return future.result(max(until - time.monotonic(), 0.0))
    except TimeoutError:
        raise _PassingError("the download did not end in time") from None


def _answer(client: httpx.Client, request: httpx.Request, max_bytes: int) -> tuple[httpx.Response, bytes]:
    try:
        response = client.send(request, stream=True)
        try:
            _check_status(response)
            return response, _read(response, max_bytes)
        finally:
            response.close()
    except httpx.UnsupportedProtocol as exc:
        raise OutsideError(f"{_shown(str(request.url))} leads to an address that is not http or https: {exc}") from exc
    except (httpx.TransportError, httpx.DecodingError) as exc:
        raise _PassingError(_reason(exc)) from exc
    except httpx.RequestError as exc:
        raise OutsideError(f"{_shown(str(request.url))}: {_reason(exc)}") from exc


def _reason(exc: httpx.RequestError) -> str:
    if isinstance(exc, httpx.TimeoutException):
        return "no answer in time"
    return str(exc) or type(exc).__name__


def _check_status(response: httpx.Response) -> None:
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.status_code in PASSING:
        raise _PassingError(f"the server answered {status}", _asked_wait(response))
    expected = response.is_success or (response.status_code == NOT_MODIFIED and _is_conditional(response.request))
    if not expected:
        error = AnswerError(
            f"{_shown(str(response.request.url))}: the server answered {status}.\n"
            "Check the address in busta.toml, or give a file you have: --from FILE"
        )
        error.status = response.status_code
        raise error


def _is_conditional(request: httpx.Request) -> bool:
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def _asked_wait(response: httpx.Response) -> float:
    """The ``Retry-After`` in seconds, within reason; its date form is left to our own delays."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_DELAY) if asked.isascii() and asked.isdigit() else 0.0


def _read(response: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > max_bytes:
            shown = _shown(str(response.request.url))
            raise OutsideError(f"{shown} is larger than {max_bytes:,} bytes: not a table of results. Check the address")
    return bytes(body)


def _keep(url: str, shown: str, cache: Path, response: httpx.Response, body: bytes) -> Fetched:
    """Stores the body, then the index that names it: an index never names what is not there."""
    sha256 = hashlib.sha256(body).hexdigest()
    entry = {
        "url": shown,
        "sha256": sha256,
        "etag": response.headers.get("ETag"),
        "last_modified": response.headers.get("Last-Modified"),
        "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    atomic_write(cache / sha256, body)
    atomic_write(_index(url, cache), json.dumps(entry, indent=1).encode())
    file = RawFile(_name(shown), sha256, shown)
    return Fetched(cache / sha256, body, file, from_cache=False, headers=dict(response.headers))


def _gave_up(shown: str, failure: _PassingError, cached: _Cached | None, cache: Path) -> str:
    times = f" ({failure.tries} tries)" if failure.tries > 1 else ""
    copy = f"; the copy of {cached.entry.get('fetched_at')} is {cache / cached.entry['sha256']}" if cached else ""
    return f"cannot fetch {shown}: {failure}{times}.\nTry again later, or read a file you have: --from FILE{copy}"
