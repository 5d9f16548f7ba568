"""What the games of a trial say so far."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.markets.dataset import assemble
from busta.registry.versions import fetch_model
from busta.trials.gains import Gains, calendar_weeks, weekly_gains
from busta.workflows.predicting.forecast import forecast_later, gold_for
from busta.workflows.training.record import vig_method

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.markets.dataset import Dataset
    from busta.performance.forecasts import Forecasts
    from busta.plugins import League, Market
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.trials.rule import Decision, Rule

__all__ = ["Kind", "Seen", "by_week", "common", "e_value", "figures", "over", "paired", "seen"]

_WEEK = np.timedelta64(7, "D")
_LARGEST = 700.0
"""Of the logarithm of an e-value: the exponential of more is no number."""


@dataclass(frozen=True)
class Kind:
    """Of which model a trial is."""

    settings: Settings
    registry: Registry
    league: League
    market: Market
    blind: bool
    moment: Moment


@dataclass(frozen=True)
class Seen:
    """What there is to look at.

    Attributes:
        gains: Of the weeks that are over.
        forecasts: Of those weeks, by champion and challenger.
        pending: Games that kicked off or will after the start, and have not been counted yet.
    """

    gains: Gains
    forecasts: tuple[Forecasts, ...]
    pending: int

    def until(self, last: str) -> Seen:
        """The weeks up to the one that begins on that day; none of an empty text."""
        end = np.datetime64(last or "1900-01-01", "D")
        forecasts = tuple(_before(each, end + _WEEK) for each in self.forecasts)
        return Seen(self.gains.until(int((self.gains.weeks <= end).sum())), forecasts, self.pending)


def seen(kind: Kind, versions: Sequence[Version], since: int, now: float | None = None) -> Seen:
    """What both versions said of games that started after that, in milliseconds since 1970, and their registration.

    Games that a version has learned from count for nothing, nor do those of a week that is not over.

    Args:
        kind: Of which model.
        versions: Champion and challenger.
        since: Milliseconds since 1970.
        now: Seconds since 1970; by default it is what the clock says.

    Raises:
        OutsideError: The versions' files or the games are gone.
    """
    since = max(since, *(version.created for version in versions))
    tables: dict[str, Dataset] = {}  # by how prices were freed of their vig, mostly one for both
    said = []
    for version in versions:
        method = vig_method(version, kind.settings.bets)
        table = tables[method] = tables.get(method) or _games(kind, version)
        said.append(forecast_later(fetch_model(kind.registry, version), table, since))
    end, pending = over(table, since, now)
    forecasts = tuple(_before(each, end) for each in said)
    return Seen(paired(*forecasts), forecasts, pending)


def _games(kind: Kind, version: Version) -> Dataset:
    gold = gold_for(kind.settings, kind.league, version)
    return assemble(gold, kind.league, kind.market, blind=kind.blind, moment=kind.moment)


def paired(champion: Forecasts, challenger: Forecasts) -> Gains:
    """Gains on the games that both forecast."""
    first, second = common(champion, challenger)
    return weekly_gains(first.probability, second.probability, first.y, calendar_weeks(_kickoff(first.games)))


def common(champion: Forecasts, challenger: Forecasts) -> tuple[Forecasts, Forecasts]:
    """The games that both forecast, in the order of the first."""
    place = {game: row for row, game in enumerate(challenger.games["game_id"])}
    rows = [(row, place[game]) for row, game in enumerate(champion.games["game_id"]) if game in place]
    mine, theirs = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return champion.take(mine), challenger.take(theirs)


def over(data: Dataset, since: int, now: float | None = None) -> tuple[np.datetime64, int]:
    """The first week that is not over, and how many games are still to be counted.

    ``since`` is in milliseconds, ``now`` (by default the clock's) in seconds since 1970.

    A week is over when its days are and all of its games are played, or a week later: a game that nobody has
    played by then was called off or put off to another week. Within a week nothing is looked at, as its games
    may go together.
    """
    kickoff = _kickoff(data.games)
    later = kickoff > np.datetime64(since, "ms")
    seconds = int(time.time() if now is None else now)
    weeks, today = calendar_weeks(kickoff), np.datetime64(seconds, "s").astype("datetime64[D]")
    waiting = weeks[later & np.isnan(data.value) & (weeks + 2 * _WEEK >= today)]
    end = min([calendar_weeks(today), *waiting])
    return end, int((later & (weeks >= end)).sum())


def _before(forecasts: Forecasts, end: np.datetime64) -> Forecasts:
    return forecasts.take(calendar_weeks(_kickoff(forecasts.games)) < end)


def _kickoff(games: pl.DataFrame) -> NDArray[np.datetime64]:
    return np.asarray(games["kickoff"].dt.replace_time_zone(None).to_numpy())


def figures(gains: Gains, found: Decision, rule: Rule) -> dict[str, Any]:
    """Totals of the weeks that were looked at."""
    weeks = len(found.log_e_value)
    games = float(gains.games[:weeks].sum())
    return {
        "games": int(games),
        "weeks": weeks,
        "e_value": e_value(found.log_e_value),
        "e_value_needed": 1 / rule.level,
        "e_value_worse": e_value(found.log_e_value_worse),
        "e_value_futile": e_value(found.log_e_value_futile),
        "mean_gain": float(gains.gain[:weeks].sum()) / games if games else None,
        "low": float(found.low[-1]) if games else None,
        "high": float(found.high[-1]) if games else None,
    }


def e_value(logs: NDArray[np.float64]) -> float:
    """An e-value of its logarithm week by week: that of the last one; 1 before the first."""
    return float(np.exp(min(logs[-1], _LARGEST))) if len(logs) else 1.0


def by_week(gains: Gains, found: Decision) -> list[dict[str, Any]]:
    """The same week by week, with the evidence and the interval at its end."""
    games = np.cumsum(gains.games)
    return [
        {
            "week": str(gains.weeks[row]),
            "games": int(gains.games[row]),
            "games_so_far": int(games[row]),
            "gain": float(gains.gain[row]),
            "e_value": e_value(found.log_e_value[: row + 1]),
            "low": _number(found.low[row]),
            "high": _number(found.high[row]),
        }
        for row in range(len(found.log_e_value))
    ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
