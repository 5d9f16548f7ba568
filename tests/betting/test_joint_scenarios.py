from __future__ import annotations

import numpy as np
import pytest

from busta.betting.distribution import Discretised
from busta.betting.joint import Joint
from busta.betting.joint_scenarios import outcomes, slate_scenarios
from busta.betting.scenarios import Leg
from busta.betting.staking import kelly
from busta.betting.staking_simultaneous import simultaneous_kelly
from busta.errors import UsageError

MARGIN = Discretised(13.0, np.ones(121), -60, 60)
TOTAL = Discretised(10.0, np.ones(101), 0, 100)
LEGS = (Leg(0, "margin", 0.0, True, 1.6), Leg(0, "margin", 3.0, False, 2.0), Leg(0, "total", 44.5, True, 1.95))


@pytest.fixture(scope="module")
def joint():
    """Two games; of the second nobody knows the total."""
    return Joint.agreeing(MARGIN, TOTAL, [[0.65, 0.55, 0.55], [0.5, 0.45, np.nan]], [3.0, -1.0], [44.5, np.nan])


def won(profits, chances):
    return ((profits > 0) * chances[:, None]).sum(axis=0)


def test_every_leg_is_won_pushed_and_lost_as_often_as_the_joint_says(joint):
    chances, profits = outcomes(joint, 0, LEGS)

    assert chances.sum() == pytest.approx(1)
    home, spread, over = joint.spread(0.0)[0], joint.spread(3.0)[0], joint.over(44.5)[0]
    np.testing.assert_allclose(won(profits, chances), [home[0], spread[2], over[0]], atol=1e-12)
    np.testing.assert_allclose(won(-profits, chances), [home[2], spread[0], over[2]], atol=1e-12)


def test_legs_of_one_game_hang_together_and_those_of_two_do_not(joint):
    """Home cannot win by more than 3 and not win."""
    both = outcomes(joint, 0, [Leg(0, "margin", 0.0, True, 2.0), Leg(0, "margin", 3.0, True, 2.0)])
    chance = both[0][(both[1][:, 0] < 0) & (both[1][:, 1] > 0)]
    assert chance.sum() == 0
    apart = slate_scenarios([outcomes(joint, game, [Leg(0, "margin", 0.0, True, 2.0)]) for game in (0, 1)])
    assert abs(np.corrcoef(apart.T)[0, 1]) < 0.05


def test_scenarios_have_each_leg_won_as_often_as_it_is_likely(joint):
    games = [outcomes(joint, 0, LEGS), outcomes(joint, 1, LEGS[:1])]
    profits = slate_scenarios(games)

    assert profits.shape == (4096, 4)
    exact = np.concatenate([won(each, chances) for chances, each in games])
    np.testing.assert_allclose((profits > 0).mean(axis=0), exact, atol=1e-3)


def test_one_bet_gets_its_kelly_share_and_two_that_hang_together_less_than_their_sum(joint):
    home = Leg(0, "margin", 0.0, True, 1.7)
    win, _, lose = joint.spread(0.0)[0]
    alone = simultaneous_kelly(slate_scenarios([outcomes(joint, 0, [home])]))
    assert alone == pytest.approx(float(kelly(win, lose, 1.7)), abs=2e-3)

    cover = Leg(0, "margin", 3.0, True, 2.0)
    together = simultaneous_kelly(slate_scenarios([outcomes(joint, 0, [home, cover])]))
    single = simultaneous_kelly(slate_scenarios([outcomes(joint, 0, [cover])]))
    assert together.sum() < alone.sum() + single.sum() - 0.02


def test_a_leg_on_what_nobody_knows_is_refused(joint):
    with pytest.raises(UsageError, match="nothing is known of what decides a leg"):
        outcomes(joint, 1, LEGS)
    with pytest.raises(UsageError, match="no legs"):
        outcomes(joint, 1, [])
    with pytest.raises(UsageError, match="no games"):
        slate_scenarios([])
