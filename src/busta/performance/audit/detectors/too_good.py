"""A model of all columns does not beat the line by more than any model does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from busta.performance.audit.booster import forward, gain
from busta.performance.audit.finding import Answer, Detector, Finding
from busta.performance.audit.surprise import surprise

if TYPE_CHECKING:
    from busta.performance.audit.table import Table

__all__ = ["DETECTOR"]

LEAST_Z = 5.0
ALLOWED = {"line": 0.012, "ratings": 0.10, "mean": 0.30}
"""Share of the variance of surprises that an honest model may foretell. Beyond a closing line none is known to
reach .002. Beyond ratings of the teams' past the NFL's and the NBA's own lines explain .04, beyond the mean .14 and
.17, and the lines of other sports twice that at most."""
CARRIES = 0.1
"""Share of the trees' gain from which on a column is named."""


def _run(table: Table) -> Finding:
    """Learns from earlier rows only, in three steps."""
    told, surprises = forward(table), surprise(table)
    if told is None:
        return Finding(Answer.not_applicable, None, None, "too few rows to learn from and to test on")
    share, z = gain(told, 0.0, table.weeks[surprises.rows])
    allowed = ALLOWED[surprises.yardstick]
    words = f"a model of all columns foretells {share:.1%} of what {surprises.against} leaves open (z {z:.1f})"
    if share <= allowed or z <= LEAST_Z:
        return Finding(Answer.clean, share, allowed, words)
    carry = [int(column) for column in np.argsort(-told.importance) if told.importance[column] > CARRIES]
    names = tuple(table.names[column] for column in carry or [int(np.argmax(told.importance))])
    words = (
        f"{words}, more than any honest one (allowed {allowed:.1%}); it learned that from {', '.join(map(repr, names))}"
    )
    return Finding(Answer.leak, share, allowed, words, names)


EDGE = 25.0
"""A share of variance goes with the square of a correlation; see own_skill."""

DETECTOR = Detector("too_good", "a model of all columns is not too good to be true", _run, EDGE)
