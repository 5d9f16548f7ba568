"""What the process that makes slates tells those that answer from them; to read it takes no library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from busta.errors import BustaError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMAT", "STATE", "NothingServedError", "read_state"]

FORMAT = 1
"""Of a slate's files."""
STATE = "state.json"
"""What it found when it last looked: ``at`` (seconds since 1970), ``token``, ``error``, and what it has ``seen``."""


class NothingServedError(BustaError):
    """There is no slate yet."""

    exit_code = 5


def read_state(file: Path) -> dict[str, Any]:
    """What is written there; nothing where nobody has looked yet."""
    try:
        state: dict[str, Any] = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    return state
