"""A split by chance promises no more than one by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.booster import FEWEST_TESTED, gain, predict, shuffled, time_blocks
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.surprise import surprise

if TYPE_CHECKING:
    from busta.performance.audit.table import Table

__all__ = ["DETECTOR"]

LEAST_Z = 5.0
ALLOWED = 0.02
"""Share of the variance of surprises by which a split by chance may seem better: what a season and its teams have
in common is worth some tenths of a percent."""


def _run(table: Table) -> Finding:
    """The same model and sizes in folds by chance and in blocks of time."""
    surprises = surprise(table)
    times, weeks = table.time[surprises.rows], table.weeks[surprises.rows]
    if not table.names or surprises.size < 2 * FEWEST_TESTED or times[0] == times[-1]:
        return Finding(Answer.not_applicable, None, None, "too few rows to learn from and to test on")
    by_chance = predict(table, surprises, shuffled(times))
    by_time = predict(table, surprises, time_blocks(times))
    gap, z = gain(by_chance, by_time.said, weeks)
    scores = f"{gain(by_chance, 0.0, weeks)[0]:.1%} by chance, {gain(by_time, 0.0, weeks)[0]:.1%} by blocks of time"
    words = f"a model foretells of what {surprises.against} leaves open: {scores} (z {z:.1f})"
    if gap > ALLOWED and z > LEAST_Z:
        columns = np.argsort(-by_chance.importance)[:3]
        words = f"a split by chance flatters: {words}; rows tell of each other"
        return Finding(Answer.leak, gap, ALLOWED, words, tuple(table.names[column] for column in columns))
    return Finding(Answer.clean, gap, ALLOWED, words)


DETECTOR = Detector("shuffled_split", "a split by chance promises no more than one by time", _run)
