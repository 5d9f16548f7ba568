"""Scores resampled by week."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit, ndtr

from busta.errors import UsageError
from busta.scoring.calibration import bin_of
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import log_losses
from busta.scoring.resampling import resampled_scores, score_intervals, weekly_multiplicities
from busta.scoring.summary import SCORES, scores

EXACT = [name for name in SCORES if name != "ece" and not name.startswith("calibration")]


def season(seed=0, weeks=40, games=12, shared=0.2, slope=1.0):
    """Forecasts whose log-odds are to be multiplied by slope, and results that a week's games share luck in."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(0.25, 0.8, weeks * games)
    week = np.repeat(np.arange(weeks), games)
    luck = shared * rng.normal(size=weeks)[week] + np.sqrt(1 - shared**2) * rng.normal(size=week.size)
    return expit(log_odds), (ndtr(luck) < expit(slope * log_odds)).astype(float), week


def replicate(week, times):
    """Rows of a resample, as a bootstrap by hand would take them."""
    return np.repeat(np.arange(len(week)), times[week])


@given(st.integers(1, 30), st.integers(1, 20), st.floats(1, 10), st.integers(0, 5))
def test_a_resample_has_as_many_weeks_as_the_sample(weeks, draws, mean_block, seed):
    times = weekly_multiplicities(weeks, draws, mean_block, seed)
    assert times.shape == (draws, weeks)
    assert (times.sum(axis=1) == weeks).all()
    assert (times >= 0).all()


def test_every_week_is_taken_alike():
    assert weekly_multiplicities(25, 4000, 5.0).mean(axis=0) == pytest.approx(np.ones(25), abs=0.15)


def test_weeks_one_by_one_are_the_multinomial_of_the_plain_bootstrap():
    times = weekly_multiplicities(20, 20_000)
    assert times.var() == pytest.approx(1 - 1 / 20, abs=0.02)
    assert np.mean((times[:, 0] - 1) * (times[:, 1] - 1)) == pytest.approx(-1 / 20, abs=0.03)


def test_neighbours_go_together_as_the_mean_block_says():
    times = weekly_multiplicities(200, 4000, 4.0) - 1.0
    for lag in (1, 3):
        together = np.mean(times * np.roll(times, lag, axis=1)) / times.var()
        assert together == pytest.approx(0.75**lag, abs=0.03)


def test_endless_blocks_are_the_sample_itself():
    assert (weekly_multiplicities(30, 10, np.inf) == 1).all()


@pytest.mark.parametrize("wrong", [(0, 5, 1.0), (5, 0, 1.0), (5, 5, 0.5), (5, 5, np.nan)])
def test_no_weeks_no_draws_and_no_blocks_are_refused(wrong):
    with pytest.raises(UsageError, match="at least 1"):
        weekly_multiplicities(*wrong)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.2, 0.5, 0.7]) | st.floats(0, 1), st.sampled_from([0, 1, np.nan]), st.integers(1, 5)
        ),
        max_size=40,
    )
)
def test_every_week_once_gives_the_plain_scores(rows):
    p, y, weeks = np.array(rows, dtype=float).reshape(-1, 3).T
    found = resampled_scores(p, y, weeks, np.ones((1, len(np.unique(weeks)))))
    assert tuple(found) == SCORES
    assert {name: value[0] for name, value in found.items()} == pytest.approx(
        scores(p, y), rel=1e-6, abs=1e-9, nan_ok=True
    )


def test_a_resample_scores_as_the_same_games_by_hand():
    p, y, week = season()
    p = p.round(2)  # with ties
    times = weekly_multiplicities(40, 20, 3.0)
    found = resampled_scores(p, y, week, times)
    for draw in range(20):
        rows = replicate(week, times[draw])
        expected = scores(p[rows], y[rows])
        assert [found[name][draw] for name in EXACT] == pytest.approx([expected[name] for name in EXACT], abs=1e-12)
        gaps = np.bincount(bin_of(p)[rows], (p - y)[rows])
        assert found["ece"][draw] == pytest.approx(np.abs(gaps).sum() / len(rows), abs=1e-12)


