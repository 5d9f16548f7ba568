"""No single column tells more of the outcome than the line, or than is possible at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.association import links
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.surprise import surprise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.association import Link
    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]

__all__ = ["DETECTOR"]

WAYS = {
    "trend": "tells",
    "range": "tells in part of its range",
    "value": "tells by one of its values",
    "empty": "tells, by being empty,",
    "levels": "tells by its levels",
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
    surprises = surprise(table)
    found = []
    for name, x, categorical in _columns(table):
        seen = links(surprises, x[surprises.rows], categorical)
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


def _columns(table: Table) -> list[tuple[str, Floats, bool]]:
    """All features, what a model may see without being told (emptiness, the order of rows), and what one said."""
    columns = [(name, table.X[:, column], bool(table.categorical[column])) for column, name in enumerate(table.names)]
    hidden = {
        "(number of empty cells)": np.isnan(table.X).sum(axis=1).astype(np.float64),
        "(place in the table)": table.position.astype(np.float64),
        "(order within a time)": _order_within(table.time, table.position),
        "(order within a week)": _order_within(table.weeks, table.position),
    }
    if table.prediction is not None:
        hidden["(prediction)"] = table.prediction
    return columns + [(name, x, False) for name, x in hidden.items()]


def _order_within(group: NDArray[np.generic], position: NDArray[np.int64]) -> Floats:
    """Where among the rows of its group a row stood, 0 to 1; NaN where it is the only one."""
    order = np.lexsort((position, group))
    _, start, count = np.unique(group[order], return_index=True, return_counts=True)
    place = np.arange(order.size) - np.repeat(start, count)
    size = np.repeat(count, count)
    within = np.empty(order.size)
    within[order] = np.where(size > 1, (place + 0.5) / size, np.nan)
    return within


EDGE = 5.0
"""A planted edge of seven points is 3; beyond 5, a correlation of .4 with what the line leaves open, a source lies."""

DETECTOR = Detector("own_skill", "no column tells more than the line, or than is possible", _run, EDGE)
