"""Calibration measures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import binomtest

from busta.errors import UsageError
from busta.scoring.calibration import calibration_line, ece, ece_luck, reliability


def games(slope=1.0, intercept=0.0, n=20_000, seed=0):
    """Forecasts whose true log-odds are a line in those said."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.1, 0.9, n)
    return p, (rng.uniform(size=n) < expit(intercept + slope * logit(p))).astype(float)


def test_bins_hold_as_many_games_each():
    diagram = reliability(*games(n=1005), bins=10)
    assert set(diagram.count) <= {100, 101}
    assert diagram.count.sum() == 1005
    assert (np.diff(diagram.mean_p) > 0).all()


def test_a_diagram_shows_means_and_rates():
    diagram = reliability([0.1, 0.3, 0.6, 0.8], [0, 0, 1, 0], bins=2)
    np.testing.assert_allclose(diagram.mean_p, [0.2, 0.7])
    assert diagram.rate.tolist() == [0, 0.5]
    assert diagram.count.tolist() == [2, 2]
    assert ece([0.1, 0.3, 0.6, 0.8], [0, 0, 1, 0], bins=2) == pytest.approx((0.2 + 0.2) / 2)


@given(st.permutations(range(60)))
def test_the_order_of_games_does_not_matter_even_among_ties(order):
    p, y = np.repeat([0.3, 0.5, 0.5, 0.7], 15), np.tile([1.0, 0.0, 0.0], 20)
    assert ece(p[order], y[order]) == pytest.approx(ece(p, y), abs=1e-12)


def test_one_probability_is_one_bin():
    assert reliability([0.5] * 7, [1, 0, 1, 0, 1, 0, 1]).count.tolist() == [7]


def test_calibrated_forecasts_have_a_small_error_and_others_a_large_one():
    assert ece(*games()) < 0.012
    assert ece(*games(slope=0.5)) > 0.05


def test_no_games_have_no_calibration():
    assert np.isnan(ece([], []))
    assert reliability([0.4], [np.nan]).count.size == 0
    assert np.isnan(calibration_line([], [])).all()


def test_a_missing_probability_is_not_hushed_up():
    assert np.isnan(ece([0.3, np.nan, 0.6], [0, 1, 1]))
    assert np.isnan(calibration_line([0.3, np.nan, 0.6, 0.4], [0, 1, 1, 1])).all()


def test_no_bins_are_refused():
    with pytest.raises(UsageError, match="0 bins"):
        ece([0.5], [1], bins=0)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.6, 0.2), (1.4, -0.3), (-0.5, 0.0), (0.0, 0.4)])
def test_the_line_is_found_that_the_games_were_made_from(slope, intercept):
    found = calibration_line(*games(slope, intercept))
    assert found == pytest.approx((slope, intercept), abs=0.07)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=4, max_size=30))
def test_the_line_has_the_highest_likelihood_or_there_is_none(forecasts):
    p, y = np.array(forecasts, dtype=float).T
    slope, intercept = calibration_line(p, y)
    x = logit(np.clip(p, 1e-15, 1 - 1e-15))

    def loss(line) -> float:
        return np.logaddexp(0, line[0] * x + line[1]).sum() - y @ (line[0] * x + line[1])

    if np.isnan(slope):
        won, lost = x[y == 1], x[y == 0]
        assert np.isnan(intercept)
        assert not (won.size and lost.size) or won.min() >= lost.max() or lost.min() >= won.max()
    else:
        assert loss((slope, intercept)) <= minimize(loss, (1.0, 0.0)).fun + 1e-6


@pytest.mark.parametrize(
    ("p", "y"),
    [
        ([0.2, 0.3, 0.7, 0.8], [0, 0, 1, 1]),
        ([0.2, 0.3, 0.7, 0.8], [1, 1, 0, 0]),
        ([0.2, 0.5, 0.5, 0.8], [0, 0, 1, 1]),
        ([0.4, 0.4, 0.4], [0, 1, 0]),
        ([0.4, 0.6], [1, 1]),
    ],
)
def test_where_no_finite_line_fits_there_is_none(p, y):
    assert np.isnan(calibration_line(p, y)).all()


