"""Notes: what the page shows and takes MLflow to know, written down by whoever has it: stakes and trials."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from busta.data.publish import atomic_write, current
from busta.errors import BustaError, UsageError, without_password
from busta.serving.page.week import coming
from busta.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from busta.ledger.storage import Ledger

__all__ = ["BETS", "Notes", "ledger_of", "read_notes"]

BETS = ("bet", "void", "result", "settlement", "bankroll")
"""Kinds of entries that change what is there to stake."""
WAIT = 2.0
"""Seconds to wait for whoever else writes to the ledger."""
PAUSE = 4.0
"""How much longer than writing them the time between two looks is."""
SHOWN = (
    *("side", "line", "price", "model_version", "stake", "share"),
    *("limited_by", "worst_price", "worst_line", "abstain_reason"),
)


def ledger_of(settings: Settings) -> Ledger:
    """The ledger, for whoever has no time to wait."""
    from busta.ledger.storage import Ledger  # with SQLAlchemy, which no server waits for that only reads notes

    return Ledger.of(settings, wait=WAIT)


def read_notes(settings: Settings) -> dict[str, Any]:
    """What was noted last; nothing where nobody has yet."""
    try:
        found: dict[str, Any] = json.loads(_file(settings).read_bytes())
    except FileNotFoundError:
        return {"stakes": {}, "trials": []}
    return found


def _file(settings: Settings) -> Path:
    return settings.workspace() / "serving" / "notes.json"


class Notes:
    """Writes them whenever what they are made of has changed.

    Args:
        settings: All settings.
        do: Calls a function with arguments, perhaps in another process.
    """

    def __init__(self, settings: Settings, do: Callable[..., Any] = lambda work, *given: work(*given)) -> None:
        self._settings = settings
        self._do = do
        self._next = 0.0

    def refresh(self) -> None:
        """Looks, unless it did a moment ago.

        Raises:
            BustaError: The ledger or MLflow is down; what was noted stays.
        """
        began = time.monotonic()
        if began < self._next:
            return
        try:
            made_of = _made_of(self._settings)
            if made_of != read_notes(self._settings).get("made_of"):
                self._do(write_notes, self._settings.model_dump(), made_of)
        finally:  # a ledger that is down takes long to say so
            self._next = began + (1 + PAUSE) * (time.monotonic() - began)


def write_notes(given: Mapping[str, Any], made_of: list[Any]) -> None:
    """Writes them, with what they are made of, by settings given as they can be sent to another process."""
    settings = Settings(**given)
    atomic_write(_file(settings), json.dumps(_noted(settings) | {"made_of": made_of}).encode())


def _made_of(settings: Settings) -> list[Any]:
    """Slates, bets and limits; the hour, too, as weeks end and games begin."""
    with ledger_of(settings) as ledger:
        bets = ledger.last(BETS)
    slates = [folder.name for folder in _slates(settings).values()]
    rules = (settings.ledger.model_dump_json(), settings.bets.model_dump_json(), settings.trial.model_dump_json())
    return [bets, slates, *rules, f"{datetime.now(UTC):%Y-%m-%d %H}"]


def _slates(settings: Settings) -> dict[str, Path]:
    roots = sorted(path for path in (settings.workspace() / "serving").glob("*") if path.is_dir())
    return {root.name: folder for root in roots if (folder := current(root)) is not None}


def _noted(settings: Settings) -> dict[str, Any]:
    abouts = {name: json.loads((folder / "about.json").read_bytes()) for name, folder in _slates(settings).items()}
    return {
        "stakes": {name: _stakes(settings, name, about) for name, about in abouts.items()},
        "trials": [trial for about in abouts.values() for trial in _trials(settings, about)],
    }


def _stakes(settings: Settings, name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """What `busta.recommend` says of the coming week, by game and market."""
    from busta.workflows.bets.recommend import recommend
    from busta.workflows.predicting.predict import Wanted

    games = json.loads((_slates(settings)[name] / "games.json").read_bytes())
    season, week = coming(games)
    kind: dict[str, Any] = {"blind": about["information"] == "blind", "moment": about["price"]}
    try:
        said = recommend(settings, list(about["markets"]), Wanted(week=f"{season}-{week}"), about["league"], **kind)
    except BustaError as exc:
        return {"error": without_password(str(exc)).splitlines()[0], "stopped": {}, "bets": {}}
    rows = {f"{row['game_id']}-{row['market']}": row for part in ("bets", "abstained") for row in said[part]}
    return {
        "error": None,
        "stopped": {part: said[part]["stopped"] for part in ("real", "paper")},
        "bets": {key: {column: row[column] for column in SHOWN} for key, row in rows.items()},
    }


def _trials(settings: Settings, about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The last trial of each market, where there was one."""
    from busta.workflows.trials.trial import show_trial

    kind: dict[str, Any] = {"blind": about["information"] == "blind", "moment": about["price"]}

    def of(market: str) -> Callable[[], dict[str, Any]]:
        return lambda: show_trial(settings, market, about["league"], **kind)

    return [found for market in about["markets"] if (found := _if_there(of(market)))]


def _if_there(show: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    try:
        return show()
    except UsageError:  # there is no trial of it
        return None
