from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from busta.serving import protocol
from busta.serving.protocol import HEAD, Protocol


async def app(scope, receive, send):
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def exchanged(*parts, pause=0.0):
    """What comes back for those bytes, on one connection, until it is closed or nothing comes for a while."""

    async def run():
        config = uvicorn.Config(app, loop="asyncio", log_config=None)
        config.load()
        server = await asyncio.get_running_loop().create_server(
            lambda: Protocol(config, ServerState(), {}), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        found = b""
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        with suppress(TimeoutError, ConnectionError):
            while part := await asyncio.wait_for(reader.read(65536), 0.4):
                found += part
        writer.close()
        server.close()
        return found

    return asyncio.run(run())


def statuses(found):
    return [int(part.split()[0]) for part in found.split(b"HTTP/1.1 ")[1:]]


def request(body=b"hello", more=b""):
    return b"POST /x HTTP/1.1\r\nhost: localhost\r\n" + more + b"content-length: %d\r\n\r\n" % len(body) + body


def test_requests_are_answered_one_after_the_other_and_in_pieces():
    whole = request()
    assert statuses(exchanged(whole, whole, pause=0.05)) == [200, 200]
    assert exchanged(*(whole[i : i + 9] for i in range(0, len(whole), 9)), pause=0.01).endswith(b"hello")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nx: " + b"y" * (HEAD + 1),
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * HEAD + b"\r\n",
        b"GET /" + b"a" * HEAD + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * (HEAD + 1) + b"\r\n\r\n",
    ],
)
def test_a_head_that_is_too_long_is_refused_and_hung_up_on(data):
    found = exchanged(data)
    assert statuses(found) == [431]
    assert b"application/problem+json" in found


def test_a_long_body_is_no_long_head():
    assert statuses(exchanged(request(b"x" * 3 * HEAD))) == [200]


def test_what_is_no_http_is_refused():
    found = exchanged(b"\x00\x01nonsense\r\n\r\n")
    assert statuses(found) == [400]
    assert b"Invalid HTTP" in found


def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(protocol, "SECONDS", 0.05)
    assert statuses(exchanged(b"GET / HT")) == [408]
    assert statuses(exchanged(b"")) == [408]
    assert statuses(exchanged(request(), b"GET / HT", pause=0.1)) == [200, 408]
