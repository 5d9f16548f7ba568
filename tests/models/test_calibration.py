"""Calibration of an ensemble by earlier folds."""

import numpy as np
import pytest
from scipy.special import expit

from busta.models.calibration import FITS, NO_CALIBRATION, calibrate, fit_calibration
from busta.models.portable import calibrated
from busta.models.prequential import Past, losses_of
from support import won

FOLD = 1000


def world(slope=1.0, folds=5, seed=0):
    """What an ensemble says that is too bold by ``slope``, outcomes, and the past of each fold."""
    truth = np.random.default_rng(seed).normal(0, 1, FOLD * folds)
    number = np.repeat(np.arange(folds), FOLD)
    past = [Past(number == i, number < i, number == i - 1, 5000) for i in range(folds)]
    past.append(Past(number < 0, number >= 0, number == folds - 1, 9999))
    return slope * truth, won(expit(truth), seed), past


def test_an_ensemble_that_is_right_is_left_as_it_is():
    assert calibrate(*world(), None) == [NO_CALIBRATION] * 6


def test_one_that_is_too_bold_is_drawn_in_once_it_has_shown_it():
    log_odds, y, past = world(slope=2.5)
    found = calibrate(log_odds, y, past, None)
    assert found[0] == NO_CALIBRATION
    assert found[-1] != NO_CALIBRATION
    better = losses_of(calibrated(log_odds, found[-1]), y).mean()
    assert better < losses_of(log_odds, y).mean() - 0.05


@pytest.mark.parametrize("kind", list(FITS))
def test_each_kind_mends_what_it_can_and_gives_log_odds_that_rise(kind):
    log_odds, y, _ = world(slope=2.5)
    fitted = fit_calibration(kind, log_odds, y)
    after = calibrated(log_odds, fitted)
    assert (np.diff(after[np.argsort(log_odds)]) >= -1e-12).all()
    assert np.isfinite(calibrated(np.array([-40.0, 40.0]), fitted)).all()
    slope = np.polyfit(log_odds, after, 1)[0]
    assert slope == pytest.approx(1.0 if kind == "none" else 0.4, abs=0.12)


@pytest.mark.parametrize("kind", list(FITS))
def test_one_that_is_right_is_hardly_changed_by_any_kind(kind):
    log_odds, y, _ = world()
    after = calibrated(log_odds, fit_calibration(kind, log_odds, y))
    assert np.abs(expit(after) - expit(log_odds)).mean() < 0.02


@pytest.mark.parametrize("kind", list(FITS))
def test_few_games_teach_no_calibration(kind):
    log_odds, y, _ = world(slope=3.0)
    assert fit_calibration(kind, log_odds[:499], y[:499]) == NO_CALIBRATION


@pytest.mark.parametrize("kind", ["platt", "beta", "isotonic"])
def test_a_kind_that_is_asked_for_is_taken_from_the_second_fold_on(kind):
    log_odds, y, past = world()
    found = calibrate(log_odds, y, past, kind)
    assert found[0] == NO_CALIBRATION
    assert found[2] == fit_calibration(kind, log_odds[past[2].earlier], y[past[2].earlier])


def test_a_fold_s_calibration_does_not_change_with_its_own_or_later_games():
    log_odds, y, past = world(slope=2.0)
    other = np.where(past[3].rows | past[4].rows, 1 - y, y)
    one, two = (calibrate(log_odds, outcomes, past, None) for outcomes in (y, other))
    assert one[:4] == two[:4]
    assert one[5] != two[5]
