"""No game stands in a table twice, at least not on both sides of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.pairs import copied, mirrored

if TYPE_CHECKING:
    from busta.performance.audit.pairs import Pairs
    from busta.performance.audit.table import Table

__all__ = ["DETECTOR"]

FEWEST_PAIRS = 15
"""Fewer pairs agree in a 0/1 target by luck now and then, where features hardly change between two games."""
AGREE = 0.95
"""Share of the pairs whose targets are those of one game: rematches agree in half."""
ALLOWED = 0.0


def _run(table: Table) -> Finding:
    """Copies are a leak across folds, or without folds anywhere; two views of a game only across folds."""
    copies, views = _count(table, copied(table)), _count(table, mirrored(table))
    views = views if table.fold is not None else (views[0], 0)
    share = 2 * max(copies[1], views[1]) / len(table)
    if copies[1] or views[1]:
        kind = "copies of another row" if copies[1] >= views[1] else "another row seen from the other side"
        where = "in another fold" if table.fold is not None else "which a split will tear apart"
        words = f"{max(copies[1], views[1]):,} rows are {kind}, {where}"
        return Finding(Answer.leak, share, ALLOWED, words)
    if copies[0] or views[0]:
        many = max(copies[0], views[0])
        words = f"{many:,} games stand in two rows; keep both rows of a game in one fold"
        return Finding(Answer.clean, 0.0, ALLOWED, words)
    return Finding(Answer.clean, 0.0, ALLOWED, "no game stands in the table twice")


def _count(table: Table, pairs: Pairs) -> tuple[int, int]:
    """How many pairs there are and how many of them leak; none where their targets tell that they are two games."""
    if pairs.agree.size < FEWEST_PAIRS or pairs.agree.mean() < AGREE:
        return 0, 0
    rows = pairs.rows[pairs.agree]
    if table.fold is None:
        return len(rows), len(rows)
    torn = int((np.diff(table.fold[rows], axis=1) != 0).sum())
    return len(rows), torn if torn >= FEWEST_PAIRS else 0


DETECTOR = Detector("copies", "no game stands on both sides of a split", _run)
