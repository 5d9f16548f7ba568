"""Serve: slates are made by a process of their own, and answered from by others that know neither MLflow nor gold."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import signal
import socket
import time
from importlib import metadata
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from busta.data.publish import atomic_write
from busta.errors import BustaError, OutsideError, without_password
from busta.registry.glance import glance
from busta.serving.engine import STATE, Engine, read_state
from busta.serving.slate import FORMAT
from busta.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["application", "serve"]

log = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serves until it is told to stop.

    Raises:
        OutsideError: The address cannot be listened at.
    """
    import uvicorn

    settings.workspace()
    token = secrets.token_hex(8)
    listening = _listen(settings.serve.host, settings.serve.port)
    watcher = get_context("spawn").Process(target=watch, args=(settings.model_dump(), token, os.getpid()), daemon=True)
    watcher.start()
    config = uvicorn.Config(
        Factory(settings.model_dump(), token),
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        workers=settings.serve.workers,
    )
    try:
        if settings.serve.workers > 1:
            from uvicorn.supervisors import Multiprocess

            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        watcher.terminate()


class Factory:
    """Makes the application in each worker; can be sent to one."""

    def __init__(self, settings: Mapping[str, Any], token: str) -> None:
        self.settings = settings
        self.token = token

    def __call__(self) -> Any:
        return application(Settings(**self.settings), self.token)


def application(settings: Settings, token: str = "") -> Any:
    """The ASGI application: what is in the workspace, served."""
    from busta.serving.app import Service, create

    engine = Engine(folder(settings), token)
    engine.start()
    return create(Service(engine, settings.serve))


def folder(settings: Settings) -> Path:
    """Where slates stand."""
    return settings.workspace() / "serving"


def watch(given: Mapping[str, Any], token: str, parent: int) -> None:
    """Makes slates whenever what they are made of changes, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    settings = Settings(**given)
    file = folder(settings) / STATE
    seen = read_state(file).get("seen")
    while os.getppid() == parent:
        error = None
        try:
            found = _made_of(settings)
            if found is None or found != seen:
                _prepare(settings)
                seen = found
        except BustaError as exc:
            error = without_password(str(exc)).splitlines()[0]
        except Exception as exc:  # a bug, or a library's: what is served stays as it was
            log.exception("slates could not be made")
            error = without_password(f"{type(exc).__name__}: {exc}").splitlines()[0]
        state = {"at": time.time(), "token": token, "error": error, "seen": seen}
        atomic_write(file, json.dumps(state).encode())
        time.sleep(settings.serve.refresh)


def _made_of(settings: Settings) -> str | None:
    """A digest of all that slates are made of; ``None`` where it takes MLflow to know."""
    aliases = glance(settings)
    if aliases is None:
        return None
    tables = [(path.parent.name, path.read_text()) for path in sorted(settings.tables.glob("*/CURRENT"))]
    everything = (aliases, tables, settings.bets.model_dump(), metadata.version("busta"), FORMAT)
    return hashlib.sha256(repr(everything).encode()).hexdigest()


def _prepare(settings: Settings) -> None:
    from busta.workflows.prepare import prepare  # MLflow and all, only where there is something to make

    prepare(settings)


def _listen(host: str, port: int) -> socket.socket:
    """A socket at that address.

    Raises:
        OutsideError: Another program is there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as exc:
        listening.close()
        raise OutsideError(
            f"cannot listen at {host}:{port}: {exc.strerror}\nchoose another with --host and --port (0 takes any port)"
        ) from exc
    listening.set_inheritable(True)
    return listening
