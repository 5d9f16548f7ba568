"""A split by chance promises no more than one by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.booster import forward, gain, predict, shuffled, time_blocks
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
    by_past = forward(table)
    if by_past is None:
        return Finding(Answer.not_applicable, None, None, "too few rows to learn from and to test on")
    by_chance = predict(table, surprises, shuffled(times))
    by_time = predict(table, surprises, time_blocks(times))
    gap, z = gain(by_chance, by_time.said, weeks)
    ways = {"split by chance": by_chance, "by blocks of time": by_time, "from the past only": by_past}
    scores = ", ".join(f"{gain(told, 0.0, weeks)[0]:.1%} {way}" for way, told in ways.items())
    words = f"a model foretells of what {surprises.against} leaves open: {scores} (z {z:.1f})"
    if gap > ALLOWED and z > LEAST_Z:
        columns = np.argsort(-by_chance.importance)[:3]
        words = f"a split by chance flatters: {words}; rows tell of each other"
        return Finding(Answer.leak, gap, ALLOWED, words, tuple(table.names[column] for column in columns))
    return Finding(Answer.clean, gap, ALLOWED, words)


DETECTOR = Detector("shuffled_split", "a split by chance promises no more than one by time", _run)
