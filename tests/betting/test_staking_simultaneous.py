"""Stakes on bets that stand side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from busta.betting import staking_simultaneous
from busta.betting.staking import kelly
from busta.betting.staking_simultaneous import simultaneous_kelly
from busta.errors import UsageError


def growth(profits, shares, chances=None):
    return np.average(np.log(np.maximum(1 + profits @ shares, 1e-300)), weights=chances)


def coins(win, count):
    """Every outcome of even bets won with that chance, and its chance."""
    outcomes = 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1) - 1
    return outcomes, np.where(outcomes > 0, win, 1 - win).prod(axis=1)


@given(st.floats(0.5, 0.95))
def test_two_independent_even_bets_get_the_closed_form(win):
    """Thorp 2006: m / (1 + m**2) each, with m = p - q, less than the m of a bet alone."""
    m = 2 * win - 1
    assert simultaneous_kelly(*coins(win, 2)) == pytest.approx([m / (1 + m**2)] * 2, abs=1e-5)


@given(st.floats(0.05, 0.95), st.floats(1.2, 5))
def test_one_bet_gets_its_kelly_share(win, price):
    found = simultaneous_kelly([[price - 1], [-1.0]], [win, 1 - win])
    assert found == pytest.approx([float(kelly(win, 1 - win, price))], abs=2e-4)


def test_the_same_bet_twice_shares_the_stake_of_one():
    assert simultaneous_kelly([[1, 1], [-1, -1]], [0.6, 0.4]).sum() == pytest.approx(0.2)


def test_a_hedge_is_worth_a_stake_without_an_edge_of_its_own():
    """Prices of 2.0 and 2.2 sum to less than a sure thing: all is staked, as the chances are (Kelly 1956)."""
    profits, chances = np.array([[1.0, -1.0], [-1.0, 1.2]]), [0.7, 0.3]
    assert simultaneous_kelly(profits[:, 1:], chances).tolist() == [0]
    assert simultaneous_kelly(profits, chances) == pytest.approx(chances, abs=1e-4)


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_no_other_shares_grow_faster(bets, seed):
    rng = np.random.default_rng(seed)
    profits = np.where(rng.uniform(size=(60, bets)) < 0.55, rng.uniform(0.8, 1.5, bets), -1.0)
    found = simultaneous_kelly(profits)
    assert (found >= 0).all()
    assert found.sum() <= 1 + 1e-12
    other = minimize(
        lambda shares: -growth(profits, shares),
        np.full(bets, 0.01),
        bounds=[(0, 1)] * bets,
        constraints={"type": "ineq", "fun": lambda shares: 1 - shares.sum()},
    )
    assert growth(profits, found) >= -other.fun - 1e-6


@given(st.integers(2, 6), st.floats(0.51, 0.7))
def test_bets_beside_others_get_less_than_alone(count, win):
    found = simultaneous_kelly(*coins(win, count))
    assert found == pytest.approx(np.full(count, found.mean()), abs=1e-5)
    assert 0 < found.mean() < 2 * win - 1


@pytest.mark.parametrize(
    ("profits", "chances", "says"),
    [
        ([1.0, -1.0], None, "a row a scenario"),
        (np.empty((0, 2)), None, "a row a scenario"),
        ([[-1.5]], None, "below -1"),
        ([[np.nan]], None, "missing"),
        ([[np.inf]], None, "infinite"),
        ([[1.0], [-1.0]], [0.5], "sum to 1"),
        ([[1.0], [-1.0]], [0.6, 0.6], "sum to 1"),
        ([[1.0], [-1.0]], [1.5, -0.5], "0 or more"),
    ],
)
def test_scenarios_that_cannot_be_are_refused(profits, chances, says):
    with pytest.raises(UsageError, match=says):
        simultaneous_kelly(profits, chances)


def test_an_answer_cut_short_can_still_be_staked(monkeypatch):
    monkeypatch.setattr(staking_simultaneous, "MOST_STEPS", 1)
    found = simultaneous_kelly(*coins(0.6, 2))
    assert (found > 0).all()
    assert found.sum() < 1
