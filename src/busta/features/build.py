"""From validated tables to the events of a gold store: which feature took which value when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.data.schema import FACT_NAMES, FACTS, INSTANT, SCHEDULE_LEAD
from busta.features.catalog import PRICES, Feature
from busta.features.context import ROOF, SCHEDULE, roof_events, schedule_events
from busta.features.form import BOTH, FORM, LEVELS, States, team_states
from busta.features.lineup import LINEUP, lineup_events
from busta.features.prices import GAPS, QUOTED, price_events, quoted, with_gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.plugins import League

__all__ = ["CATALOG", "build_events", "every_feature", "missing_inputs"]

CATALOG: tuple[Feature, ...] = (*BOTH, *LEVELS, *SCHEDULE, *ROOF, *LINEUP, *QUOTED, *GAPS)
"""Every feature of busta's own, in column order; `every_feature` has those of other packages' markets too."""

_EPOCH = 2**55


def every_feature() -> tuple[Feature, ...]:
    """Every feature of the gold store, in column order."""
    return (*CATALOG, *quoted()[len(QUOTED) :])


def build_events(
    games: pl.DataFrame,
    quotes: pl.DataFrame,
    league: League,
    *,
    facts: pl.DataFrame | None = None,
    vig_method: str = "multiplicative",
) -> dict[str, pl.DataFrame]:
    """The events of each group: rows (``game_id``, ``known_at``) sorted, a column a feature.

    A row says what its group's features of that game are from ``known_at`` on. Values only depend on
    what was known by then: rebuilding from less of the future changes no earlier row.
    """
    facts = pl.DataFrame(schema=FACTS) if facts is None else facts
    states = team_states(games, quotes, facts, league)
    form, lineup = form_events(games, states, league.home_edge), lineup_events(games, facts, states)
    groups = {
        "form": form,
        "schedule": schedule_events(games, league),
        "roof": roof_events(games),
        "lineup": lineup,
        PRICES: with_gaps(price_events(games, quotes, league, vig_method), form, lineup),
    }
    return {name: frame.sort("game_id", "known_at") for name, frame in groups.items()}


def missing_inputs(games: pl.DataFrame, quotes: pl.DataFrame, facts: pl.DataFrame) -> dict[str, list[str]]:
    """Features that stay empty because a column or fact they need is empty in the tables, by column or fact."""
    empty = {name for frame in (games, quotes) for name in frame.columns if frame[name].null_count() == frame.height}
    empty |= set(FACT_NAMES) - set(facts["fact"])
    found: dict[str, list[str]] = {}
    for feature in every_feature():
        for column in sorted(empty.intersection(feature.needs)):
            found.setdefault(column, []).append(feature.name)
    return found


def form_events(games: pl.DataFrame, states: States, home_edge: float) -> pl.DataFrame:
    """The states of both teams as each game saw them, one row whenever one of them changed.

    ``home_edge`` is what home ground is worth, in points, before the first game.

    The first row of a game is known with its schedule; each later one when a game of either team
    became final before this one began.
    """
    codes = {team: code for code, team in enumerate(states.frame["team"].unique().sort())}
    keys = _key(states.frame["team"], states.frame["known_at"], codes)
    index, at = _moments(games, keys, codes)
    chosen = games[index]
    rows = {side: _latest(chosen[f"{side}_team"], at, keys, codes) for side in ("home", "away")}
    values = {side: _carried(states, rows[side], chosen["season"]) for side in rows}
    columns = {f"{f.name}_diff": values["home"][f.name] - values["away"][f.name] for f in FORM}
    columns |= {f"{f.name}_sum": values["home"][f.name] + values["away"][f.name] for f in FORM}
    home_ground, columns["total_level"] = _levels(states.levels, at, home_edge)
    columns["home_edge"] = np.where(chosen["neutral"], 0.0, home_ground)
    return pl.DataFrame(
        {"game_id": chosen["game_id"], "known_at": at}
        | {f.name: pl.Series(columns[f.name], nan_to_null=True) for f in (*BOTH, *LEVELS)}
    ).with_columns(pl.col("known_at").cast(INSTANT))


def _levels(levels: pl.DataFrame, at: pl.Series, home_edge: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What home ground is worth and the usual total, at those times."""
    last = np.searchsorted(_microseconds(levels["known_at"]), _microseconds(at), side="right")
    edges, totals = (levels[f.name].to_numpy() for f in LEVELS)
    return np.append(home_edge, edges)[last], np.append(np.nan, totals)[last]


def _key(team: pl.Series, at: pl.Series, codes: dict[str, int]) -> NDArray[np.int64]:
    """One number that sorts by team, then by time in microseconds; unknown teams sort before all."""
    code = team.replace_strict(codes, default=-1, return_dtype=pl.Int64).to_numpy()
    return np.asarray(code * np.int64(2**56) + _microseconds(at), dtype=np.int64)


def _microseconds(at: pl.Series) -> NDArray[np.int64]:
    """Microseconds since the year 828, so that no game ever played has a negative time."""
    return np.asarray(at.dt.epoch("us").to_numpy() + _EPOCH, dtype=np.int64)


def _moments(
    games: pl.DataFrame, keys: NDArray[np.int64], codes: dict[str, int]
) -> tuple[NDArray[np.int64], pl.Series]:
    """Game index and time of every form row: the schedule's, then each change before the start."""
    first = games.select((pl.col("kickoff") - SCHEDULE_LEAD).cast(INSTANT)).to_series()
    index = [np.arange(games.height)]
    times = [_microseconds(first)]
    for side in ("home", "away"):
        low = np.searchsorted(keys, _key(games[f"{side}_team"], first, codes), side="right")
        high = np.searchsorted(keys, _key(games[f"{side}_team"], games["kickoff"], codes), side="left")
        count = np.maximum(high - low, 0)
        which = np.repeat(low, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        index.append(np.repeat(np.arange(games.height), count))
        times.append(keys[which] & (2**56 - 1) if which.size else keys[:0])
    game, time = np.concatenate(index), np.concatenate(times)
    order = np.lexsort((time, game))
    game, time = game[order], time[order]
    fresh = np.append(True, (np.diff(game) != 0) | (np.diff(time) != 0))
    return game[fresh], pl.Series("known_at", time[fresh] - _EPOCH).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _latest(team: pl.Series, at: pl.Series, keys: NDArray[np.int64], codes: dict[str, int]) -> NDArray[np.int64]:
    """Row of the team's last state known at or before ``at``; -1 where there is none."""
    wanted = _key(team, at, codes)
    row = np.searchsorted(keys, wanted, side="right") - 1
    same = (row >= 0) & (np.append(keys, 0)[row] >> 56 == wanted >> 56)
    return np.where(same, row, -1)


def _carried(states: States, rows: NDArray[np.int64], season: pl.Series) -> dict[str, NDArray[np.float64]]:
    """The features of those states, NaN for row -1, ratings regressed for the seasons gone by since."""
    gap = np.maximum(season.to_numpy() - np.append(states.frame["season"].to_numpy(), 0)[rows], 0)
    found = {}
    for name in (f.name for f in FORM):
        values = np.append(states.frame[name].to_numpy().astype(np.float64), np.nan)[rows]
        found[name] = values * states.carry[name] ** gap if name in states.carry else values
    return found
