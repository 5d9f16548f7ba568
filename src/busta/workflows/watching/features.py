"""What is watched of the features: their recent values, and how old these were when a bet was decided."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.data.schema import decision_time
from busta.trials.gains import calendar_weeks
from busta.watch.calendar import calendar
from busta.watch.drift import TESTS, Window, drift, recent
from busta.watch.verdict import FeatureDrift

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.settings import Settings
    from busta.watch.calendar import Calendar
    from busta.watch.drift import Drift
    from busta.workflows.watching.models import Watched

    Floats = NDArray[np.float64]

__all__ = ["Seen", "last_week", "number", "watched_features"]


@dataclass(frozen=True)
class Seen:
    """What was found of the features.

    Attributes:
        weeks: That are recent.
        rows: A row a feature.
        groups: A row a group: how old its values are.
    """

    weeks: NDArray[np.datetime64]
    rows: list[dict[str, Any]]
    groups: list[dict[str, Any]]

    @property
    def drifted(self) -> list[str]:
        """Features with an alarm, or of a group with one."""
        stale = {row["group"] for row in self.groups if row["alarm"]}
        return [row["feature"] for row in self.rows if row["alarm"] or row["group"] in stale]

    @property
    def alarms(self) -> int:
        """Alarms of features and groups."""
        return sum(row["alarm"] for row in [*self.rows, *self.groups])


def watched_features(
    settings: Settings, gold: MemoryGold, as_of: datetime, moment: Moment, models: Sequence[Watched]
) -> tuple[Seen, dict[str, str]]:
    """Looks at all features of the store that have a value, and the age of each group's values.

    They are held against the games that the champion trained first learned from. Features that no champion reads are
    looked at, too: one that changes says that the data did.

    Returns:
        What was found, and notes.
    """
    through = min(model.trained_through for model in models)
    games = gold.games.sort("kickoff", "game_id").with_columns(decision_time(moment).alias("decision_time"))
    when = _calendar(games)
    trained = _kickoff(games) <= np.datetime64(through.removesuffix("+00:00"), "us")
    window = recent(when, trained, last_week(as_of), settings.watch.weeks)
    if not window.games.any():
        words = f"no week is over since the games trained on, the last of which began at {through}"
        return Seen(window.weeks, [], []), {"features": words}
    known = trained | (when.week <= window.weeks[-1])
    games, when, trained, now = games.filter(known), when.take(known), trained[known], window.games[known]
    read = _read(gold, games)
    look = drift(
        np.hstack([read.values, np.log1p(read.ages)]),
        when,
        trained,
        Window(window.weeks, now),
        settings.watch.false_alarms,
    )
    return Seen(window.weeks, _rows(look, read, now, models), _groups(look, read, now, trained)), {}


@dataclass(frozen=True, eq=False)
class _Read:
    """What the store had of the games when they were decided.

    Attributes:
        names: Features with a value.
        group: The group of each.
        values: Shape (games, features).
        groups: The groups of all of them.
        ages: Hours between the time a group's values were known and the decision, shape (games, groups).
    """

    names: list[str]
    group: list[str]
    values: Floats
    groups: list[str]
    ages: Floats


def _read(gold: MemoryGold, games: pl.DataFrame) -> _Read:
    decisions = games.select("game_id", "decision_time")
    seen = gold.as_of(decisions).select(feature.name for feature in gold.catalog)
    there = [feature for feature in gold.catalog if seen[feature.name].count()]
    values = seen.select(feature.name for feature in there).to_numpy().astype(np.float64)
    groups = sorted({feature.group for feature in there})
    ages = np.stack([_age(gold.events[group], decisions) for group in groups], axis=1)
    return _Read([feature.name for feature in there], [feature.group for feature in there], values, groups, ages)


def _age(events: pl.DataFrame, decisions: pl.DataFrame) -> Floats:
    """Hours between each decision and the last event before it, shape (games,); NaN where there is none."""
    known = (
        events.select("game_id", "known_at")
        .join(decisions, on="game_id")
        .filter(pl.col("known_at") < pl.col("decision_time"))
        .group_by("game_id")
        .agg(pl.col("known_at").max())
    )
    both = decisions.join(known, on="game_id", how="left", maintain_order="left")
    hours = (pl.col("decision_time") - pl.col("known_at")).dt.total_seconds() / 3600
    return np.asarray(both.select(hours.cast(pl.Float64)).to_series().to_numpy(), dtype=np.float64)


def _rows(look: Drift, read: _Read, now: NDArray[np.bool_], models: Sequence[Watched]) -> list[dict[str, Any]]:
    age = dict(zip(read.groups, _medians(read.ages[now]), strict=True))
    return [
        asdict(_feature(look, at, name, age[group]))
        | {
            "group": group,
            "read_by": [model.market for model in models if name in model.features],
            "shift": number(look.shift[at]),
            "tests": {test: number(tail) for test, tail in zip(TESTS, look.tails[:, at], strict=True)},
        }
        for at, (name, group) in enumerate(zip(read.names, read.group, strict=True))
    ]


def _feature(look: Drift, at: int, name: str, age: float | None) -> FeatureDrift:
    return FeatureDrift(
        feature=name,
        games=int(look.games[at]),
        psi=number(look.psi[at]),
        psi_critical=number(look.psi_critical[at]),
        ks=number(look.ks[at]),
        p=number(look.p[at]),
        missing=float(look.missing[at]),
        missing_before=float(look.missing_before[at]),
        outside=float(look.outside[at]),
        known_age_hours=age,
        alarm=bool(look.alarm[at]),
    )


def _groups(look: Drift, read: _Read, now: NDArray[np.bool_], trained: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """The age of each group's values; only older ones are an alarm."""
    return [
        {
            "group": name,
            "age_hours": age,
            "age_hours_before": before,
            "p": number(look.p[at]),
            "alarm": bool(look.alarm[at] and look.shift[at] > 0),
        }
        for at, (name, age, before) in enumerate(
            zip(read.groups, _medians(read.ages[now]), _medians(read.ages[trained]), strict=True), len(read.names)
        )
    ]


def _medians(ages: Floats) -> list[float | None]:
    return [float(np.median(known)) if len(known) else None for known in (age[~np.isnan(age)] for age in ages.T)]


def _calendar(games: pl.DataFrame) -> Calendar:
    return calendar(_kickoff(games), games["season"], (games["phase"] == "post").to_numpy())


def _kickoff(games: pl.DataFrame) -> NDArray[np.datetime64]:
    return np.asarray(games["kickoff"].dt.replace_time_zone(None).to_numpy())


def last_week(as_of: datetime) -> np.datetime64:
    """The last calendar week that is over; it is so from the day after its last."""
    today = np.array([as_of.replace(tzinfo=None)], dtype="datetime64[D]")
    week: np.datetime64 = calendar_weeks(today)[0] - np.timedelta64(7, "D")
    return week


def number(value: float) -> float | None:
    """The value, or None for one that is not finite."""
    return float(value) if np.isfinite(value) else None
