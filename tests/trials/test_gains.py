"""Paired gains of a challenger on a champion."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.errors import UsageError
from busta.scoring.proper import log_losses
from busta.trials.gains import calendar_weeks, weekly_gains

NAN = float("nan")
shares = st.floats(0.01, 0.99)
games = st.lists(st.tuples(shares, shares, st.sampled_from([0.0, 1.0]), st.integers(0, 4)), min_size=1, max_size=30)


@settings(max_examples=30)
@given(games)
def test_a_weeks_gain_is_the_difference_of_the_two_log_losses(played):
    c, h, y, weeks = map(np.array, zip(*played, strict=True))
    found = weekly_gains(c, h, y, weeks)
    difference = log_losses(c, y) - log_losses(h, y)
    expected = [difference[weeks == week].sum() for week in np.unique(weeks)]
    np.testing.assert_allclose(found.gain, expected, atol=1e-12)
    assert found.games.sum() == len(y)


@settings(max_examples=30)
@given(games)
def test_no_result_brings_more_than_the_best_or_less_than_the_worst(played):
    c, h, y, weeks = map(np.array, zip(*played, strict=True))
    found, other = (weekly_gains(c, h, result, weeks) for result in (y, 1 - y))
    assert (found.worst <= np.minimum(found.gain, 0) + 1e-12).all()
    assert (found.best >= np.maximum(found.gain, 0) - 1e-12).all()
    np.testing.assert_array_equal(found.worst, other.worst)  # known before the games are played
    np.testing.assert_array_equal(found.best, other.best)


@settings(max_examples=30)
@given(games)
def test_who_is_champion_only_changes_the_sign(played):
    c, h, y, weeks = map(np.array, zip(*played, strict=True))
    there, back = weekly_gains(c, h, y, weeks).swapped(), weekly_gains(h, c, y, weeks)
    for part in ("games", "gain", "worst", "best"):
        np.testing.assert_allclose(getattr(there, part), getattr(back, part), atol=1e-12)


def test_a_push_or_a_game_without_a_forecast_is_in_no_sum():
    found = weekly_gains([0.5, 0.5, NAN, 0.5], [0.6, 0.6, 0.6, NAN], [1, NAN, 1, 1], [1, 1, 2, 2])
    np.testing.assert_allclose(found.games, [1, 0])
    np.testing.assert_allclose(found.gain, [np.log(1.2), 0])
    np.testing.assert_allclose(found.best, [np.log(1.2), 0])


def test_weeks_come_in_order_of_time_and_may_be_cut():
    found = weekly_gains([0.5] * 3, [0.6] * 3, [1, 0, 1], [3, 1, 2])
    assert found.weeks.tolist() == [1, 2, 3]
    assert found.until(2).gain.tolist() == found.gain[:2].tolist()
    assert len(found.until(2)) == 2


def test_no_games_are_no_weeks():
    found = weekly_gains([], [], [], [])
    assert len(found) == 0
    assert found.gain.shape == (0,)


def test_a_certainty_that_fails_costs_much_but_not_everything():
    assert np.isfinite(weekly_gains([0.5], [1.0], [0], [1]).gain).all()


@pytest.mark.parametrize(
    ("c", "h", "y", "weeks", "words"),
    [
        ([0.5], [0.5, 0.5], [1], [1], "do not fit"),
        ([0.5], [0.5], [1], [1, 2], "do not fit"),
        ([0.5], [1.5], [1], [1], "outside 0 to 1"),
        ([0.5], [0.5], [2], [1], "not 0, 1 or NaN"),
    ],
)
def test_what_is_no_pair_of_forecasts_is_refused(c, h, y, weeks, words):
    with pytest.raises(UsageError, match=words):
        weekly_gains(c, h, y, weeks)


def test_a_week_runs_from_tuesday_noon_whatever_the_schedule_calls_it():
    kickoffs = ["2026-11-24T11:59", "2026-11-24T12:00", "2026-12-01T11:00", "2026-12-01T12:00"]
    assert calendar_weeks(kickoffs).astype(str).tolist() == ["2026-11-17", "2026-11-24", "2026-11-24", "2026-12-01"]
