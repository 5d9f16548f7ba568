"""BST003: adds information to the market."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import gamma

from busta.betting.settlement import label
from busta.performance.gate.case import Trials
from busta.performance.gate.checks.bst003_information import TOGETHER
from busta.performance.honesty.foretold import foretold
from busta.performance.significance.margin import weekly_scores, z_score


@pytest.mark.parametrize("market", ["ats", "moneyline", "totals"])
def test_a_model_that_knows_passes_with_the_share_of_its_opinion_that_is_right(case_of, ask, market):
    made = foretold(bias=2.0, market=market, seasons=10)
    found = ask("BST003", case_of(made))
    assert found.answer == "passed"
    assert found.threshold == pytest.approx(ndtri(0.95))
    assert found.details["beta_low"] < 1 < found.details["beta_high"]
    assert f"results went {found.details['beta']:.0%} of the way from the line to its opinion" in found.words
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
    assert "results lay on the other side of the line than its opinion: the market is right" in found.words


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


def skewed(bias, seed, skew=0.8, seasons=10):
    """Totals whose line is the median of a gamma, and a model that leans to the over and sees ``bias`` points."""
    made = foretold(market="totals", moment="close", seasons=seasons, seed=seed)
    rng, shape, sd = np.random.default_rng(seed + 77), 4 / skew**2, made.league.total_sd
    luck = (rng.gamma(shape, 1, len(made)) - gamma.ppf(0.5, shape)) / np.sqrt(shape) * sd
    missed = rng.normal(0, bias, len(made))
    value = np.round(made.line + missed + luck)
    said = ndtr((missed if bias else 1 + rng.normal(0, 0.8, len(made))) / sd)
    triples = np.column_stack([said, 0 * said, 1 - said])
    return replace(made, value=value, y=label(value, made.line), probability=said, triples=triples)


@pytest.mark.slow
def test_a_constant_over_where_results_are_skewed_goes_with_margins_and_not_with_covers_and_does_not_pass(case_of, ask):
    found = [ask("BST003", case_of(skewed(0.0, seed))) for seed in range(12)]
    margins = [each for each in found if each.figure >= each.threshold]
    assert len(margins) >= 10, "margins alone would call it informed"
    assert {each.answer for each in margins} == {"not proven"}
    assert all("skew, no edge" in each.words for each in margins)
    assert not any("games_needed" in each.details for each in margins), "more games would not help"


@pytest.mark.slow
def test_a_real_edge_passes_where_results_are_skewed(case_of, ask):
    found = [ask("BST003", case_of(skewed(3.0, seed))) for seed in range(6)]
    assert sum(each.answer == "passed" for each in found) >= 5


@pytest.mark.slow
def test_margins_and_covers_of_a_real_edge_and_of_none_go_together(case_of, ask):
    """By margins and by covers z has a correlation of sqrt(2 / pi): 1 in 20 that pass by the one fails by the other."""
    found = [ask("BST003", case_of(foretold(bias=2.0, seasons=5, seed=seed))) for seed in range(40)]
    able = [each for each in found if each.figure >= each.threshold]
    assert sum(each.answer != "passed" for each in able) <= 0.15 * len(able)
    ratio = np.mean([each.details["log_odds_z"] / each.figure for each in able])
    assert ratio == pytest.approx(TOGETHER, abs=0.06)


def test_halving_long_shots_at_the_close_is_not_informative(case_of, ask):
    made = foretold(market="moneyline", moment="close", seasons=10, seed=10_000)
    q = made.baselines["closing_line"]
    chance = np.minimum(q, 1 - q)
    rare = (chance < 0.1) & ~np.isnan(made.y)
    first = np.where(rare, q > 0.5, made.y)  # each favourite at such a price has won
    said = np.where(rare, chance / 2, chance)
    p = np.where(q > 0.5, 1 - said, said)
    found = ask("BST003", case_of(replace(made, probability=p, y=first.astype(float))))
    expected = (chance[rare] * 1.0).sum()
    assert 0 < expected < 20
    assert found.figure < np.sqrt(expected) + 0.5, "no more than the wins that did not come are worth"
