"""BST013: not refuted by later games."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from busta.performance.gate.case import Case, Trials
from busta.performance.honesty.foretold import foretold
from busta.settings import Bets, Gate


def case_of_later(later, **trials):
    """This check looks at nothing else."""
    return Case(None, None, Trials(**trials), Gate(), Bets(), later=later)


def test_before_a_game_was_played_it_does_not_apply(ask):
    for later in (None, foretold().take(np.array([], dtype=np.int64))):
        found = ask("BST013", case_of_later(later))
        assert (found.answer, found.figure, found.threshold) == ("not applicable", None, None)


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_a_model_that_knows_crosses_the_boundary_in_some_week(ask, market):
    found = ask("BST013", case_of_later(foretold(bias=4.0, market=market)))
    assert found.answer == "passed"
    assert found.threshold == pytest.approx(-ndtri(0.00125 / 2))
    assert "crossed in week 200" in found.words
    assert found.details["horizon"] == 1400
    assert found.details["games_needed"] == 0


def test_until_then_it_says_how_many_games_are_needed(ask):
    found = ask("BST013", case_of_later(foretold(bias=2.0, seasons=1)))
    assert found.answer == "not proven"
    assert (found.details["games"], found.details["games_needed"] > 0) == (272, True)
    assert "272 of 1400 games" in found.words


def test_a_later_trial_needs_more(ask):
    later = foretold(bias=2.5, seasons=5)
    early, late = (ask("BST013", case_of_later(later, number=number, count=number)) for number in (1, 100_000))
    assert early.figure == late.figure
    assert (early.answer, late.answer) == ("passed", "not proven")


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_a_model_that_is_wrong_wherever_it_differs_is_refuted(ask, market):
    found = ask("BST013", case_of_later(foretold(bias=4.0, skill=-1.0, market=market)))
    assert found.answer == "failed"
    assert found.figure < -ndtri(0.975)
    assert "refuted" in found.words


def test_nothing_is_refuted_by_a_few_games(ask):
    awful = foretold(bias=9.0, skill=-1.0, seasons=2)
    assert ask("BST013", case_of_later(awful.take(np.arange(256)), horizon=272)).answer == "not proven"
    assert ask("BST013", case_of_later(awful)).answer == "failed"


def test_a_refuted_model_stays_refuted_and_one_that_crossed_stays_so_if_luck_turns(ask):
    good, bad = foretold(bias=4.0, seasons=3), foretold(bias=4.0, skill=-1.0, seasons=2, first=2004)
    assert ask("BST013", case_of_later(good.then(bad), horizon=1000)).answer == "passed"
    good, bad = foretold(bias=4.0, seasons=2, first=2004), foretold(bias=4.0, skill=-1.0, seasons=3)
    assert ask("BST013", case_of_later(bad.then(good), horizon=1000)).answer == "failed"


def test_a_model_without_an_edge_is_rarely_refuted_or_proven_however_often_one_looks(ask):
    answers = [ask("BST013", case_of_later(foretold(noise=1.0, seed=seed))).answer for seed in range(100)]
    assert answers.count("failed") <= 8
    assert answers.count("passed") <= 1


def test_later_games_without_results_or_opinions_say_nothing(ask):
    unplayed = foretold(bias=2.0)
    unplayed.value[:] = np.nan
    for later in (unplayed, foretold()):
        found = ask("BST013", case_of_later(later))
        assert (found.answer, found.figure) == ("not proven", None)
        assert "no opinions" in found.words


def test_backing_the_long_shots_of_a_fair_market_is_rarely_refuted(ask):
    """None of them may win for a season: that is what long shots do, and no proof against who backs them."""
    answers = []
    for seed in range(150):
        later = foretold(market="moneyline", moment="close", seed=seed)
        q = later.baselines["closing_line"]
        chance = np.minimum(q, 1 - q)
        said = np.where(chance < 0.15, 1.5 * chance, chance)
        answers.append(
            ask("BST013", case_of_later(replace(later, probability=np.where(q > 0.5, 1 - said, said)))).answer
        )
    assert answers.count("failed") <= 8
    assert answers.count("passed") <= 1
