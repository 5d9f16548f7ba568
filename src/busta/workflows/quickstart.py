"""Quickstart: two simulated leagues, one fair and one with a planted edge, and what the gate says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.leagues.sim import LEAGUE as FAIR
from busta.leagues.sim_edge import LEAGUE as PLANTED
from busta.plugins import market_names
from busta.workflows.data.ingest import ingest, tables_of
from busta.workflows.training.train import train

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.settings import Settings

__all__ = ["quickstart"]


def quickstart(
    settings: Settings,
    *,
    say: Callable[[str], None] = lambda _words: None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, Any]:
    """Plays both leagues and trains every market they are quoted on. Needs no network and no file.

    Returns:
        What each training said, by league, and commands to try next.
    """
    leagues = []
    for league in (FAIR, PLANTED):
        say(f"playing league {league.name}: {league.title.lower()}")
        ingest(settings, league.name)
        offered = set(tables_of(settings, league).read().quotes["market"])  # another package's market is not
        trainings = [
            train(settings, name, league.name, progress=progress) for name in market_names() if name in offered
        ]
        leagues.append({"league": league.name, "title": league.title, "trainings": trainings})
    return {
        "leagues": leagues,
        "next": [
            f"busta gate ats --league {PLANTED.name}",
            f"busta backtest ats --league {PLANTED.name}",
            f"busta predict moneyline --week {_coming_week(settings)} --league {FAIR.name}",
            f"busta report moneyline --league {FAIR.name}",
            f"busta models --league {FAIR.name}",
            "busta ingest nfl",
            "busta train moneyline",
        ],
    }


def _coming_week(settings: Settings) -> str:
    """The week of the fair league's next game without a score."""
    games = tables_of(settings, FAIR).read().games.sort("kickoff")
    game = games.filter(games["home_score"].is_null()).row(0, named=True)
    return f"{game['season']}-{game['week']:02d}"
