"""The server's routes, versioned under ``/v1``: each takes a slate once and answers from it alone."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from busta.errors import BustaError
from busta.plugins import pick
from busta.serving.guard import ROUTE, Guard, needs, read_body
from busta.serving.page.front import Front
from busta.serving.page.routes import pages
from busta.serving.predictions import asked_for, drafts, joined, market, of_features, of_games, the_game
from busta.serving.problems import JSON, PROBLEM_JSON, Problem, of_error
from busta.serving.schemas import EXAMPLES, PredictionRequest, Predictions, ProblemBody
from busta.serving.words import read_spread, read_total

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from busta.ledger.chain import Draft, Entry
    from busta.serving.auth import Keys
    from busta.serving.engine import Engine
    from busta.serving.guard import App, Receive, Scope, Send
    from busta.serving.page.desk import Desk
    from busta.serving.page.session import Sessions
    from busta.serving.slate import Slate
    from busta.serving.writer import Writer
    from busta.settings import Serve
    from busta.telemetry.metrics import Metrics

__all__ = ["Service", "create"]

log = logging.getLogger(__name__)

QUICK = "/v1/predictions"
League = Annotated[str | None, Query(max_length=100, description="By default the only one there is, else nfl.")]
Information = Annotated[str, Query(pattern="^(anchored|blind)$", description="anchored or blind")]
Moment = Annotated[str, Query(pattern="^(close|open)$", description="close or open")]
GameId = Annotated[str, Path(max_length=100, description="Id of a game, as /v1/games lists it.")]
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
        desk: What the page asks of the workflows.
        sessions: Who has signed in to it.
    """

    engine: Engine
    settings: Serve
    keys: Keys
    metrics: Metrics
    writer: Writer
    desk: Desk
    sessions: Sessions


def create(service: Service) -> Front:
    """The application, behind its guard; it begins to read and write when the server starts it."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        service.engine.start()
        service.writer.start()
        yield
        service.engine.stop()
        await asyncio.to_thread(service.writer.stop)

    guard = Guard(_quick(service, _routes(service, running)), service.settings, service.keys, service.metrics)
    return Front(guard, service.sessions)


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
    for kind, answer in _HANDLERS.items():
        app.add_exception_handler(kind, answer)
    _predictions(app, service)
    _listings(app, service)
    _games(app, service)
    _health(app, service)
    _keys(app, service)
    app.include_router(pages(service, asyncio.to_thread))
    return app


def respond(content: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return Response(body, status, media_type=JSON)


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
    if asked.games is None:
        found = of_features(slate, asked.asked())
        service.metrics.predicted("features", len(found))
        return joined(slate, found)
    found = of_games(slate, asked.games, asked.markets)
    service.metrics.predicted("store", len(found))
    if not asked.record:
        return joined(slate, found)
    needs(scope, "write")
    return joined(slate, found, await _write(service, drafts(slate, found)))


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


def _listings(app: FastAPI, service: Service) -> None:
    engine = service.engine

    @app.get("/v1/games", tags=["games"])
    async def games(
        league: League = None,
        week: Annotated[str | None, Query(pattern=r"^\d{4}-\d{1,2}$", examples=["2022-18"])] = None,
        date: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2022-11-13"])] = None,
    ) -> Response:
        """Lists the games of a week, or of a day in the league's own zone; by default of the last week."""
        if week and date:
            raise Problem(400, "give a week or a date, not both")
        slate = _any_kind(engine, league)
        return respond({"league": slate.about["league"], "games": _listed(slate, week, date)})

    @app.get("/v1/markets", tags=["models"])
    async def markets(league: League = None) -> Response:
        """Lists the markets, the kinds of models that are served for each, and the features they read."""
        return respond({"markets": [row for slate in _of_league(engine, league) for row in _markets(slate)]})

    @app.get("/v1/models", tags=["models"])
    async def models(league: League = None) -> Response:
        """Lists the versions that are served, what was refused and why, and how old the news are."""
        return respond(
            {
                "models": [row for slate in _of_league(engine, league) for row in _models(slate)],
                "refused": [row for slate in _of_league(engine, league) for row in _refused(slate)],
                "checked_seconds_ago": engine.age(),
                "error": engine.state.get("error"),
            }
        )


