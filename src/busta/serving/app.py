"""The server's application: predictions and bets, health and keys; `games` has the routes that read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import ValidationError

from busta.errors import BustaError
from busta.serving.games import games, listings
from busta.serving.guard import ROUTE, Guard, needs, read_body
from busta.serving.page.front import Front
from busta.serving.page.routes import pages
from busta.serving.predictions import asked_for, drafts, joined, of_features, of_games
from busta.serving.problems import JSON, Problem, of_error, of_validation
from busta.serving.schemas import BET, EXAMPLES, BetRequest, Bets, PredictionRequest, Predictions
from busta.serving.service import HANDLERS, PROBLEMS, Service, respond
from busta.trials.metrics import trial_metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from busta.ledger.chain import Draft, Entry
    from busta.serving.guard import App, Receive, Scope, Send

__all__ = ["Service", "create", "describe"]

QUICK = "/v1/predictions"
SECONDS = 1.0
"""Between two times that a worker shares what it has counted."""


def create(service: Service) -> Front:
    """The application, behind its guard; it begins to read and write when the server starts it."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        service.engine.start()
        service.writer.start()
        tasks = [asyncio.create_task(work(service)) for work in (_clerk, _tell)]
        yield
        for task in tasks:
            task.cancel()
        service.engine.stop()
        await asyncio.to_thread(service.writer.stop)
        await asyncio.to_thread(service.clerk.stop)

    guard = Guard(_quick(service, _routes(service, running)), service.settings, service.keys, service.metrics)
    return Front(guard, service.sessions)


async def _clerk(service: Service) -> None:
    """Calls the clerk once there is something to serve: until then the machine has more urgent work."""
    await asyncio.to_thread(service.engine.wait)
    service.clerk.start()


async def _tell(service: Service) -> None:
    """Shares what was counted with the other workers, where there are any."""
    while service.metrics.shared:
        service.metrics.tell()
        await asyncio.sleep(SECONDS)


def describe(service: Service) -> dict[str, Any]:
    """The OpenAPI document."""
    return _routes(service, None).openapi()


def _routes(service: Service, running: Any) -> FastAPI:
    app = FastAPI(
        lifespan=running,
        title="busta",
        version=metadata.version("busta"),
        summary="Probabilities, fair prices and edges of games, and the ledger of bets.",
        docs_url=None,  # their pages load from elsewhere
        redoc_url=None,
        responses=PROBLEMS,
        redirect_slashes=False,
    )
    for kind, answer in HANDLERS.items():
        app.add_exception_handler(kind, answer)
    _predictions(app, service)
    _bets(app, service)
    listings(app, service)
    games(app, service)
    _health(app, service)
    _keys(app, service)
    app.include_router(pages(service))
    return app


def _predictions(app: FastAPI, service: Service) -> None:
    body = {
        "required": True,
        "content": {JSON: {"schema": PredictionRequest.model_json_schema(), "examples": EXAMPLES}},
    }

    @app.post(QUICK, response_model=Predictions, openapi_extra={"requestBody": body}, tags=["predictions"])
    async def predictions(request: Request) -> Response:
        """Predicts games of the store, or from features that are given."""
        return respond(await _predicted(service, request.scope, await request.body()))


async def _predicted(service: Service, scope: Scope, body: bytes) -> bytes:
    """The answer to a request for predictions."""
    asked = asked_for(body, service.settings.batch)
    slate = service.engine.slate(asked.league, asked.information, asked.price)
    league, count = slate.about["league"], service.metrics.predicted
    if asked.games is None:
        inputs = asked.asked()
        found = of_features(slate, inputs)
        for each in inputs:
            count("features", league, each.market, 1)
        return joined(slate, found)
    found = of_games(slate, asked.games, asked.markets)
    for market in asked.markets or slate.markets:
        count("store", league, market, len(asked.games))
    if not asked.record:
        return joined(slate, found)
    needs(scope, "write")
    return joined(slate, found, await _write(service, drafts(slate, found)))


def _bets(app: FastAPI, service: Service) -> None:
    body = {"required": True, "content": {JSON: {"schema": BetRequest.model_json_schema(), "examples": BET}}}

    @app.post("/v1/bets", response_model=Bets, openapi_extra={"requestBody": body}, tags=["bets"])
    async def bets(request: Request) -> Response:
        """Records a bet in the ledger; the same bet twice is recorded once. Needs a key of scope write."""
        needs(request.scope, "write")
        try:
            asked = BetRequest.model_validate_json(await request.body())
        except ValidationError as exc:
            raise of_validation(exc) from exc
        try:
            found = await service.clerk.do(service.bet, asked.model_dump())
        except BustaError:
            service.metrics.rows("refused", 1)
            raise
        service.metrics.rows("written", found["recorded"])
        return respond(found)


def _quick(service: Service, others: App) -> App:
    """Predictions past the router and its many layers, which cost more than the answer; the rest goes to ``others``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != QUICK:
            await others(scope, receive, send)
            return
        scope[ROUTE] = QUICK
        try:
            body = await _predicted(service, scope, await read_body(receive))
        except BustaError as exc:
            raise of_error(exc) from exc
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body))],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return app


async def _write(service: Service, rows: list[Draft]) -> list[Entry]:
    """Writes them to the ledger, and counts what became of them."""
    try:
        entries = await service.writer.append(rows)
    except BustaError:
        service.metrics.rows("refused", len(rows))
        raise
    service.metrics.rows("written", len(entries))
    return entries


def _health(app: FastAPI, service: Service) -> None:
    @app.get("/health/live", tags=["health"])
    async def live() -> Response:
        """Says that the process answers."""
        return respond({"status": "live"})

    @app.get("/health/ready", tags=["health"])
    async def ready() -> Response:
        """Says whether there is something to serve, and what stands in the way of something newer."""
        engine = service.engine
        error, slates = engine.state.get("error"), {"-".join(kind): s.versions for kind, s in engine.slates.items()}
        if not engine.ready:
            why = error or "no model is served yet; they are being read, or there are none"
            raise Problem(503, why, {"retry-after": "1"})
        problems = dict(engine.problems) | ({"refresh": error} if error else {})
        return respond({"status": "ready", "slates": slates, "problems": problems})

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Counts for Prometheus."""
        engine, told = service.engine, [a.about for s in service.engine.slates.values() for a in s.markets.values()]
        refused = sum(len(slate.about["refused"]) for slate in engine.slates.values())
        age = engine.age()
        now = {
            "busta_checked_seconds": float("nan") if age is None else age,
            "busta_ready": float(engine.ready),
            "busta_refused": float(refused + len(engine.problems)),
            "busta_ledger_waiting": float(service.writer.waiting),
        }
        trials = {trial["model"]: trial_metrics(trial) for trial in service.desk.notes()["trials"]}
        text = service.metrics.text(((a["model"], a["version"], a["role"]) for a in told), now, trials)
        return Response(text, media_type="text/plain; version=0.0.4")


def _keys(app: FastAPI, service: Service) -> None:
    @app.get("/v1/keys", tags=["keys"])
    async def keys(request: Request) -> Response:
        """Lists all keys there ever were, without what would let anyone use them; needs an admin's key."""
        needs(request.scope, "admin")
        return respond({"keys": service.keys.listed()})

    @app.delete("/v1/keys/{key}", tags=["keys"])
    async def revoke(request: Request, key: Annotated[str, Path(max_length=100)]) -> Response:
        """Ends a key; needs an admin's."""
        needs(request.scope, "admin")
        service.keys.revoke(key)
        return respond({"revoked": key})
