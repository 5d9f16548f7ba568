"""Errors of the server: RFC 9457's ``application/problem+json``, saying what was given and what is allowed."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError, DataError, OutsideError, Refusal, UsageError, without_password
from busta.serving.state import NothingServedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError

__all__ = ["JSON", "PROBLEM_JSON", "Problem", "of_error", "of_validation"]

JSON, PROBLEM_JSON = "application/json", "application/problem+json"
RETRY = 2
"""Seconds after which it is worth trying again, where something is missing that comes back."""
_STATUS = {UsageError: 400, Refusal: 409, DataError: 422, OutsideError: 503, NothingServedError: 503}
_SHOWN = 5


class Problem(Exception):  # noqa: N818 - the RFC's word
    """An answer that is a "no".

    Args:
        status: Of HTTP.
        detail: What was given, what is allowed, what to do.
        headers: To go with it.
        more: Further members of the object.
    """

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    @property
    def body(self) -> bytes:
        """The object, as JSON."""
        title = HTTPStatus(self.status).phrase
        return json.dumps(
            {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.more}
        ).encode()


def of_error(error: BustaError) -> Problem:
    """The problem that one of busta's own errors is."""
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    headers = {"retry-after": str(RETRY)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Problem(status, without_password(str(error)), headers)


def of_validation(error: ValidationError) -> Problem:
    """The problem that a body or a query is which does not say what it should."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [{"at": ".".join(str(part) for part in each["loc"]), "says": each["msg"]} for each in found[:_SHOWN]]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    first = f"{errors[0]['at']}: {errors[0]['says']}" if errors[0]["at"] else errors[0]["says"]
    return Problem(422, f"{first}{more}; /openapi.json says what is allowed", more={"errors": errors})
