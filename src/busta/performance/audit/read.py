"""Reads a table somebody made, or one of ours, for an audit."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import expit

from busta.errors import DataError, UsageError, unknown
from busta.performance.audit.table import Roles, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset

__all__ = ["FEWEST_ROWS", "MOST_CELLS", "MOST_COLUMNS", "MOST_ROWS", "read_table", "table_of"]

FEWEST_ROWS = 200
"""With fewer outcomes luck explains whatever a leak could show."""
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 2_000, 40_000_000
"""What an audit holds in memory several times over (40 million cells are 320 MB), and can ask within minutes."""
FEWEST_TEAMS = 4
"""Two columns of text with fewer common values are more likely flags than the two sides of a game."""
ALL = "*"
DAY = 86_400_000_000.0  # in microseconds, the unit of every time here
TIME, UTC = pl.Datetime("us"), pl.Datetime("us", "UTC")
TEXT = (pl.String, pl.Categorical, pl.Enum)


def read_table(frame: pl.DataFrame, roles: Roles) -> Table:
    """The table of a frame whose columns play those roles; every other column is a feature.

    Text becomes codes in order of the alphabet, a flag 0 or 1, a time its days since 1970 (and one that ought
    to be known at the decision); empty and infinite values become NaN. Rows are sorted by time.

    Raises:
        UsageError: A role names a column that is not there, or two roles the same one.
        DataError: The frame is too small or too large, or a column is not what its role needs.
    """
    _check_names(frame, roles)
    _check_size(frame)
    time = _time(frame[roles.time])
    order = np.argsort(time, kind="stable").astype(np.int64)
    y = _target(frame[roles.target])
    teams = roles.teams or _two_sides(frame, _features(frame, roles))
    names = [name for name in _features(frame, roles) if name not in (teams or ())]
    table = Table(
        names=tuple(names),
        X=_matrix(frame, names),
        categorical=np.array([isinstance(frame.schema[name], TEXT) for name in names], dtype=bool),
        y=y,
        time=time,
        position=np.arange(frame.height, dtype=np.int64),
        line=_estimate(frame, roles.line, y),
        close=_estimate(frame, roles.close, y),
        teams=_sides(frame, teams),
        fold=None if roles.fold is None else _codes(frame[roles.fold]),
        prediction=_estimate(frame, roles.prediction, y),
        known_at=_known_at(frame, roles, names),
    )
    return table.take(order)


def table_of(dataset: Dataset) -> Table:
    """One of our own tables, of the games a market was learned from: its line is the market's probability."""
    games = dataset.games
    close = None if dataset.moment == "close" else expit(dataset.closing_log_odds)
    known_at = _time(_without_gaps(games["known_at"]))
    teams = pl.DataFrame({"home": games["home_team"], "away": games["away_team"]})
    table = Table(
        names=dataset.names,
        X=dataset.X,
        categorical=np.zeros(len(dataset.names), dtype=bool),
        y=dataset.y,
        time=_time(games["decision_time"]),
        position=np.arange(len(dataset), dtype=np.int64),
        line=expit(dataset.market_log_odds),
        close=close,
        teams=_sides(teams, ("home", "away")),
        fold=None,
        prediction=None,
        known_at=dict.fromkeys(dataset.names, known_at),
    )
    return table.take(np.argsort(table.time, kind="stable").astype(np.int64))


def _check_names(frame: pl.DataFrame, roles: Roles) -> None:
    """Every column that is named is there, and plays one part only."""
    named = _role_columns(roles)
    pairs = [name for pair in roles.known_at for name in pair if name != ALL]
    for name in (*named, *pairs, *roles.ignore):
        if name not in frame.columns:
            raise unknown("column", name, frame.columns)
    parts = (*named, *roles.ignore)
    twice = sorted({name for name in parts if parts.count(name) > 1})
    if twice:
        raise UsageError(f"column {twice[0]!r} was given two roles; each column plays one")


def _role_columns(roles: Roles) -> tuple[str, ...]:
    single = (roles.target, roles.time, roles.line, roles.close, roles.fold, roles.prediction)
    return (*(name for name in single if name is not None), *(roles.teams or ()))


def _check_size(frame: pl.DataFrame) -> None:
    rows, columns = frame.height, frame.width
    if not FEWEST_ROWS <= rows <= MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        allowed = f"{FEWEST_ROWS:,} to {MOST_ROWS:,} rows of at most {MOST_COLUMNS:,} columns, {MOST_CELLS:,} cells"
        raise DataError(f"the table has {rows:,} rows of {columns:,} columns; an audit takes {allowed}")


def _target(series: pl.Series) -> NDArray[np.float64]:
    """What is predicted.

    Raises:
        DataError: It is no numbers or flags, has too few values or only one.
    """
    if not (series.dtype.is_numeric() or isinstance(series.dtype, pl.Boolean)):
        raise DataError(f"target {series.name!r} holds {series.dtype}; allowed are numbers and flags")
    y = _numbers(series)
    known = y[~np.isnan(y)]
    if known.size < FEWEST_ROWS or known.min() == known.max():
        what = f"{known.size:,} outcomes, {len(np.unique(known))} of them different"
        raise DataError(f"target {series.name!r} has {what}; an audit needs {FEWEST_ROWS:,} that are not all the same")
    return y


