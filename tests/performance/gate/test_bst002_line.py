"""BST002: not worse than the line it is bet against."""

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.honesty.foretold import foretold
from busta.scoring.proper import log_loss
from busta.settings import Gate


@pytest.mark.parametrize(("moment", "bar"), [("open", "opening line"), ("close", "closing line")])
def test_a_model_as_good_as_the_line_it_is_bet_at_passes(case_of, ask, moment, bar):
    made = foretold(noise=0.1, moment=moment)
    found = ask("BST002", case_of(made))
    line = made.baselines[bar.replace(" ", "_")]
    assert found.answer == "passed"
    assert found.figure == pytest.approx(log_loss(made.probability, made.y) - log_loss(line, made.y))
    assert found.details["high"] < found.threshold == Gate().line_margin
    assert f"against the {bar}" in found.words


def test_at_the_close_the_recalibrated_line_is_the_bar_where_it_is_better(case_of, ask):
    made = foretold(moment="close", market="moneyline", seasons=8)
    worse = np.clip(made.probability - 0.15, 0.01, 1)
    lines = made.baselines | {"closing_line": worse, "closing_line_recalibrated": made.baselines["closing_line"]}
    found = ask("BST002", case_of(replace(made, probability=worse, baselines=lines)))
    assert found.answer == "failed", "as good as the line as it is, worse than what the line knows"
    assert "closing line recalibrated" in found.words


def test_a_model_that_is_worse_beyond_doubt_fails(case_of, ask):
    found = ask("BST002", case_of(foretold(noise=4.0, seasons=12)))
    assert found.answer == "failed"
    assert found.details["low"] > 0


def test_too_few_games_to_tell_prove_nothing_and_a_wider_margin_is_passed_sooner(case_of, ask):
    made = foretold(noise=1.0, seasons=1)
    found = ask("BST002", case_of(made))
    assert found.answer == "not proven"
    assert found.details["low"] < 0 < found.threshold < found.details["high"]
    wide = ask("BST002", case_of(made, settings=Gate(line_margin=0.09)))
    assert (wide.answer, wide.threshold) == ("passed", 0.09)


def told(case, gap, low, high):
    """The same case with that difference of losses."""
    differences = case.evaluation.differences
    mine = {case.evaluation.bar: {"difference": gap, "low": low, "high": high}}
    log_loss = differences["log_loss"] | mine
    return replace(case, evaluation=replace(case.evaluation, differences=differences | {"log_loss": log_loss}))


@pytest.mark.parametrize("market", ["ats", "totals", "moneyline"])
def test_a_model_of_whose_opinions_more_than_half_is_right_passes_before_losses_prove_it(case_of, ask, market):
    case = case_of(foretold(bias=2.0, market=market, seasons=8))
    found = ask("BST002", told(case, -0.002, -0.006, 0.003))
    assert found.answer == "passed"
    assert found.details["beta_bound"] > 0.5
    assert found.details["expected_high"] < 0
    assert f"at most {found.details['expected_high']:+.4f} is expected, since at least " in found.words
    assert found.words.endswith(f"{found.details['beta_bound']:.0%} of its opinion is right")


@pytest.mark.slow
def test_a_sound_model_is_held_up_by_want_of_games_one_time_in_eight_at_most(case_of, ask):
    sound = [case_of(foretold(bias=2.0, noise=1.5, boast=0.64, seed=seed)) for seed in range(40)]
    found = [ask("BST002", case) for case in sound]
    by_losses = sum(each.details["high"] < each.threshold for each in found)
    passed = [each.answer == "passed" for each in found]
    assert by_losses + 5 < sum(passed) >= 35
    assert "failed" not in [each.answer for each in found]


def test_small_opinions_about_nothing_are_not_worse_than_the_margin_sooner_than_losses_say(case_of, ask):
    found = ask("BST002", told(case_of(foretold(noise=0.4, seasons=8)), 0.0, -0.002, 0.004))
    assert found.answer == "passed"
    assert found.details["beta_bound"] < 0
    assert 0 < found.details["expected_high"] < found.threshold
    assert found.words.endswith("is expected, since its opinions are too small to cost more, even if they are wrong")


@pytest.mark.slow
def test_a_model_that_knows_but_boasts_never_passes(case_of, ask):
    """A third of its opinion is right: it loses to the line what a third of it would win."""
    for seed in range(20):
        case = case_of(foretold(bias=2.0, noise=1.5, boast=1.92, seed=seed))
        for each in (case, told(case, 0.0, -0.004, 0.004)):
            found = ask("BST002", each)
            assert found.answer != "passed"
            assert found.details["expected_high"] > found.threshold


def test_what_is_proven_worse_fails_whatever_is_expected_of_it(case_of, ask):
    case = case_of(foretold(bias=2.0, seasons=8))
    found = ask("BST002", told(case, 0.004, 0.001, 0.007))
    assert found.answer == "failed"
    assert found.details["expected_high"] < 0


@pytest.mark.slow
def test_a_model_worse_by_the_margin_passes_one_time_in_ten_at_most(case_of, ask):
    worse = [foretold(noise=1.054, seed=seed, seasons=3) for seed in range(80)]  # .002 is to be expected
    assert sum(ask("BST002", case_of(made)).answer == "passed" for made in worse) <= 8


def test_at_the_close_what_is_expected_is_held_against_the_recalibrated_line_too(case_of, ask):
    made = foretold(moment="close", market="moneyline", seasons=8)
    right = made.baselines["closing_line"]
    lines = made.baselines | {"closing_line": np.clip(right - 0.15, 0.01, 1), "closing_line_recalibrated": right}
    wild = np.clip(right + np.random.default_rng(0).normal(0, 0.12, len(made)), 0.01, 0.99)
    case = case_of(replace(made, probability=wild, baselines=lines))
    found = ask("BST002", told(case, 0.01, -0.01, 0.03))
    assert (case.evaluation.bar, found.answer) == ("closing_line_recalibrated", "not proven")
    assert found.details["beta_bound"] < 0.1, "against the line as it is nearly all of its opinion would be right"


def test_without_a_line_or_with_a_single_week_there_is_nothing_to_compare_with(case_of, ask):
    made = foretold()
    gone = replace(made, baselines=made.baselines | {"opening_line": np.full(len(made), np.nan)})
    for each in (gone, foretold(seasons=1, weeks=1)):
        found = ask("BST002", case_of(each))
        assert found.answer == "not proven"
        assert "no opening line" in found.words
