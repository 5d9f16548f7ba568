"""What a form says, and whether it may be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from busta.serving.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from busta.serving.page.session import Sessions

__all__ = ["TOKEN", "form_of"]

TOKEN = "token"  # noqa: S105 - a field's name
FIELDS = 30


async def form_of(request: Request, sessions: Sessions) -> Mapping[str, str]:
    """The fields of a form that was sent from a page of this session.

    Raises:
        Problem: It comes from elsewhere, or cannot be read.
    """
    try:
        text = (await request.body()).decode()
        fields = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=FIELDS))
    except ValueError as exc:
        raise Problem(400, "that is no form of this page") from exc
    if not sessions.is_own(dict(request.scope["headers"]), fields.get(TOKEN, "")):
        raise Problem(403, "this form is not of this page, or from before the server's last start; open the page again")
    return fields