def test_one_newton_step_is_nearly_a_new_fit():
    p, y, week = season(weeks=200)
    times = weekly_multiplicities(200, 50)
    found = resampled_scores(p, y, week, times)
    for name in ("calibration_slope", "calibration_intercept"):
        anew = np.array([scores(p[rows], y[rows])[name] for rows in (replicate(week, draw) for draw in times)])
        missed = found[name] - anew
        assert np.sqrt(np.mean(missed**2)) < anew.std() / 20
        assert np.abs(missed).max() < anew.std() / 5


def test_a_resample_without_any_game_that_counts_has_no_score():
    found = resampled_scores([0.4, 0.6, 0.7], [1, 0, np.nan], [1, 1, 2], [[0, 2], [1, 1]])
    assert all(np.isnan(values[0]) for values in found.values())
    assert found["brier"][1] == pytest.approx(0.36)


def test_a_missing_probability_is_not_hushed_up():
    found = resampled_scores([0.4, np.nan, 0.7, 0.2], [1, 0, 1, 0], [1, 1, 2, 2], [[1, 1], [0, 2]])
    assert all(np.isnan(values).all() for values in found.values())
    figures = score_intervals([0.4, np.nan, 0.7, 0.2], [1, 0, 1, 0], [1, 1, 2, 2], {})
    assert all(np.isnan(list(figures[name].values())).all() for name in SCORES)


@pytest.mark.parametrize("times", [np.ones((2, 3)), np.ones(2), np.ones((2, 1))])
def test_resamples_of_other_weeks_are_refused(times):
    with pytest.raises(UsageError, match="one column for each of 2 weeks"):
        resampled_scores([0.4, 0.6], [1, 0], [1, 2], times)


@pytest.mark.parametrize("weeks", [[1, 2, 3], 1])
def test_weeks_that_do_not_fit_the_games_are_refused(weeks):
    with pytest.raises(UsageError, match="not one"):
        resampled_scores([0.4, 0.6], [1, 0], weeks, np.ones((1, 2)))
    with pytest.raises(UsageError, match="not one"):
        score_intervals([0.4, 0.6], [1, 0], weeks, {})


def test_figures_stand_beside_their_intervals_and_differences():
    p, y, week = season()
    other = np.full_like(p, 0.55)
    figures = score_intervals(p, y, week, {"flat": other})
    assert tuple(figures) == SCORES
    for name, found in figures.items():
        assert found["value"] == scores(p, y)[name]
        assert not found["value"] < found["low"]
        assert found["flat"]["difference"] == pytest.approx(found["value"] - scores(other, y)[name], nan_ok=True)
    assert figures["log_loss"]["flat"]["high"] < 0 < figures["auc"]["flat"]["low"]
    assert np.isnan(list(figures["calibration_slope"]["flat"].values())).all()  # one probability has no line


def test_weeks_one_by_one_give_the_interval_of_the_t_test_over_weeks():
    p, y, week = season()
    other = expit(0.5 * logit(p))
    found = score_intervals(p, y, week, {"other": other}, draws=20_000)["log_loss"]["other"]
    expected = weekly_ratio_interval(log_losses(p, y) - log_losses(other, y), 1.0, week)
    width = expected[1] - expected[0]
    assert (found["low"], found["high"]) == pytest.approx(expected, abs=0.03 * width)


def test_a_forecast_does_not_differ_from_itself():
    p, y, week = season()
    for name, found in score_intervals(p, y, week, {"same": p}).items():
        low, high = (0.0, 0.0) if name != "ece" else (found["same"]["low"], found["same"]["high"])
        assert (found["same"]["difference"], found["same"]["low"], found["same"]["high"]) == (0.0, low, high)
        assert low <= 0 <= high


