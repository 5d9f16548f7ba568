"""The simulated league: 32 invented teams in a world whose true probabilities are known.

It is played, not read: the same ``World`` gives the same bytes. Its numbers are the NFL's, so that
what a model or a gate does here says something about there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from busta.leagues.simulation.teams import TEAMS, aliases, places
from busta.leagues.simulation.world import World
from busta.plugins import League

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from busta.data.source import Batch
    from busta.settings import Settings

__all__ = ["LEAGUE", "World", "load", "play", "told"]


def play(world: World) -> Batch:
    """Plays a world: its games, quotes and true probabilities.

    Games run by kick-off within a season; those of the last ``unplayed_weeks`` have no score.
    ``truth`` has a row for every game, played or not.
    """
    from busta.leagues.simulation.tables import played

    return played(world)


def load(settings: Settings, paths: Sequence[Any]) -> Batch:
    """Plays the world of the section ``[sim]``; its biases hold for spreads and totals alike.

    Files add quotes and facts of games that were played already, and play nothing.

    Raises:
        UsageError: A path is not there.
        DataError: A file is of another kind.
    """
    if paths:
        return told(settings, paths, LEAGUE)
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


def told(settings: Settings, paths: Sequence[Any], league: League) -> Batch:
    """What files in the general format say of the games of a simulated league.

    Raises:
        UsageError: A path is not there.
        DataError: A file is of another kind.
    """
    from busta.data.files import from_files
    from busta.data.tables import known_games

    return from_files(
        [Path(path) for path in paths],
        league,
        games=(),
        known=lambda: known_games(settings, league),
        columns=settings.data.columns,
        now=datetime.now(UTC),
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
