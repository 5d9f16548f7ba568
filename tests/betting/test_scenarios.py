"""Scenarios of a week."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.distribution import Discretised
from busta.betting.scenarios import Leg, independent_scenarios, joint_scenarios
from busta.betting.staking import kelly
from busta.betting.staking_simultaneous import simultaneous_kelly
from busta.errors import UsageError

MARGIN = Discretised(sd=13.0, weights=np.ones(141), low=-70, high=70)
TOTAL = Discretised(sd=13.0, weights=np.ones(121), low=0, high=120)


@given(st.floats(0.1, 0.8), st.floats(0, 0.2), st.floats(1.2, 4), st.integers(0, 99))
def test_a_bet_is_won_pushed_and_lost_as_often_as_it_should_be(win, push, price, seed):
    profit = independent_scenarios(win, 1 - win - push, price, seed=seed)[:, 0]
    counts = [(profit == value).sum() for value in (price - 1, 0.0, -1.0)]
    assert counts == pytest.approx([4096 * win, 4096 * push, 4096 * (1 - win - push)], abs=1.01)


def test_bets_on_different_games_are_independent_and_seeded():
    profits = independent_scenarios([0.5] * 6, [0.5] * 6, 2.0)
    assert np.abs(np.corrcoef(profits.T) - np.eye(6)).max() < 0.06
    assert (profits == independent_scenarios([0.5] * 6, [0.5] * 6, 2.0)).all()
    assert (profits != independent_scenarios([0.5] * 6, [0.5] * 6, 2.0, seed=1)).any()


def test_their_kelly_shares_are_near_those_of_the_exact_chances():
    exact = simultaneous_kelly([[1, 1], [1, -1], [-1, 1], [-1, -1]], [0.3025, 0.2475, 0.2475, 0.2025])
    assert simultaneous_kelly(independent_scenarios([0.55] * 2, [0.45] * 2, 2.0)) == pytest.approx(exact, abs=0.003)


@pytest.mark.parametrize("offer", [(np.nan, 0.5, 2.0), (0.5, 0.5, np.nan)])
def test_a_bet_without_a_chance_or_a_price_has_no_scenarios(offer):
    with pytest.raises(UsageError, match="no scenarios"):
        independent_scenarios(*offer)


def legs(game=0):
    return [
        Leg(game, "margin", 3.0, True, 1.95),
        Leg(game, "margin", 0.0, False, 2.4),
        Leg(game, "total", 44.5, True, 1.91),
    ]


def test_legs_are_won_with_the_chances_of_their_distributions():
    profits = joint_scenarios(legs(), MARGIN, [4.0], TOTAL, [46.0])
    spread, away, over = (
        MARGIN.win_push_lose(4.0, 3.0)[0],
        MARGIN.win_push_lose(4.0, 0.0)[0],
        TOTAL.win_push_lose(46.0, 44.5)[0],
    )
    assert (profits[:, 0] > 0).mean() == pytest.approx(spread[0], abs=1e-3)
    assert (profits[:, 0] == 0).mean() == pytest.approx(spread[1], abs=1e-3)
    assert (profits[:, 1] > 0).mean() == pytest.approx(away[2], abs=1e-3)
    assert (profits[:, 2] > 0).mean() == pytest.approx(over[0], abs=1e-3)


def test_legs_of_one_game_hang_on_one_draw_of_its_margin():
    profits = joint_scenarios(legs(), MARGIN, [4.0], TOTAL, [46.0])
    assert not ((profits[:, 0] > 0) & (profits[:, 1] > 0)).any()  # home cannot cover 3 and lose


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.6])
def test_margin_and_total_are_as_correlated_as_asked(correlation):
    both = [Leg(0, "margin", 0.5, True, 2.0), Leg(0, "total", 44.5, True, 2.0)]
    won = joint_scenarios(both, MARGIN, [0.5], TOTAL, [44.5], correlation) > 0
    assert won.mean(axis=0) == pytest.approx([0.5, 0.5], abs=2e-3)
    quadrant = 0.25 + np.arcsin(correlation) / (2 * np.pi)  # Sheppard 1899
    assert (won[:, 0] & won[:, 1]).mean() == pytest.approx(quadrant, abs=0.02)


def test_legs_that_win_together_get_less_than_legs_that_do_not():
    both = [Leg(0, "margin", 0.5, True, 2.1), Leg(0, "total", 44.5, True, 2.1)]
    shares = [
        simultaneous_kelly(joint_scenarios(both, MARGIN, [0.5], TOTAL, [44.5], correlation)).sum()
        for correlation in (-0.5, 0.0, 0.5)
    ]
    assert shares[0] > shares[1] > shares[2]


def test_one_leg_of_one_game_gets_its_kelly_share():
    win, push, lose = MARGIN.win_push_lose(5.0, 3.0)[0]
    share = simultaneous_kelly(joint_scenarios(legs()[:1], MARGIN, [5.0], TOTAL, [46.0]))
    assert share == pytest.approx([float(kelly(win, lose, 1.95))], abs=1e-3)
    assert push > 0


def test_games_are_independent_of_each_other():
    two = [Leg(0, "margin", 0.5, True, 2.0), Leg(1, "margin", 0.5, True, 2.0)]
    profits = joint_scenarios(two, MARGIN, [0.5, 0.5], TOTAL, [44.5, 44.5], 0.9)
    assert abs(np.corrcoef(profits.T)[0, 1]) < 0.06


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"correlation": 1.5}, "correlation 1.5"),
        ({"correlation": np.nan}, "correlation nan"),
        ({"total_means": [44.5, 44.5]}, "2 totals"),
        ({"legs": legs(game=1)}, "game 1 of 1"),
        ({"legs": legs(game=-1)}, "-1 as game of a bet"),
    ],
)
def test_a_joint_distribution_that_cannot_be_is_refused(changes, says):
    given_ = {"legs": legs(), "margin_means": [0.5], "total_means": [44.5]} | changes
    with pytest.raises(UsageError, match=says):
        joint_scenarios(given_.pop("legs"), margin=MARGIN, total=TOTAL, **given_)
