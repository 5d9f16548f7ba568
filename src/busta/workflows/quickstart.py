"""Quickstart: from nothing to the verdict on all three markets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.errors import OutsideError
from busta.plugins import market_names
from busta.workflows.ingest import ingest
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
    """Trains every market on real NFL games if they download within seconds, else on the simulated league.

    Returns:
        The league, what each training said, and commands to try next.
    """
    league = _league(settings, offline=offline, say=say)
    trainings = [train(settings, market, league, progress=progress) for market in market_names()]
    option = "" if league == "nfl" else f" --league {league}"
    season = trainings[0]["last_test_season"] + (1 if league == "sim" else 0)
    return {
        "league": league,
        "trainings": trainings,
        "next": [
            f"busta predict moneyline --week {season}-18{option}",
            f"busta train moneyline --blind{option}",
            f"busta models{option}",
            "busta features catalog",
            "busta ingest nfl --from games.csv",
        ],
    }


def _league(settings: Settings, *, offline: bool, say: Callable[[str], None]) -> str:
    if not offline:
        quick = settings.data.model_copy(update={"timeout": _SECONDS, "retries": 0})
        try:
            ingest(settings.model_copy(update={"data": quick}), "nfl")
        except OutsideError as exc:
            say(f"no NFL games to be had ({str(exc).splitlines()[0]}); playing the simulated league instead")
        else:
            say("real NFL games downloaded from nflverse")
            return "nfl"
    else:
        say("offline: playing the simulated league")
    ingest(settings, "sim")
    return "sim"
