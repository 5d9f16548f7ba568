"""Margins and totals as weighted integers, and win, push and lose read from them."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from busta.betting.distribution import Discretised
from busta.errors import UsageError

ROOT = Path(__file__).parents[2]
GAMES = Path(os.environ.get("BUSTA_TEST_DATA", ROOT / "../shared/data")) / "nflverse_games.csv"


def spiked(sd=13.0, low=-70, high=70):
    """Margins that like 3 and 7 and dislike 0."""
    weights = np.ones(high - low + 1)
    for key, weight in ((0, 0.1), (3, 3.0), (-3, 3.0), (7, 2.0), (-7, 2.0)):
        weights[key - low] = weight
    return Discretised(sd, weights, low, high)


MARGIN = spiked()
lines = st.integers(-60, 60).map(lambda half: half / 2)
means = st.floats(-30, 30)
shares = st.floats(0.001, 0.999)


def test_without_weights_it_is_the_normal_cut_at_the_halves():
    plain = Discretised(5.0, np.ones(201), -100, 100)
    support = np.arange(-100, 101)
    textbook = norm.cdf(support + 0.5, 2.2, 5) - norm.cdf(support - 0.5, 2.2, 5)
    np.testing.assert_allclose(plain.pmf(2.2)[0], textbook / textbook.sum(), atol=1e-12)


@given(means, lines)
def test_win_push_and_lose_sum_to_1(mean, line):
    triple = MARGIN.win_push_lose(mean, line)[0]
    assert triple.sum() == pytest.approx(1, abs=1e-12)
    assert (triple >= 0).all()


@given(means, lines)
def test_win_push_and_lose_are_sums_of_the_integers(mean, line):
    pmf, support = MARGIN.pmf(mean)[0], MARGIN.support
    sums = [pmf[support > line].sum(), pmf[support == line].sum(), pmf[support < line].sum()]
    np.testing.assert_allclose(MARGIN.win_push_lose(mean, line)[0], sums, atol=1e-12)


@given(means, lines)
def test_sides_change_places_in_the_mirror(mean, line):
    mirrored = MARGIN.win_push_lose(-mean, -line)[0][::-1]
    np.testing.assert_allclose(MARGIN.win_push_lose(mean, line)[0], mirrored, atol=1e-12)


@given(means, means, lines)
def test_a_higher_mean_wins_more_and_loses_less(mean, other, line):
    low, high = MARGIN.win_push_lose(sorted((mean, other)), line)
    assert low[0] <= high[0] + 1e-12
    assert low[2] >= high[2] - 1e-12


@given(means, lines, lines)
def test_a_higher_line_is_won_less(mean, line, other):
    low, high = MARGIN.win_push_lose(mean, sorted((line, other)))
    assert low[0] >= high[0] - 1e-12


def test_half_lines_are_never_pushed():
    assert (MARGIN.win_push_lose(np.linspace(-9, 9, 19), 3.5)[:, 1] == 0).all()
    assert (MARGIN.split(np.linspace(0.1, 0.9, 9), -2.5)[:, 1] == 0).all()


@given(shares, lines)
def test_a_split_keeps_the_probability_given_no_push(probability, line):
    win, push, lose = MARGIN.split(probability, line)[0]
    assert win + push + lose == pytest.approx(1, abs=1e-12)
    assert win / (win + lose) == pytest.approx(probability, abs=1e-12)


@given(shares, lines)
def test_a_split_is_what_its_mean_says(probability, line):
    mean = MARGIN.mean_for(probability, line)
    np.testing.assert_allclose(MARGIN.win_push_lose(mean, line), MARGIN.split(probability, line), atol=1e-10)


@given(st.floats(-60, 60), lines)
def test_the_mean_is_found_again(mean, line):
    win, _, lose = MARGIN.win_push_lose(mean, line)[0]
    if min(win, lose) > 1e-6:
        assert float(MARGIN.mean_for(win / (win + lose), line)[0]) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("probability", [0.0, 1e-15, 1e-6, 0.5, 1 - 1e-6, 1.0])
@pytest.mark.parametrize("line", [-200, -70, -69, 0, 3, 69, 69.5, 70, 70.5, 200])
def test_splits_at_the_edge_of_the_support_stay_coherent(probability, line):
    win, push, lose = MARGIN.split(probability, line)[0]
    assert win + push + lose == pytest.approx(1, abs=1e-12)
    assert win == pytest.approx(probability * (1 - push), abs=1e-15)
    assert push == 0 or -70 < line < 70
    assert np.isfinite(MARGIN.mean_for(probability, line)).all()


def test_means_far_outside_the_support_still_sum_to_1():
    for mean in (-170.0, 170.0):
        triple = MARGIN.win_push_lose(mean, [-69, 0, 69])
        np.testing.assert_allclose(triple.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(MARGIN.pmf(-170.0)[0], MARGIN.pmf(170.0)[0][::-1], rtol=1e-9)


def test_missing_numbers_stay_missing():
    assert np.isnan(MARGIN.win_push_lose([np.nan, 1.0], [3.0, np.nan])).all()
    assert np.isnan(MARGIN.split([np.nan, 0.5], [3.0, np.nan])).all()
    assert np.isnan(MARGIN.split([np.nan, 0.5], [3.5, np.nan])).all()
    assert np.isnan(MARGIN.mean_for([np.nan, 0.5], [3.0, np.nan])).all()


def test_many_games_are_each_treated_as_alone():
    probability, line = np.linspace(0.05, 0.95, 600), np.tile([3.0, -7.0, 2.5], 200)
    together = MARGIN.split(probability, line)
    for game in (0, 255, 256, 599):
        np.testing.assert_allclose(together[game], MARGIN.split(probability[game], line[game])[0], atol=1e-12)


@pytest.mark.parametrize("line", [3.25, 0.1, np.inf])
def test_a_quarter_line_is_refused(line):
    with pytest.raises(UsageError, match="neither whole nor half"):
        MARGIN.win_push_lose(0.0, line)


def test_a_probability_outside_0_to_1_is_refused():
    with pytest.raises(UsageError, match=r"probability given no push 1\.01"):
        MARGIN.split(1.01, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sd": 0.0},
        {"sd": np.nan},
        {"weights": np.ones(140)},
        {"weights": np.zeros(141)},
        {"weights": np.full(141, np.inf)},
        {"low": 70},
    ],
)
def test_a_distribution_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        Discretised(**({"sd": 13.0, "weights": np.ones(141), "low": -70, "high": 70} | wrong))


def test_it_is_the_same_after_a_trip_through_json():
    again = Discretised.from_dict(json.loads(json.dumps(MARGIN.to_dict())))
    np.testing.assert_array_equal(again.split([0.3, 0.6], 3), MARGIN.split([0.3, 0.6], 3))


def test_weights_cannot_be_changed_from_outside():
    weights = np.ones(141)
    margin = Discretised(13.0, weights, -70, 70)
    weights[:] = 9
    assert (margin.weights == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        margin.weights[0] = 9


def drawn(distribution, means, seed=0):
    rng = np.random.default_rng(seed)
    cumulative = distribution.pmf(means).cumsum(axis=1)
    return distribution.low + (cumulative < rng.uniform(size=(len(means), 1))).sum(axis=1)


def test_a_fit_finds_the_spread_and_the_key_numbers_of_what_it_is_given():
    means = np.random.default_rng(3).normal(2, 6, 20_000)
    fitted = Discretised.fit(drawn(MARGIN, means), means, symmetric=True)
    assert fitted.sd == pytest.approx(13, abs=0.7)  # spikes near 0 narrow the results
    for line in (0, 3, 7, -3, 10):
        expected, found = (model.win_push_lose(2.0, line)[0, 1] for model in (MARGIN, fitted))
        assert found == pytest.approx(expected, abs=0.006)
    np.testing.assert_array_equal(fitted.weights, fitted.weights[::-1])


def test_rare_integers_keep_a_weight_near_1():
    fitted = Discretised.fit([3.0, -4.0, 60.0, np.nan], [0.0, 0.0, 0.0, 1.0], symmetric=True)
    assert (np.abs(fitted.weights - 1) < 0.2).all()


def test_totals_are_fitted_one_integer_at_a_time_and_never_below_0():
    totals = np.random.default_rng(4).poisson(45, 3000)
    fitted = Discretised.fit(totals, np.full(3000, 45.0), symmetric=False)
    assert fitted.low >= 0
    assert not np.allclose(fitted.weights, fitted.weights[::-1])


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([3.0], {}),
        ([3.0, 4.5], {}),
        ([3.0, 90.0], {"low": -70, "high": 70}),
        ([3.0, 9.0], {"low": -70, "high": 60}),
    ],
)
def test_a_fit_refuses_what_it_cannot_use(values, options):
    with pytest.raises(UsageError):
        Discretised.fit(values, np.zeros(len(values)), symmetric=True, **options)


@pytest.fixture(scope="module")
def nfl():
    """Season, margin and closing spread of every NFL game."""
    if not GAMES.exists():
        pytest.skip(f"{GAMES} is not there")
    with GAMES.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["result"] and row["spread_line"]]
    return np.array([[float(row[name]) for name in ("season", "result", "spread_line")] for row in rows]).T


@pytest.mark.real_data
def test_nfl_games_push_at_3_and_7_as_often_as_they_did(nfl):
    _, margin, spread = nfl
    fitted = Discretised.fit(margin, spread, symmetric=True)
    for line in (3, 7):
        at_line = np.abs(spread) == line
        observed = (margin == spread)[at_line].mean()
        error = np.sqrt(observed * (1 - observed) / at_line.sum())
        assert fitted.win_push_lose(line, line)[0, 1] == pytest.approx(observed, abs=2 * error)
    assert fitted.win_push_lose(3, 3)[0, 1] == pytest.approx(0.09, abs=0.01)


@pytest.mark.real_data
def test_key_numbers_beat_a_plain_normal_on_later_seasons(nfl):
    season, margin, spread = nfl
    early, late = season < 2015, season >= 2015
    fitted = Discretised.fit(margin[early], spread[early], symmetric=True)
    plain = Discretised(fitted.sd, np.ones_like(fitted.weights), fitted.low, fitted.high)
    scores = [log_score(model, margin[late], spread[late]) for model in (fitted, plain)]
    assert scores[0] < 3.87
    assert scores[1] - scores[0] > 0.1


def log_score(model, values, means):
    return -np.log(model.pmf(means)[np.arange(len(values)), (values - model.low).astype(int)]).mean()
