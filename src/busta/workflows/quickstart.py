"""Quickstart: from nothing to the verdict on all three markets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.errors import DataError, OutsideError
from busta.leagues.nfl import LEAGUE as NFL
from busta.leagues.nfl import download
from busta.plugins import market_names, pick
from busta.workflows.ingest import has_tables, ingest, tables_of
from busta.workflows.train import train

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.settings import Settings

__all__ = ["quickstart"]

_SECONDS = 4.0


def quickstart(
    settings: Settings,
    *,
    offline: bool = False,
    say: Callable[[str], None] = lambda _words: None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, Any]:
    """Trains every market on real NFL games if they can be had within seconds, else on the simulated league.

    Returns:
        The league, what each training said, and commands to try next.
    """
    league = _league(settings, offline=offline, say=say)
    trainings = [train(settings, market, league, progress=progress) for market in market_names()]
    option = "" if league == "nfl" else f" --league {league}"
    return {
        "league": league,
        "trainings": trainings,
        "next": [
            f"busta predict moneyline --week {_coming_week(settings, league)}{option}",
            f"busta gate moneyline{option}",
            f"busta train moneyline --blind{option}",
            f"busta models{option}",
            "busta features catalog",
            "busta ingest nfl --from games.csv",
        ],
    }


def _coming_week(settings: Settings, league: str) -> str:
    """The week of the next game without a score; the last week where all are played."""
    games = tables_of(settings, pick("league", league)).read().games.sort("kickoff")
    coming = games.filter(games["home_score"].is_null())
    game = coming.row(0, named=True) if coming.height else games.row(-1, named=True)
    return f"{game['season']}-{game['week']:02d}"


def _league(settings: Settings, *, offline: bool, say: Callable[[str], None]) -> str:
    """The league to play: the NFL if its games can be had or stand in the workspace, else the simulated one."""
    if offline:
        say("offline: playing the simulated league")
    else:
        quick = settings.data.model_copy(update={"timeout": _SECONDS, "retries": 0})
        try:
            games = download(settings.model_copy(update={"data": quick}), deadline=2 * _SECONDS)
            tables_of(settings, NFL).update(games)
        except (OutsideError, DataError) as exc:
            reason = str(exc).splitlines()[0].rstrip(".")
        else:
            say("real NFL games downloaded from nflverse")
            return NFL.name
        if has_tables(settings, NFL):
            say(f"no newer NFL games to be had ({reason}); using those of this workspace")
            return NFL.name
        say(f"no NFL games to be had ({reason}); playing the simulated league instead")
    ingest(settings, "sim")
    return "sim"
