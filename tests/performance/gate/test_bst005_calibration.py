"""BST005: calibrated."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from busta.performance.honesty.foretold import foretold

MADE = foretold(market="moneyline", moment="close", seasons=12)
ONE_SEASON = foretold(market="moneyline", moment="close", seasons=1)


def said(p):
    return replace(MADE, probability=p, triples=np.column_stack([p, 0 * p, 1 - p]))


def test_a_model_that_says_the_truth_passes(case_of, ask):
    case = case_of(MADE)
    found = ask("BST005", case)
    assert found.answer == "passed"
    assert (found.figure, found.threshold) == (case.evaluation.metrics["ece"], case.evaluation.metrics["ece_luck_95"])
    assert found.details["slope_low"] < 1 < found.details["slope_high"]
    assert found.details["intercept_low"] < 0 < found.details["intercept_high"]


@pytest.mark.parametrize(
    "p",
    [
        expit(2 * logit(MADE.probability)),
        expit(0.5 * logit(MADE.probability)),
        expit(logit(MADE.probability) + 0.4),
        np.full(len(MADE), 0.7),
    ],
    ids=["overconfident", "underconfident", "leaning", "one number for all"],
)
def test_a_model_that_is_off_fails_in_whichever_way(case_of, ask, p):
    found = ask("BST005", case_of(said(p)))
    assert found.answer == "failed"
    assert found.figure > found.threshold


FITS, LEVEL = (1.0, 0.9, 1.1), (0.0, -0.1, 0.1)
STEEP, LEANS, NONE = (0.5, 0.4, 0.6), (0.5, 0.4, 0.6), (None, None, None)


def test_a_bend_that_costs_less_than_the_margin_does_not_fail(case_of, ask):
    """A steepness of 1.15 is seen for certain in enough games and costs less than .002 of log loss."""
    case = by_hand(case_of(MADE), 0.03, (0.87, 0.8, 0.94), LEVEL)
    found = ask("BST005", case)
    assert found.answer == "not proven"
    assert 0 < found.details["cost"] < case.settings.line_margin


def test_the_cost_is_the_log_loss_that_the_line_would_save(case_of, ask):
    boasting = expit(2 * logit(MADE.probability))
    p, q = MADE.probability, boasting
    divergence = np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    found = ask("BST005", by_hand(case_of(said(boasting)), 0.03, (0.5, 0.4, 0.6), LEVEL))
    assert found.details["cost"] == pytest.approx(divergence)


def by_hand(case, ece, slope, intercept):
    metrics = case.evaluation.metrics | {"ece": ece, "ece_luck_95": 0.02}
    ends = ("value", "low", "high")
    lines = {"calibration_slope": dict(zip(ends, slope, strict=True))}
    lines["calibration_intercept"] = dict(zip(ends, intercept, strict=True))
    differences = case.evaluation.differences | lines
    return replace(case, evaluation=replace(case.evaluation, metrics=metrics, differences=differences))


@pytest.mark.parametrize(
    ("ece", "slope", "intercept", "answer"),
    [
        (0.02, FITS, LEVEL, "passed"),
        (0.02, NONE, NONE, "passed"),
        (0.02, STEEP, LEVEL, "not proven"),
        (0.02, FITS, LEANS, "not proven"),
        (0.03, FITS, LEVEL, "not proven"),
        (0.03, STEEP, LEVEL, "failed"),
        (0.03, FITS, LEANS, "failed"),
        (0.03, NONE, NONE, "failed"),
    ],
)
def test_all_signs_are_needed_to_fail_and_one_to_doubt(case_of, ask, ece, slope, intercept, answer):
    assert ask("BST005", by_hand(case_of(ONE_SEASON), ece, slope, intercept)).answer == answer


def test_without_a_decided_game_there_is_no_answer(case_of, ask):
    pushed = replace(MADE, y=np.full(len(MADE), np.nan), value=np.zeros(len(MADE)))
    found = ask("BST005", case_of(pushed))
    assert (found.answer, found.words) == ("not proven", "too few games")
