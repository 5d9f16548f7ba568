"""Which version's bets are placed on which game, where both may bet with real money."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

__all__ = ["ARMS", "arm"]

Arm = Literal["champion", "challenger"]

ARMS: tuple[Arm, Arm] = ("champion", "challenger")


def arm(trial_id: str, game_id: str) -> Arm:
    """The version whose bets are placed on a game: half of the games each, by a hash that nobody chose.

    The same trial and game always give the same arm, on every machine; the trial's id is drawn when it starts.

    >>> [arm("trial", game) for game in ("a", "b", "c")]
    ['champion', 'champion', 'challenger']
    """
    return ARMS[sha256(f"{trial_id}:{game_id}".encode()).digest()[0] % 2]
