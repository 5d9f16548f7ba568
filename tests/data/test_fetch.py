from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from busta.data.fetch import fetch
from busta.errors import OutsideError, UsageError
from replay import BODY, answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler


def test_a_file_is_kept_as_it_came_under_its_checksum(site, tmp_path):
    site.answers = [answer(ETag='"a"')]
    fetched = fetch(site.url, tmp_path)
    assert fetched.path.read_bytes() == fetched.content == BODY
    assert fetched.path.name == fetched.file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (fetched.file.name, fetched.file.origin, fetched.from_cache) == ("games.csv", site.url, False)


def test_a_server_that_recovers_is_asked_again_after_growing_waits(site, tmp_path):
    waits: list[float] = []
    site.answers = [answer(500), answer(503), answer(429, Retry_After="7"), answer()]
    assert fetch(site.url, tmp_path, retries=3, sleep=waits.append).content == BODY
    assert waits == [0.5, 1.0, 7.0]


def test_a_server_that_does_not_recover_is_given_up(site, tmp_path):
    site.answers = [answer(500)]
    with pytest.raises(OutsideError, match=r"500 Internal Server Error \(3 tries\)\.\n.*--from FILE"):
        fetch(site.url, tmp_path, retries=2, sleep=lambda _: None)
    assert len(site.asked) == 3


def test_a_file_that_is_not_there_is_asked_for_once(site, tmp_path):
    site.answers = [answer(404)]
    with pytest.raises(OutsideError, match="404 Not Found") as caught:
        fetch(site.url, tmp_path)
    assert len(site.asked) == 1
    assert str(caught.value).count("\n") <= 1
    assert not list(tmp_path.iterdir())


def test_an_unchanged_file_is_not_sent_again(site, tmp_path):
    site.answers = [answer(ETag='"a"', Last_Modified="Mon, 01 Jul 2024 00:00:00 GMT"), answer(304, b"")]
    first = fetch(site.url, tmp_path)
    second = fetch(site.url, tmp_path)
    assert second.from_cache
    assert (second.content, second.file) == (first.content, first.file)
    assert site.asked[1]["If-None-Match"] == '"a"'
    assert site.asked[1]["If-Modified-Since"] == "Mon, 01 Jul 2024 00:00:00 GMT"


def test_a_changed_file_is_kept_beside_the_old_one(site, tmp_path):
    site.answers = [answer(ETag='"a"'), answer(200, b"new", ETag='"b"'), answer(304, b"")]
    old, new, again = (fetch(site.url, tmp_path) for _ in range(3))
    assert old.path.read_bytes() == BODY
    assert (new.content, again.content, again.from_cache) == (b"new", b"new", True)


@pytest.mark.parametrize("damage", ["body", "index", "both gone"])
def test_a_damaged_cache_is_fetched_anew(site, tmp_path, damage):
    site.answers = [answer(ETag='"a"')]
    path = fetch(site.url, tmp_path).path
    (index,) = tmp_path.glob("index-*.json")
    if damage == "body":
        path.write_bytes(BODY[:-1] + b"!")
    elif damage == "index":
        index.write_text("[")
    else:
        path.unlink()
    fetched = fetch(site.url, tmp_path)
    assert not fetched.from_cache
    assert fetched.path.read_bytes() == BODY
    assert "If-None-Match" not in site.asked[1]


def test_a_slow_server_is_given_up(site, tmp_path):
    over = threading.Event()
    site.answers = [lambda _: over.wait(5) and None]
    with pytest.raises(OutsideError, match="no answer in time"):
        fetch(site.url, tmp_path, timeout=0.1, retries=1, sleep=lambda _: None)
    over.set()


def test_a_dripping_server_is_given_up(site, tmp_path, monkeypatch):
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    monkeypatch.setattr("busta.data.fetch.SLOWEST", 1)
    site.answers = [drip]
    try:
        with pytest.raises(OutsideError, match="did not end in time"):
            fetch(site.url, tmp_path, timeout=0.2, retries=0)
    finally:
        over.set()


def test_the_deadline_ends_a_download_and_all_tries(site, tmp_path):
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    site.answers = [drip]
    try:
        with pytest.raises(OutsideError, match=r"did not end in time\.\n"):
            fetch(site.url, tmp_path, deadline=0.3)
    finally:
        over.set()
    assert len(site.asked) == 1


def test_a_server_is_not_asked_again_after_the_deadline(site, tmp_path):
    waits: list[float] = []
    site.answers = [answer(500)]
    with pytest.raises(OutsideError, match=r"500 Internal Server Error \(2 tries\)"):
        fetch(site.url, tmp_path, deadline=0.9, sleep=waits.append)
    assert waits == [0.5]


