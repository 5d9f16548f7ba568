"""Asks a question and writes the answer down."""

from __future__ import annotations

import time
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from busta.performance.audit.finding import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from busta.performance.audit.finding import Finding

__all__ = ["asked", "leaks"]


def asked(name: str, title: str, run: Callable[[], Finding]) -> dict[str, Any]:
    """The finding under its detector's name, with the seconds it took, plain enough for JSON."""
    started = time.perf_counter()
    finding = asdict(run())
    figures = {key: _plain(finding.pop(key)) for key in ("figure", "threshold")}
    finding |= {"answer": finding["answer"].value, "columns": list(finding["columns"])}
    return {"name": name, "title": title} | finding | figures | {"seconds": round(time.perf_counter() - started, 2)}


def leaks(findings: Iterable[dict[str, Any]]) -> list[str]:
    """The names of what was found."""
    return [finding["name"] for finding in findings if finding["answer"] == Answer.leak]


def _plain(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)
