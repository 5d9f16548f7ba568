"""What all routes share: what they work with, how they answer, and how a "no" is said."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from busta.errors import BustaError
from busta.serving.problems import JSON, PROBLEM_JSON, Problem, of_error
from busta.serving.schemas import ProblemBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.serving.auth import Keys
    from busta.serving.clerk import Clerk
    from busta.serving.engine import Engine
    from busta.serving.page.desk import Desk
    from busta.serving.page.session import Sessions
    from busta.serving.writer import Writer
    from busta.settings import Serve
    from busta.telemetry.metrics import Metrics

__all__ = ["HANDLERS", "PROBLEMS", "Service", "respond"]

log = logging.getLogger(__name__)

_WHY = {
    400: "It cannot be right; the detail says what is allowed.",
    401: "A key is needed, or this one is none.",
    403: "The key may not do that, or the server is called by a name that is not its own.",
    404: "There is no such game or page.",
    405: "Not with this method.",
    408: "It took too long to arrive.",
    413: "More than is taken at once.",
    415: "The body is not JSON.",
    422: "It does not say what it should.",
    429: "Too many requests.",
    503: "Nothing can be served, or written, at the moment; Retry-After says when to try again.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": why, "content": {PROBLEM_JSON: {"schema": ProblemBody.model_json_schema()}}}
    for status, why in _WHY.items()
}


@dataclass(frozen=True)
class Service:
    """What the routes work with.

    Attributes:
        engine: What is served.
        settings: Limits.
        keys: Who may ask.
        metrics: What is counted.
        writer: The way to the ledger.
        clerk: Who records bets.
        bet: Records one, of the members of `BetRequest`; called in the clerk's process.
        desk: What the page asks of the ledger and the trials.
        sessions: Who has signed in to it.
    """

    engine: Engine
    settings: Serve
    keys: Keys
    metrics: Metrics
    writer: Writer
    clerk: Clerk
    bet: Callable[..., Any]
    desk: Desk
    sessions: Sessions


def respond(content: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return Response(body, status, media_type=JSON)


def answer(problem: Problem) -> Response:
    """The problem, as it is sent."""
    return Response(problem.body, problem.status, problem.headers, PROBLEM_JSON)


async def _problem(_: Request, error: Exception) -> Response:
    """Whatever was raised, as a problem."""
    if isinstance(error, Problem):
        return answer(error)
    if isinstance(error, BustaError):
        return answer(of_error(error))
    if isinstance(error, HTTPException):
        return answer(Problem(error.status_code, error.detail, error.headers))
    log.error("a bug in busta", exc_info=error)
    return answer(Problem(500, f"a bug in busta ({type(error).__name__}); its log says more"))


async def _invalid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = [{"at": ".".join(map(str, each["loc"])), "says": each["msg"]} for each in error.errors()[:5]]
    first = f"{found[0]['at']}: {found[0]['says']}"
    return answer(Problem(422, f"{first}; /openapi.json says what is allowed", more={"errors": found}))


HANDLERS: dict[Any, Any] = {
    Problem: _problem,
    BustaError: _problem,
    HTTPException: _problem,
    RequestValidationError: _invalid,
    Exception: _problem,
}