def test_a_server_that_is_not_there_says_what_to_do(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    waits: list[float] = []
    with pytest.raises(OutsideError, match=r"(?s)cannot fetch http.*refused.*--from FILE$") as caught:
        fetch(f"http://127.0.0.1:{port}/games.csv", tmp_path, retries=2, sleep=waits.append)
    assert str(caught.value).count("\n") == 1
    assert len(waits) == 2


def test_the_cached_copy_is_offered_when_the_server_is_away(site, tmp_path):
    site.answers = [answer(), answer(503)]
    path = fetch(site.url, tmp_path).path
    with pytest.raises(OutsideError, match=str(path)):
        fetch(site.url, tmp_path, retries=0)


def test_too_large_a_file_is_refused_and_not_kept(site, tmp_path):
    site.answers = [answer(200, b"x" * 5000)]
    with pytest.raises(OutsideError, match="larger than 1,000 bytes"):
        fetch(site.url, tmp_path, max_bytes=1000)
    assert not list(tmp_path.iterdir())


def test_half_a_file_is_refused_and_not_kept(site, tmp_path):
    site.answers = [answer(200, BODY, Content_Length=str(len(BODY) + 100))]
    with pytest.raises(OutsideError, match=r"cannot fetch .*body"):
        fetch(site.url, tmp_path, retries=1, sleep=lambda _: None)
    assert len(site.asked) == 2
    assert not list(tmp_path.iterdir())


def test_a_redirect_is_followed(site, tmp_path):
    site.answers = [answer(302, b"", Location="/elsewhere/games.csv"), answer()]
    assert fetch(site.url, tmp_path).content == BODY


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/games.csv", None])
def test_a_redirect_that_leads_nowhere_is_refused(site, tmp_path, target):
    site.answers = [answer(302, b"", Location=target or site.url)]
    with pytest.raises(OutsideError):
        fetch(site.url, tmp_path, retries=0)


@pytest.mark.parametrize("url", ["file:games.csv", "ftp://host/x", "games.csv", "https://", "http://x:y"])
def test_only_web_addresses_are_fetched(tmp_path, url):
    with pytest.raises(UsageError, match="address"):
        fetch(url, tmp_path)


def test_an_unasked_304_is_refused(site, tmp_path):
    site.answers = [answer(304, b"")]
    with pytest.raises(OutsideError, match="304"):
        fetch(site.url, tmp_path)


def test_secrets_of_the_address_are_neither_kept_nor_shown(tmp_path):
    seen: list[httpx.URL] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200 if len(seen) == 1 else 403, content=BODY)

    url = "https://me:hunter2@example.org/odds?apiKey=s3cret"
    fetched = fetch(url, tmp_path, transport=httpx.MockTransport(reply))
    assert fetched.file.origin == "https://example.org/odds"
    with pytest.raises(OutsideError) as caught:
        fetch(url, tmp_path, transport=httpx.MockTransport(reply))
    kept = [path.read_text() for path in tmp_path.glob("*.json")]
    assert json.loads(kept[0])["url"] == "https://example.org/odds"
    assert not any(secret in text for secret in ("hunter2", "s3cret") for text in (*kept, str(caught.value)))
    assert seen[0].params["apiKey"] == "s3cret"


def slowly(over: threading.Event, start: bytes, drop: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Sends the start of an answer, then drop after drop for ever."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        with contextlib.suppress(OSError):  # nobody listens any more
            while not over.wait(0.02):
                handler.wfile.write(drop)
                handler.wfile.flush()

    return send


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    ],
    ids=["head", "body", "nothing", "a chunk's head"],
)
def test_a_trickle_of_any_kind_ends_at_the_deadline(site, tmp_path, start, drop):
    over = threading.Event()
    site.answers = [slowly(over, start, drop)]
    before = threading.enumerate()
    began = time.monotonic()
    try:
        with pytest.raises(OutsideError, match="did not end in time"):
            fetch(site.url, tmp_path, timeout=30, retries=3, deadline=0.4)
        assert time.monotonic() - began < 5  # not a time-out of 30 seconds
        left = [thread for thread in threading.enumerate() if thread.daemon and thread not in before]
        for thread in left if drop else []:
            thread.join(5)
            assert not thread.is_alive()
    finally:
        over.set()
    assert not list(tmp_path.iterdir())


def test_a_name_server_that_does_not_answer_is_not_waited_for(tmp_path):
    over = threading.Event()

    def connect(_request: httpx.Request) -> httpx.Response:
        over.wait(5)
        raise httpx.ConnectError("too late")

    try:
        with pytest.raises(OutsideError, match="did not end in time"):
            fetch("http://example.test/x", tmp_path, deadline=0.2, transport=httpx.MockTransport(connect))
    finally:
        over.set()


def test_a_bug_in_a_try_is_raised_as_it_is(tmp_path):
    def broken(_request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fetch("http://example.test/x", tmp_path, transport=httpx.MockTransport(broken))


def test_a_secret_is_sent_and_stands_in_no_log_name_or_file(site, tmp_path, caplog):
    caplog.set_level(0)
    site.answers = [answer(X_Left="7"), answer(401)]
    fetched = fetch(f"{site.url}?regions=us", tmp_path, secret={"apiKey": "s3cret"})
    assert site.paths == ["/data/games.csv?regions=us&apiKey=s3cret"]
    assert (fetched.headers["x-left"], fetched.file.origin) == ("7", site.url)
    with pytest.raises(OutsideError) as caught:
        fetch(f"{site.url}?regions=us", tmp_path, secret={"apiKey": "other"})
    seen = [str(caught.value), caplog.text, *(f"{path} {path.read_text()}" for path in tmp_path.iterdir())]
    assert not [text for text in seen if "s3cret" in text or "other" in text]
    assert "httpx" in caplog.text  # it does log the address
    index = sorted(path.name for path in tmp_path.glob("index-*"))
    site.answers = [answer()]
    fetch(f"{site.url}?regions=us", tmp_path, secret={"apiKey": "third"})
    assert sorted(path.name for path in tmp_path.glob("index-*")) == index


def test_a_secret_is_not_taken_along_to_where_a_server_sends_us(site, tmp_path):
    site.answers = [answer(302, b"", Location="/elsewhere/games.csv"), answer()]
    fetch(site.url, tmp_path, secret={"apiKey": "s3cret"})
    assert site.paths == ["/data/games.csv?apiKey=s3cret", "/elsewhere/games.csv"]
