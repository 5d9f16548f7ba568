"""Values were known before the decision, and folds follow each other in time."""

from dataclasses import replace

import numpy as np
import pytest


@pytest.mark.parametrize("late", [np.timedelta64(0, "s"), np.timedelta64(3, "h")])
def test_a_value_known_at_the_decision_or_later_is_a_leak(made, ask, late):
    table = made().table
    early = table.time - np.timedelta64(1, "h")
    some = np.where(np.arange(len(table)) % 50 == 0, table.time + late, early)
    found = ask("timestamps", replace(table, known_at={"rating": early, "rest": some}))
    assert (found.answer, found.columns) == ("leak", ("rest",))
    assert found.figure == pytest.approx(0.02)
    assert "in 2.0% of the rows" in found.words
    assert ask("timestamps", replace(table, known_at={"rating": early})).answer == "clean"


def test_folds_drawn_by_chance_are_a_leak(made, ask):
    table = made().table
    fold = np.random.default_rng(0).integers(0, 5, len(table))
    found = ask("timestamps", replace(table, fold=fold))
    assert found.answer == "leak"
    assert found.figure > 0.5
    assert "a split by chance" in found.words


@pytest.mark.parametrize("order", ["as numbered", "as named"])
def test_folds_that_follow_each_other_are_clean_whatever_they_are_called(made, ask, order):
    table = made().table
    fold = np.arange(len(table)) * 6 // len(table) - 1
    fold = fold if order == "as numbered" else np.array([3, 0, 4, 2, 1, -1])[fold]
    moved = fold.copy()
    moved[[3, 700]] = moved[[700, 3]]  # a game that was put off
    for each in (fold, moved):
        found = ask("timestamps", replace(table, fold=each))
        assert found.answer == "clean"
        assert found.words == "test folds follow each other in time"


def test_one_fold_overlaps_no_other_and_no_times_are_no_question(made, ask):
    table = made().table
    assert ask("timestamps", replace(table, fold=np.zeros(len(table), dtype=np.int64))).answer == "clean"
    found = ask("timestamps", table)
    assert (found.answer, found.figure, found.threshold) == ("not applicable", None, None)
