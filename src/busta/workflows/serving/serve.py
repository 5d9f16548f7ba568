"""Serve: slates are made by a process of their own, and answered from by others that know neither MLflow nor gold."""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import time
from functools import partial
from importlib import metadata
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from busta.data.publish import atomic_write
from busta.errors import BustaError, OutsideError, UsageError, without_password
from busta.registry.glance import glance
from busta.serving.auth import Keys
from busta.serving.clerk import Aside, end_with_parent
from busta.serving.guard import is_loopback
from busta.serving.state import FORMAT, STATE, read_state
from busta.settings import Settings
from busta.telemetry.logs import run_id, setup
from busta.workflows.serving.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from busta.ledger.storage import Ledger
    from busta.serving.service import Service

__all__ = [
    "add_key",
    "address",
    "application",
    "keys_of",
    "list_keys",
    "listen",
    "require_key",
    "revoke_key",
    "serve",
    "server_options",
    "service_of",
]

log = logging.getLogger(__name__)


def serve(settings: Settings, told: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Serves until it is told to stop; ``told`` hears where, once the address is taken.

    Raises:
        UsageError: Others can reach the address, and there is no key.
        OutsideError: The address cannot be listened at.
    """
    import uvicorn

    from busta.telemetry.metrics import SHARED

    require_key(settings)
    token = secrets.token_hex(8)
    listening = listen(settings.serve.host, settings.serve.port)
    if told is not None:
        told({"url": address(listening), "home": str(settings.workspace())})
    helper = _helper(settings, token)
    if settings.serve.workers > 1:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="busta-metrics-")
        atexit.register(shutil.rmtree, os.environ[SHARED], ignore_errors=True)
    config = uvicorn.Config(
        Factory(settings.model_dump(), token, secrets.token_bytes(32)),
        factory=True,
        lifespan="on",
        workers=settings.serve.workers,
        **server_options(),
    )
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises what it has heard once more when all is done
        signal.signal(number, lambda *_: None)
    try:
        if settings.serve.workers > 1:
            from uvicorn.supervisors import Multiprocess

            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        helper.terminate()


def server_options() -> dict[str, Any]:
    """How every server of busta speaks HTTP, for `uvicorn.Config`."""
    from busta.serving.protocol import Protocol

    return {
        "loop": "uvloop",
        "http": Protocol,
        "ws": "none",
        "access_log": False,
        "log_config": None,  # what it says goes where all else does
        "log_level": "warning",
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": 30,
    }


def _helper(settings: Settings, token: str) -> BaseProcess:
    """The process beside the server, which makes slates and notes."""
    helper = get_context("spawn").Process(target=look_after, args=(settings.model_dump(), token))
    helper.start()
    return helper


def add_key(settings: Settings, scope: str = "read", name: str = "") -> dict[str, Any]:
    """Makes an API key; what it returns is the only place where the key itself stands.

    Raises:
        UsageError: There is no such scope.
        DataError: The file of keys is not one, or others may read it.
    """
    number, key = keys_of(settings).add(scope, name)
    return {"id": number, "key": key, "scope": scope, "name": name}


def list_keys(settings: Settings) -> list[dict[str, Any]]:
    """All API keys there ever were, without what would let anyone use them.

    Raises:
        DataError: The file of keys is not one, or others may read it.
    """
    return keys_of(settings).listed()


def revoke_key(settings: Settings, number: str) -> dict[str, Any]:
    """Ends an API key; a running server knows within a second.

    Raises:
        UsageError: There is no such key, or it was revoked before.
    """
    keys_of(settings).revoke(number)
    return {"revoked": number}


class Factory:
    """Makes the application in each worker; can be sent to one."""

    def __init__(self, settings: Mapping[str, Any], token: str, secret: bytes) -> None:
        self.settings = settings
        self.token = token
        self.secret = secret

    def __call__(self) -> Any:
        settings = Settings(**self.settings)
        setup(settings)
        return application(settings, self.token, self.secret)


def application(settings: Settings, token: str = "", secret: bytes = b"") -> Any:
    """The ASGI application: what is in the workspace, served.

    Args:
        settings: All settings.
        token: Names the watcher whose word is waited for.
        secret: What browsers' sessions are signed with, the same in all workers; by default one of its own.
    """
    from busta.serving.app import create

    return create(service_of(settings, token, secret))


def service_of(settings: Settings, token: str = "", secret: bytes = b"") -> Service:
    """What the routes work with; `application` says what it is made from."""
    from busta.serving.clerk import Clerk
    from busta.serving.engine import Engine
    from busta.serving.page.session import Sessions
    from busta.serving.service import Service
    from busta.serving.writer import Writer
    from busta.telemetry.metrics import Metrics
    from busta.workflows.serving.desk import desk_of

    limits, keys = settings.serve, keys_of(settings)
    return Service(
        engine=Engine(folder(settings), token),
        settings=limits,
        keys=keys,
        metrics=Metrics(),
        writer=Writer(lambda: _ledger(settings), limits.queue),
        clerk=Clerk(partial(ready_to_record, settings.model_dump()), limits.queue),
        bet=partial(record, settings.model_dump()),
        desk=desk_of(settings),
        sessions=Sessions(keys, secret or secrets.token_bytes(32)),
    )


def ready_to_record(given: Mapping[str, Any]) -> None:
    """Loads what recording needs, ahead of the first bet."""
    import busta.workflows.bets.bets  # noqa: F401

    _log(given)


def record(given: Mapping[str, Any], bet: dict[str, Any]) -> dict[str, Any]:
    """Records a bet that came over HTTP.

    Raises:
        UsageError: Nothing of the league is here: whoever asks over HTTP does not make the server download.
        BustaError: As `record_bet` has it.
    """
    from busta.plugins import pick
    from busta.workflows.bets.bets import record_bet
    from busta.workflows.data.ingest import has_tables

    settings, league = Settings(**given), bet["league"]
    if not has_tables(settings, pick("league", league)):
        raise UsageError(f"there are no games of {league} here\n`busta ingest {league}` on the server brings them")
    names = {"league": "league_name"}
    return record_bet(settings, **{names.get(name, name): value for name, value in bet.items()}, source="api")


def keys_of(settings: Settings) -> Keys:
    """The server's API keys."""
    return Keys(settings.serve.keys or settings.workspace() / "keys.json")


def _ledger(settings: Settings) -> Ledger:
    from busta.ledger.storage import Ledger

    return Ledger.of(settings, wait=settings.serve.seconds / 2, run_id=run_id())


def folder(settings: Settings) -> Path:
    """Where slates stand."""
    return settings.workspace() / "serving"


def look_after(given: Mapping[str, Any], token: str) -> None:
    """Makes slates, and notes for the page, whenever what they are made of changes; until the parent is gone.

    One after the other and by one process, as either takes MLflow and its memory.
    """
    end_with_parent()
    _log(given)
    settings = Settings(**given)
    file, aside = folder(settings) / STATE, Aside(partial(_log, given))
    notes, seen = Notes(settings, aside.do), read_state(file).get("seen")
    while True:
        error = None
        try:
            found = _made_of(settings)
            if found is None or found != seen:
                aside.do(_prepare, given)
                seen = found
        except BustaError as exc:
            error = without_password(str(exc)).splitlines()[0]
        except Exception as exc:  # a bug, or a library's: what is served stays as it was
            log.exception("slates could not be made")
            error = without_password(f"{type(exc).__name__}: {exc}").splitlines()[0]
        state = {"at": time.time(), "token": token, "error": error, "seen": seen}
        atomic_write(file, json.dumps(state).encode())
        _note(notes)
        aside.rest()
        time.sleep(settings.serve.refresh)


def _note(notes: Notes) -> None:
    """Notes what the page shows and takes MLflow to know."""
    try:
        notes.refresh()
    except BustaError as exc:  # the ledger or MLflow is down, which the page says by itself
        log.info("nothing was noted: %s", without_password(str(exc)).splitlines()[0])
    except Exception:  # a bug, or a library's: the page goes on with what was noted before
        log.exception("nothing was noted")


def _made_of(settings: Settings) -> str | None:
    """A digest of all that slates are made of; ``None`` where it takes MLflow to know."""
    aliases = glance(settings)
    if aliases is None:
        return None
    tables = [(path.parent.name, path.read_text()) for path in sorted(settings.tables.glob("*/CURRENT"))]
    everything = (aliases, tables, settings.bets.model_dump(), metadata.version("busta"), FORMAT)
    return hashlib.sha256(repr(everything).encode()).hexdigest()


def _prepare(given: Mapping[str, Any]) -> None:
    """Makes slates; with MLflow and all, so in a process that is there only while there is something to make."""
    from busta.workflows.serving.prepare import prepare

    prepare(Settings(**given))


def _log(given: Mapping[str, Any]) -> None:
    setup(Settings(**given))


def require_key(settings: Settings) -> None:
    """Refuses an address that others can reach, where nobody has a key.

    Raises:
        UsageError: There is none.
    """
    if not is_loopback(settings.serve.host) and not keys_of(settings).any():
        raise UsageError(
            f"at {settings.serve.host} others can reach the server, and there is no key yet\n"
            "`busta keys add` makes one; 127.0.0.1 needs none"
        )


def listen(host: str, port: int) -> socket.socket:
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


def address(listening: socket.socket) -> str:
    """What to type to reach it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
