"""Scores of the model and of the lines, each with its interval, on the games that all have a probability for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from busta.performance.simulation.figures import enough
from busta.scoring.proper import accuracy, brier, log_loss
from busta.scoring.resampling import score_intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.forecasts import Forecasts

    Floats = NDArray[np.float64]

__all__ = ["scored"]

SCORES = {"log_loss": log_loss, "brier": brier, "accuracy": accuracy}
LINES = ("closing_line", "closing_line_recalibrated", "opening_line")
DRAWS = 500  # as many as an evaluation's, so that both show the same intervals


def scored(forecasts: Forecasts, rows: NDArray[np.intp]) -> dict[str, dict[str, float]]:
    """Log loss, Brier score and accuracy of the model and of every line, on the same of those games.

    Each has its 95 % interval, resampled by week, under ``log_loss_low`` and so on; NaN where the games
    are too few, or picked right or wrong nearly all (`enough`). Intervals that overlap say little of a
    difference: the games are the same, so it is to be taken game by game.
    """
    said = {"model": forecasts.probability} | {
        name: forecasts.baselines[name] for name in LINES if name in forecasts.baselines
    }
    known = rows[~np.isnan(np.sum([p[rows] for p in said.values()], axis=0) + forecasts.y[rows])]
    y, weeks = forecasts.y[known], forecasts.weeks[known]
    return {name: _row(p[known], y, weeks) for name, p in said.items()}


def _row(p: Floats, y: Floats, weeks: NDArray[np.int64]) -> dict[str, float]:
    row = {"games": len(y)} | {name: score(p, y) for name, score in SCORES.items()}
    right = np.rint(row["accuracy"] * len(y))
    known = enough(right, len(y) - right, len(y))
    found: dict[str, Any] = score_intervals(p, y, weeks, {}, draws=DRAWS) if known else {}
    for name in SCORES:
        row |= {f"{name}_{end}": found[name][end] if known else np.nan for end in ("low", "high")}
    return row