def test_one_certain_error_is_survived():
    p, y = games(n=500)
    p[:2], y[:2] = (0.0, 1.0), (1.0, 0.0)
    assert np.isfinite(calibration_line(p, y)).all()


def test_the_interval_of_a_rate_is_that_of_wilson():
    diagram = reliability(*games(n=300), bins=7, level=0.9)
    for rate, count, low, high in zip(diagram.rate, diagram.count, diagram.low, diagram.high, strict=True):
        expected = binomtest(round(rate * count), count).proportion_ci(0.9, method="wilson")
        assert (low, high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_the_interval_of_a_rate_of_0_or_1_stays_within_them():
    none, every = (reliability([0.4] * 5, [won] * 5) for won in (0, 1))
    assert none.low[0] == 0 < none.high[0] < 1
    assert every.high[0] == 1 > every.low[0] > 0


def moneylines(n=3900, seed=1):
    """Home probabilities spread as those of NFL closing moneylines are."""
    return expit(np.random.default_rng(seed).normal(0.3, 0.75, n))


def test_luck_alone_shows_an_error_of_two_percent_at_3900_games():
    mean, quantile = ece_luck(moneylines())
    assert mean == pytest.approx(0.019, abs=0.0015)
    assert quantile == pytest.approx(0.027, abs=0.002)


def test_the_quantile_of_luck_is_passed_as_often_as_it_says():
    p, rng = moneylines(500), np.random.default_rng(3)
    quantile = ece_luck(p, draws=2000, level=0.8)[1]
    passed = [ece(p, rng.uniform(size=len(p)) < p) > quantile for _ in range(1000)]
    assert np.mean(passed) == pytest.approx(0.2, abs=0.05)


def test_the_same_seed_draws_the_same_luck():
    p = moneylines(200)
    assert ece_luck(p, draws=50, seed=1) == ece_luck(p, draws=50, seed=1) != ece_luck(p, draws=50, seed=2)


def test_forecasts_that_are_certain_need_no_luck():
    assert ece_luck([0.0, 1.0, 1.0]) == (0.0, 0.0)


@pytest.mark.parametrize("p", [[], [0.4, np.nan]])
def test_there_is_no_luck_without_games_or_with_a_missing_probability(p):
    assert np.isnan(ece_luck(p)).all()


@pytest.mark.parametrize("wrong", [{"bins": 0}, {"draws": 0}, {"level": 1.0}, {"level": 0.0}])
def test_luck_of_no_bins_no_draws_or_no_level_is_refused(wrong):
    with pytest.raises(UsageError):
        ece_luck([0.5], **wrong)


def test_an_interval_of_no_level_is_refused():
    with pytest.raises(UsageError, match="level 2"):
        reliability([0.5], [1], level=2)


def test_a_step_that_goes_too_far_is_halved(monkeypatch):
    x = np.array([0.0] * 100 + [-1.0, -1.3, 30.0])
    y = (x == -1.0).astype(float)
    slope, intercept = calibration_line(expit(x), y)
    fitted = expit(slope * x + intercept)
    assert [fitted.sum() - y.sum(), x @ (fitted - y)] == pytest.approx([0, 0], abs=1e-9)  # the slopes of the likelihood
    monkeypatch.setattr("busta.scoring.calibration.MOST_STEPS", 2)
    assert np.isnan(calibration_line(expit(x), y)).all()  # no line rather than a wrong one


@pytest.mark.parametrize("off", [1e-16, 1e-12])
def test_a_probability_that_differs_by_rounding_alone_has_no_line(off):
    """A market whose prices never change says so: -115 and -105, whatever the game."""
    p = 0.51 + off * np.arange(-1, 3)
    assert np.isnan(calibration_line(np.tile(p, 50), np.tile([0, 1, 1, 0], 50))).all()
