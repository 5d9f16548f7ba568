"""Everything a row says was known before it was decided on, and test folds follow each other in time."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.finding import Answer, Detector, Finding

if TYPE_CHECKING:
    from busta.performance.audit.table import Table

__all__ = ["DETECTOR"]

ALLOWED_LATE = 0.0
"""Share of rows that may know a value at the decision or later: none, equal times not excepted."""
ALLOWED_OVERLAP = 0.01
"""Share of rows that may stand in a fold among rows of another: games moved to another week. Random folds have
nearly all of them there."""


def _run(table: Table) -> Finding:
    """First the times of values, then the times of folds."""
    late = {name: float((times >= table.time).mean()) for name, times in table.known_at.items()}
    worst = sorted((name for name in late if late[name] > ALLOWED_LATE), key=lambda name: -late[name])
    if worst:
        share = late[worst[0]]
        words = f"{worst[0]!r} was known only at the decision or later in {share:.1%} of the rows"
        return Finding(Answer.leak, share, ALLOWED_LATE, words, tuple(worst))
    overlap = _overlap(table)
    if overlap > ALLOWED_OVERLAP:
        words = (
            f"{overlap:.0%} of the rows lie among the times of another test fold: a split by chance, whose training "
            "rows knew what came after the test"
        )
        return Finding(Answer.leak, overlap, ALLOWED_OVERLAP, words)
    if not late and table.fold is None:
        return Finding(Answer.not_applicable, None, None, "no time of any value and no folds were given")
    asked = [*(["every value was known before its row was decided on"] if late else [])]
    asked += ["test folds follow each other in time"] if table.fold is not None else []
    return Finding(Answer.clean, max(overlap, 0.0), ALLOWED_OVERLAP, " and ".join(asked))


def _overlap(table: Table) -> float:
    """Least share of rows to be put into another fold for folds to follow each other, in the order of their middles."""
    if table.fold is None:
        return 0.0
    inside = table.fold >= 0
    fold, time = table.fold[inside], table.time[inside].astype(np.int64)
    labels, place = np.unique(fold, return_inverse=True)
    if labels.size < 2:  # noqa: PLR2004 - a single fold overlaps no other
        return 0.0
    middles = np.array([np.median(time[place == each]) for each in range(labels.size)])
    rank = np.argsort(np.argsort(middles, kind="stable"))[place]
    return 1 - _longest_rise(rank[np.lexsort((rank, time))].tolist()) / rank.size


def _longest_rise(values: list[int]) -> int:
    """Length of the longest subsequence that never falls (Fredman 1975).

    >>> _longest_rise([1, 2, 1, 3, 3])
    4
    """
    ends: list[int] = []
    for value in values:
        place = bisect_right(ends, value)
        ends[place : place + 1] = [value]
    return len(ends)


DETECTOR = Detector("timestamps", "values were known before the decision, folds follow each other in time", _run)
