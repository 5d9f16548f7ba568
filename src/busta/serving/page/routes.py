"""The routes a person's browser asks: the page, its forms, and signing in."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from busta.errors import BustaError, UsageError
from busta.serving.guard import ALLOWED, needs
from busta.serving.limits import Buckets
from busta.serving.page.desk import Books
from busta.serving.page.forms import form_of
from busta.serving.page.html import render
from busta.serving.page.own import own_bet
from busta.serving.page.session import COOKIE, HOURS
from busta.serving.page.view import Asked, address, bets_address, bets_page, view
from busta.serving.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.serving.page.session import Sessions
    from busta.serving.service import Service

__all__ = ["pages"]


def pages(service: Service) -> APIRouter:
    """The page's routes, none of which is part of the API; what works on the ledger is the clerk's."""
    found = APIRouter(include_in_schema=False, default_response_class=Response)
    page = Page(service, Books(service.desk, service.clerk.do))
    _pages(found, page)
    _record(found, page)
    _keep(found, page)
    _sign_in(found, service.sessions)
    return found


@dataclass(frozen=True)
class Page:
    """What the routes share."""

    service: Service
    books: Books

    def common(self, request: Request) -> dict[str, Any]:
        """What every page says of whoever looks at it."""
        headers, sessions = dict(request.scope["headers"]), self.service.sessions
        return {
            "token": sessions.token(headers),
            "may_write": "write" in request.scope[ALLOWED],
            "signed_in": sessions.who(headers) is not None,
            "form_key": secrets.token_hex(6),
        }

    async def shown(self, request: Request, fields: Mapping[str, str], wrong: Any = None) -> tuple[bytes, str]:
        """The whole page, made on a thread."""
        ledger, common = await self.books.look(), self.common(request)

        def made() -> tuple[bytes, str]:
            found = view(self.service.engine, self.service.desk, ledger, Asked.of(fields))
            return render("page.html", **found, **common, wrong=wrong)

        return await asyncio.to_thread(made)

    async def listed(self, request: Request, fields: Mapping[str, str], wrong: Any = None) -> tuple[bytes, str]:
        """All bets."""
        found = bets_page(await self.books.shown(), fields)
        return render("bets.html", **found, **self.common(request), wrong=wrong)


def answer(content: tuple[bytes, str], status: int = 200) -> Response:
    """A page with its policy."""
    page, policy = content
    return Response(page, status, {"content-security-policy": policy}, "text/html; charset=utf-8")


def _pages(found: APIRouter, page: Page) -> None:
    @found.get("/")
    async def week(request: Request) -> Response:
        return answer(await page.shown(request, request.query_params))

    @found.get("/bets")
    async def bets(request: Request) -> Response:
        return answer(await page.listed(request, request.query_params))


def _record(found: APIRouter, page: Page) -> None:
    books = page.books

    @found.post("/bets")
    async def record(request: Request) -> Response:
        """Records a bet that is recommended; the same twice is one."""
        needs(request.scope, "write")
        fields = await form_of(request, page.service.sessions)
        try:
            row = _offered(page.service, fields)
            said = await books.do(books.desk.record, row["league"], row, fields.get("book", ""))
        except BustaError as exc:
            wrong = {"key": f"{fields.get('game')}-{fields.get('market')}", "why": str(exc), "fields": fields}
            return answer(await page.shown(request, fields, wrong), 422)
        return _recorded(said, fields)

    @found.post("/bets/own")
    async def own(request: Request) -> Response:
        """Records a bet that somebody placed, whatever is recommended."""
        needs(request.scope, "write")
        fields = await form_of(request, page.service.sessions)
        asked = Asked.of(fields)
        try:
            slate = page.service.engine.slate(asked.league, asked.information, asked.price)
            said = await books.do(books.desk.own, own_bet(fields, slate.about["league"]))
        except BustaError as exc:
            wrong = {"key": f"{fields.get('game')}-own", "why": str(exc), "fields": fields}
            return answer(await page.shown(request, fields, wrong), 422)
        return _recorded(said, fields)


def _recorded(said: Mapping[str, Any], fields: Mapping[str, str]) -> Response:
    bet = said["bets"][0]
    done = {"bet": bet["key"], "again": "" if bet["new"] else "1"}
    return RedirectResponse(_address(fields, **done) + "#said", 303)


def _keep(found: APIRouter, page: Page) -> None:
    """The forms that change what becomes of bets."""
    books = page.books

    @found.post("/bets/void")
    async def void(request: Request) -> Response:
        """Voids an open bet, or lets a void one stand again; twice is once."""
        needs(request.scope, "write")
        fields = await form_of(request, page.service.sessions)
        key, undo, listed = fields.get("bet", ""), bool(fields.get("undo")), bool(fields.get("listed"))
        try:
            _require_open((await books.shown())["bets"], key)
            said = await books.do(books.desk.void, key, fields.get("reason", ""), undo)
        except BustaError as exc:
            wrong = {"key": key, "why": str(exc), "fields": fields}
            again = page.listed if listed else page.shown
            return answer(await again(request, fields, wrong), 422)
        done = {"voided": key, "again": "" if said["changed"] else "1"}
        return RedirectResponse((bets_address if listed else _address)(fields, **done) + "#said", 303)

    @found.post("/settle")
    async def settle(request: Request) -> Response:
        needs(request.scope, "write")
        fields = await form_of(request, page.service.sessions)
        said = await books.do(books.desk.settle)
        done = {"settled": str(len(said["settled"])), "resettled": str(len(said["resettled"]))}
        return RedirectResponse(_address(fields, **done) + "#said", 303)


def _address(fields: Mapping[str, str], **done: str) -> str:
    """Where the week is shown that a form was sent from."""
    return address(Asked.of(fields), **done)


def _require_open(rows: Sequence[Mapping[str, Any]], key: str) -> None:
    """Refuses to void a bet whose result is known, or was not yet when the page was opened.

    Raises:
        UsageError: It is settled, or there is no such bet.
    """
    states = {row["key"]: row["state"] for row in rows}
    if key not in states:
        raise UsageError("there is no such bet in the ledger; open the page again")
    if states[key] == "settled":
        raise UsageError(f"this bet is settled by now; `busta bets void {key}` voids it all the same")


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
