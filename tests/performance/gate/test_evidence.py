"""What checks read off a case."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit, ndtr

from busta.performance.gate.evidence import (
    bets_worth,
    close_scores,
    expected_gap,
    information_scores,
    move_scores,
    paired_difference,
)
from busta.performance.honesty.foretold import foretold
from busta.performance.significance.margin import fitted_edge, z_score
from busta.performance.simulation import place
from busta.scoring.proper import log_loss

MARKETS = ("moneyline", "ats", "totals")


def bets_of(forecasts, edge=0.02):
    return place(forecasts.triples, *forecasts.prices.T, edge)


def test_how_a_distribution_reads_its_means_makes_no_information():
    made = foretold(bias=2.0)
    bent = replace(made, mean=1.1 * made.mean, market_mean=1.1 * made.market_mean)
    assert z_score(information_scores(bent)) == z_score(information_scores(made))


def test_a_moneyline_is_judged_by_who_won_and_not_by_how_much():
    made = foretold(market="moneyline", moment="close")
    q = made.baselines["closing_line"]
    shrunk = replace(made, probability=expit(0.7 * logit(q)))
    narrow = replace(shrunk, value=np.sign(shrunk.value))
    assert z_score(information_scores(shrunk)) == z_score(information_scores(narrow))
    score = (logit(shrunk.probability) - logit(q)) * (made.y - q)
    assert information_scores(shrunk).score.sum() == pytest.approx(np.nansum(score))


def test_a_shrunk_moneyline_adds_nothing_though_margins_fall_short_of_their_means():
    found = []
    for seed in range(30):
        made = foretold(market="moneyline", moment="close", seed=seed)
        q = made.baselines["closing_line"]
        short = replace(made, value=0.8 * made.value, probability=expit(0.7 * logit(q)))
        found.append(float(z_score(information_scores(short))))
    assert abs(np.mean(found)) < 3 / np.sqrt(30)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("boast", [1.0, 2.0])
def test_the_share_of_an_opinion_that_is_right_is_found_in_either_unit(market, boast):
    made = foretold(market=market, bias=2.0, boast=boast, seasons=40)
    edge = fitted_edge(information_scores(made))
    assert edge.low < 1 / boast < edge.high
    assert edge.high - edge.low < 0.4 / boast


@pytest.mark.parametrize("market", MARKETS)
def test_the_loss_to_be_expected_is_to_second_order_that_of_the_share_that_is_right(market):
    made = foretold(market=market, bias=0.3, noise=0.2)
    q = made.baselines["opening_line"]
    expected, right = expected_gap(made, "opening_line", 0.9)
    assert right == fitted_edge(information_scores(made), 0.9).bound
    distance = np.mean((made.probability - q) ** 2 / (q * (1 - q)))
    assert expected == pytest.approx((1 - 2 * right) / 2 * distance, rel=0.02)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("boast", [0.5, 1.0, 3.0])
def test_the_loss_to_be_expected_is_around_the_one_that_comes_and_its_bound_above_it(market, boast):
    """At a level of one half the bound is the estimate itself."""
    gaps = []
    for seed in range(12):
        made = foretold(market=market, bias=3.0, boast=boast, seasons=8, seed=seed)
        came = paired_difference(made.probability, made.baselines["opening_line"], made.y, made.weeks)[0]
        middle, bound = (expected_gap(made, "opening_line", level)[0] for level in (0.5, 0.95))
        assert middle < bound
        gaps.append(came - middle)
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps) - 1)
    assert np.std(gaps) < 0.02


def test_the_loss_to_be_expected_needs_two_weeks_and_leaves_out_games_without_a_line():
    made = foretold(bias=2.0)
    assert np.isnan(expected_gap(foretold(seasons=1, weeks=1), "opening_line", 0.95)).all()
    line = made.baselines["opening_line"].copy()
    line[::2] = np.nan
    gappy = replace(made, baselines=made.baselines | {"opening_line": line})
    half = made.take(np.arange(1, len(made), 2))
    assert expected_gap(gappy, "opening_line", 0.95) == pytest.approx(expected_gap(half, "opening_line", 0.95))


@pytest.mark.parametrize("market", MARKETS)
def test_bets_of_a_model_that_is_right_are_worth_what_it_claims(market):
    made = foretold(market=market, bias=2.0, seasons=20)
    bets = bets_of(made)
    worth = bets_worth(made, bets)
    assert worth.at(1.0) == pytest.approx(bets.edge.mean(), abs=0.006)
    assert worth.at(0.0) == pytest.approx(-1 / 22, abs=0.02)
    if market != "moneyline":
        assert worth.base == pytest.approx(-1 / 22, abs=1e-9)


@pytest.mark.parametrize("market", MARKETS)
def test_a_bet_against_its_own_opinion_loses_by_it(market):
    made = foretold(market=market, bias=2.0)
    first = made.probability > made.baselines["opening_line"]
    stale = np.where(np.column_stack([first, ~first]), 1.01, 40.0)  # only the side it does not like pays
    bets = bets_of(replace(made, prices=stale))
    assert (bets.first_side == ~first[bets.game]).all()
    worth = bets_worth(made, bets)
    assert worth.gain < 0 < worth.base
    assert worth.at(1.0) == pytest.approx(bets.edge.mean(), rel=0.1)


def test_bets_without_a_market_are_left_out_and_no_bets_are_worth_nothing_that_could_be_said():
    made = foretold(bias=2.0)
    bets = bets_of(made)
    line = made.baselines["opening_line"].copy()
    line[bets.game[::2]] = np.nan
    some = bets_worth(replace(made, baselines=made.baselines | {"opening_line": line}), bets)
    half = bets_worth(made, bets.take(np.arange(1, len(bets), 2)))
    assert (some.base, some.gain) == (half.base, half.gain)
    assert np.isnan(bets_worth(made, bets.take(np.array([], dtype=np.intp))).at(1.0))


@pytest.mark.parametrize("market", MARKETS)
def test_line_moves_tell_within_two_seasons_what_results_tell_in_ten(market):
    made = foretold(market=market, bias=1.0, noise=0.5, seasons=2)
    assert z_score(move_scores(made)) > 4
    assert z_score(information_scores(made)) < 3
    assert z_score(close_scores(foretold(market=market, bias=2.0, learns=1.0))) > 2
    aimless = foretold(market=market, noise=1.0)
    still = move_scores(aimless)
    assert np.isnan(z_score(still)), "a line that never moves says nothing"


def test_moves_that_mean_nothing_go_with_no_opinion_more_often_than_they_should():
    passed = []
    for seed in range(60):
        made = foretold(noise=1.0, seasons=2, seed=seed)
        rng = np.random.default_rng(seed)
        drifted = ndtr(rng.normal(size=len(made)) / made.league.margin_sd)
        moved = replace(made, baselines=made.baselines | {"closing_line": drifted})
        passed.append(float(z_score(move_scores(moved))) > 1.645)
    assert np.mean(passed) < 0.12


def test_a_probability_of_one_or_nought_is_held_off_the_edge():
    for market in ("ats", "moneyline"):
        made = foretold(market=market)
        sure = replace(made, probability=np.round(made.probability * 0.9))
        assert np.isfinite(z_score(information_scores(sure)))


def test_a_difference_is_paired_on_the_games_that_both_forecast():
    rng = np.random.default_rng(0)
    p, q, weeks = rng.uniform(0.1, 0.9, 200), rng.uniform(0.1, 0.9, 200), np.repeat(np.arange(20), 10)
    y = (rng.uniform(size=200) < p).astype(float)
    p[:10], q[10:20], y[20:30] = np.nan, np.nan, np.nan
    gap, low, high = paired_difference(p, q, y, weeks)
    assert gap == pytest.approx(log_loss(p[30:], y[30:]) - log_loss(q[30:], y[30:]))
    assert low < gap < high < 0
    assert np.isnan(paired_difference(p * np.nan, q, y, weeks)).all()
    assert np.isnan(paired_difference(p, q, y, weeks * 0)[1])
