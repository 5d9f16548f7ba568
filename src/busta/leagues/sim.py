"""The simulated league: 32 invented teams in a world whose true probabilities are known.

It is played, not read: the same ``World`` gives the same bytes. Its numbers are the NFL's, so that
what a model or a gate does here says something about there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from busta.errors import UsageError
from busta.leagues.simulation.teams import TEAMS, aliases, places
from busta.leagues.simulation.world import World
from busta.plugins import League

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from busta.data.source import Batch
    from busta.settings import Settings

__all__ = ["LEAGUE", "World", "load", "play"]


def play(world: World) -> Batch:
    """Plays a world: its games, quotes and true probabilities.

    Games run by kick-off within a season; those of the last ``unplayed_weeks`` have no score.
    ``truth`` has a row for every game, played or not.
    """
    from busta.leagues.simulation.tables import played

    return played(world)


def load(settings: Settings, paths: Sequence[Any]) -> Batch:
    """Plays the world of the section ``[sim]``; its biases hold for spreads and totals alike.

    Raises:
        UsageError: Files are given.
    """
    if paths:
        raise UsageError(f"the simulated league is played, not read: {paths[0]} is not needed. Leave out --from")
    sim = settings.sim
    return play(
        World(
            seasons=sim.seasons,
            seed=sim.seed,
            open_bias=sim.open_bias,
            total_bias=sim.open_bias,
            close_correction=sim.close_correction,
            edge=sim.edge,
        )
    )


LEAGUE = League(
    name="sim",
    title="Simulated league",
    teams=tuple(club.code for club in TEAMS),
    load=load,
    margin_sd=13.3,
    total_sd=13.5,
    home_edge=2.2,
    aliases=aliases(),
    places=places(),
    unused=("back_to_back_*", "three_in_four_*", "climb_km_*"),
)
