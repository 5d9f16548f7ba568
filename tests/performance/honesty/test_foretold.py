"""Forecasts whose truth is known."""

import numpy as np
import pytest

from busta.performance.honesty.foretold import foretold
from busta.performance.opinions import opinions

MARKETS = ("moneyline", "ats", "totals")


def slope(of, on):
    return np.mean(of * on) / np.mean(on**2)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("moment", ["open", "close"])
def test_what_is_said_is_the_probability_at_the_line_and_prices_hold_a_vig(market, moment):
    made = foretold(market=market, moment=moment, bias=1.0)
    assert (len(made), len(np.unique(made.weeks)), len(np.unique(made.fold))) == (1360, 85, 5)
    np.testing.assert_array_equal(made.triples.sum(axis=1), 1)
    np.testing.assert_array_equal(made.triples[:, 0], made.probability)
    q = made.baselines[made.bar]
    np.testing.assert_allclose((1 / q - 1) / (made.prices[:, 0] - 1), 1.1)
    assert (made.prices[q == 0.5] == 1 + 1 / 1.1).all()
    assert np.isnan(made.y).any() == (market == "moneyline"), "a line is half a point"


def test_the_same_seed_makes_the_same_games_and_another_does_not():
    one, same, other = (foretold(bias=1.0, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.value, same.value)
    assert (one.value != other.value).any()


def test_results_are_off_by_the_bias_and_a_share_of_it_is_seen_and_corrected():
    made = foretold(bias=4.0, skill=0.5, learns=0.25, seasons=40)
    said = opinions(made)
    missed = made.closing_mean - made.market_mean
    assert slope(said.residual, missed) == pytest.approx(1 / 0.25, rel=0.08)
    np.testing.assert_allclose(said.opinion, 0.5 * missed / 0.25, atol=1e-9)
    assert said.residual.std() == pytest.approx(np.hypot(made.league.margin_sd, 4), rel=0.02)


def test_boasts_multiply_what_is_said_noise_and_all():
    plain, loud = (foretold(bias=1.0, noise=2.0, boast=boast) for boast in (1.0, 3.0))
    np.testing.assert_allclose(opinions(loud).opinion, 3 * opinions(plain).opinion)
    assert opinions(plain).opinion.std() == pytest.approx(np.hypot(1, 2), rel=0.05)


def test_a_bias_that_is_gone_is_gone_from_results_and_closes_but_not_from_what_is_said():
    made = foretold(bias=4.0, lasts=0.5, seasons=20)
    said, later = opinions(made), np.arange(len(made)) >= len(made) / 2
    assert (said.move[later] == 0).all()
    assert said.move[~later].all()
    assert (
        abs(slope(said.residual[later], said.opinion[later])) < 0.2 < slope(said.residual[~later], said.opinion[~later])
    )
    assert said.opinion[later].std() == pytest.approx(4, rel=0.05)


def test_moves_for_no_reason_are_in_the_opinions_of_those_who_chase_them_and_mean_nothing():
    made = foretold(drift=2.0, chases=0.5, learns=0.0, seasons=20)
    said = opinions(made)
    np.testing.assert_allclose(said.opinion, 0.5 * said.move, atol=1e-9)
    assert said.move.std() == pytest.approx(2, rel=0.05)
    assert abs(slope(said.residual, said.move)) < 0.25
    assert (foretold(drift=2.0, moment="close").closing_mean == foretold().market_mean).all(), "it is the close"
