"""Evidence that may be looked at every day, and the interval that goes with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.errors import UsageError
from busta.performance.significance.eprocess import threshold
from busta.trials.evidence import CAP, STAKES, log_capital, log_paths
from busta.trials.gains import Gains, weekly_gains
from busta.trials.sequence import mean_gain
from busta.trials.worlds import World, play

sizes = st.lists(st.floats(0.0, 40.0), min_size=1, max_size=12)


def coins(size):
    """Every way that weeks can fall which bring ``size`` or cost it, with the same chance."""
    size = np.asarray(size)
    falls = np.array(np.meshgrid(*[[-1.0, 1.0]] * len(size), indexing="ij")).reshape(len(size), -1).T
    each = np.broadcast_to(size, falls.shape)
    return Gains(np.arange(len(size)), np.ones(falls.shape), falls * size, -each, each)


@settings(max_examples=30)
@given(sizes)
def test_in_a_world_of_fair_coins_the_capital_stays_above_0_and_its_mean_at_1(size):
    capital = np.exp(log_capital(coins(size[:10])))
    assert (capital > 0).all()
    np.testing.assert_allclose(capital.mean(axis=0), 1, rtol=1e-9)


@settings(max_examples=30)
@given(sizes, st.floats(0, 1))
def test_its_mean_falls_where_the_challenger_is_worse(size, worse):
    fair = coins(size[:10])
    taken = Gains(fair.weeks, fair.games, fair.gain - worse, fair.worst - worse, fair.best)
    assert (np.exp(log_capital(taken)).mean(axis=0) <= 1 + 1e-9).all()


@settings(max_examples=30)
@given(sizes)
def test_evidence_for_the_champion_is_that_for_the_challenger_with_the_sides_changed(size):
    gains = coins(size[:6])
    mirrored = log_capital(gains)[::-1]  # the ways to fall, from the other end
    np.testing.assert_allclose(log_capital(gains.swapped()), mirrored, atol=1e-9)


def test_by_hand():
    gains = weekly_gains([0.5, 0.5], [0.6, 0.6], [1, 0], [1, 2])
    won, lost = np.log(1.2), np.log(0.8)
    np.testing.assert_allclose(
        log_capital(gains),
        np.log([np.mean([1 + b * won for b in STAKES]), np.mean([(1 + b * won) * (1 + b * lost) for b in STAKES])]),
    )


def test_no_week_takes_more_than_the_cap():
    gains = Gains(np.arange(3), np.ones(3), np.full(3, -50.0), np.full(3, -50.0), np.full(3, 50.0))
    np.testing.assert_allclose(np.diff(log_paths(gains)), np.log(1 - CAP))


def test_two_that_say_the_same_gather_no_evidence():
    found = log_capital(weekly_gains([0.3, 0.7], [0.3, 0.7], [1, 0], [1, 2]))
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_the_interval_holds_the_truth_at_every_week_of_nearly_every_world():
    gains, expected = play(World(0.01), np.random.default_rng(1), 25, 2)
    truth = expected.mean() / gains.games[0, 0]
    outside = 0
    for row in range(25):
        low, high = mean_gain(
            Gains(gains.weeks, *(part[row] for part in (gains.games, gains.gain, gains.worst, gains.best)))
        )
        assert (np.diff(low) >= 0).all()
        assert (np.diff(high) <= 0).all()
        outside += bool(((truth < low) | (truth > high)).any())
    assert outside <= 2


def test_its_ends_lie_where_the_evidence_against_them_reaches_the_level():
    gains, _ = play(World(0.05, error=0.0), np.random.default_rng(2), 1, 3)
    one = Gains(gains.weeks, *(part[0] for part in (gains.games, gains.gain, gains.worst, gains.best)))
    low, high = mean_gain(one)
    mean = one.gain.sum() / one.games.sum()
    assert low[-1] < mean < high[-1]
    assert log_capital(one.less(float(low[-1]))).max() >= threshold(0.025)
    assert log_capital(one.less(float(high[-1])).swapped()).max() >= threshold(0.025)


def test_before_the_first_game_there_is_no_interval():
    low, high = mean_gain(weekly_gains([0.5], [0.6], [float("nan")], [1]))
    assert np.isnan([low, high]).all()


def test_a_level_is_between_0_and_1():
    with pytest.raises(UsageError):
        mean_gain(weekly_gains([0.5], [0.6], [1], [1]), level=1.0)
