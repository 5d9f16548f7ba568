"""The evidence of a trial of challenger against champion, week by week, as a chart; ``None`` before its first game."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from busta.reports.charts import Axis, Chart, Line, Sheet, Tip
from busta.reports.numbers import count, figure, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["evidence"]

_FLOOR = 1e-4
"""Least e-value that is drawn."""
_TICKS = 6


def evidence(trial: Mapping[str, Any] | None) -> Chart | None:
    """The e-value on a logarithmic scale, and what a win needs.

    Args:
        trial: The object of ``busta trial show``.
    """
    rows = trial["by_week"] if trial else []
    if not trial or not rows:
        return None
    x = [float(week) for week in range(len(rows))]
    y = [math.log10(max(row["e_value"], _FLOOR)) for row in rows]
    needed = math.log10(trial["e_value_needed"])
    low, high = min(-1.0, *y) - 0.1, max(needed, *y) + 0.3
    ends = (0.0, max(x[-1], 1.0))
    return Chart(
        name="evidence-chart",
        title="Evidence that the challenger is better, week by week",
        words=f"The e-value stands at {trial['e_value']:.3g}; a win needs {trial['e_value_needed']:.3g}. If the "
        "challenger is no better it stays around 1 or falls, and the chance that it ever reaches the dashed line is "
        f"at most {trial['rule']['level']:.2%}.",
        x=Axis(*ends, "weeks of the trial", _weeks(rows)),
        y=Axis(
            low, high, "e-value", tuple((float(p), f"{10.0**p:g}") for p in range(math.ceil(low), math.floor(high) + 1))
        ),
        layers=(
            Line("a win needs", ends, (needed, needed), "rule"),
            Line("", ends, (0.0, 0.0), "zero"),
            Line("e-value", x, y, "model", "circle", max(1, len(rows) // 12)),
        ),
        tips=tuple(Tip(x[i], y[i], _words(row)) for i, row in enumerate(rows)),
        sheet=Sheet(
            ("week from", "games so far", "e-value", "mean gain, 95 % at all times"),
            tuple((row["week"], count(row["games_so_far"]), f"{row['e_value']:.3g}", _interval(row)) for row in rows),
        ),
        height=280,
    )


def _weeks(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[float, str], ...]:
    step = max(1, math.ceil(len(rows) / _TICKS))
    return tuple((float(i), str(rows[i]["week"])[:7]) for i in range(0, len(rows), step))


def _words(row: Mapping[str, Any]) -> str:
    so_far = f"{row['e_value']:.3g} after {count(row['games_so_far'])} games"
    return f"week from {row['week']}: e-value {so_far}, mean gain {_interval(row)}"


def _interval(row: Mapping[str, Any]) -> str:
    return figure(None) if row["low"] is None else span(row["low"], row["high"], "+.4f")
