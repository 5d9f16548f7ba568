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


@pytest.mark.parametrize("profits", [[[0], [0]], [[0.0, -1.0], [0.0, -0.5]], [[1.0], [-1.0]], [[1, 1], [-1, -1]]])
def test_a_bet_that_adds_nothing_gets_nothing(profits):
    assert (simultaneous_kelly(profits) == 0).all()


def test_a_sure_win_gets_all_there_is_and_the_sure_loss_beside_it_nothing():
    assert simultaneous_kelly([[0.5, -1.0], [1.5, -0.1]]) == pytest.approx([1, 0])


def test_no_bets_get_no_stakes():
    assert simultaneous_kelly(np.empty((3, 0))).shape == (0,)


@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_the_answer_is_within_covers_bound(bets, seed):
    """Cover 1984: the growth of no portfolio exceeds that of the shares by more than max_i E[R_i / R] - 1."""
    rng = np.random.default_rng(seed)
    profits = np.where(rng.uniform(size=(200, bets)) < rng.uniform(0.3, 0.7, bets), rng.uniform(0.5, 2.5, bets), -1.0)
    wealth = 1 + profits @ simultaneous_kelly(profits)
    assert max(np.mean(1 / wealth), *np.mean((1 + profits) / wealth[:, None], axis=0)) < 1 + 1e-8


def test_many_good_bets_are_all_staked_and_use_up_the_bankroll():
    profits = np.column_stack([np.roll([2.0, 2.0, -1.0, -1.0], shift) for shift in range(4)])
    assert simultaneous_kelly(profits).sum() == pytest.approx(1)
    assert simultaneous_kelly(profits).sum() <= 1


def test_a_bet_that_falls_before_it_is_held_is_left_out():
    """Alone the second would be staked; beside the first, which wins with it and more, it would be sold."""
    profits = np.array([[1.4, 0.9], [1.4, 1.1], [-1.0, -1.0], [-0.9, -1.0]])
    found = simultaneous_kelly(profits)
    assert found[0] > 0 == found[1]
    assert simultaneous_kelly(profits[:, 1:], [0.3, 0.3, 0.2, 0.2]) > 0


@pytest.mark.parametrize("stuck", ["MOST_HALVINGS", "FEW_STEPS"])
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_both_ways_to_the_answer_lead_there(stuck, bets, seed):
    rng = np.random.default_rng(seed)
    profits = np.where(rng.uniform(size=(60, bets)) < 0.55, rng.uniform(0.8, 1.5, bets), -1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staking_simultaneous, stuck, 0)
        inside = simultaneous_kelly(profits)
    assert growth(profits, inside) == pytest.approx(growth(profits, simultaneous_kelly(profits)), abs=1e-8)


def test_hedges_upon_hedges_are_staked_to_within_covers_bound():
    rng = np.random.default_rng(3)
    bets = np.where(rng.random((184, 6)) < rng.uniform(0.2, 0.8, 6), rng.uniform(0.2, 5, 6), -1.0)
    profits = np.column_stack((bets, bets[:, ::-1], -bets.clip(-1, 1)))
    wealth = 1 + profits @ simultaneous_kelly(profits)
    assert np.mean((1 + profits) / wealth[:, None], axis=0).max() < 1 + 1e-6


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
    monkeypatch.setattr(staking_simultaneous, "FEW_STEPS", 0)
    monkeypatch.setattr(staking_simultaneous, "MOST_STEPS", 1)
    found = simultaneous_kelly(*coins(0.6, 2))
    assert (found > 0).all()
    assert found.sum() < 1
