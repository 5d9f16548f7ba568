"""The distribution of margins and totals, learned from games and scored on them."""

from dataclasses import replace

import numpy as np
import pytest

from busta.betting.distribution import Discretised
from busta.models.distribution import distribution_scores, fit_distribution
from halves import FIRST_HALF
from support import planted


@pytest.mark.parametrize(("market", "symmetric"), [("moneyline", True), ("ats", True), ("totals", False)])
def test_a_margin_is_as_likely_for_home_as_for_away_and_a_total_is_not(market, symmetric):
    data = planted(market=market)
    weights = fit_distribution(data, np.arange(len(data))).weights
    assert np.array_equal(weights, weights[::-1]) == symmetric


def test_the_distribution_lies_around_what_the_market_expects():
    """Where results are drawn around line and price, no more width than theirs is found."""
    from scipy.special import ndtri

    data = planted(market="totals", seasons=10, per_week=30)
    rng = np.random.default_rng(3)
    mean = data.line + data.league.total_sd * ndtri(1 / (1 + np.exp(-data.market_log_odds)))
    drawn = replace(data, value=np.round(rng.normal(mean, 8.0)))
    assert fit_distribution(drawn, np.arange(len(data))).sd == pytest.approx(8.0, rel=0.05)


def test_a_number_that_is_not_the_final_score_has_a_spread_of_its_own():
    """The league's sd is that of final scores: with it, prices would be read as points twice as far off."""
    from scipy.special import ndtri

    rng = np.random.default_rng(3)
    data = planted(market="totals", seasons=10, per_week=30)
    sd = data.league.total_sd / 2
    mean = data.line + sd * ndtri(1 / (1 + np.exp(-0.4 * data.market_log_odds)))
    drawn = replace(
        data, market=FIRST_HALF, value=np.round(rng.normal(mean, sd)), market_log_odds=0.4 * data.market_log_odds
    )
    everything = np.arange(len(data))
    assert fit_distribution(drawn, everything).sd == pytest.approx(sd, rel=0.03)
    assert fit_distribution(replace(drawn, market=data.market), everything).sd > fit_distribution(drawn, everything).sd


def test_a_distribution_scores_by_the_distance_of_its_steps_and_the_chance_of_what_happened():
    coin = Discretised(sd=1.0, weights=np.ones(3), low=-1, high=1)
    pmf = coin.pmf(0.0)[0]
    found = distribution_scores(coin, np.zeros(2), np.array([0.0, 1.0]))
    np.testing.assert_allclose(found["exact_log_score"], -np.log(pmf[1:]))
    steps = np.cumsum(pmf)
    np.testing.assert_allclose(found["crps"][0], steps[0] ** 2 + (steps[1] - 1) ** 2, atol=1e-12)
    np.testing.assert_allclose(found["crps"][1], steps[0] ** 2 + steps[1] ** 2, atol=1e-12)


def test_what_is_not_known_has_no_score_and_a_result_beyond_the_support_scores_as_its_end():
    wide = Discretised(sd=5.0, weights=np.ones(41), low=-20, high=20)
    found = distribution_scores(wide, np.array([np.nan, 0.0, 0.0, 0.0]), np.array([1.0, np.nan, 99.0, 20.0]))
    for scores in found.values():
        assert np.isnan(scores[:2]).all()
        assert scores[2] == scores[3]
