"""The sequential rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.errors import UsageError
from busta.performance.significance.boundary import (
    critical_value,
    first_crossing,
    levels,
    looked_at,
    looks,
    statistics,
)
from busta.performance.significance.margin import weekly_scores, z_score


def history(beta, weeks, seed=1):
    rng = np.random.default_rng(seed)
    opinion = rng.normal(0, 2, weeks * 16)
    return opinion, beta * opinion + rng.normal(0, 13.3, weeks * 16), np.repeat(np.arange(100, 100 + weeks), 16)


def test_the_critical_values_of_the_prototype():
    np.testing.assert_allclose(critical_value(levels(0.05, 20)[0]), 3.023, atol=5e-4)
    np.testing.assert_allclose(critical_value([0.01, 0.05 / 3, 0.015 / 17]), [2.576, 2.394, 3.326], atol=5e-4)
    np.testing.assert_allclose(critical_value(0.05, peeking=False), 1.645, atol=5e-4)


@given(
    st.integers(1, 40).flatmap(lambda n: st.lists(st.floats(-5, 5) | st.just(np.nan), min_size=n, max_size=n)),
    st.floats(0.001, 0.5),
)
def test_levels_add_up_to_alpha(clv, alpha):
    assert levels(alpha, len(clv), clv).sum() == pytest.approx(alpha)


def test_the_best_closing_line_values_get_most_of_the_level():
    given = levels(0.05, 6, [np.nan, 1.0, 3.0, 2.0, -1.0, 0.0])
    np.testing.assert_allclose(given, 0.05 * np.array([0.1, 0.7 / 3, 0.7 / 3, 0.7 / 3, 0.1, 0.1]))


def test_without_closes_all_are_alike_world_by_world():
    given = levels(0.05, 4, [[np.nan] * 4, [0.0, 1.0, 2.0, 3.0]])
    np.testing.assert_allclose(given[0], 0.0125)
    np.testing.assert_allclose(given[1], 0.05 * np.array([0.3, 0.7 / 3, 0.7 / 3, 0.7 / 3]))
    np.testing.assert_allclose(levels(0.05, 3, [1.0, 2.0, 3.0]), 0.05 / 3)


@pytest.mark.parametrize(
    "arguments", [(0.0, 3), (0.05, 0), (0.05, 3, [1.0, 2.0]), (1.0, 3)], ids=["alpha", "nobody", "clv", "all"]
)
def test_levels_refuse_what_cannot_be(arguments):
    with pytest.raises(UsageError):
        levels(*arguments)


def test_a_critical_value_needs_a_level():
    with pytest.raises(UsageError, match="level"):
        critical_value([0.05, 1.0])


def test_at_the_horizon_the_statistic_is_the_plain_z():
    scores = weekly_scores(*history(0.2, 60))
    statistic = statistics(scores, horizon=960)
    assert statistic[-1] == pytest.approx(z_score(scores))
    early = z_score(scores.until(30)) * np.sqrt(480 / 960)
    assert statistic[29] == pytest.approx(early)


def test_a_statistic_needs_a_horizon():
    with pytest.raises(UsageError, match="horizon"):
        statistics(weekly_scores(*history(0, 3)), horizon=0)


def test_weeks_are_looked_at_from_the_first_look_to_the_horizon():
    games = np.full(10, 16.0)
    assert np.flatnonzero(looked_at(games, 100, 50)).tolist() == [3, 4, 5, 6]
    assert np.flatnonzero(looked_at(games, 30, 272)).tolist() == [1]


def test_the_first_crossing_is_the_one_that_counts():
    statistic = np.array([[9.0, 1.0, 3.0, 9.0], [9.0, 1.0, 1.0, 1.0], [np.nan, np.nan, np.nan, 5.0]])
    at = first_crossing(statistic, np.full(4, 16.0), np.array([2.0, 2.0, 4.0]), horizon=64, first_look=32)
    assert at.tolist() == [2, -1, 3]


def test_an_edge_crosses_and_the_week_is_named():
    result = looks(*history(0.6, 90), horizon=1440, alpha=0.0025)
    assert result.crossed is not None
    assert result.crossed == result.weeks[result.crossed_at]
    assert result.games_needed == 0
    before = result.looked[: result.crossed_at]
    assert (result.statistic[: result.crossed_at][before] < result.critical).all()
    assert result.statistic[result.crossed_at] >= result.critical
    assert result.games[result.crossed_at] >= 272


def test_what_comes_later_does_not_change_what_was_seen():
    opinion, residual, weeks = history(0.4, 90, seed=4)
    whole = looks(opinion, residual, weeks, horizon=1440, alpha=0.0025)
    now = weeks < 150
    part = looks(opinion[now], residual[now], weeks[now], horizon=1440, alpha=0.0025)
    np.testing.assert_allclose(part.statistic, whole.statistic[:50])


def test_what_is_not_proven_yet_says_how_much_is_missing():
    result = looks(*history(0.25, 20, seed=3), horizon=1440, alpha=0.0025)
    assert result.crossed is None
    assert result.crossed_at is None
    assert result.games_needed > 0
    worse = looks(*history(-0.5, 20), horizon=1440, alpha=0.0025)
    assert np.isnan(worse.games_needed)


def test_no_games_are_no_answer():
    result = looks([], [], [], horizon=100, alpha=0.05)
    assert result.crossed is None
    assert np.isnan(result.games_needed)


def test_looks_take_one_candidate():
    with pytest.raises(UsageError, match="one candidate"):
        looks(np.ones((2, 3)), np.ones((2, 3)), [1, 2, 3], horizon=10, alpha=0.05)


def test_looking_every_week_keeps_its_level():
    rng = np.random.default_rng(12)
    weeks = np.repeat(np.arange(60), 16)
    scores = weekly_scores(rng.normal(0, 2, (1500, 960)), rng.normal(0, 13.3, (1500, 960)), weeks)
    critical = np.broadcast_to(critical_value(0.05), 1500)
    passed = first_crossing(statistics(scores, 960), scores.games, critical, horizon=960) >= 0
    naive = (statistics(scores, 960) * np.sqrt(60 / np.arange(1, 61)) >= 1.645)[:, 16:].any(axis=1)
    assert 0.015 < passed.mean() < 0.06
    assert naive.mean() > 0.1


def test_backing_long_shots_that_have_not_won_yet_is_refuted_only_where_the_variance_is_a_guess():
    """A fifth of a chance backed in a hundred weeks, none of which has won: 100 * .02 wins were to be expected."""
    q, weeks = np.full(1600, 0.0005), np.repeat(np.arange(100), 16)
    s = np.sqrt(q * (1 - q))
    told = {
        exact: looks(-s, -q / s, weeks, horizon=1600, alpha=0.05, sd=1.0, exact=exact).crossed
        for exact in (True, False)
    }
    assert told[True] is None
    assert told[False] is not None
