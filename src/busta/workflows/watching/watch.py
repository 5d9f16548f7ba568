"""Watch: does the champion still read, say and forecast what it did when it was chosen? It acts on nothing."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.publish import atomic_write
from busta.data.schema import FINAL_LAG, INSTANT
from busta.errors import UsageError
from busta.plugins import market_names, pick, several
from busta.registry.connect import connect
from busta.workflows.data.build import gold_of
from busta.workflows.predicting.forecast import other_champion
from busta.workflows.predicting.joint import Kind
from busta.workflows.watching.features import Seen, watched_features
from busta.workflows.watching.kept import place
from busta.workflows.watching.models import Watched, watched_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.plugins import League
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["watch", "watch_champions"]


def watch(
    settings: Settings,
    league_name: str = "nfl",
    markets: Sequence[str] | str | None = None,
    *,
    blind: bool = False,
    moment: Moment = "close",
    through: int | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Holds recent games against what the champions learned from, and what they said against what came.

    A look says the same all week: only weeks that are over count, as games of a week may go together. The result is
    kept in the workspace, for page and metrics.

    Args:
        settings: All settings.
        league_name: League.
        markets: Their names or aliases; by default all that have a champion.
        blind: The models without any price of the game itself.
        moment: The price that is bet at.
        through: The last season to look at; by default all there is.
        now: What time it is taken to be; by default the clock's. Nothing later is looked at.

    Returns:
        The object ``busta watch --json`` prints.

    Raises:
        UsageError: An unknown league or market, none with a champion, no such season, or a time without its zone.
        OutsideError: The registry is down, or a version's files are gone.
    """
    started = time.perf_counter()
    kind = Kind(settings, connect(settings), pick("league", league_name), blind, moment)
    champions, absent = _champions(kind, markets)
    gold = gold_of(settings, kind.league)
    as_of = _as_of(gold, kind.league, through, now)
    models = [watched_model(kind, market, version, gold, as_of) for market, version in champions.items()]
    features, notes = watched_features(settings, gold, as_of, moment, models)
    rows = [_row(model, features) for model in models]
    result = {
        "league": kind.league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "as_of": as_of.isoformat(),
        "looked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "gold_version": gold.manifest["version"],
        "last_result": _last_result(gold, as_of),
        "weeks": [str(week) for week in features.weeks],
        "alarms": features.alarms + sum(bool({"decay", "prediction"} & set(row["triggers"])) for row in rows),
        "features": features.rows,
        "groups": features.groups,
        "models": rows,
        "notes": absent | notes,
        "seconds": round(time.perf_counter() - started, 3),
    }
    atomic_write(place(settings, kind.league.name), json.dumps(result).encode())
    return result


watch_champions = watch
"""Its name in the Python API, where ``busta.watch`` is the room that judges."""


def _champions(kind: Kind, markets: Sequence[str] | str | None) -> tuple[dict[str, Version], dict[str, str]]:
    """The champions of those markets, by market, and a note of those that have none."""
    asked = market_names() if markets is None else several("markets", markets, str, "a market")
    names = list(dict.fromkeys(pick("market", name).name for name in asked))
    found = {name: other_champion(kind.registry, kind.model(name)) for name in names}
    there = {name: version for name, version in found.items() if version is not None}
    without = [name for name, version in found.items() if version is None]
    if not there:
        raise UsageError(
            f"{kind.league.name} has no champion of that kind for {', '.join(names)}, and nothing else is watched\n"
            "`busta models` lists what there is, `busta promote` names a champion"
        )
    return there, {"models": f"no champion of {', '.join(without)}"} if without and markets is not None else {}


def _as_of(gold: MemoryGold, league: League, through: int | None, now: datetime | None) -> datetime:
    """The time that is looked from."""
    if now is not None and now.tzinfo is None:
        raise UsageError(f"now = {now}: a time needs its zone, such as UTC")
    at = (now or datetime.now(UTC)).astimezone(UTC)
    if through is None:
        return at
    starts = gold.games.filter(pl.col("season") == through)["kickoff"]
    first, latest = (gold.games["season"].sort()[place] for place in (0, -1))
    if starts.is_empty():
        raise UsageError(f"{league.name} has no season {through}; it has {first} to {latest}")
    last: datetime = starts.sort()[-1]
    return min(at, last + timedelta(days=8))  # the week after has begun


def _last_result(gold: MemoryGold, as_of: datetime) -> str | None:
    final = (pl.col("kickoff") + FINAL_LAG).cast(INSTANT)
    known = gold.games.filter(pl.col("home_score").is_not_null() & (final < as_of))["kickoff"].max()
    return known.isoformat() if isinstance(known, datetime) else None


def _row(model: Watched, features: Seen) -> dict[str, Any]:
    """A model's part of the result."""
    drifted = [name for name in features.drifted if name in model.features]
    reasons = model.reasons()
    if drifted:
        reasons["drift"] = f"{len(drifted)} of the features it reads drifted: {', '.join(drifted[:5])}"
    return model.told() | {
        "decay": asdict(model.decay),
        "predictions": asdict(model.predictions),
        "triggers": [name for name in ("drift", "decay", "prediction") if name in reasons],
        "reasons": list(reasons.values()),
    }
