"""Ratings, against numbers worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.features.ratings import (
    GROUND_GAIN,
    LEVEL_GAIN,
    Played,
    _elo_step,
    _linear_step,
    power_of_margin,
    power_of_total,
    rate,
    ratings_of,
)
from support import tiny_league

LEAGUE = tiny_league()
GROUND = 2.2
TEAMS = 4


def played(*games: Any, edge=GROUND, starters=None):
    """Games as (home, away, season, margin, spread, total line), and who starts for home and away."""
    home, away, season, margin, spread, total = zip(*games, strict=True)
    first, second = zip(*(starters or [(None, None)] * len(games)), strict=True)
    results = [45.0 + abs(value) for value in margin]  # the losing side scores 22.5
    return Played(home, away, season, margin, results, spread, total, [edge] * len(games), TEAMS, first, second)


def rated(games, league=LEAGUE):
    return ratings_of(games, league, power_of_margin(games, league), power_of_total(games, league))


@st.composite
def histories(draw):
    """Games of four teams over some seasons, on neutral ground, some without lines."""
    games = draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pairs = [rng.choice(TEAMS, 2, replace=False).tolist() for _ in range(games)]
    seasons = np.sort(rng.integers(2000, 2004, games)).tolist()
    margins = rng.integers(-30, 31, games).astype(float).tolist()
    spreads = np.where(rng.uniform(size=games) < 0.2, np.nan, rng.normal(0, 6, games)).tolist()
    totals = np.where(rng.uniform(size=games) < 0.2, np.nan, rng.normal(44, 4, games)).tolist()
    return [(h, a, s, m, x, t) for (h, a), s, m, x, t in zip(pairs, seasons, margins, spreads, totals, strict=True)]


@pytest.mark.parametrize(
    ("margin", "move"),
    [
        # lead 55 Elo: expected 1 / (1 + 10^(-55/400)) = .578500
        (7.0, 17.1018),  # 20 · ln 8 · 2.2/2.255 · (1 - .5785)
        (-3.0, -16.4504),  # 20 · ln 4 · 2.2/2.145 · (0 - .5785)
        (0.0, -1.5700),  # 20 · (.5 - .5785)
    ],
)
def test_elo_moves_as_worked_out_by_hand(margin, move):
    rating = rated(played((0, 1, 2020, margin, math.nan, math.nan)))["elo"]
    assert rating.home[0] == pytest.approx(move, abs=2e-3)
    assert rating.away[0] == -rating.home[0]


def test_a_league_says_how_fast_its_ratings_learn():
    slow = tiny_league(elo_gain=10.0, score_gain=0.035, market_gain=0.175, market_total_gain=0.35)
    games = played((0, 1, 2020, 7.0, 4.0, 40.0), (0, 1, 2020, 7.0, 4.0, 50.0))
    found, usual = rated(games, slow), rated(games)
    for name, share in {"elo": 0.5, "score_rating": 0.5, "market_rating": 0.5}.items():
        assert found[name].home[0] == pytest.approx(share * usual[name].home[0])
    assert found["market_total_rating"].home[1] == pytest.approx(2 * usual["market_total_rating"].home[1])


def test_an_upset_moves_elo_more_than_the_win_that_was_expected():
    strong, weak = 200.0, -200.0
    step = _elo_step(20.0)
    expected, _ = step(strong, weak, 10.0, 0.0)
    upset, _ = step(strong, weak, -10.0, 0.0)
    assert -upset > 5 * expected > 0


def test_a_surprise_of_ten_points_moves_both_teams_by_its_gain():
    games = played((0, 1, 2020, 12.2, 12.2, math.nan))
    found = rated(games)
    assert found["score_rating"].home[0] == pytest.approx(0.7)
    assert found["score_rating"].away[0] == pytest.approx(-0.7)
    assert found["market_rating"].home[0] == pytest.approx(10 * LEAGUE.market_gain)
    assert found["market_rating"].away[0] == pytest.approx(-10 * LEAGUE.market_gain)


def test_a_high_total_lifts_both_teams_from_the_level_before_it():
    games = played((0, 1, 2020, 0.0, math.nan, 40.0), (0, 1, 2020, 0.0, math.nan, 50.0))
    found = rated(games)["market_total_rating"]
    assert found.home.tolist() == pytest.approx([0.0, 10 * LEAGUE.market_total_gain])
    assert found.away.tolist() == found.home.tolist()


def test_the_level_of_totals_follows_them_slowly():
    games = played(*[(0, 1, 2020, 0.0, math.nan, total) for total in (40.0, 50.0, 40.1)])
    steady = rate(games, [0.0, 10.0, 0.0], _linear_step(LEAGUE.market_total_gain, 1), carry=1)
    found = rated(games)["market_total_rating"]
    assert found.home[2] == pytest.approx(steady.home[2])  # level before the third: 40 + 1 % of 10


@given(histories())
def test_ratings_of_differences_add_up_to_zero_in_a_single_season(games):
    games = [(h, a, 2000, m, x, t) for h, a, _, m, x, t in games]
    found = rated(played(*games, edge=0.0))
    for name in ("elo", "score_rating", "market_rating", "power_rating"):
        last = {}
        for i, (home, away, *_) in enumerate(games):
            last[home], last[away] = found[name].home[i], found[name].away[i]
        assert sum(last.values()) == pytest.approx(0, abs=1e-8)


@given(histories())
def test_on_neutral_ground_it_does_not_matter_who_is_called_home(games):
    swapped = [(a, h, s, -m, -x, t) for h, a, s, m, x, t in games]
    one, other = (rated(played(*rows, edge=0.0)) for rows in (games, swapped))
    for name in one:
        np.testing.assert_allclose(one[name].home, other[name].away, atol=1e-9)
        np.testing.assert_allclose(one[name].away, other[name].home, atol=1e-9)


@given(histories(), st.integers(0, 24))
def test_later_games_never_change_an_earlier_rating(games, cut):
    found, less = rated(played(*games)), rated(played(*games[: cut + 1]))
    for name in found:
        assert found[name].home[: cut + 1].tobytes() == less[name].home.tobytes()


@pytest.mark.parametrize(("gap", "share"), [(0, 1.0), (1, 0.5), (3, 0.125)])
def test_a_new_season_keeps_its_share_of_a_rating_once_for_every_season(gap, share):
    games = played((0, 1, 2020, 8.0, 0.0, 0.0), (0, 2, 2020 + gap, math.nan, 0.0, 0.0))
    found = rate(games, games.margin, _linear_step(1.0, -1), carry=0.5)
    assert found.home.tolist() == [8.0, 8.0 * share]


def test_a_season_regresses_a_rating_once_and_not_every_game():
    games = played(
        *[(0, 1, season, value, 0.0, 0.0) for season, value in ((2020, 8.0), (2021, math.nan)) for _ in "ab"]
    )
    found = rate(games, [8.0, math.nan, math.nan, math.nan], _linear_step(1.0, -1), carry=0.5)
    assert found.home.tolist() == [8.0, 8.0, 4.0, 4.0]


@given(histories())
def test_a_game_without_a_line_leaves_the_ratings_as_they_are(games):
    games = [(h, a, 2000, m, x, t) for h, a, _, m, x, t in games]
    found = rated(played(*games))
    now = dict.fromkeys(range(TEAMS), 0.0)
    for i, (home, away, _, _, spread, _) in enumerate(games):
        before, after = (now[home], now[away]), (found["market_rating"].home[i], found["market_rating"].away[i])
        assert (after == before) if math.isnan(spread) else all(map(math.isfinite, after))
        now[home], now[away] = after


def test_no_line_at_all_rates_everyone_as_average():
    games = played(*[(0, 1, 2020, 7.0, math.nan, math.nan)] * 3)
    found = rated(games)
    assert not found["market_rating"].home.any()
    assert not found["market_total_rating"].home.any()


def test_power_moves_by_the_lines_surprise_and_by_what_the_line_missed():
    found = power_of_margin(played((0, 1, 2020, 20.0, 12.2, math.nan)), LEAGUE)
    move = 10 * LEAGUE.power_gain + (20 - 12.2) * LEAGUE.result_gain
    assert found.home.tolist() == pytest.approx([move])
    assert found.away.tolist() == pytest.approx([-move])
    assert found.level.tolist() == pytest.approx([GROUND + 10 * GROUND_GAIN])
    assert not found.home_starter.any()


def test_a_starter_takes_half_of_it_and_keeps_it_over_the_seasons_and_at_another_team():
    games = [(0, 1, 2020, 12.2, 12.2, math.nan), (2, 3, 2022, 0.0, math.nan, math.nan)]
    found = power_of_margin(played(*games, starters=[("ann", None), ("ann", "bob")]), LEAGUE)
    move = 10 * LEAGUE.power_gain
    assert found.home_starter[0] == pytest.approx(move / 2)
    assert (found.home[0], found.away[0]) == pytest.approx((move / 2, -move))
    missed = LEAGUE.result_gain * (0 - (found.level[0] + move / 2))  # without a line, the rating says what to expect
    assert found.home_starter[1] == pytest.approx(move / 2 + missed / 2)
    assert found.away_starter[1] == pytest.approx(-missed / 2)


def test_a_new_season_keeps_a_share_of_a_teams_part():
    games = [(0, 1, 2020, 12.2, 12.2, math.nan), (0, 2, 2021, 0.0, math.nan, math.nan)]
    found = power_of_margin(played(*games), LEAGUE)
    left = found.home[0] * LEAGUE.market_carry
    assert found.home[1] == pytest.approx(left + LEAGUE.result_gain * (0 - left - found.level[0]))


def test_home_ground_is_not_learned_on_neutral_ground():
    found = power_of_margin(played((0, 1, 2020, 9.0, 9.0, math.nan), edge=0.0), LEAGUE)
    assert found.level.tolist() == [LEAGUE.home_edge]
    assert found.home.tolist() == pytest.approx([9 * LEAGUE.power_gain])


def test_power_totals_move_alike_from_the_usual_total():
    games = [(0, 1, 2020, 0.0, math.nan, 45.0), (0, 1, 2020, 7.0, math.nan, 55.0)]
    found = power_of_total(played(*games, starters=[(None, None), ("ann", None)]), LEAGUE)
    move = 10 * LEAGUE.total_power_gain + (52 - 55) * LEAGUE.total_result_gain
    assert found.home.tolist() == pytest.approx([0, move / 2])
    assert found.away.tolist() == pytest.approx([0, move])
    assert found.home_starter.tolist() == pytest.approx([0, move / 2])
    assert found.level.tolist() == pytest.approx([45, 45 + 10 * LEVEL_GAIN])


def test_the_usual_total_is_that_of_the_first_game_where_no_line_says_it():
    found = power_of_total(played((0, 1, 2020, 3.0, math.nan, math.nan)), LEAGUE)
    assert found.level.tolist() == [48.0]
    assert found.home.tolist() == [0.0]
