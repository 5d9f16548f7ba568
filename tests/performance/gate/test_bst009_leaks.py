"""BST009: no leak found."""

from dataclasses import replace

import numpy as np
import pytest

from busta.performance.honesty.foretold import foretold
from busta.settings import Gate


def saying(made, p):
    return replace(made, probability=p, triples=np.column_stack([p, 0 * p, 1 - p]))


def test_an_audit_decides_and_without_one_of_an_honest_model_it_does_not_apply(case_of, ask):
    made = foretold(seasons=1)
    answers = [ask("BST009", case_of(made, leaks=leaks)) for leaks in (None, [], ["rest_days", "score"])]
    assert [found.answer for found in answers] == ["not applicable", "passed", "failed"]
    assert [found.figure for found in answers] == [None, 0, 2]
    assert "rest_days, score" in answers[2].words


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
@pytest.mark.parametrize("moment", ["open", "close"])
def test_an_oracle_is_too_good_to_be_true_unless_an_audit_found_nothing(case_of, ask, market, moment):
    made = foretold(market=market, moment=moment, seasons=2)
    oracle = saying(made, np.where(np.isnan(made.y), 0.5, 0.3 + 0.4 * np.nan_to_num(made.y)))
    found = ask("BST009", case_of(oracle))
    assert (found.answer, found.threshold) == ("not proven", -0.02)
    assert found.figure < -0.1
    assert "too good to be true" in found.words
    assert ask("BST009", case_of(oracle, leaks=[])).answer == "passed"


def test_how_good_is_too_good_is_a_setting(case_of, ask):
    made = foretold(seasons=2)
    oracle = saying(made, 0.45 + 0.1 * made.y)
    answers = [ask("BST009", case_of(oracle, settings=Gate(too_good=most))).answer for most in (0.02, 0.2)]
    assert answers == ["not proven", "not applicable"]


def test_too_good_by_luck_of_a_few_games_is_not_suspicious(case_of, ask):
    """Its mean is beyond what is allowed; the interval of a single week is without end."""
    made = foretold(seasons=2)
    oracle = saying(made, 0.3 + 0.4 * made.y)
    assert ask("BST009", case_of(oracle)).answer == "not proven"
    assert ask("BST009", case_of(oracle.take(np.arange(16)))).answer == "not applicable"


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_a_copied_close_is_suspicious_at_the_open(case_of, ask, market):
    copied = foretold(market=market, drift=1.0, chases=1.0, learns=0.0, noise=0.2)
    found = ask("BST009", case_of(copied))
    assert (found.answer, found.threshold) == ("not proven", 0.9)
    assert found.figure > 0.9
    assert "as if the close had been seen" in found.words
    assert ask("BST009", case_of(copied, leaks=[])).answer == "passed"


@pytest.mark.slow
@pytest.mark.parametrize(
    "said",
    [
        {"bias": 2.0, "noise": 1.5, "drift": 0.5, "boast": 0.64},
        {"noise": 0.5, "drift": 0.5},
        {"bias": 1.0, "noise": 0.5, "drift": 1.0, "chases": 0.5},
        {"bias": 2.0, "moment": "close"},
    ],
    ids=["knows", "guesses", "foresees moves", "close"],
)
@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_honest_models_are_not_suspected(case_of, ask, said, market):
    for seed in range(4):
        found = ask("BST009", case_of(foretold(market=market, seed=seed, **said)))
        assert (found.answer, found.figure) == ("not applicable", None), found.words


def test_a_line_that_never_moves_or_a_pair_of_games_has_no_likeness(case_of, ask):
    for made in (foretold(noise=1.0, seasons=1), foretold(drift=1.0, chases=1.0, seasons=1).take(np.array([0, 1]))):
        assert ask("BST009", case_of(made)).answer == "not applicable"
