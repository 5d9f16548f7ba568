"""No calibrator has seen the outcomes its predictions are for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from busta.scoring.calibration import calibration_line


def platt(p, y):
    slope, intercept = calibration_line(p, y)
    return expit(slope * logit(p) + intercept)


def isotonic(p, y):
    order = np.argsort(p)
    found = np.empty(p.size)
    found[order] = isotonic_regression(y[order]).x
    return found


def level(p, y):
    return p + y.mean() - p.mean()


def foretold(table, calibrate, folds=5, by_fold=True):
    """A mild miscalibration put right on the very rows."""
    rng = np.random.default_rng(0)
    raw = expit(0.1 + 1.2 * logit(table.line) + rng.normal(0, 0.1, len(table)))
    fold = np.arange(len(table)) * folds // len(table)
    said = raw.copy()
    for k in range(folds):
        rows = fold == k if by_fold else np.ones(len(table), dtype=bool)
        said[fold == k] = calibrate(raw[rows], table.y[rows])[(fold == k)[rows]]
    return replace(table, prediction=said, fold=fold)


@pytest.mark.parametrize("by_fold", [True, False])
@pytest.mark.parametrize("calibrate", [platt, isotonic])
def test_predictions_put_right_on_their_own_outcomes_are_found(made, ask, calibrate, by_fold):
    table = foretold(made().table, calibrate, by_fold=by_fold)
    found = ask("calibrated_on_test", table)
    assert (found.answer, found.threshold) == ("leak", 1e-6)
    assert "a calibrator has seen these" in found.words
    if not by_fold:
        assert ask("calibrated_on_test", replace(table, fold=None)).answer == "leak"


def test_predictions_shifted_to_the_level_of_their_fold_are_found(made, ask):
    assert ask("calibrated_on_test", foretold(made().table, level)).answer == "leak"


def test_a_number_fitted_to_its_own_outcomes_is_found(made, ask):
    table = made(target="margin").table
    slope, intercept = np.polyfit(table.line, table.y, 1)
    assert ask("calibrated_on_test", replace(table, prediction=slope * table.line + intercept)).answer == "leak"
    assert ask("calibrated_on_test", replace(table, prediction=table.line)).answer == "clean"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("calibrate", [platt, isotonic])
def test_a_calibrator_of_other_rows_is_clean(made, ask, seed, calibrate):
    table = made(seed=seed).table
    half = len(table) // 2
    order = np.argsort(table.line[:half])
    fitted = calibrate(table.line[:half], table.y[:half])[order]
    said = fitted[np.searchsorted(table.line[:half][order], table.line).clip(0, half - 1)]
    fold = np.where(np.arange(len(table)) < half, -1, np.arange(len(table)) * 4 // len(table))
    found = ask("calibrated_on_test", replace(table, prediction=said, fold=fold))
    assert found.answer == "clean"
    assert found.figure > 1e-4


def test_without_predictions_there_is_nothing_to_ask(made, ask):
    table = made().table
    few = np.where(np.arange(len(table)) < 20, 0.5, np.nan)
    assert "no predictions" in ask("calibrated_on_test", table).words
    assert "fewer than 30" in ask("calibrated_on_test", replace(table, prediction=few)).words
    constant = replace(table, prediction=np.full(len(table), 0.5))
    assert ask("calibrated_on_test", constant).answer == "clean"
