"""What the figure of a check or detector is measured in, and on which side of its threshold it is clean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from busta.reports.numbers import NONE, counted, figure, short, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LOSS_GAP", "MEASURES", "audit_in_short", "held", "told"]

LOSS_GAP = "+.5f"
"""Differences of log loss: a ten-thousandth is much, so that four digits show nothing."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The side on which a figure is clean, seen from its threshold; how it is written, and in what unit."""

    side: str
    form: str
    unit: str = ""


_LOSS = Measure("≤", LOSS_GAP, "log loss")
_Z = Measure("≥", "+.2f", "z")
_NONE_LATER = Measure("≤", ".0f", "values")

MEASURES = {
    "BST001": Measure("<", LOSS_GAP, "log loss"),
    "BST002": _LOSS,
    "BST003": _Z,
    "BST004": _Z,
    "BST005": Measure("≤", ".4f", "ECE"),
    "BST006": Measure(">", "+.1%", "ROI"),
    "BST007": Measure(">", "+.2%", "CLV"),
    "BST008": _LOSS,
    "BST009": Measure("≤", ".0f", "leaks"),
    "BST010": Measure("≤", ".2f", "ms"),
    "BST011": Measure("≤", ".0f", "features"),
    "BST012": Measure(">", "+.2f", "z"),
    "BST013": Measure("≥", "+.2f", "T"),
    "BST014": Measure("≤", ".1%", "of the games"),
    "replay": _NONE_LATER,
    "another future": _NONE_LATER,
    "order of folds": Measure("≤", ".0f", "folds or rows"),
    "poisoned folds": Measure("≤", ".0f", "folds"),
    "permuted labels": Measure("≤", LOSS_GAP, "log loss gained"),
    "calibrated_on_test": Measure("≥", ".1g", "chance"),
    "close_for_open": Measure("≤", ".1%", "of the moves"),
    "copies": Measure("≤", ".1%", "of the rows"),
    "future": Measure("≤", ".3f", "correlation"),
    "luck": Measure("≥", ".1%", "of the luck left"),
    "own_skill": Measure("≤", ".3f", "correlation"),
    "scaled_on_all": Measure("≤", ".0f", "columns"),
    "shuffled_split": Measure("≤", ".1%", "of the surprises"),
    "timestamps": Measure("≤", ".1%", "of the rows"),
    "too_good": Measure("≤", ".1%", "of the surprises"),
}
"""By code of a check or name of a detector; whoever adds one adds its line."""

_TOO_GOOD = Measure("≥", LOSS_GAP, "log loss")
_AS_IF_SEEN = Measure("≤", ".2f", "correlation")
"""What BST009 measures where no audit was made."""


def held(row: Mapping[str, Any]) -> tuple[str, str]:
    """Figure and threshold of a check's or detector's answer as texts, with the side that is clean and the unit."""
    measure = _measure(row)
    if measure is None:
        return short(row["figure"]), short(row["threshold"])
    found, most = figure(row["figure"], measure.form), _limit(row["threshold"], measure)
    return _with_unit(found, measure), _with_unit(most, measure)


def audit_in_short(audit: Mapping[str, Any]) -> str:
    """How many leaks in how many questions, and how many of those could not be asked."""
    answers = [found["answer"] for found in audit["findings"]]
    leaks, mute = (answers.count(answer) for answer in ("leak", "not applicable"))
    left = f", {mute} of them not applicable" if mute else ""
    return f"{counted(leaks, 'leak')} in {counted(len(answers), 'question')}{left}"


def _measure(row: Mapping[str, Any]) -> Measure | None:
    name, threshold = row.get("code", row.get("name")), row["threshold"] or 0.0
    if name == "BST009" and threshold:
        return _TOO_GOOD if threshold < 0 else _AS_IF_SEEN
    return MEASURES.get(str(name))


def _limit(threshold: float | None, measure: Measure) -> str:
    text = figure(threshold, measure.form.lstrip("+"))
    if text == NONE:
        return NONE
    if threshold == 0:
        text = "0%" if measure.form.endswith("%") else "0"
    elif "." in text and not text.endswith("%") and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return f"{measure.side} {text}"


def _with_unit(text: str, measure: Measure) -> str:
    return text if text == NONE else f"{text} {measure.unit}"


def told(row: Mapping[str, Any]) -> str:
    """What was found, in the check's or detector's own words, with what a reader of the report has to know beside."""
    text = str(row["words"])
    if (measure := _measure(row)) is not None and measure.form == LOSS_GAP:
        for value in _numbers(row):
            text = text.replace(f"{value:+.4f}", f"{value:{LOSS_GAP}}")
    if row.get("columns"):
        text += f" ({', '.join(row['columns'])})"
    return tidy(text)


def _numbers(row: Mapping[str, Any]) -> Iterator[float]:
    """The figure and every figure in the details."""
    stack: list[Any] = [row["figure"], *row.get("details", {}).values()]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, float):
            yield value
