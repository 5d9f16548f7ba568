"""Stakes on one bet."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from busta.betting.staking import flat, fractional_kelly, kelly, shrinkage, shrunk_kelly
from busta.errors import UsageError

shares = st.floats(0.02, 0.98)


@given(shares, st.floats(0, 0.3), st.floats(1.1, 10))
def test_kelly_is_the_stake_that_grows_the_log_bankroll_fastest(first, push, price):
    win, lose = first * (1 - push), (1 - first) * (1 - push)

    def loss(stake) -> float:
        return -(win * np.log1p(stake * (price - 1)) + lose * np.log1p(-stake))

    best = minimize_scalar(loss, bounds=(0, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}).x
    assert float(kelly(win, lose, price)) == pytest.approx(best, abs=1e-4)


@given(shares, st.floats(0, 1), st.floats(1.01, 10))
def test_no_edge_no_stake(win, worse, price):
    fair = 1 / price
    assert float(kelly(win * fair * worse, 1 - win * fair * worse, price)) == 0


@given(shares, shares, st.floats(1.1, 10))
def test_more_chance_is_never_less_stake(win, other, price):
    low, high = sorted((win, other))
    assert kelly(low, 1 - low, price) <= kelly(high, 1 - high, price)


def test_a_sure_push_is_no_bet():
    assert float(kelly(0.0, 0.0, 2.0)) == 0


def test_the_gambler_with_a_noisy_private_wire_stakes_q_minus_p_and_grows_by_the_channels_capacity():
    """Kelly 1956: even odds, right with .9: share .8, growth 1 + .9 log2 .9 + .1 log2 .1 = .531 bits."""
    share = float(kelly(0.9, 0.1, 2.0))
    assert share == pytest.approx(0.8)
    assert 0.9 * np.log2(1 + share) + 0.1 * np.log2(1 - share) == pytest.approx(0.531, abs=5e-4)


def test_the_coin_of_thorp_is_staked_with_its_edge():
    """Thorp 2006: a coin won with .53 at even money is staked with 6 %, the edge itself."""
    assert float(kelly(0.53, 0.47, 2.0)) == pytest.approx(0.06)


def test_four_throws_for_a_six_are_worth_three_and_a_half_per_cent():
    """The bet of the Chevalier de Mere at even money: won with 1 - (5/6)**4 = .5177."""
    win = 1 - (5 / 6) ** 4
    assert float(kelly(win, 1 - win, 2.0)) == pytest.approx(0.0355, abs=5e-5)


def test_a_fraction_of_kelly_is_capped():
    assert fractional_kelly([0.55, 0.90], [0.45, 0.10], 2.0).tolist() == pytest.approx([0.025, 0.05])


def test_no_price_no_stake_is_known():
    found = [rule(0.6, 0.4, np.nan) for rule in (kelly, fractional_kelly, flat)]
    assert np.isnan([*found, shrunk_kelly(0.6, 0.4, np.nan, 0.1), shrunk_kelly(0.6, 0.4, 2.0, np.nan)]).all()


def test_flat_stakes_one_unit_from_the_least_edge_on():
    assert flat([0.51, 0.50], [0.49, 0.50], 2.0, min_edge=0.02, unit=5).tolist() == [5, 0]


@pytest.mark.parametrize("wrong", [{"fraction": -0.1}, {"fraction": 1.1}, {"cap": 2}, {"cap": np.nan}])
def test_a_fraction_outside_0_to_1_is_refused(wrong):
    with pytest.raises(UsageError, match="between 0 and 1"):
        fractional_kelly(0.6, 0.4, 2.0, **wrong)


@pytest.mark.parametrize(
    ("offer", "says"),
    [
        ((-0.1, 0.5, 2.0), "probability to win -0.1"),
        ((0.5, 1.1, 2.0), "probability to lose 1.1"),
        ((0.6, 0.6, 2.0), "probability to win or lose 1.2"),
        ((0.5, 0.5, 1.0), "price 1.0"),
        ((0.5, 0.5, -2.0), "price -2.0"),
        ((0.5, 0.5, np.inf), "price inf"),
    ],
)
@pytest.mark.parametrize("rule", [kelly, fractional_kelly, flat, partial(shrunk_kelly, sd=0.1)])
def test_an_offer_that_cannot_be_is_refused(rule, offer, says):
    with pytest.raises(UsageError, match=says):
        rule(*offer)


@pytest.mark.parametrize("unit", [-1, np.nan])
def test_a_negative_unit_is_refused(unit):
    with pytest.raises(UsageError, match="0 or more"):
        flat(0.6, 0.4, 2.0, unit=unit)


@given(st.floats(0.52, 0.7), st.floats(1.8, 2.2), st.floats(0.005, 0.03))
def test_the_shrinkage_is_nearly_the_best_where_the_estimate_is_normal(win, price, sd):
    """Baker and McHale 2013: k maximises the growth, by the true chances, of a bettor who stakes k times the
    Kelly share of an estimate around them."""
    share = float(kelly(win, 1 - win, price))
    if share * (price - 1) / price < 3 * sd:  # beyond it the estimate often says "no bet", which is not approximated
        return
    q = norm.ppf((np.arange(400) + 0.5) / 400, win, sd)
    estimates = kelly(q, 1 - q, price)

    def loss(k) -> float:
        won, lost = np.log1p(k * estimates * (price - 1)), np.log1p(-k * estimates)
        return -float((win * won + (1 - win) * lost).mean())

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded").x
    assert float(shrinkage(share, price, sd)) == pytest.approx(best, abs=0.03)


@given(shares, st.floats(1.1, 10), st.floats(0, 0.3), st.floats(0, 0.3))
def test_more_uncertainty_is_never_more_stake_and_none_is_kelly(win, price, one, other):
    low, high = sorted((one, other))
    stakes = [float(shrunk_kelly(win, 1 - win, price, sd)) for sd in (0.0, low, high)]
    assert stakes[0] == pytest.approx(float(kelly(win, 1 - win, price)))
    assert stakes[0] >= stakes[1] >= stakes[2] >= 0


def test_an_uncertainty_as_large_as_the_share_halves_it():
    assert float(shrunk_kelly(0.6, 0.4, 2.0, sd=0.1)) == pytest.approx(0.1)  # share .2, (b + 1) / b * sd = .2


def test_a_negative_uncertainty_is_refused():
    with pytest.raises(UsageError, match=r"sd -0\.1"):
        shrunk_kelly(0.6, 0.4, 2.0, -0.1)
