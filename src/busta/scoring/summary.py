"""All scores of one forecast, by the names that reports, the registry and the intervals share."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from busta.scoring.calibration import calibration_line, ece
from busta.scoring.decomposition import brier_decomposition
from busta.scoring.proper import accuracy, auc, brier, log_loss, precision, recall

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["SCORES", "TERMS", "all_scores", "scores"]

SCORES = (
    "log_loss",
    "brier",
    "accuracy",
    "precision",
    "recall",
    "auc",
    "ece",
    "calibration_slope",
    "calibration_intercept",
)
TERMS = ("miscalibration", "discrimination", "uncertainty")  # of the Brier score


def scores(p: ArrayLike, y: ArrayLike) -> dict[str, float]:
    """The value of each of `SCORES`; one that does not apply is NaN.

    Raises:
        UsageError: p and y are no probabilities and results.
    """
    values = (log_loss, brier, accuracy, precision, recall, auc, ece)
    return dict(zip(SCORES, (*(value(p, y) for value in values), *calibration_line(p, y)), strict=True))


def all_scores(p: ArrayLike, y: ArrayLike) -> dict[str, float]:
    """`SCORES` and the three `TERMS` of the Brier score.

    Raises:
        UsageError: p and y are no probabilities and results.
    """
    return scores(p, y) | asdict(brier_decomposition(p, y))