def _games(app: FastAPI, service: Service) -> None:
    engine = service.engine

    @app.get("/v1/prices/{game}", tags=["games"])
    async def prices(
        game: GameId,
        league: League = None,
        information: Information = "anchored",
        price: Moment = "close",
        spread: Annotated[list[str], Query(max_length=50, examples=[["KC -3.5"]])] = [],  # noqa: B006 - never changed
        total: Annotated[list[float], Query(max_length=50, examples=[[45.5]])] = [],  # noqa: B006
    ) -> Response:
        """Prices a game at its quoted lines and at any other, all from one distribution of margin and total."""
        slate = engine.slate(league, information, price)
        row = _game(slate, game)
        spreads = [read_spread(text, pick("league", slate.about["league"]), row) for text in spread]
        found = slate.price(game, spreads, [read_total(each) for each in total])
        if found is None:
            raise Problem(404, f"{game} has no price: nobody quotes a moneyline or spread, or none was predicted")
        return respond(_about(slate) | {"kickoff": row["kickoff"]} | found)

    @app.get("/v1/explanations/{game}", tags=["games"])
    async def explanations(
        game: GameId,
        market_name: Annotated[str, Query(alias="market", max_length=100)] = "moneyline",
        league: League = None,
        information: Information = "anchored",
        price: Moment = "close",
    ) -> Response:
        """Says what a forecast is the sum of, in log-odds of the market's first side."""
        slate = engine.slate(league, information, price)
        row, answers = _game(slate, game), market(slate, pick("market", market_name).name)
        found = answers.explained(game)
        if found is None:
            raise Problem(
                404, f"{answers.about['market']} of {game} is not forecast: no line, no price or no forecast of it"
            )
        teams = {name: row[name] for name in ("game_id", "kickoff", "home_team", "away_team")}
        about = {"market": answers.about["market"], "model": answers.about["model"]}
        return respond(_about(slate) | about | {"model_version": answers.about["version"]} | teams | found)


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
        now = [
            (
                "busta_checked_seconds",
                "Since MLflow and gold store were looked at.",
                float("nan") if age is None else age,
            ),
            ("busta_ready", "Whether there is something to serve.", float(engine.ready)),
            ("busta_refused", "Models refused and slates that cannot be read.", float(refused + len(engine.problems))),
            ("busta_ledger_waiting", "Rows that wait for the ledger.", float(service.writer.waiting)),
        ]
        text = service.metrics.text(((a["model"], a["version"], a["role"]) for a in told), now)
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


def _any_kind(engine: Engine, league: str | None) -> Slate:
    """A slate of that league: all of them list the same games."""
    return engine.slate(league, *next(((k.information, k.price) for k in engine.slates if k.league == league), _USUAL))


_USUAL = ("anchored", "close")


def _of_league(engine: Engine, league: str | None) -> list[Slate]:
    slates = engine.slates
    if league is not None:
        _any_kind(engine, league)
    return [slate for kind, slate in slates.items() if league in (None, kind.league)]


def _listed(slate: Slate, week: str | None, date: str | None) -> list[dict[str, Any]]:
    if week:
        season, _, number = week.partition("-")
        week = f"{season}-{int(number):02d}"
    last = slate.games[-1] if slate.games else None
    asked = week or date or (f"{last['season']}-{last['week']:02d}" if last else "")
    return [dict(game) for game in slate.rounds.get(asked, ())]


def _game(slate: Slate, game: str) -> Any:
    row = slate.place.get(game)
    if row is None:
        raise the_game(slate, game)
    return slate.games[row]


def _about(slate: Slate) -> dict[str, Any]:
    return {name: slate.about[name] for name in ("league", "information", "price", "gold_version")} | {
        "versions": slate.versions
    }


def _markets(slate: Slate) -> list[dict[str, Any]]:
    kind = {name: slate.about[name] for name in ("league", "information", "price")}
    names = ("market", "sides", "has_line", "anchored", "features")
    return [kind | {name: answers.about[name] for name in names} for answers in slate.markets.values()]


def _models(slate: Slate) -> list[dict[str, Any]]:
    kind = {name: slate.about[name] for name in ("league", "information", "price")}
    hidden = {"market", "sides", "has_line", "anchored", "features"}
    return [
        kind | {"market": name} | {key: value for key, value in answers.about.items() if key not in hidden}
        for name, answers in slate.markets.items()
    ]


def _refused(slate: Slate) -> list[dict[str, str]]:
    kind = {name: slate.about[name] for name in ("league", "information", "price")}
    return [kind | {"market": market, "why": why} for market, why in slate.about["refused"].items()]


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


_HANDLERS: dict[Any, Any] = {
    Problem: _problem,
    BustaError: _problem,
    HTTPException: _problem,
    RequestValidationError: _invalid,
    Exception: _problem,
}
