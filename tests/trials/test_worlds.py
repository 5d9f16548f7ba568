"""Trials in worlds with known truth: the small version of benchmarks/trials.py."""

import numpy as np
import pytest

from busta.performance.honesty.tally import Share
from busta.performance.significance.eprocess import threshold
from busta.trials.arms import arm
from busta.trials.evidence import log_capital
from busta.trials.worlds import World, play

ALIKE = [
    World(),
    World(error=0.3, together=0.5),
    World(error=0.5, favourite=-3.0),
    World(error=0.3, lasting=True),
    World(-0.002),
]


@pytest.mark.parametrize("world", ALIKE)
def test_a_challenger_that_is_no_better_seldom_wins_however_often_one_looks(world):
    ever = log_capital(play(world, np.random.default_rng(4), 150, 5)[0]).max(axis=-1)
    assert Share(float((ever >= threshold(0.05)).sum()), 150).low <= 0.05


def test_one_that_is_much_better_wins():
    ever = log_capital(play(World(0.02), np.random.default_rng(4), 100, 5)[0]).max(axis=-1)
    assert (ever >= threshold(0.05)).mean() > 0.7


@pytest.mark.parametrize("gain", [0.005, -0.005])
def test_a_world_is_as_much_better_as_it_says(gain):
    gains, expected = play(World(gain), np.random.default_rng(4), 100, 3)
    assert expected.sum() / gains.games.sum() == pytest.approx(gain, rel=0.05)


def test_half_of_the_games_are_each_arms():
    games = [f"2026_{i:03}" for i in range(1000)]
    share = np.mean([arm("a trial", game) == "challenger" for game in games])
    assert 0.45 < share < 0.55
    assert [arm("a trial", game) for game in games] != [arm("another", game) for game in games]
