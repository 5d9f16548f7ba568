"""The routes a person's browser asks: the page, its forms, and signing in."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from busta.errors import BustaError
from busta.serving.guard import ALLOWED, needs
from busta.serving.limits import Buckets
from busta.serving.page.desk import Books
from busta.serving.page.forms import form_of
from busta.serving.page.html import render
from busta.serving.page.session import COOKIE, HOURS
from busta.serving.page.view import Asked, address, bets_page, view
from busta.serving.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from busta.serving.app import Service
    from busta.serving.page.desk import Desk
    from busta.serving.page.session import Sessions

__all__ = ["pages"]

log = logging.getLogger(__name__)


def pages(service: Service, desk: Desk, sessions: Sessions) -> tuple[APIRouter, Callable[[], None]]:
    """The page's routes, none of which is part of the API, and what makes the first page as quick as the others."""
    found = APIRouter(include_in_schema=False, default_response_class=Response)
    books = Books(desk)
    _pages(found, service, desk, sessions, books)
    _bets(found, service, desk, sessions, books)
    _sign_in(found, sessions)

    def warm() -> None:
        """Reads the ledger and loads what that takes, on a thread of its own."""
        threading.Thread(target=_warm, args=(service, desk, books), name="busta-page", daemon=True).start()

    return found, warm


def _warm(service: Service, desk: Desk, books: Books) -> None:
    with suppress(BustaError):  # whoever opens the page is told
        render("page.html", **view(service.engine, desk, books, Asked.of({})), **_NOBODY)


_NOBODY = {"token": "", "may_write": False, "signed_in": False, "wrong": None}


def answer(content: tuple[bytes, str], status: int = 200) -> Response:
    """A page with its policy."""
    page, policy = content
    return Response(page, status, {"content-security-policy": policy}, "text/html; charset=utf-8")


def _pages(found: APIRouter, service: Service, desk: Desk, sessions: Sessions, books: Books) -> None:
    @found.get("/")
    async def page(request: Request) -> Response:
        return answer(await _shown(request, service, desk, sessions, books))

    @found.get("/bets")
    async def bets(request: Request) -> Response:
        shown = await asyncio.to_thread(books.show)
        return answer(render("bets.html", **bets_page(shown, request.query_params), **_common(request, sessions)))


async def _shown(
    request: Request, service: Service, desk: Desk, sessions: Sessions, books: Books, *, wrong: Any = None, **more: Any
) -> tuple[bytes, str]:
    """The whole page, made on a thread: the ledger may keep it waiting."""
    asked = Asked.of(more.pop("fields", request.query_params))
    common = _common(request, sessions)
    return await asyncio.to_thread(
        lambda: render("page.html", **view(service.engine, desk, books, asked), **common, wrong=wrong)
    )


def _common(request: Request, sessions: Sessions) -> dict[str, Any]:
    headers = dict(request.scope["headers"])
    return {
        "token": sessions.token(headers),
        "may_write": "write" in request.scope[ALLOWED],
        "signed_in": sessions.who(headers) is not None,
    }


def _bets(found: APIRouter, service: Service, desk: Desk, sessions: Sessions, books: Books) -> None:
    @found.post("/bets")
    async def record(request: Request) -> Response:
        """Records a bet that is recommended; the same twice is one."""
        needs(request.scope, "write")
        fields = await form_of(request, sessions)
        try:
            row = _offered(service, fields)
            said = await asyncio.to_thread(desk.record, row["league"], row, fields.get("book", ""))
        except BustaError as exc:
            log.info("a bet was not recorded: %s", exc)
            wrong = {"key": f"{fields.get('game')}-{fields.get('market')}", "why": str(exc), "fields": fields}
            return answer(await _shown(request, service, desk, sessions, books, fields=fields, wrong=wrong), 422)
        bet = said["bets"][0]
        done = {"bet": bet["key"], "again": "" if bet["new"] else "1"}
        return RedirectResponse(address(Asked.of(fields), **done) + "#said", 303)

    @found.post("/settle")
    async def settle(request: Request) -> Response:
        needs(request.scope, "write")
        fields = await form_of(request, sessions)
        said = await asyncio.to_thread(desk.settle)
        done = {"settled": str(len(said["settled"])), "resettled": str(len(said["resettled"]))}
        return RedirectResponse(address(Asked.of(fields), **done) + "#said", 303)


def _offered(service: Service, fields: Mapping[str, str]) -> dict[str, Any]:
    """The recommended row that a form means, with the price and stake it says.

    Raises:
        BustaError: There is no such kind of model.
        Problem: The server recommends something else by now.
    """
    asked = Asked.of(fields)
    slate = service.engine.slate(asked.league, asked.information, asked.price)
    answers = slate.markets.get(fields.get("market", ""))
    text = answers.predictions.get(fields.get("game", "")) if answers else None
    if answers is None or text is None:
        raise Problem(404, "there is no such game or market; open the page again")
    row: dict[str, Any] = json.loads(text)
    if not row["stake"] or _said(row) != fields.get("said"):
        raise Problem(409, "the forecast has changed since the page was opened; open it again and look")
    paper = row["paper"] or fields.get("on") == "paper"
    taken = {"price": fields.get("price", ""), "stake": fields.get("amount", ""), "paper": paper}
    return row | taken | {"league": slate.about["league"], "model": answers.about["model"]}


def _said(row: Mapping[str, Any]) -> str:
    return f"{row['side']} {row['line']} {row['model_version']}"


def _sign_in(found: APIRouter, sessions: Sessions) -> None:
    wrong = Buckets(0.2, 10.0)  # as wrong keys in a header: ten, then one in five seconds

    @found.get("/login")
    async def ask(request: Request) -> Response:
        return answer(render("problem.html", problem=None, token=sessions.token(dict(request.scope["headers"]))))

    @found.post("/login")
    async def sign_in(request: Request) -> Response:
        fields = await form_of(request, sessions)
        client = request.client.host if request.client else "unknown"
        if wrong.empty(client):
            raise Problem(429, "too many wrong keys from this address", {"retry-after": "5"})
        cookie = sessions.begin(fields.get("key", "").strip())
        if cookie is None:
            wrong.wait(client)
            raise Problem(401, "that is no key, or one that was revoked")
        response = RedirectResponse("/", 303)
        secure = request.headers.get("origin", "").startswith("https://")
        response.set_cookie(COOKIE, cookie, HOURS * 3600, httponly=True, samesite="strict", secure=secure)
        return response

    @found.post("/logout")
    async def sign_out(request: Request) -> Response:
        await form_of(request, sessions)
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response
