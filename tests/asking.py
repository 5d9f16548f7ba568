"""A client of an ASGI application without a socket: a loop of its own on a thread, its start and stop included."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

import httpx

HERE = "http://127.0.0.1:8000"


class _Transport(httpx.BaseTransport):
    def __init__(self, app, loop):
        self._app = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._loop = loop

    def handle_request(self, request):
        request.read()
        request.stream = httpx.ByteStream(request.content)
        return asyncio.run_coroutine_threadsafe(self._asked(request), self._loop).result(60)

    async def _asked(self, request):
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


async def _live(app, up, down):
    """Says to the application that the server starts, and later that it ends."""
    messages = asyncio.Queue()

    async def send(message):
        (up if message["type"].startswith("lifespan.startup") else down).set()

    await messages.put({"type": "lifespan.startup"})
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, messages.get, send))
    await up.wait()
    return messages, task


@contextmanager
def asking(app, base=HERE, *, lifespan=True):
    """A client of that application."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    up, down = asyncio.Event(), asyncio.Event()
    if lifespan:
        messages, task = asyncio.run_coroutine_threadsafe(_live(app, up, down), loop).result(60)
    try:
        with httpx.Client(transport=_Transport(app, loop), base_url=base) as client:
            yield client
    finally:
        if lifespan:
            loop.call_soon_threadsafe(messages.put_nowait, {"type": "lifespan.shutdown"})

            async def ended():
                await task

            asyncio.run_coroutine_threadsafe(ended(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Here:
    """A clerk that is no other process."""

    def __init__(self, *_):
        self.do = asyncio.to_thread

    def start(self):
        """There is nothing to prepare."""

    stop = start
