"""BST003: adds information to the market."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from busta.performance.gate.case import Trials
from busta.performance.honesty.foretold import foretold
from busta.performance.significance.margin import weekly_scores, z_score


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_a_model_that_knows_passes_with_the_share_of_its_opinion_that_is_right(case_of, ask, market):
    made = foretold(bias=2.0, market=market, seasons=10)
    found = ask("BST003", case_of(made))
    assert found.answer == "passed"
    assert found.threshold == pytest.approx(ndtri(0.95))
    assert found.details["beta_low"] < 1 < found.details["beta_high"]
    assert found.details["games"] == np.isfinite(made.y if market == "moneyline" else made.value).sum()
    assert found.details["log_odds_z"] > 2
    assert found.details["diebold_mariano_p"] < 0.05
    assert found.details["log_evidence"] > 2


def test_the_figure_is_the_weekly_score_of_opinions_times_what_the_line_missed(case_of, ask):
    made = foretold(bias=1.0)
    by_hand = weekly_scores(made.mean - made.line, made.value - made.line, made.weeks, made.league.margin_sd)
    assert ask("BST003", case_of(made)).figure == pytest.approx(float(z_score(by_hand)))


def test_exaggeration_is_no_want_of_information(case_of, ask):
    plain, loud = (ask("BST003", case_of(foretold(bias=1.0, boast=boast, seasons=10))) for boast in (1.0, 3.0))
    assert loud.answer == plain.answer == "passed"
    assert loud.figure == pytest.approx(plain.figure)
    assert loud.details["beta"] == pytest.approx(plain.details["beta"] / 3)


def test_a_model_that_is_wrong_wherever_it_differs_fails(case_of, ask):
    found = ask("BST003", case_of(foretold(bias=2.0, skill=-1.0)))
    assert found.answer == "failed"
    assert found.details["beta_high"] < 0
    assert "the market is right" in found.words


def test_what_is_not_proven_says_how_many_games_are_needed_if_the_effect_seen_is_real(case_of, ask):
    found = ask("BST003", case_of(foretold(bias=0.5, seasons=1, seed=3)))
    assert (found.answer, found.figure > 0) == ("not proven", True)
    assert found.details["games_needed"] > 0
    assert "more games are needed" in found.words
    against = ask("BST003", case_of(foretold(bias=0.5, skill=-1.0, seasons=1, seed=3)))
    assert (against.answer, against.figure < 0) == ("not proven", True)
    assert "games_needed" not in against.details


def test_a_model_that_never_differs_from_the_market_proves_nothing(case_of, ask):
    made = foretold()
    found = ask("BST003", case_of(replace(made, probability=made.baselines["opening_line"])))
    assert (found.answer, found.figure) == ("not proven", None)
    assert "never differs" in found.words


def test_the_level_is_the_one_that_was_declared(case_of, ask):
    made = foretold(bias=2.0, seasons=2)
    assert ask("BST003", case_of(made)).answer == "passed"
    strict = ask("BST003", case_of(made, trials=Trials(alpha=1e-6)))
    assert (strict.answer, strict.threshold) == ("not proven", pytest.approx(-ndtri(1e-6)))
