"""BST004: not explained by the number of trials."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtri

from busta.performance.gate.case import Trials
from busta.performance.honesty.foretold import foretold
from busta.scoring.proper import log_losses

MADE = foretold(bias=1.6, seasons=6)


@pytest.mark.parametrize(
    ("number", "share"), [(1, 0.00125), (20, 0.00125), (21, 0.0003125), (60, 0.0003125), (61, 0.000078125)]
)
def test_a_trial_has_what_is_left_of_the_lifetime_s_level(case_of, ask, number, share):
    """Of its share the first look has a half, the second a quarter."""
    for look in (1, 2, 3):
        found = ask("BST004", case_of(MADE, trials=Trials(number=number, count=99, look=look)))
        assert found.details["level"] == pytest.approx(share / 2**look)
        assert found.threshold == pytest.approx(-ndtri(share / 2**look))
        assert f"trial {number} of 99" in found.words
        assert (f"look {look}" in found.words) == (look > 1)


def test_the_same_evidence_is_enough_for_an_early_trial_and_not_for_a_late_one(case_of, ask):
    early, late = (ask("BST004", case_of(MADE, trials=Trials(number=n, count=n))) for n in (1, 5000))
    assert early.figure == late.figure
    assert (early.answer, late.answer) == ("passed", "not proven")
    assert early.threshold < early.figure < late.threshold
    assert late.details["games_needed"] > 0


def test_the_figure_is_that_of_information(case_of, ask):
    case = case_of(MADE)
    assert ask("BST004", case).figure == ask("BST003", case).figure


def test_no_opinion_and_an_opinion_that_went_wrong_prove_nothing(case_of, ask):
    silent = ask("BST004", case_of(replace(MADE, probability=MADE.baselines["opening_line"])))
    assert (silent.answer, silent.figure) == ("not proven", None)
    wrong = ask("BST004", case_of(foretold(bias=2.0, skill=-1.0)))
    assert (wrong.answer, "games_needed" in wrong.details) == ("not proven", False)


def test_all_trials_at_once_stand_beside_it_and_decide_nothing(case_of, ask):
    made = foretold(bias=3.0, seasons=6)

    def gap(forecasts):
        return log_losses(forecasts.probability, made.y) - log_losses(made.baselines["opening_line"], made.y)

    losses = {"knows": gap(made), "guesses": gap(foretold(noise=1.0, seasons=6, seed=9))}
    found = ask("BST004", case_of(made, trials=Trials(2, 2, losses=losses)))
    assert found.details["spa_candidates"] == 2
    assert found.details["spa_p"] < 0.05
    assert found.details["stepm_better"] == ["knows"]
    guessed = {"a": losses["guesses"], "b": gap(foretold(noise=1.0, seasons=6, seed=10))}
    other = ask("BST004", case_of(made, trials=Trials(2, 2, losses=guessed)))
    assert other.details["spa_p"] > 0.05
    assert (other.answer, other.figure) == (found.answer, found.figure)


def test_one_trial_is_no_family_and_trials_without_common_games_say_why(case_of, ask):
    alone = ask("BST004", case_of(MADE, trials=Trials(losses={"a": np.zeros(len(MADE))})))
    assert not {"spa_p", "spa_note"} & set(alone.details)
    apart = {"a": np.where(np.arange(len(MADE)) % 2, np.nan, 0.1), "b": np.where(np.arange(len(MADE)) % 2, 0.1, np.nan)}
    found = ask("BST004", case_of(MADE, trials=Trials(2, 2, losses=apart)))
    assert "fewer than four weeks" in found.details["spa_note"]


def test_no_number_of_looks_adds_up_to_more_than_the_recipe_s_share():
    looks = [Trials(number=5, count=9, look=look).level for look in range(1, 60)]
    assert all(late == early / 2 for early, late in pairwise(looks))
    assert sum(looks) == pytest.approx(0.05 / 20 / 2)
