"""BST007: the line moves towards the bets."""

import numpy as np
import pytest

from busta.performance.honesty.foretold import foretold
from busta.performance.simulation import closing_value
from busta.settings import Bets


def test_at_the_close_there_is_no_later_line(case_of, ask):
    found = ask("BST007", case_of(foretold(bias=2.0, moment="close")))
    assert (found.answer, found.figure, found.threshold) == ("not applicable", None, None)


def test_a_close_that_learns_all_that_the_model_knew_passes_it(case_of, ask):
    case = case_of(foretold(bias=2.0, learns=1.0))
    found = ask("BST007", case)
    assert found.answer == "passed"
    assert found.figure == closing_value(case.evaluation.bets, case.forecasts)["clv"] > 0.02
    assert found.details["clv_coverage"] == 1
    assert "on 100% of the bets" in found.words


def test_a_close_that_stays_where_it_was_costs_the_vig(case_of, ask):
    found = ask("BST007", case_of(foretold(bias=2.0, learns=0.0)))
    assert found.answer == "failed"
    assert found.figure == pytest.approx(-1 / 22)


def test_between_the_two_nothing_is_proven(case_of, ask):
    found = ask("BST007", case_of(foretold(bias=2.0, learns=0.33)))
    assert found.answer == "not proven"
    assert found.details["clv_low"] < 0 < found.details["clv_high"]


def test_missing_closes_are_counted_with_their_reason(case_of, ask):
    made = foretold(bias=2.0)
    made.closing_line[::2] = made.closing[::2] = np.nan
    case = case_of(made)
    found = ask("BST007", case)
    count = int((case.evaluation.bets.game % 2 == 0).sum())
    assert found.details["missing"] == {"the market has no quote at the close": count}
    assert found.details["clv_coverage"] == pytest.approx(1 - count / len(case.evaluation.bets))


def test_no_bets_no_closes_and_one_week_prove_nothing(case_of, ask):
    unclosed = foretold(bias=2.0)
    unclosed.closing[:] = np.nan
    none = ask("BST007", case_of(foretold(bias=2.0), bets=Bets(min_edge=0.99)))
    assert (none.answer, none.figure) == ("not proven", None)
    assert ask("BST007", case_of(unclosed)).words == none.words
    week = ask("BST007", case_of(foretold(bias=2.0, seasons=1, weeks=1)))
    assert (week.answer, week.figure is None) == ("not proven", False)
