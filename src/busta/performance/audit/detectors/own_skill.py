"""No single column tells more of the outcome than the line, or than is possible at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.association import links, ranks, trend
from busta.performance.audit.blocks import seasons
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.surprise import surprise
from busta.scoring.calibration import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.association import Link
    from busta.performance.audit.surprise import Surprise
    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]

__all__ = ["DETECTOR"]

WAYS = {
    "trend": "tells",
    "range": "tells in part of its range",
    "value": "tells by one of its values",
    "empty": "tells, by being empty,",
    "levels": "tells by its levels",
    "week": "tells by its order within a week",
    "season": "tells by its order within a season",
    "line": "tells together with the line",
}

LEAST_Z = 6.0
"""Of some thousand looks (columns times parts of their range) none gets there by luck: 2e-9 each."""
ALLOWED = {"line": 0.08, "ratings": 0.40, "mean": 0.60}
"""Correlation with surprises that an honest column may have. Beyond a closing line: a point of edge in the NFL,
which nobody has, is .06. Beyond ratings of the teams' past the NFL's own closing line has .22; beyond the mean
it has .37, and that of no major sport .6."""
ALLOWED_EMPTY = {"line": 0.08, "ratings": 0.25, "mean": 0.35}
"""The same of being empty, which honestly knows less than any line."""


def _run(table: Table) -> Finding:
    """Scans all columns, how empty rows are and in which order they stand."""
    surprises, season = surprise(table), seasons(table.time)
    found = []
    for name, x, categorical in _columns(table):
        seen = links(surprises, x[surprises.rows], categorical)
        seen += [] if categorical or name.startswith("(") else _views(surprises, x, table.weeks, season)
        found += [(_beyond(link, surprises.yardstick), name, link) for link in seen]
    allowed = max(ALLOWED[surprises.yardstick], LEAST_Z / float(np.sqrt(surprises.size)))
    found.sort(key=lambda each: -each[0])
    worst, name, link = found[0]
    if worst <= 1:
        words = f"no column tells more than is possible beyond {surprises.against}"
        return Finding(Answer.clean, worst * allowed, allowed, words)
    guilty = tuple(dict.fromkeys(name for beyond, name, _ in found if beyond > 1))
    words = (
        f"{name!r} {WAYS[link.kind]} what {surprises.against} cannot know: correlation {abs(link.effect):.2f} "
        f"(z {abs(link.z):.0f}), allowed {_allowed(link, surprises.yardstick):.2f}"
    )
    return Finding(Answer.leak, worst * allowed, allowed, words, guilty)


def _allowed(link: Link, yardstick: str) -> float:
    return (ALLOWED_EMPTY if link.kind == "empty" else ALLOWED)[yardstick]


def _beyond(link: Link, yardstick: str) -> float:
    """How far a link goes beyond what both bounds allow: a leak is above 1."""
    return min(abs(link.effect) / _allowed(link, yardstick), abs(link.z) / LEAST_Z)


def _views(surprises: Surprise, x: Floats, weeks: NDArray[np.int64], season: NDArray[np.int64]) -> list[Link]:
    """A column against the others of its week and season, and together with the line: a remark may tell only so."""
    rows = surprises.rows
    found = [
        trend(surprises, _order_within(group, x)[rows], kind) for kind, group in (("week", weeks), ("season", season))
    ]
    if surprises.yardstick == "line":
        expected = surprises.expected
        found.append(trend(surprises, ranks(x[rows])[1], "line", expected - expected.mean()))
    return found


def _columns(table: Table) -> list[tuple[str, Floats, bool]]:
    """All features, what a model may see without being told (emptiness, the order of rows), and what one said."""
    columns = [(name, table.X[:, column], bool(table.categorical[column])) for column, name in enumerate(table.names)]
    hidden = {
        "(number of empty cells)": np.isnan(table.X).sum(axis=1).astype(np.float64),
        "(place in the table)": table.position.astype(np.float64),
        "(order within a time)": _order_within(table.time, table.position.astype(np.float64)),
        "(order within a week)": _order_within(table.weeks, table.position.astype(np.float64)),
    }
    if table.prediction is not None:
        hidden["(prediction)"] = table.prediction
        if table.line is not None:
            hidden["(prediction less the line)"] = _difference(table.prediction, table.line, binary=table.binary)
    return columns + [(name, x, False) for name, x in hidden.items()]


def _difference(prediction: Floats, line: Floats, *, binary: bool) -> Floats:
    """What a model says beyond the line, in log-odds where both are probabilities."""
    return log_odds(prediction) - log_odds(line) if binary else prediction - line


def _order_within(group: NDArray[np.generic], x: Floats) -> Floats:
    """Where among the rows of its group a row stands, 0 to 1, ties halfway; NaN where empty or without another one."""
    within = np.full(x.size, np.nan)
    filled = np.flatnonzero(~np.isnan(x))
    order = filled[np.lexsort((x[filled], group[filled]))]
    if not order.size:
        return within
    new_group = np.concatenate([[True], group[order][1:] != group[order][:-1]])
    new_value = new_group | np.concatenate([[True], x[order][1:] != x[order][:-1]])
    start, size = _runs(new_group)
    first, ties = _runs(new_value)
    within[order] = np.where(size > ties, (first - start + ties / 2) / size, np.nan)
    return within


def _runs(new: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and length of the run each place lies in."""
    starts = np.flatnonzero(new)
    lengths = np.diff(np.append(starts, new.size))
    return np.repeat(starts, lengths), np.repeat(lengths, lengths)


EDGE = 5.0
"""A planted edge of seven points is 3; beyond 5, a correlation of .4 with what the line leaves open, a source lies."""

DETECTOR = Detector("own_skill", "no column tells more than the line, or than is possible", _run, EDGE)
