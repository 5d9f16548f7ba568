"""A modelling table as an audit sees it: numbers, times and roles, never a meaning read from a name."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Roles", "Table"]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column of a frame plays which part; every other column is a feature.

    Attributes:
        target: What is predicted: 0 or 1, or a number such as the margin.
        time: When the row is decided on, before its outcome is known.
        line: The market's own estimate of the target at that time: a probability of a 0/1 target, else a
            number such as the spread. No honest feature tells much more than it does.
        close: The closing line in the same unit, for rows that are decided on earlier: it must not be known.
        teams: The two sides of a game; by default two columns of text with the same values, if there are any.
        fold: The test fold in which the row was predicted.
        prediction: What a model said of the row, as ``line``.
        known_at: Feature by feature the column with the time its values became known; under ``*`` of all others.
        ignore: Columns that no model sees: keys, names, remarks.
    """

    target: str
    time: str
    line: str | None = None
    close: str | None = None
    teams: tuple[str, str] | None = None
    fold: str | None = None
    prediction: str | None = None
    known_at: tuple[tuple[str, str], ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """Rows in order of time; arrays have one entry a row.

    Attributes:
        names: Columns of ``X``.
        X: Features, float64 (rows, features), NaN where empty; text and flags as codes.
        categorical: Which columns of ``X`` are codes without an order, bool (features,).
        y: The target, float64, NaN where there is none.
        time: When the row is decided on, datetime64[us].
        position: Where the row stood in the table as it came.
        line: The market's estimate of the target, or ``None``.
        close: The closing line, or ``None``.
        teams: Codes of both sides, int (rows, 2), or ``None``.
        fold: Code of the test fold, in the order of the folds' own values, -1 where there is none; or ``None``.
        prediction: What a model said, or ``None``.
        known_at: By feature the time its values became known, datetime64[us].
    """

    names: tuple[str, ...]
    X: NDArray[np.float64]
    categorical: NDArray[np.bool_]
    y: NDArray[np.float64]
    time: NDArray[np.datetime64]
    position: NDArray[np.int64]
    line: NDArray[np.float64] | None
    close: NDArray[np.float64] | None
    teams: NDArray[np.int64] | None
    fold: NDArray[np.int64] | None
    prediction: NDArray[np.float64] | None
    known_at: Mapping[str, NDArray[np.datetime64]]

    def __len__(self) -> int:
        return self.y.size

    @property
    def binary(self) -> bool:
        """Whether the target is 0 or 1."""
        return bool(np.isin(self.y[~np.isnan(self.y)], (0.0, 1.0)).all())

    @property
    def weeks(self) -> NDArray[np.int64]:
        """The week, from Tuesday noon (UTC) on, each row is decided in: the block of every interval."""
        halves = self.time.astype("datetime64[h]").astype(np.int64) // 12
        return np.asarray((halves + 3) // 14)  # hour 0 was on a Thursday; Monday night in the US is Tuesday in UTC

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Table:
        """Those rows only."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        arrays: dict[str, Any] = {
            each.name: value[index]
            for each in fields(self)
            if isinstance(value := getattr(self, each.name), np.ndarray) and each.name != "categorical"
        }
        known_at = {name: times[index] for name, times in self.known_at.items()}
        return replace(self, known_at=known_at, **arrays)
