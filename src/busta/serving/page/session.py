"""Who has signed in with a browser: a cookie that stands for an API key and is none.

The cookie holds the key's id, when it ends, and a signature under a secret that every start of the server makes
anew: no file holds what could forge one, and neither a copied cookie nor its page says what the key is.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from busta.serving.auth import Keys

    Headers = Mapping[bytes, bytes]

__all__ = ["COOKIE", "HOURS", "Sessions"]

COOKIE = "busta_session"
HOURS = 12
"""How long a browser stays signed in."""


class Sessions:
    """Cookies and the tokens of forms.

    Args:
        keys: Which keys there are; a session ends with its key.
        secret: Random bytes that all processes of one server share.
    """

    def __init__(self, keys: Keys, secret: bytes) -> None:
        self._keys = keys
        self._secret = secret

    def begin(self, key: str) -> str | None:
        """The value of a cookie for whoever knows that key; ``None`` where it is none."""
        found = self._keys.scopes(key)
        if found is None:
            return None
        said = f"{found[0]}.{int(time.time()) + HOURS * 3600}"
        return f"{said}.{self._sign('session', said)}"

    def who(self, headers: Headers) -> tuple[str, tuple[str, ...]] | None:
        """Whose session it is and what it may do; ``None`` without one."""
        said, _, signature = _cookie(headers).rpartition(".")
        number, _, end = said.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", said).encode()):
            return None
        return self._keys.of(number) if int(end) > time.time() else None

    def token(self, headers: Headers) -> str:
        """What a form of this session carries, and no other page can know."""
        return self._sign("form", _cookie(headers))

    def is_own(self, headers: Headers, token: str) -> bool:
        """Whether a form was sent from a page of this session, and from this very address."""
        said = headers.get(b"sec-fetch-site", b"same-origin")
        origin = headers.get(b"origin")
        here = origin is None or origin.partition(b"://")[2] == headers.get(b"host")
        return said == b"same-origin" and here and hmac.compare_digest(token.encode(), self.token(headers).encode())

    def _sign(self, what: str, text: str) -> str:
        return hmac.new(self._secret, f"{what}:{text}".encode(), hashlib.sha256).hexdigest()


def _cookie(headers: Headers) -> str:
    """The session's cookie, empty without one."""
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
