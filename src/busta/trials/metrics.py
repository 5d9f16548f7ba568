"""A trial's figures as plain numbers, for a server's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIGURES", "trial_metrics"]

FIGURES = (
    "e_value",
    "e_value_needed",
    "e_value_worse",
    "e_value_futile",
    "mean_gain",
    "low",
    "high",
    "games",
)
"""Names in the object of ``busta trial show`` that are told as they are."""


def trial_metrics(trial: Mapping[str, Any]) -> dict[str, float]:
    """Gauges of a trial by name; what does not apply yet is left out.

    >>> trial_metrics({"decision": "running", "e_value": 1.5, "games": 0, "mean_gain": None})
    {'trial_running': 1.0, 'trial_won': 0.0, 'trial_lost': 0.0, 'trial_e_value': 1.5, 'trial_games': 0.0}

    Args:
        trial: The object of ``busta trial show``.
    """
    known = {name: trial[name] for name in FIGURES if trial.get(name) is not None}
    told = {"trial_running": "running", "trial_won": "win", "trial_lost": "loss"}
    stands = {name: float(trial["decision"] == decision) for name, decision in told.items()}
    looks = {"trial_looks": float(trial["weeks"])} if trial.get("weeks") is not None else {}  # evidence, once a week
    return stands | {f"trial_{name}": float(value) for name, value in known.items()} | looks
