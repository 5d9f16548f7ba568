"""Logs on standard error, as text or as lines of JSON; the id of the run that they and all else it leaves carry.

No secret is in them: the settings' own, those of the environment, keys of the server and passwords of addresses are
starred out of the finished text, tracebacks included. Errors that end a command are printed by the command line.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from busta.errors import UsageError, without_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from busta.settings import Settings

__all__ = ["RUN_ID", "VARIABLE", "may_be_id", "requests", "run_id", "running", "setup"]

VARIABLE = "BUSTA_RUN_ID"
"""The variable that a parent (cron, DVC, a container) gives its run id by, and that ours hands on to processes."""
RUN_ID = "busta.run_id"
"""The tag of MLflow's runs that holds it."""
requests = logging.getLogger("busta.requests")
"""Where the server's requests go: only with ``logs.requests``, whatever the level."""

_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RUN: ContextVar[str] = ContextVar("busta_run_id", default="")
_SECRET_NAME = re.compile(r"(?i)(?:password|passwd|secret|token|(?:api|access|secret)_*key)$")
_KEYS = (
    (re.compile(r"\bbusta_([0-9a-f]{8})_[A-Za-z0-9_-]{20,}"), r"busta_\1_***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\"]+"), r"\1 ***"),
    (re.compile(r"(?i)\b(\w*(?:api_?key|secret|token)=)[^\s&'\"]+"), r"\1***"),
)
_MAYBE = re.compile(r"[=@]|busta_|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]")
_SHORTEST = 4  # letters of a secret: one of fewer would star out half of all words
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


@cache
def _of_process() -> str:
    return os.urandom(8).hex()


def run_id() -> str:
    """The id of what runs in this context, or process; a program that uses the Python API has one, too.

    Raises:
        UsageError: The environment's cannot be one.
    """
    return _RUN.get() or _given() or _of_process()


def may_be_id(given: str) -> bool:
    """Whether that can be the id of a run, or of a request."""
    return _FORM.fullmatch(given) is not None


def _given() -> str:
    found = os.environ.get(VARIABLE, "")
    if found and not may_be_id(found):
        raise UsageError(f"{VARIABLE}={found!r:.80}: needed are 1 to 64 letters, digits, dots, - or _")
    return found


@contextmanager
def running(given: str | None = None) -> Iterator[str]:
    """A run, from its id to the end of its logs: that of the parent, or a new one.

    Processes that are started within have the same. What `setup` did ends with it.

    Raises:
        UsageError: The environment's id cannot be one.
    """
    before = os.environ.get(VARIABLE)
    found = given or _given() or os.urandom(8).hex()
    token = _RUN.set(found)
    os.environ[VARIABLE] = found
    try:
        yield found
    finally:
        _RUN.reset(token)
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before
        _close()


def setup(settings: Settings) -> None:
    """Has this process log as its settings say, without the secrets among them; called again, the last word holds."""
    _close()
    chosen = settings.logs
    handler = _Handler()
    handler.setFormatter((_Json if chosen.format == "json" else _Text)(secrets_of(settings)))
    logging.getLogger().addHandler(handler)
    logging.getLogger("busta").setLevel(chosen.level.upper())
    requests.setLevel(logging.INFO if chosen.requests else logging.CRITICAL)
    if chosen.format == "json":
        logging.captureWarnings(True)
        os.environ.setdefault("MLFLOW_CONFIGURE_LOGGING", "false")  # its lines go the way of ours


def _close() -> None:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(handler)
        logging.captureWarnings(False)
    for name in ("busta", "busta.requests"):
        logging.getLogger(name).setLevel(logging.NOTSET)


class _Handler(logging.StreamHandler[Any]):
    """Writes to what is standard error at that moment, as Python's own last resort does."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, _: Any) -> None: ...


class _Text(logging.Formatter):
    """The message, and a traceback where there is one.

    The secrets go here and not in a filter: only the finished text has the arguments and the traceback in it.
    """

    def __init__(self, hidden: tuple[str, ...]) -> None:
        super().__init__()
        self.hidden = hidden

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record), self.hidden)


class _Json(_Text):
    """One JSON object a line: at, level, logger, run_id, message, error, and what ``extra`` gave."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run_id": run_id(),
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in line}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(_each_redacted(line, self.hidden), ensure_ascii=False)


def _each_redacted(value: Any, hidden: tuple[str, ...]) -> Any:
    """The value as JSON has it, no text in it with a secret."""
    if isinstance(value, dict):
        return {str(name): _each_redacted(each, hidden) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_redacted(each, hidden) for each in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else redacted(str(value), hidden)


def redacted(text: str, hidden: tuple[str, ...] = ()) -> str:
    """The text without secrets: those hidden, passwords of addresses, keys of the server, what is called a token.

    >>> redacted("asked http://me:pw@host?apiKey=1f2e with hunter22", ("hunter22",))
    'asked http://***@host?apiKey=*** with ***'
    """
    for secret in hidden:
        text = text.replace(secret, "***")
    if not _MAYBE.search(text):  # a line of the log seldom has any of it, and there may be one for each request
        return text
    text = without_password(text)
    for pattern, shown in _KEYS:
        text = pattern.sub(shown, text)
    return text


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """All that must not be seen, the longest first: secret settings, passwords of addresses, the environment's."""
    from urllib.parse import unquote

    found = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    for value in _values(settings.model_dump()):
        if hasattr(value, "get_secret_value"):
            found.add(value.get_secret_value())
        elif isinstance(value, str):
            found |= set(re.findall(r"://[^/\s]*?:(\S*)@", value)) | set(re.findall(r"(?i)password=([^&\s]+)", value))
    found |= {unquote(each) for each in found}
    return tuple(sorted((each for each in found if len(each) >= _SHORTEST), key=len, reverse=True))


def _values(given: Mapping[str, Any]) -> Iterator[Any]:
    for value in given.values():
        if isinstance(value, dict):
            yield from _values(value)
        else:
            yield value
