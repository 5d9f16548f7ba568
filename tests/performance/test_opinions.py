"""Where a model differs from the line, in the market's own units."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit, ndtri

from busta.performance.honesty.foretold import foretold
from busta.performance.opinions import opinions
from halves import FIRST_HALF


@pytest.mark.parametrize("market", ["ats", "totals"])
def test_where_there_is_a_line_everything_is_in_points(market):
    made = foretold(market=market, bias=2.0)
    said = opinions(made)
    sd = made.league.margin_sd if market == "ats" else made.league.total_sd
    np.testing.assert_allclose(said.opinion, made.mean - made.market_mean, atol=1e-9)
    np.testing.assert_allclose(said.residual, made.value - made.market_mean, atol=1e-9)
    np.testing.assert_allclose(said.move, made.closing_mean - made.market_mean, atol=1e-9)
    assert (said.sd == sd).all()
    np.testing.assert_allclose(said.gain, 1 / (sd * np.sqrt(2 * np.pi)))


def test_the_width_of_a_number_that_is_not_the_final_score_is_that_of_its_results():
    made = replace(foretold(market="totals"), market=FIRST_HALF)
    halved = replace(made, value=made.line + (made.value - made.line) / 2)
    assert opinions(made).sd[0] == pytest.approx(made.league.total_sd, rel=0.05)
    assert opinions(halved).sd[0] == pytest.approx(opinions(made).sd[0] / 2)


def test_a_price_moves_the_middle_of_a_line_by_a_normal():
    made = foretold(bias=2.0)
    dear = replace(made, baselines=made.baselines | {"opening_line": np.full(len(made), 0.6)})
    middle = made.league.margin_sd * ndtri(0.6)
    np.testing.assert_allclose(opinions(dear).residual, made.value - made.line - middle)
    np.testing.assert_allclose(opinions(dear).opinion, made.mean - made.line - middle)


@pytest.mark.parametrize("moment", ["open", "close"])
def test_where_there_is_none_everything_is_in_log_odds_and_by_who_won(moment):
    made = foretold(market="moneyline", bias=2.0, moment=moment)
    said, q = opinions(made), made.baselines[f"{'closing' if moment == 'close' else 'opening'}_line"]
    s = np.sqrt(q * (1 - q))
    np.testing.assert_allclose(said.opinion, s * (logit(made.probability) - logit(q)))
    np.testing.assert_allclose(said.residual, (made.y - q) / s)
    np.testing.assert_allclose(said.move, s * (logit(made.baselines["closing_line"]) - logit(q)), atol=1e-12)
    assert (said.sd == 1).all()
    np.testing.assert_array_equal(said.gain, s)


@pytest.mark.parametrize("market", ["ats", "totals", "moneyline"])
def test_a_unit_of_opinion_adds_its_gain_to_the_chance_to_win(market):
    made = foretold(market=market, bias=0.1)
    said = opinions(made)
    added = made.probability - made.baselines["opening_line"]
    np.testing.assert_allclose(added, said.gain * said.opinion, rtol=0.02, atol=1e-4)


@pytest.mark.parametrize("market", ["ats", "totals", "moneyline"])
def test_an_opinion_is_on_the_side_that_the_model_thinks_likelier_than_the_line_does(market):
    made = foretold(market=market, bias=2.0)
    assert ((opinions(made).opinion > 0) == (made.probability > made.baselines[made.bar])).all()


@pytest.mark.parametrize("market", ["ats", "moneyline"])
def test_what_is_not_known_of_a_game_is_not_known_of_its_opinion(market):
    made = foretold(market=market, bias=1.0, seasons=1)
    line, close = (made.baselines[name].copy() for name in ("opening_line", "closing_line"))
    line[0] = close[1] = made.value[2] = made.y[2] = np.nan
    said = opinions(replace(made, baselines=made.baselines | {"opening_line": line, "closing_line": close}))
    unknown = {name: np.flatnonzero(np.isnan(getattr(said, name))).tolist() for name in ("opinion", "move")}
    assert unknown == {"opinion": [0], "move": [0, 1]}
    assert np.isnan(said.residual[[0, 2]]).all()


@pytest.mark.parametrize("market", ["ats", "moneyline"])
def test_a_probability_of_one_or_nought_is_held_off_the_edge(market):
    made = foretold(market=market)
    sure = replace(made, probability=np.round(made.probability * 0.9))
    assert np.isfinite(opinions(sure).opinion).all()


@pytest.mark.parametrize(("market", "exact"), [("ats", False), ("totals", False), ("moneyline", True)])
def test_the_spread_of_wins_is_known_from_their_chance_and_that_of_margins_is_a_guess(market, exact):
    assert opinions(foretold(market=market, seasons=1)).exact is exact
