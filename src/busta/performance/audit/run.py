"""Asks every detector about a table."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from busta.performance.audit import detectors as folder
from busta.performance.audit.ask import asked

if TYPE_CHECKING:
    from busta.performance.audit.finding import Detector
    from busta.performance.audit.table import Table

__all__ = ["SLOW", "audit", "detectors"]

SLOW = frozenset({"too_good", "shuffled_split"})
"""Detectors that fit models."""


@cache
def detectors() -> tuple[Detector, ...]:
    """All detectors, by name."""
    modules = [importlib.import_module(f"{folder.__name__}.{m.name}") for m in pkgutil.iter_modules(folder.__path__)]
    return tuple(sorted((module.DETECTOR for module in modules), key=lambda detector: detector.name))


def audit(table: Table, *, quick: bool = False) -> list[dict[str, Any]]:
    """Every detector's answer with its name, title and seconds, plain enough for JSON.

    Args:
        table: The table, of at least some hundred rows.
        quick: Leaves out the detectors that fit models.
    """
    return [
        asked(each.name, each.title, partial(each.run, table))
        for each in detectors()
        if not (quick and each.name in SLOW)
    ]
