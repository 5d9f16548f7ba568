"""What a search may change about the members, and between which bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.trial import Trial

    from busta.settings import Members

__all__ = ["GRID", "SPACE", "grid", "propose", "with_values"]


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, whole where both are; searched by their logarithm or as they are."""

    low: float
    high: float
    log: bool = True


TREES: dict[str, Range] = {
    "rounds": Range(20, 400),
    "max_depth": Range(1, 4, log=False),
    "eta": Range(0.01, 0.2),
    "subsample": Range(0.5, 1.0, log=False),
    "colsample_bytree": Range(0.2, 1.0, log=False),
    "min_child_weight": Range(1.0, 200.0),
    "reg_lambda": Range(1.0, 300.0),
}
SPACE: dict[str, dict[str, Range]] = {
    "linear": {"ridge": Range(10.0, 30_000.0)},
    "points": {"ridge": Range(30.0, 100_000.0)},
    "boosting": TREES,
    "points_boosting": TREES,
}
"""Bounds of each member's settings."""
SHARES, FEATURES = (0.0, 0.25, 0.5, 0.75), ("all", "stable", "backward")

GRID: dict[str, dict[str, tuple[float, ...]]] = {
    "linear": {"ridge": (100.0, 1000.0, 10_000.0)},
    "points": {"ridge": (400.0, 4000.0, 40_000.0)},
    "boosting": {"rounds": (80, 200), "max_depth": (1, 2, 3)},
    "points_boosting": {"rounds": (80, 200), "max_depth": (1, 2, 3)},
}
"""Values of a grid search; settings that are not named stay as they are."""


def grid(base: Members) -> dict[str, list[Any]]:
    """The grid of the members that are used, by dotted names."""
    return {f"{member}.{name}": list(values) for member in base.members for name, values in GRID[member].items()}


def propose(trial: Trial, base: Members, *, blind: bool, by_grid: bool = False) -> dict[str, Any]:
    """What a trial is to change of the settings, by dotted names."""
    if by_grid:
        return {name: trial.suggest_categorical(name, choices) for name, choices in grid(base).items()}
    values: dict[str, Any] = {
        f"{member}.{name}": _suggest(trial, f"{member}.{name}", bounds)
        for member in base.members
        for name, bounds in SPACE[member].items()
    }
    values["features"] = trial.suggest_categorical("features", FEATURES)
    if blind:
        values["line_share"] = trial.suggest_categorical("line_share", SHARES)
    return values


def with_values(base: Members, values: Mapping[str, Any]) -> Members:
    """The settings with other values, by dotted names.

    >>> from busta.settings import Members
    >>> with_values(Members(), {"linear.ridge": 7.0, "line_share": 0.5}).linear.ridge
    7.0
    """
    nested: dict[str, Any] = base.model_dump()
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        (nested[section] if section else nested)[key] = value
    return type(base).model_validate(nested)


def _suggest(trial: Trial, name: str, bounds: Range) -> float:
    if isinstance(bounds.low, int) and isinstance(bounds.high, int):
        return trial.suggest_int(name, bounds.low, bounds.high, log=bounds.log)
    return trial.suggest_float(name, bounds.low, bounds.high, log=bounds.log)
