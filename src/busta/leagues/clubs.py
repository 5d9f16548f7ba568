"""What leagues of North America share: their time zones, and what a club is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from busta.plugins import Place

__all__ = ["ARIZONA", "CENTRAL", "EAST", "MOUNTAIN", "PACIFIC", "Club"]

EAST, CENTRAL, MOUNTAIN, PACIFIC, ARIZONA = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",  # without summer time
)


class Club(NamedTuple):
    """A team: city, nickname, home."""

    city: str
    nickname: str
    home: Place
