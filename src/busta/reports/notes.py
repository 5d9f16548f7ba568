"""The notes of a report: why figures are missing and what to know of them, in the words of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from busta.reports.numbers import tidy, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from busta.reports.material import Material

__all__ = ["notes", "reasons"]

_SCORES = ("log_loss", "brier", "accuracy", "ece", "bets", "roi", "roi_low", "roi_high")
_MONEY = (
    *("bets", "pushes", "hit_rate", "closing_line_hit_rate", "unit_profit"),
    *("unit_roi", "unit_roi_low", "unit_roi_high", "clv"),
)
_COLUMNS = {
    "figures": (*_MONEY, "claimed_edge", "risk_of_ruin", "max_drawdown"),
    "scores": ("log_loss", "brier", "accuracy", "intervals"),
    "strategies": _MONEY,
    "same_bets": _MONEY,
    "sensitivity": _MONEY,
    "baselines": _SCORES,
    "by_season": (*_SCORES, *_MONEY, "closing_line_log_loss", "closing_line_accuracy"),
}
"""By what a note is about, which names the figures that it explains: those that the report shows."""
_ABSENT = frozenset(
    {
        *("returns", "precision", "recall", "auc", "calibration_intercept", "miscalibration", "discrimination"),
        *("uncertainty", "crps", "exact_log_score", "closing_crps", "closing_exact_log_score", "turnover"),
        *("unit_profit", "kelly_growth", "clv_coverage"),
    }
)
"""Figures of other commands, of which the report shows none."""


def reasons(material: Material, *names: str) -> tuple[tuple[str, str], ...]:
    """The notes under those names, or below them, on figures that the report shows; equal ones told once."""
    return _told(material, names, lambda found: ", ".join(words(name.partition(".")[2] or name) for name in found))


def notes(material: Material) -> tuple[tuple[str, str], ...]:
    """Every note on a figure that the report shows; equal ones told once."""
    return _told(material, (), _together)


def _told(material: Material, about: tuple[str, ...], named: Callable[[list[str]], str]) -> tuple[tuple[str, str], ...]:
    """Notes on what is asked about, by default all, each under every name that has it."""
    found: dict[str, list[str]] = {}
    for name, note in material.notes.items():
        first = name.partition(".")[0]
        if name in _ABSENT or (about and not {name, first} & set(about)):
            continue
        if said := "; ".join(_shown(note, first)):
            found.setdefault(tidy(said.replace("_", " ")), []).append(name)
    return tuple((named(names), said) for said, names in found.items())


def _together(names: list[str]) -> str:
    """Names such as ``strategies.home`` with what they share told once."""
    below: dict[str, list[str]] = {}
    for name in names:
        first, dot, rest = name.partition(".")
        below.setdefault(words(first), []).extend([words(rest)] if dot else [])
    return "; ".join(f"{first}: {', '.join(rest)}" if rest else first for first, rest in below.items())


def _shown(note: str, about: str) -> Iterator[str]:
    """Of clauses such as ``hit_rate, roi: every bet was a push`` those on figures that the report shows."""
    if about not in _COLUMNS:
        yield note
        return
    for clause in note.split("; "):
        listed, colon, reason = clause.partition(": ")
        names = listed.split(", ")
        if not colon or not all(name.isidentifier() for name in names):
            yield clause
        elif shown := [words(name) for name in names if name in _COLUMNS[about]]:
            yield f"{', '.join(dict.fromkeys(shown))}: {reason}"
