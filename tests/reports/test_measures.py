"""What figures of checks and detectors are measured in, and on which side of a threshold they are clean."""

from __future__ import annotations

import pytest

from busta.performance.audit.run import detectors
from busta.performance.gate.verdict import checks
from busta.reports.measures import MEASURES, audit_in_short, held, told
from busta.reports.numbers import MINUS, NONE
from busta.settings import Settings
from busta.workflows.judging.audit import _questions


def test_every_check_and_every_detector_has_its_measure_and_nothing_else_has():
    asked = [name for name, *_ in _questions(Settings(), None, None, foreign=True)]
    named = [check.code for check in checks()] + [detector.name for detector in detectors()] + asked
    assert set(MEASURES) == set(named)


@pytest.mark.parametrize(
    ("name", "figure", "threshold", "shown"),
    [
        ("BST002", -9e-06, 0.002, (f"{MINUS}0.00001 log loss", "≤ 0.002 log loss")),
        ("BST004", 1.0, 3.2272, ("+1.00 z", "≥ 3.23 z")),
        ("BST006", -0.0475, 0.0, (f"{MINUS}4.8% ROI", "> 0% ROI")),
        ("BST007", None, None, (NONE, NONE)),
        ("BST009", 0.0, 0.0, ("0 leaks", "≤ 0 leaks")),
        ("BST009", -0.05, -0.03, (f"{MINUS}0.05000 log loss", f"≥ {MINUS}0.03 log loss")),
        ("BST009", 0.95, 0.9, ("0.95 correlation", "≤ 0.9 correlation")),
        ("BST010", 0.36, 100.0, ("0.36 ms", "≤ 100 ms")),
        ("luck", 0.8469, 0.8, ("84.7% of the luck left", "≥ 80.0% of the luck left")),
        ("calibrated_on_test", 0.3, 1e-6, ("0.3 chance", f"≥ 1e{MINUS}06 chance")),
        ("XYZ001", 0.5, 250.0, ("0.5000", "250")),
    ],
)
def test_a_threshold_says_which_side_is_clean(name, figure, threshold, shown):
    kind = "code" if name[-1].isdigit() else "name"
    assert held({kind: name, "figure": figure, "threshold": threshold}) == shown


def test_figures_of_real_checks_lie_where_the_sign_says_if_they_passed(material):
    for row in material.verdict["checks"]:
        if row["answer"] == "passed":
            side = MEASURES[row["code"]].side
            below = row["figure"] <= row["threshold"]
            assert below == (side in "<≤") or row["figure"] == row["threshold"]


def test_differences_of_log_loss_have_digits_enough():
    row = {"code": "BST002", "figure": -9e-06, "threshold": 0.002, "details": {"low": -0.00082, "high": 0.0008}}
    words = told(row | {"words": f"log loss {-9e-06:+.4f} ({-0.00082:+.4f} to {0.0008:+.4f}) against the line"})
    assert words == f"log loss {MINUS}0.00001 ({MINUS}0.00082 to +0.00080) against the line"


def test_an_audit_in_short_counts_what_could_not_be_asked():
    answers = ["clean", "leak", "not applicable", "not applicable"]
    found = [{"answer": answer} for answer in answers]
    assert audit_in_short({"findings": found}) == "1 leak in 4 questions, 2 of them not applicable"
    assert audit_in_short({"findings": found[:1]}) == "0 leaks in 1 question"
