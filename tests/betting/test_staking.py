"""Stakes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from busta.betting.staking import flat, fractional_kelly, kelly
from busta.errors import UsageError

shares = st.floats(0.02, 0.98)


@given(shares, st.floats(0, 0.3), st.floats(1.1, 10))
def test_kelly_is_the_stake_that_grows_the_log_bankroll_fastest(first, push, price):
    win, lose = first * (1 - push), (1 - first) * (1 - push)

    def shrinkage(stake) -> float:
        return -(win * np.log1p(stake * (price - 1)) + lose * np.log1p(-stake))

    best = minimize_scalar(shrinkage, bounds=(0, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}).x
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


def test_a_fraction_of_kelly_is_capped():
    assert fractional_kelly([0.55, 0.90], [0.45, 0.10], 2.0).tolist() == pytest.approx([0.025, 0.05])


def test_no_price_no_stake_is_known():
    assert np.isnan([kelly(0.6, 0.4, np.nan), fractional_kelly(0.6, 0.4, np.nan), flat(0.6, 0.4, np.nan)]).all()


def test_flat_stakes_one_unit_from_the_least_edge_on():
    assert flat([0.51, 0.50], [0.49, 0.50], 2.0, min_edge=0.02, unit=5).tolist() == [5, 0]


@pytest.mark.parametrize("wrong", [{"fraction": -0.1}, {"fraction": 1.1}, {"cap": 2}, {"cap": np.nan}])
def test_a_fraction_outside_0_to_1_is_refused(wrong):
    with pytest.raises(UsageError, match="between 0 and 1"):
        fractional_kelly(0.6, 0.4, 2.0, **wrong)
