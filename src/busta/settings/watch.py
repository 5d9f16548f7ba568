"""Settings of the watch over drift and decay."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from busta.settings.section import Section

__all__ = ["Watch"]


class Watch(Section):
    """The watch over drift and decay."""

    false_alarms: Annotated[float, Field(gt=0, le=10)] = 0.2
    """Drift alarms a season without any drift, of all features together, at most, on average."""
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Chance that a champion is ever said to have decayed that has not; in a season, that what it says has changed."""
    weeks: Annotated[int, Field(ge=1, le=20)] = 3
    """Weeks whose games are held against those trained on."""
    rolling: Annotated[int, Field(ge=10, le=100_000)] = 256
    """Last games of the rolling scores."""
