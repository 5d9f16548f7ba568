"""What a detector answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from busta.performance.audit.table import Table

__all__ = ["Answer", "Detector", "Finding"]


class Answer(StrEnum):
    """The three answers of a detector."""

    clean = "clean"
    leak = "leak"
    not_applicable = "not applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector found.

    Attributes:
        answer: Clean, leak, or not applicable.
        figure: What was measured, at its worst; ``None`` where it does not apply.
        threshold: What it is held against.
        words: One sentence for a person: what was found, or why the question does not apply.
        columns: The features that carry it, worst first.
    """

    answer: Answer
    figure: float | None
    threshold: float | None
    words: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detector:
    """One question to a table.

    Attributes:
        name: Short and fixed: the same in code, docs and output.
        title: What is asked, as a fact that holds where there is no leak.
        run: Answers it.
        edge: Up to how many thresholds an edge may look like the leak, where a replay shows that the columns were
            known in time. 1 where nothing honest looks like it.
    """

    name: str
    title: str
    run: Callable[[Table], Finding]
    edge: float = 1.0
