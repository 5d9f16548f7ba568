"""An edge and a leak look the same to whoever sees a table only; a replay of the store tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from busta.performance.audit.finding import Answer
from busta.performance.audit.run import detectors

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["acquitted", "suspects"]


def suspects(findings: Iterable[dict[str, Any]]) -> list[str]:
    """The names of leaks that an edge would look like."""
    reach = _reach()
    return [row["name"] for row in findings if row["answer"] == Answer.leak and _within(row, reach)]


def acquitted(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings on a table whose columns were shown to be known in time: what an edge can explain is no leak.

    What goes beyond any edge stays one: then the times that the sources give are wrong.
    """
    reach = _reach()
    return [_clean(row) if row["answer"] == Answer.leak and _within(row, reach) else row for row in findings]


def _reach() -> dict[str, float]:
    return {detector.name: detector.edge for detector in detectors()}


def _within(row: dict[str, Any], reach: dict[str, float]) -> bool:
    edge = reach.get(row["name"], 1.0)
    return edge > 1 and row["figure"] is not None and bool(row["figure"] <= edge * row["threshold"])


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    words = f"{row['words']}; rebuilt from only what was known it tells the same: an edge, not a leak"
    return row | {"answer": Answer.clean.value, "words": words}
