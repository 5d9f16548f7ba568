"""The simulated league with a planted edge: its close is off for half of the teams, and something is to be found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from busta.leagues import sim

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from busta.data.source import Batch
    from busta.settings import Settings

__all__ = ["EDGE", "LEAGUE", "SEASONS", "load"]

EDGE = 5.0
"""Points, unless the settings name an edge: what sixteen seasons are enough to prove."""
SEASONS = 16


def load(settings: Settings, paths: Sequence[Any]) -> Batch:
    """Plays the world of the section ``[sim]`` with an edge in its spreads and no fewer seasons than it takes.

    Files add quotes and facts of games that were played already, and play nothing.

    Raises:
        UsageError: A path is not there.
        DataError: A file is of another kind.
    """
    if paths:
        return sim.told(settings, paths, LEAGUE)
    world = settings.sim
    planted = {"edge": world.edge or EDGE, "seasons": max(world.seasons, SEASONS)}
    return sim.load(settings.model_copy(update={"sim": world.model_copy(update=planted)}), paths)


LEAGUE = replace(sim.LEAGUE, name="sim-edge", title="Simulated league with a planted edge", load=load)
