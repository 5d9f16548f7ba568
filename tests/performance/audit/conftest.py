"""A small league whose true probabilities are known, as a table, and detectors by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import norm

from busta.performance.audit.run import detectors
from busta.performance.audit.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

TEAMS, WEEKS = 16, 20
SD = 12.0


@dataclass(frozen=True, eq=False)
class Made:
    """A clean table and what is behind it."""

    table: Table
    margin: np.ndarray
    strength: np.ndarray  # true difference
    season: np.ndarray

    def with_column(self, values: np.ndarray, name: str = "x", *, categorical: bool = False) -> Table:
        """The table with one more column."""
        table = self.table
        return replace(
            table,
            names=(*table.names, name),
            X=np.column_stack([table.X, values]),
            categorical=np.append(table.categorical, categorical),
        )


def league(seed: int = 0, seasons: int = 10, target: str = "won", noise: float = 0.0) -> Made:
    """Sixteen teams, each of which plays once a week; the line is the truth plus noise, in points."""
    rng = np.random.default_rng(seed)
    week = np.repeat(np.arange(seasons * WEEKS), TEAMS // 2)
    season = week // WEEKS
    teams = np.concatenate([rng.permutation(TEAMS).reshape(-1, 2) for _ in range(seasons * WEEKS)])
    strength = rng.normal(0, 4.5, (seasons, TEAMS))
    true = 2 + strength[season, teams[:, 0]] - strength[season, teams[:, 1]]
    margin = np.round(true + rng.normal(0, SD, true.size))
    margin[margin == 0] = 1
    said = true + noise * rng.normal(size=true.size)
    start = np.datetime64("2010-09-05T17:00", "us")
    time = start + (season * 364 + week % WEEKS * 7).astype("timedelta64[D]")
    X = np.column_stack(
        [
            said + rng.normal(0, 4, true.size),  # a good rating
            rng.normal(size=true.size),
            rng.integers(3, 12, true.size),
            rng.random(true.size) < 0.3,
            np.where(rng.random(true.size) < 0.2, np.nan, rng.gamma(2, 3, true.size)),
        ]
    ).astype(np.float64)
    won = target == "won"
    table = Table(
        names=("rating", "noise", "rest", "flag", "gaps"),
        X=X,
        categorical=np.zeros(X.shape[1], dtype=bool),
        y=(margin > 0).astype(float) if won else margin,
        time=time,
        position=np.arange(true.size),
        line=norm.cdf(said / SD) if won else said,
        close=None,
        teams=teams.astype(np.int64),
        fold=None,
        prediction=None,
        known_at={},
    )
    return Made(table, margin, true, season)


@pytest.fixture(scope="session")
def made() -> Callable[..., Made]:
    """Makes a league."""
    return league


@pytest.fixture(scope="session")
def ask() -> Callable[[str, Table], Any]:
    """Puts a table to the detector of that name."""
    by_name = {detector.name: detector for detector in detectors()}
    return lambda name, table: by_name[name].run(table)
