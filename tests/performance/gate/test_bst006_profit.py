"""BST006: bets earn at the lower bound."""

from dataclasses import replace

import numpy as np
import pytest

from busta.betting.settlement import label
from busta.performance.gate.case import Trials
from busta.performance.gate.evidence import bets_worth, information_scores
from busta.performance.honesty.foretold import foretold
from busta.performance.significance.margin import fitted_edge
from busta.performance.significance.profit import PROFIT_LEVEL
from busta.settings import Bets, Gate


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_bets_of_a_model_that_knows_pass_and_are_expected_to_earn_what_they_earn(case_of, ask, market):
    case = case_of(foretold(bias=3.0, market=market, seasons=8))
    found = ask("BST006", case)
    metrics = case.evaluation.metrics
    assert (found.answer, found.threshold) == ("passed", 0)
    assert 0 < found.figure < found.details["expected_roi"] < found.details["expected_roi_high"]
    assert metrics["roi_low"] < found.details["expected_roi"] < metrics["roi_high"]
    assert found.details["seen_roi"] == metrics["roi"]


@pytest.mark.slow
def test_information_too_small_for_the_price_is_not_profit(case_of, ask):
    case = case_of(foretold(bias=1.0, noise=1.5, seasons=23))
    assert ask("BST003", case).answer == "passed"
    found = ask("BST006", case)
    assert found.answer == "not proven"
    assert found.figure < 0


def test_bets_that_lose_even_at_the_upper_bound_fail(case_of, ask):
    found = ask("BST006", case_of(foretold(noise=1.5, seasons=12)))
    assert found.answer == "failed"
    assert found.details["expected_roi_high"] < 0
    assert "a loss even at its upper bound" in found.words


def test_luck_that_no_information_stands_behind_does_not_pass(case_of, ask):
    lucky = foretold(noise=1.0, seasons=1)
    wins = np.sign(lucky.mean - lucky.line)
    found = ask("BST006", case_of(replace(lucky, y=(wins > 0).astype(float), value=lucky.line + wins * 0.5)))
    assert found.details["seen_roi"] > 0.5
    assert found.answer == "not proven"


def test_bets_that_lost_beyond_doubt_do_not_pass_whatever_is_expected_of_them(case_of, ask):
    case = case_of(foretold(bias=3.0, seasons=8))
    lost = case.evaluation.metrics | {"roi": -0.2, "roi_low": -0.3, "roi_high": -0.1}
    found = ask("BST006", replace(case, evaluation=replace(case.evaluation, metrics=lost)))
    assert found.answer == "not proven"
    assert found.figure > 0
    assert "but they lost, -10.0%" in found.words


def test_no_bets_and_a_single_week_prove_nothing(case_of, ask):
    for case in (
        case_of(foretold(bias=2.0), bets=Bets(min_edge=0.99)),
        case_of(foretold(bias=2.0, seasons=1, weeks=1)),
    ):
        found = ask("BST006", case)
        assert (found.answer, found.figure) == ("not proven", None)


def test_the_bound_is_one_sided_at_the_level_of_the_settings(case_of, ask):
    case = case_of(foretold(bias=2.0, seasons=8))
    strict, loose = (ask("BST006", replace(case, settings=Gate(profit_level=level))) for level in (0.999, 0.6))
    assert strict.figure < loose.figure < loose.details["expected_roi"] == strict.details["expected_roi"]
    edge = fitted_edge(information_scores(case.forecasts), 0.6)
    assert loose.details["beta_bound"] == edge.bound
    assert loose.figure == pytest.approx(bets_worth(case.forecasts, case.evaluation.bets).at(edge.bound))


@pytest.mark.parametrize("market", ["ats", "moneyline"])
def test_one_trial_was_not_picked_and_of_twenty_the_expected_roi_is_corrected(case_of, ask, market):
    case = case_of(foretold(bias=1.5, seasons=8, market=market))
    one, twenty, hundred = (ask("BST006", replace(case, trials=Trials(1, count))) for count in (1, 20, 100))
    seen = {name: [found.details[name] for found in (one, twenty, hundred)] for name in one.details}
    assert seen["expected_roi"][0] == one.details["expected_roi_uncorrected"]
    assert seen["expected_roi"] == sorted(seen["expected_roi"], reverse=True)
    assert seen["expected_roi_low"] == sorted(seen["expected_roi_low"], reverse=True)
    for found in (twenty, hundred):
        assert found.details["expected_roi_low"] < found.details["expected_roi"] < one.details["expected_roi"]
    assert "corrected for 20 trials" in twenty.words
    assert f"expected ROI {twenty.details['expected_roi']:+.1%}" in twenty.words


@pytest.mark.parametrize("bias", [0.0, 1.5, 3.0])
def test_how_many_were_tried_changes_what_is_shown_and_not_the_answer(case_of, ask, bias):
    case = case_of(foretold(bias=bias, noise=1.0, seasons=8))
    one, twenty = (ask("BST006", replace(case, trials=Trials(1, count))) for count in (1, 20))
    assert (one.answer, one.figure, one.threshold) == (twenty.answer, twenty.figure, twenty.threshold)
    assert one.details["expected_roi_uncorrected"] == twenty.details["expected_roi_uncorrected"]


def test_the_level_of_the_settings_is_the_one_that_was_measured_on_worlds_with_known_truth():
    assert Gate().profit_level == PROFIT_LEVEL


def test_a_second_look_corrects_the_expected_roi_as_twice_the_trials_do(case_of, ask):
    case = case_of(foretold(bias=1.5, seasons=8))
    again, more = (ask("BST006", replace(case, trials=trials)) for trials in (Trials(1, 10, look=2), Trials(1, 20)))
    once = ask("BST006", replace(case, trials=Trials(1, 10)))
    assert again.details["expected_roi"] == more.details["expected_roi"] < once.details["expected_roi"]
    assert again.figure == once.figure


def test_bets_that_were_all_pushed_prove_nothing(case_of, ask):
    made = foretold(bias=3.0, seasons=8)
    case = case_of(made)
    value = made.value.copy()
    value[case.evaluation.bets.game] = made.line[case.evaluation.bets.game]
    found = ask("BST006", case_of(replace(made, value=value, y=label(value, made.line))))
    assert found.details["seen_bets"] > 0
    assert found.answer == "not proven"
    assert "no bet was won or lost" in found.words
