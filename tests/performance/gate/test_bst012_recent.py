"""BST012: the edge is still there."""

from dataclasses import replace

import pytest
from scipy.special import ndtr, ndtri

from busta.performance.honesty.foretold import foretold
from busta.settings import Gate


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_at_the_open_line_moves_tell_within_two_seasons_that_an_edge_has_gone(case_of, ask, market):
    kept = ask("BST012", case_of(foretold(bias=2.0, market=market, seasons=10)))
    gone = ask("BST012", case_of(foretold(bias=2.0, market=market, seasons=10, lasts=0.8)))
    assert (kept.answer, gone.answer) == ("passed", "not proven")
    for found in (kept, gone):
        assert found.details == {"by": "line moves", "weeks": 34}
        assert found.threshold == pytest.approx(ndtri(0.95))


def test_at_the_close_the_newest_results_tell(case_of, ask):
    found = ask("BST012", case_of(foretold(bias=3.0, moment="close")))
    assert (found.answer, found.threshold) == ("passed", 0)
    assert found.details["by"] == "results"


def test_a_close_that_learns_nothing_is_no_witness(case_of, ask):
    found = ask("BST012", case_of(foretold(bias=3.0, learns=0.0, seasons=10)))
    assert (found.answer, found.details["by"]) == ("passed", "results")


def test_a_close_that_learns_something_else_is_no_witness_against_a_model_that_knows(case_of, ask):
    """Its moves go with results, for reasons of their own, and never went with this model's opinions."""
    made = foretold(bias=3.0, seasons=10)
    luck = made.value - made.mean  # what the model did not know
    aware = made.baselines | {"closing_line": ndtr(0.3 * luck / made.league.margin_sd)}
    found = ask("BST012", case_of(replace(made, baselines=aware)))
    assert (found.answer, found.details["by"]) == ("passed", "results")


def test_an_edge_that_has_turned_fails_by_moves_or_by_results(case_of, ask):
    for moment, by in (("open", "line moves"), ("close", "results")):
        turned = foretold(bias=3.0, skill=-1.0, seasons=2, first=2006, moment=moment)
        found = ask("BST012", case_of(foretold(bias=3.0, moment=moment).then(turned)))
        assert (found.answer, found.details["by"]) == ("failed", by)
        assert found.figure <= -ndtri(0.95)


def test_weak_results_of_late_neither_pass_nor_fail(case_of, ask):
    flat = foretold(noise=1.0, moment="close", seasons=2, first=2006, seed=1)
    found = ask("BST012", case_of(foretold(bias=2.0, moment="close").then(flat)))
    assert found.answer == "not proven"
    assert -ndtri(0.95) < found.figure <= 0


def test_games_since_registration_are_the_newest(case_of, ask):
    made = foretold(bias=2.0)
    gone = foretold(bias=2.0, lasts=0.0, seasons=2, first=2006)
    assert ask("BST012", case_of(made)).answer == "passed"
    assert ask("BST012", case_of(made, later=gone)).answer == "not proven"
    kept = ask("BST012", case_of(made.then(gone), later=foretold(bias=2.0, seasons=2, first=2008)))
    assert kept.answer == "passed"


def test_a_model_without_opinions_of_late_proves_nothing(case_of, ask):
    still = foretold(seasons=2, first=2006)
    found = ask("BST012", case_of(foretold(noise=1.0).then(still)))
    assert (found.answer, found.figure) == ("not proven", None)


def test_how_many_weeks_count_is_a_setting(case_of, ask):
    found = ask("BST012", case_of(foretold(bias=2.0), settings=Gate(recent_weeks=10)))
    assert found.details["weeks"] == 10
    young = ask("BST012", case_of(foretold(bias=3.0, seasons=1)))
    assert (young.details["weeks"], young.details["by"]) == (17, "results"), "there is no time before to learn from"


@pytest.mark.parametrize(("weeks", "answer"), [(7, "not proven"), (8, "passed")])
def test_fewer_than_eight_weeks_prove_nothing(case_of, ask, weeks, answer):
    found = ask("BST012", case_of(foretold(bias=4.0, moment="close", seasons=1, weeks=weeks)))
    assert (found.answer, found.figure > 0) == (answer, True)
    assert ("only 7 weeks; 8 are needed" in found.words) == (weeks == 7)