def _features(frame: pl.DataFrame, roles: Roles) -> list[str]:
    """Columns without a role."""
    others = {*_role_columns(roles), *roles.ignore, *(when for _, when in roles.known_at)}
    return [name for name in frame.columns if name not in others]


def _two_sides(frame: pl.DataFrame, names: Sequence[str]) -> tuple[str, str] | None:
    """Two columns of text with the same values that never agree within a row."""
    texts = [name for name in names if isinstance(frame.schema[name], TEXT)]
    values = {name: set(frame[name].drop_nulls().cast(pl.String).unique()) for name in texts}
    for first, second in combinations(texts, 2):
        if len(values[first]) >= FEWEST_TEAMS and values[first] == values[second]:
            same = frame[first].cast(pl.String) == frame[second].cast(pl.String)
            if not same.any():
                return first, second
    return None


def _sides(frame: pl.DataFrame, teams: tuple[str, str] | None) -> NDArray[np.int64] | None:
    """Codes of both columns by one list of names, -1 where there is none."""
    if teams is None:
        return None
    both = pl.concat([frame[name].cast(pl.String).rename("team") for name in teams])
    return _codes(both).reshape(2, -1).T.copy()


def _codes(series: pl.Series) -> NDArray[np.int64]:
    """The place of each value among the sorted distinct ones, -1 where empty."""
    rank = series.rank("dense").cast(pl.Int64) - 1
    return np.asarray(rank.fill_null(-1).to_numpy(), dtype=np.int64)


def _matrix(frame: pl.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Features as numbers, column by column in memory: that is how detectors read them."""
    X = np.empty((frame.height, len(names)), order="F")
    for column, name in enumerate(names):
        X[:, column] = _numbers(frame[name])
    return X


def _numbers(series: pl.Series) -> NDArray[np.float64]:
    """A column as float64, NaN where empty or infinite.

    Raises:
        DataError: It is neither numbers, flags, text nor times.
    """
    kind = series.dtype
    if kind.is_temporal() and not isinstance(kind, (pl.Time, pl.Duration)):
        values = series.cast(TIME).cast(pl.Int64).cast(pl.Float64).to_numpy() / DAY
    elif isinstance(kind, TEXT):
        codes = _codes(series.cast(pl.String))
        values = np.where(codes < 0, np.nan, codes)
    elif kind.is_numeric() or isinstance(kind, (pl.Boolean, pl.Null)):
        values = series.cast(pl.Float64).to_numpy()
    else:
        raise DataError(f"column {series.name!r} holds {kind}; allowed are numbers, flags, text and times: ignore it")
    return np.where(np.isfinite(values), values, np.nan)


def _time(series: pl.Series) -> NDArray[np.datetime64]:
    """A column of times in UTC; text is read as ISO 8601.

    Raises:
        DataError: It is not that, or a row has none.
    """
    found = series
    if isinstance(series.dtype, TEXT):
        found = _parsed(series.cast(pl.String))
    if not isinstance(found.dtype, (pl.Datetime, pl.Date)):
        raise DataError(f"time {series.name!r} holds {series.dtype}; allowed are dates, times and ISO text")
    if found.null_count():
        bad = series.filter(found.is_null())[0]
        raise DataError(f"time {series.name!r} has {found.null_count():,} rows without a time, the first {bad!r}")
    if isinstance(found.dtype, pl.Datetime) and found.dtype.time_zone:
        found = found.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return np.asarray(found.cast(TIME).to_numpy(), dtype="datetime64[us]")


def _parsed(text: pl.Series) -> pl.Series:
    """Times and dates in ISO 8601, null where it is neither."""
    times = text.str.to_datetime(time_unit="us", time_zone="UTC", strict=False, ambiguous="null")
    return times.fill_null(text.str.to_date("%Y-%m-%d", strict=False).cast(UTC))


def _estimate(frame: pl.DataFrame, name: str | None, y: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """An estimate of the target: of a 0/1 target a probability.

    Raises:
        DataError: It is not.
    """
    if name is None:
        return None
    said = _numbers(frame[name])
    known = said[~np.isnan(said)]
    if not frame[name].dtype.is_numeric() or not known.size:
        raise DataError(f"{name!r} holds no numbers; it is to estimate the target")
    if np.isin(y[~np.isnan(y)], (0.0, 1.0)).all() and (known.min() < 0 or known.max() > 1):
        raise DataError(f"{name!r} goes from {known.min():g} to {known.max():g}; of a 0/1 target it is a probability")
    return said


def _known_at(frame: pl.DataFrame, roles: Roles, names: Sequence[str]) -> dict[str, NDArray[np.datetime64]]:
    """By feature the time its values became known; a feature that is a time cannot be known to lie ahead."""
    given = dict(roles.known_at)
    moments = {name: name for name in names if isinstance(frame.schema[name], (pl.Datetime, pl.Date))}
    if ALL in given:
        moments |= dict.fromkeys(names, given[ALL])
    moments |= {name: when for name, when in given.items() if name != ALL}
    times = {when: _time(_without_gaps(frame[when])) for when in set(moments.values())}
    return {name: times[when] for name, when in moments.items()}


def _without_gaps(times: pl.Series) -> pl.Series:
    """Where no time is told a value is taken to be known."""
    filled = _parsed(times.cast(pl.String)) if isinstance(times.dtype, TEXT) else times
    return filled.fill_null(filled.min())
