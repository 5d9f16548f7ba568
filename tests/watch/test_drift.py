"""What is drift and what is not: worlds of a few features, seasons with levels of their own."""

from __future__ import annotations

import numpy as np
import pytest

from busta.errors import UsageError
from busta.watch.calendar import POST, calendar
from busta.watch.drift import TESTS, drift, recent
from busta.watch.weekly import mapped, weekly

SEASONS, WEEKS, GAMES = 13, 18, 16
ALPHA = 0.5


def kickoffs(seasons=SEASONS):
    """Sunday evenings, from September on."""
    starts = [np.datetime64(f"{2001 + season}-09-09T18") for season in range(seasons)]
    each = np.repeat(np.arange(WEEKS), GAMES) * np.timedelta64(7 * 24, "h")
    return np.concatenate([start + each for start in starts])


def world(features=20, seed=0, level=0.1, course=1.0, seasons=SEASONS):
    """Features with a level of each season, and one that rises from the first week of a season to the last."""
    rng = np.random.default_rng(seed)
    season, week = np.repeat(np.arange(seasons), WEEKS * GAMES), np.tile(np.repeat(np.arange(WEEKS), GAMES), seasons)
    values = rng.normal(size=(len(season), features)) + level * rng.normal(size=(seasons, features))[season]
    values[:, 0] += course * week
    return values, calendar(kickoffs(seasons), 2001 + season, np.zeros(len(season), dtype=bool)), season, week


def look(values, when, season, week, at, **given):
    """The look at the end of a week of the last season; what comes later is not there."""
    last = season.max()
    there = (season < last) | (week <= at)
    trained = (season < last)[there]
    when, values = when.take(there), values[there]
    return drift(values, when, trained, recent(when, trained, when.week[-1], **given), ALPHA)


def test_a_season_without_a_change_has_hardly_an_alarm():
    found = world(seed=3)

    assert sum(look(*found, at).alarm.sum() for at in range(0, WEEKS, 3)) == 0


def test_the_start_of_a_season_is_held_against_starts_of_seasons():
    values, when, season, week = world(course=1.0)
    found = look(values, when, season, week, at=0)

    assert abs(found.shift[0]) < 1
    assert not found.alarm[0]


@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_shift_of_a_standard_deviation_is_found_within_three_weeks(start, sign):
    values, when, season, week = world(seed=5)
    sd = values[season < season.max()].std(axis=0)
    shifted = [1, 3, 7]
    there = (season == season.max()) & (week >= start)
    for feature in shifted:
        values[there, feature] += sign * sd[feature]

    found = look(values, when, season, week, at=start + 2)

    assert found.alarm[shifted].all()
    assert found.alarm.sum() == len(shifted)
    assert (np.sign(found.shift[shifted]) == sign).all()


def test_what_all_games_of_a_week_share_is_found_by_its_jump():
    values, when, season, week = world(seed=6)
    rng = np.random.default_rng(1)
    common = np.cumsum(rng.normal(0, 0.05, SEASONS * WEEKS))  # such as the usual total
    values[:, 2] = common[season * WEEKS + week]
    there = (season == season.max()) & (week >= 9)
    values[there, 2] += values[season < season.max(), 2].std()

    found = look(values, when, season, week, at=10)

    assert found.alarm[2]
    assert TESTS[int(np.nanargmin(found.tails[:, 2]))] == "jump"


def test_values_that_go_missing_are_found():
    values, when, season, week = world(seed=7)
    values[(season == season.max()) & (week == 8) & (np.arange(len(week)) % 2 == 0), 4] = np.nan

    found = look(values, when, season, week, at=8)

    assert found.alarm.nonzero()[0].tolist() == [4]
    assert found.missing[4] == pytest.approx(8 / 48)
    assert found.missing_before[4] == 0
    assert found.games[4] == 40


def test_a_value_that_was_always_missing_early_in_a_season_may_be_so_again():
    values, when, season, week = world(seed=8)
    values[week == 0, 4] = np.nan

    found = look(values, when, season, week, at=0)

    assert found.missing[4] == found.missing_before[4] == 1
    assert not found.alarm[4]


def test_values_that_nobody_has_seen_are_counted():
    values, when, season, week = world(seed=9)
    rows = np.flatnonzero((season == season.max()) & (week == 8))
    values[rows[:4], 5] = 100.0

    assert look(values, when, season, week, at=8, weeks=1).outside[5] == pytest.approx(4 / 32)


def test_few_games_are_made_more_by_more_weeks():
    _, when, season, week = world()
    there = (season < season.max()) | (week % 8 == 0)
    thin = when.take(there)
    trained = season[there] < season.max()
    keep = trained | (np.arange(len(trained)) % 3 == 0)

    window = recent(thin.take(keep), trained[keep], thin.week[-1], weeks=1)

    assert window.games.sum() >= 10
    assert len(window.weeks) > 1


def test_with_two_seasons_nobody_knows_how_much_seasons_differ():
    found = look(*world(seasons=3), at=5)

    assert np.isnan(found.tails[:5]).all()
    assert not found.alarm.any()


def test_a_feature_that_was_always_the_same_gives_no_alarm_until_it_changes():
    values, when, season, week = world(seed=11)
    values[:, 3] = 7.0

    assert not look(values, when, season, week, at=8).alarm[3]

    values[(season == season.max()) & (week >= 6), 3] = 8.0

    assert look(values, when, season, week, at=8).alarm[3]


def test_a_later_stage_than_any_is_looked_up_as_the_last_one():
    assert mapped(np.array([0, 17, POST + 3]), np.array([0, 1, 16, POST])).tolist() == [0, 16, POST]


def test_of_a_season_trained_on_the_others_are_what_it_is_held_against():
    season = np.repeat([2001, 2002], 10)
    when = calendar(
        np.repeat(np.array(["2001-09-09T18", "2002-09-09T18"], dtype="datetime64[h]"), 10), season, season < 0
    )
    values = np.where(season == 2001, 0.0, 2.0)[:, None]

    found = weekly(values, when, season > 0)

    assert found.off[:, 0] == pytest.approx([-2, 2])  # in standard deviations, which are 1


def test_calendars_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="do not fit"):
        calendar(["2026-09-10"], [2026, 2026], [False])
