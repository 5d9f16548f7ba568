"""API keys: kept hashed, each with a scope, made and revoked in a file of the workspace.

A key is ``busta_ID_SECRET``. The secret has 256 random bits, so that its SHA-256 is as good as any slower hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.data.publish import atomic_write, locked
from busta.errors import DataError, unknown

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCOPES", "Keys"]

SCOPES = {"read": ("read",), "write": ("read", "write"), "admin": ("read", "write", "admin")}
"""What a key of each scope may do: ask; also write to the ledger; also see and revoke keys."""
_FORM = re.compile(r"busta_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NOBODY = "0" * 64
_LOOK = 1.0  # seconds between two looks at the file


@dataclass(frozen=True)
class Key:
    """What is kept of a key: never its secret."""

    id: str
    name: str
    scope: str
    sha256: str
    made_at: str
    revoked_at: str | None = None


class Keys:
    """The keys of a file.

    Args:
        file: Made with the first key, readable by its owner alone.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._keys: dict[str, Key] = {}
        self._seen: tuple[float, int] | None = None
        self._next_look = 0.0

    def add(self, scope: str, name: str = "") -> tuple[str, str]:
        """Makes a key; returns its id and the key itself, which is nowhere else.

        Raises:
            UsageError: There is no such scope.
            DataError: The file is not one of keys, or others may read it.
        """
        if scope not in SCOPES:
            raise unknown("scope", scope, SCOPES)
        number, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        made = Key(number, name, scope, _hash(secret), _now())
        with locked(self.file.parent):
            self._write([*self._read(), made])
        return number, f"busta_{number}_{secret}"

    def revoke(self, number: str) -> None:
        """Ends a key; that it was there stays on record.

        Raises:
            UsageError: There is no such key, or it was revoked before.
            DataError: The file is not one of keys, or others may read it.
        """
        with locked(self.file.parent):
            keys = self._read()
            valid = [key.id for key in keys if key.revoked_at is None]
            if number not in valid:
                raise unknown("key", number, valid)
            ended = [Key(**vars(key) | {"revoked_at": _now()}) if key.id == number else key for key in keys]
            self._write(ended)

    def listed(self) -> list[dict[str, Any]]:
        """All keys there ever were, without their hashes.

        Raises:
            DataError: The file is not one of keys, or others may read it.
        """
        return [{name: value for name, value in vars(key).items() if name != "sha256"} for key in self._read()]

    def any(self) -> bool:
        """Whether a key is valid."""
        self._look()
        return bool(self._keys)

    def scopes(self, given: str) -> tuple[str, tuple[str, ...]] | None:
        """Whose key it is and what it may do; ``None`` where it is none. A wrong one takes as long as a right one."""
        self._look()
        match = _FORM.fullmatch(given)
        number, secret = match.groups() if match else ("", given)
        key = self._keys.get(number)
        right = hmac.compare_digest(_hash(secret), key.sha256 if key else _NOBODY)
        return (key.id, SCOPES.get(key.scope, ())) if key and right else None

    def of(self, number: str) -> tuple[str, tuple[str, ...]] | None:
        """What the key of that id may do, for whoever has shown it before; ``None`` where it is none any more."""
        self._look()
        key = self._keys.get(number)
        return (key.id, SCOPES.get(key.scope, ())) if key else None

    def _look(self) -> None:
        """Reads the file again where it has changed: a revoked key ends within a second."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK
        try:
            found = self.file.stat()
        except FileNotFoundError:
            self._keys, self._seen = {}, None
            return
        if (found.st_mtime, found.st_ino) != self._seen:
            self._keys = {key.id: key for key in self._read() if key.revoked_at is None}
            self._seen = (found.st_mtime, found.st_ino)

    def _read(self) -> list[Key]:
        try:
            text = self.file.read_bytes()
        except FileNotFoundError:
            return []
        if self.file.stat().st_mode & 0o077:
            raise DataError(f"{self.file} may be read by others; chmod 600 {self.file}")
        try:
            return [Key(**each) for each in json.loads(text)]
        except (ValueError, TypeError) as exc:
            raise DataError(f"{self.file} is not a file of keys: {exc}") from exc

    def _write(self, keys: list[Key]) -> None:
        umask = os.umask(0o077)  # nobody else can read it, not even while it is written
        try:
            atomic_write(self.file, json.dumps([vars(key) for key in keys], indent=1).encode())
        finally:
            os.umask(umask)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
