"""What a row's outcome holds that nobody is known to have known: the target less what the line says of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from busta.performance.audit.ratings import rate
from busta.scoring.calibration import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.performance.audit.table import Table

    Floats = NDArray[np.float64]

__all__ = ["FEWEST", "Surprise", "surprise"]

FEWEST = 150
"""Fewest outcomes with a line for it to be the yardstick."""
STEPS = 20
RIDGE = 1e-6
LEAST_WEIGHT = 1e-3
SLIGHT, TINY = 1e-6, 1e-12


@dataclass(frozen=True, eq=False)
class Surprise:
    """Outcomes against a yardstick that was fitted to them, so that its own scale is no finding.

    Attributes:
        yardstick: ``line``, ``ratings`` (the auditor's own, of the teams' past) or ``mean``.
        rows: Places of the rows it holds for, shape (n,).
        expected: What the yardstick says of the target, shape (n,).
        weight: Standard deviation of an outcome, shape (n,).
        residual: Outcomes less expected in standard deviations, shape (n,): mean 0, variance about 1.
        basis: Orthonormal columns, shape (n, k): directions the fit has used up.
        explained: Share of the deviance of the target that the yardstick explains.
    """

    yardstick: str
    rows: NDArray[np.int64]
    expected: Floats
    weight: Floats
    residual: Floats
    basis: Floats
    explained: float

    @property
    def size(self) -> int:
        """Rows it holds for."""
        return int(self.rows.size)

    @property
    def against(self) -> str:
        """The yardstick in words."""
        return {
            "line": "the line",
            "ratings": "ratings made of past outcomes (no line was given; with one weaker leaks would show)",
            "mean": "the mean (neither a line nor teams were given; with a line weaker leaks would show)",
        }[self.yardstick]

    def z(self, g: Floats) -> Floats:
        """Score test of columns ``g``, shape (n, m): standard normal where a column knows nothing (Rao 1948)."""
        weighted = g * self.weight[:, None]
        free = weighted - self.basis @ (self.basis.T @ weighted)
        size = np.sqrt((free**2).sum(axis=0))
        used = size > SLIGHT * np.sqrt((weighted**2).sum(axis=0)) + TINY  # else it is the yardstick itself
        return np.asarray(np.where(used, self.residual @ free / np.where(used, size, 1.0), 0.0))


@lru_cache(maxsize=2)
def surprise(table: Table) -> Surprise:
    """Outcomes against the line, else against the auditor's own ratings, else against their mean."""
    known = ~np.isnan(table.y)
    lined = known if table.line is None else known & ~np.isnan(table.line)
    if table.line is not None and lined.sum() >= FEWEST:
        said = log_odds(table.line) if table.binary else table.line
        return _fit(table, "line", np.flatnonzero(lined), said[:, None], powers=3)
    if table.teams is not None:
        parts = rate(table.y, table.time, table.teams)
        return _fit(table, "ratings", np.flatnonzero(known), parts, powers=1)
    return _fit(table, "mean", np.flatnonzero(known), np.empty((len(table), 0)), powers=1)


def _fit(table: Table, yardstick: str, rows: NDArray[np.int64], said: Floats, powers: int) -> Surprise:
    """Regresses outcomes on what was said, logistically where they are 0 or 1.

    A cubic takes up what is crooked in the line (favourites and long shots), which features would else borrow.
    """
    y = table.y[rows]
    spread = said[rows].std(axis=0)
    scaled = (said[rows] - said[rows].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(rows.size), *(scaled**power for power in range(1, powers + 1))])
    expected, weight = _logistic(design, y) if table.binary else _linear(design, y)
    basis = np.linalg.qr(design * weight[:, None])[0]
    explained = 1 - _deviance(y, expected, table.binary) / _deviance(y, np.full_like(y, y.mean()), table.binary)
    return Surprise(yardstick, rows, expected, weight, (y - expected) / weight, basis, explained)


def _linear(design: Floats, y: Floats) -> tuple[Floats, Floats]:
    expected = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return expected, np.full_like(y, max(float((y - expected).std()), 1e-12))


def _logistic(design: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Newton steps with a hair of ridge, so that a line which separates wins from losses ends, too."""
    coefficients = np.zeros(design.shape[1])
    ridge = RIDGE * len(y) * np.eye(design.shape[1])
    for _ in range(STEPS):
        p = expit(np.clip(design @ coefficients, -15, 15))
        curvature = (design * (p * (1 - p))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, design.T @ (y - p) - ridge @ coefficients)
        coefficients += np.clip(step, -2, 2)
    p = expit(np.clip(design @ coefficients, -15, 15))
    return p, np.sqrt(np.maximum(p * (1 - p), LEAST_WEIGHT))


def _deviance(y: Floats, expected: Floats, binary: bool) -> float:
    if not binary:
        return float(((y - expected) ** 2).mean())
    p = np.clip(expected, 1e-9, 1 - 1e-9)
    return float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).mean())
