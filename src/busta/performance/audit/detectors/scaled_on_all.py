"""No column was scaled, filled or turned by figures of all rows, the tested ones among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from busta.performance.audit.blocks import seasons
from busta.performance.audit.finding import Answer, Detector, Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]

__all__ = ["DETECTOR"]

EXACT = 2e-5
"""Distance from mean 0 and spread 1 that rounding to four decimals leaves; luck gets there once in 100,000."""
FEWEST_VALUES = 20
"""With fewer distinct values a column is a count or a flag, and 0 to 1 its natural range."""
FLATTEST = {"uniform": 0.2, "normal": 0.1}
"""Kolmogorov distance times root of the rows, below which a column is its own ranks: a sample of the very
distribution lies 0.5 to 1.5 off, below these once in a million (fitted mean and spread for the normal)."""
FEWEST_SEASONS = 3
FILLED = 0.01
"""Least share of rows that hold one and the same value for it to be what gaps were filled with."""
FEWEST_TURNED, UNCORRELATED = 3, 1e-6
"""Columns that principal components of all rows leave without any correlation; by luck two have 1e-2."""


def _run(table: Table) -> Finding:
    """Tries all usual scalers on each column."""
    played = ~np.isnan(table.y)
    season = seasons(table.time)
    found = {}
    for column, name in enumerate(table.names):
        x = table.X[:, column]
        how = None if table.categorical[column] else _how(x) or _how(x[played]) or _by_season(x, season)
        if how:
            found[name] = how
    found |= _filled(table) | _turned(table)
    found = {name: how for name, how in found.items() if not _by_itself(table, name)}
    if found:
        name, how = next(iter(found.items()))
        words = f"{name!r} {how}: rows that come later had a part in it"
        return Finding(Answer.leak, float(len(found)), 0.0, words, tuple(found))
    return Finding(Answer.clean, 0.0, 0.0, "no column was made with figures of all rows")


def _how(x: Floats) -> str | None:
    """By what a column was scaled, over those rows."""
    values = x[~np.isnan(x)]
    if np.unique(values).size < FEWEST_VALUES:
        return None
    low, quarter, middle, three, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1))
    if _is_standard(values):
        return "has mean 0 and standard deviation 1 over all rows"
    if _once(values, low, high) and ((_near(low, 0) and _near(high, 1)) or (_near(low, -1) and _near(high, 1))):
        return f"goes from {low:.0f} to {high:.0f} exactly over all rows"
    if _near(middle, 0) and _near(three - quarter, 1):
        return "has median 0 and quartiles 1 apart over all rows"
    return _flat(values)


def _is_standard(values: Floats) -> bool:
    return _near(values.mean(), 0) and (_near(values.std(), 1) or _near(values.std(ddof=1), 1))


def _near(value: float, aim: float) -> bool:
    return bool(abs(value - aim) < EXACT)


def _once(values: Floats, low: float, high: float) -> bool:
    """Both ends are single rows; where many rows share an end, that is where a column's range ends by nature."""
    return bool((values == low).sum() == 1 and (values == high).sum() == 1)


def _flat(values: Floats) -> str | None:
    """Whether the column is its own ranks, as a quantile transform makes them; a count of rows in time is honest."""
    ordered = np.sort(values)
    if np.unique(ordered).size < values.size / 2:
        return None
    middle = (np.arange(ordered.size) + 0.5) / ordered.size
    said = {
        "uniform": (ordered - ordered[0]) / (ordered[-1] - ordered[0]),
        "normal": ndtr((ordered - ordered.mean()) / ordered.std()),
    }
    for kind, most in FLATTEST.items():
        if np.abs(said[kind] - middle).max() * np.sqrt(ordered.size) < most and not _rises(values):
            return f"is {kind} to a degree that only ranks over all rows are"
    return None


def _rises(values: Floats) -> bool:
    """Whether a column goes up or down with the rows."""
    return bool(abs(np.corrcoef(np.argsort(np.argsort(values)), np.arange(values.size))[0, 1]) > 0.95)  # noqa: PLR2004


def _by_season(x: Floats, season: NDArray[np.int64]) -> str | None:
    """Standardised within each season."""
    parts = [part[~np.isnan(part)] for part in _split(x, season)]
    parts = [part for part in parts if np.unique(part).size >= FEWEST_VALUES]
    if len(parts) < FEWEST_SEASONS or not all(_is_standard(part) for part in parts):
        return None
    return "has mean 0 and standard deviation 1 over each season"


def _by_itself(table: Table, name: str) -> bool:
    """Whether rows of one time were scaled by each other only, which is honest: all of them were known then."""
    x = table.X[:, table.names.index(name)]
    for group in (table.time, table.weeks):
        parts = [part[~np.isnan(part)] for part in _split(x, np.unique(group, return_inverse=True)[1])]
        means = np.array([part.mean() for part in parts if part.size > 1])
        if means.size > 1 and (np.abs(means) < EXACT).mean() > 0.9:  # noqa: PLR2004 - a week may be cut in two
            return True
    return False


def _filled(table: Table) -> dict[str, str]:
    """Columns whose most frequent value is exactly the mean of all others."""
    found = {}
    for column, name in enumerate(table.names):
        x = table.X[~np.isnan(table.X[:, column]), column]
        values, count = np.unique(x, return_counts=True)
        if table.categorical[column] or values.size < FEWEST_VALUES or count.max() < FILLED * len(table):
            continue
        value = values[np.argmax(count)]
        others = x[x != value]
        if abs(others.mean() - value) < EXACT * others.std() / 10 and not _symmetric(others - value):
            found[name] = "holds the mean of all rows where it was empty"
    return found


def _symmetric(values: Floats) -> bool:
    """Whether each value has its opposite, as in a table with both sides of every game."""
    ordered = np.sort(values)
    return bool(np.abs(ordered + ordered[::-1]).max() < EXACT * ordered.std())


def _turned(table: Table) -> dict[str, str]:
    """Columns without any correlation: principal components (Pearson 1901) of all rows."""
    whole = [
        column
        for column in np.flatnonzero(~table.categorical & ~np.isnan(table.X).any(axis=0))
        if np.unique(table.X[:, column]).size >= FEWEST_VALUES
    ]
    if len(whole) < FEWEST_TURNED:
        return {}
    alone = (np.abs(np.corrcoef(table.X[:, whole], rowvar=False)) < UNCORRELATED).astype(np.int64)
    turned = np.flatnonzero(((alone @ alone) * alone).any(axis=1))  # three that are so among themselves
    return {table.names[whole[k]]: "has no correlation whatever with other columns over all rows" for k in turned}


def _split(x: Floats, code: NDArray[np.int64]) -> list[Floats]:
    """The column in parts, of codes that never fall."""
    return np.split(x, np.flatnonzero(np.diff(code)) + 1)


DETECTOR = Detector("scaled_on_all", "no column was scaled, filled or turned by figures of all rows", _run)