def test_intervals_end_where_scores_do():
    p, y, week = season(weeks=3, games=3)
    figures = score_intervals(p, y, week, {})
    bounded = [name for name in SCORES if name != "log_loss" and not name.startswith("calibration")]
    for name in bounded:
        assert 0 <= figures[name]["low"] <= figures[name]["high"] <= 1
    assert figures["log_loss"]["low"] >= 0


def test_pushes_do_not_count_even_in_weeks_of_their_own():
    p, y, week = season()
    pushed = score_intervals([*p, 0.5], [*y, np.nan], [*week, 99], {"other": [*(0.9 * p), 0.4]})
    assert pushed == score_intervals(p, y, week, {"other": 0.9 * p})


def test_the_same_seed_gives_the_same_intervals():
    p, y, week = season()
    first, same, other = (score_intervals(p, y, week, {}, draws=50, seed=seed) for seed in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize(
    ("weeks", "mean_block"), [([1] * 4, 1.0), ([1, 1, 2, 2], 4.0), ([1, 2, 3, 4], 3.0), ([1, 2, 3, 4], np.inf)]
)
def test_too_few_weeks_for_the_blocks_give_no_interval(weeks, mean_block):
    found = score_intervals([0.4, 0.6, 0.7, 0.3], [1, 0, 1, 0], weeks, {}, mean_block=mean_block)["brier"]
    assert found["value"] == pytest.approx(0.225)
    assert np.isnan([found["low"], found["high"]]).all()


def test_no_games_have_neither_value_nor_interval():
    for found in score_intervals([], [], [], {"other": []}).values():
        assert np.isnan([found["value"], found["low"], found["high"], found["other"]["difference"]]).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"level": 1.0}, "level 1.0"),
        ({"level": 0.0}, "level 0.0"),
        ({"against": {"low": [0.5, 0.5]}}, "none named"),
        ({"against": [0.5, 0.5]}, "forecasts by name"),
    ],
)
def test_no_level_and_names_of_figures_are_refused(wrong, says):
    with pytest.raises(UsageError, match=says):
        score_intervals([0.4, 0.6], [1, 0], [1, 2], **({"against": {}} | wrong))


@pytest.mark.parametrize("times", [[[1.0, -1.0]], [[np.inf, 0.0]], [[np.nan, 1.0]]])
def test_a_week_is_in_a_resample_a_number_of_times(times):
    with pytest.raises(UsageError, match="it is 0 or more"):
        resampled_scores([0.4, 0.6], [1, 0], [1, 2], times)


@pytest.mark.slow
@pytest.mark.parametrize(("weeks", "mean_block"), [(30, 1.0), (60, 4.0)])
def test_intervals_cover_the_truth_in_weeks_that_share_luck(weeks, mean_block):
    p, y, _ = season(seed=99, weeks=20_000, shared=0.0)
    truth, flat = scores(p, y), scores(expit(0.8 * logit(p)), y)
    covered = {name: [] for name in SCORES}
    gaps = []
    for seed in range(250):
        p, y, week = season(seed, weeks)
        others = {"flat": expit(0.8 * logit(p))}
        figures = score_intervals(p, y, week, others, draws=250, mean_block=mean_block, seed=seed)
        for name in SCORES:
            covered[name].append(figures[name]["low"] <= truth[name] <= figures[name]["high"])
        gap = figures["log_loss"]["flat"]
        gaps.append(gap["low"] <= truth["log_loss"] - flat["log_loss"] <= gap["high"])
    shares = {name: np.mean(found) for name, found in covered.items()} | {"gap": np.mean(gaps)}
    assert all(share >= 0.9 for share in shares.values()), shares
    assert np.mean([share for name, share in shares.items() if name != "ece"]) == pytest.approx(0.945, abs=0.02)


def test_an_error_of_calibration_that_is_no_luck_is_told_from_one_that_is():
    lucky, wrong = (score_intervals(*season(3, 200, slope=slope), {})["ece"]["low"] for slope in (1.0, 0.5))
    assert lucky == 0 < wrong
