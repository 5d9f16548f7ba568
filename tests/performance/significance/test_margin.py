"""The margin score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit, ndtr

from busta.errors import UsageError
from busta.performance.significance.margin import Scores, fitted_edge, variance, weekly_scores, z_score


def games(beta=0.0, weeks=40, seed=1, candidates=()):
    """Opinions, residuals and weeks of 16 games each, with a true edge."""
    rng = np.random.default_rng(seed)
    opinion = rng.normal(0, 2, (*candidates, weeks * 16))
    return opinion, beta * opinion + rng.normal(0, 13.3, opinion.shape), np.repeat(np.arange(weeks), 16)


def test_week_sums_by_hand():
    scores = weekly_scores([1.0, -2.0, 3.0, np.nan, 1.0], [4.0, 1.0, 2.0, 9.0, np.nan], [7, 9, 7, 7, 8], sd=10)
    np.testing.assert_array_equal(scores.weeks, [7, 8, 9])
    np.testing.assert_array_equal(scores.score, [10, 0, -2])
    np.testing.assert_array_equal(scores.information, [10, 0, 4])
    np.testing.assert_array_equal(scores.null_variance, [1000, 0, 400])
    np.testing.assert_array_equal(scores.games, [2, 0, 1])


def test_candidates_are_scored_as_each_alone():
    opinion, residual, weeks = games(candidates=(3,))
    opinion[1, 5] = np.nan
    together = weekly_scores(opinion, residual, weeks)
    for at in range(3):
        alone = weekly_scores(opinion[at], residual[at], weeks)
        for name in ("games", "score", "information", "null_variance"):
            np.testing.assert_allclose(getattr(together, name)[at], getattr(alone, name))
        np.testing.assert_allclose(z_score(together)[at], z_score(alone))


@given(st.integers(0, 10_000))
def test_the_order_of_games_does_not_matter(seed):
    opinion, residual, weeks = games(seed=3, weeks=6)
    order = np.random.default_rng(seed).permutation(len(weeks))
    shuffled = weekly_scores(opinion[order], residual[order], weeks[order])
    np.testing.assert_allclose(shuffled.score, weekly_scores(opinion, residual, weeks).score)


@pytest.mark.parametrize(
    ("opinion", "residual", "weeks", "sd"),
    [
        ([1.0, 2.0], [1.0], [1, 2], 13.3),
        ([1.0], [1.0], [[1]], 13.3),
        ([1.0], [1.0], [1], 0.0),
        ([1.0], [1.0], [1], np.nan),
        ([np.inf], [1.0], [1], 13.3),
        (np.ones((2, 1)), np.ones((3, 1)), [1], 13.3),
    ],
)
def test_what_cannot_be_scored_is_refused(opinion, residual, weeks, sd):
    with pytest.raises(UsageError):
        weekly_scores(opinion, residual, weeks, sd)


def test_before_two_seasons_the_variance_is_at_least_that_of_independent_games():
    quiet = Scores(np.arange(40), np.full(40, 16.0), np.full(40, 0.1), np.ones(40), np.full(40, 100.0))
    spread = variance(quiet)
    np.testing.assert_allclose(spread[:34], 100 * np.arange(1, 35))
    assert spread[34] < 1


def test_the_variance_up_to_a_week_knows_nothing_of_later_weeks():
    scores = weekly_scores(*games(seed=8, weeks=60))
    for weeks in (1, 2, 20, 45, 60):
        np.testing.assert_allclose(variance(scores.until(weeks)), variance(scores)[:weeks], rtol=1e-9)
        part = scores.until(weeks)
        assert z_score(part) == pytest.approx(part.score.sum() / np.sqrt(variance(scores)[weeks - 1]))


def test_weeks_that_go_together_make_the_variance_larger():
    rng = np.random.default_rng(5)
    steps = rng.normal(0, 1, 400)
    lasting = np.convolve(steps, np.ones(6), "valid")
    apart = rng.permutation(lasting)
    spread = [
        variance(Scores(np.arange(395), np.ones(395), part, np.ones(395), np.zeros(395)))[-1]
        for part in (lasting, apart)
    ]
    assert spread[0] > 2.5 * (lasting**2).sum()
    assert spread[1] < 1.6 * (apart**2).sum()


def test_the_variance_is_newey_and_wests_where_weeks_go_together():
    score = np.convolve(np.random.default_rng(6).normal(0, 1, 105), np.ones(6), "valid")
    centred, lags = score - score.mean(), 5  # sqrt(100) / 2
    weights = [1 - lag / 6 for lag in range(1, lags + 1)]
    hand = (score**2).sum()
    for lag, weight in enumerate(weights, 1):
        put_back = (centred @ centred) * (100 - lag) / 100**2
        hand += 2 * weight * (centred[lag:] @ centred[:-lag] + put_back)
    spread = variance(Scores(np.arange(100), np.ones(100), score, np.ones(100), np.zeros(100)))
    assert spread[-1] == pytest.approx(hand)


def test_an_edge_is_found_and_fitted_whatever_the_opinions_claim():
    opinion, residual, weeks = games(beta=0.5, weeks=400)
    plain, boast = (fitted_edge(weekly_scores(part, residual, weeks)) for part in (opinion, 4 * opinion))
    assert plain.low < 0.5 < plain.high
    assert plain.low < plain.bound < plain.beta
    assert boast.beta == pytest.approx(plain.beta / 4)
    z = [float(z_score(weekly_scores(part, residual, weeks))) for part in (opinion, 4 * opinion)]
    assert z[0] == pytest.approx(z[1])
    assert z[0] > 4


def test_the_interval_of_the_edge_covers_the_truth():
    opinion, residual, weeks = games(beta=0.3, candidates=(1000,))
    edge = fitted_edge(weekly_scores(opinion, residual, weeks), level=0.9)
    assert 0.87 <= np.mean((edge.low < 0.3) & (edge.high > 0.3)) <= 0.94
    assert 0.87 <= np.mean(edge.bound < 0.3) <= 0.94


def test_what_does_not_apply_is_nan():
    silent = weekly_scores([0.0, 0.0], [1.0, 2.0], [1, 2])
    assert np.isnan(z_score(silent))
    assert np.isnan(fitted_edge(silent).beta)
    one_week = weekly_scores([1.0, 2.0], [1.0, 2.0], [1, 1])
    assert np.isnan(fitted_edge(one_week).se)
    nothing = weekly_scores([], [], [])
    assert np.isnan(z_score(nothing))
    assert np.isnan(fitted_edge(nothing).beta)
    assert len(variance(nothing)) == 0


def test_weeks_without_games_do_not_narrow_the_interval():
    opinion, residual, weeks = games(weeks=40)
    absent = np.where(weeks < 38, opinion, np.nan)
    short = fitted_edge(weekly_scores(opinion[weeks < 38], residual[weeks < 38], weeks[weeks < 38]))
    assert fitted_edge(weekly_scores(absent, residual, weeks)).se == pytest.approx(short.se)


def test_the_last_weeks_can_be_looked_at_alone():
    scores = weekly_scores(*games(weeks=10))
    np.testing.assert_array_equal(scores.last(3).weeks, [7, 8, 9])
    assert len(scores.last(30)) == len(scores) == 10


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(UsageError, match="level"):
        fitted_edge(weekly_scores(*games()), level)


def long_shots(cut, *, exact, worlds=600, weeks=170, seed=2):
    """Scores of a model that halves the long shots of a fair moneyline market, which nobody can earn from."""
    rng = np.random.default_rng(seed)
    q = ndtr((np.round(rng.normal(0, 6, (worlds, weeks * 16))) + 0.5) / 13.3)
    won = rng.random(q.shape) < q
    chance = np.minimum(q, 1 - q)
    said = np.where(chance < cut, chance / 2, chance)
    s = np.sqrt(q * (1 - q))
    opinion = s * (logit(np.where(q > 0.5, 1 - said, said)) - logit(q))
    return weekly_scores(opinion, (won - q) / s, np.repeat(np.arange(weeks), 16), 1.0, exact=exact)


def test_halving_the_long_shots_of_a_fair_market_is_not_informative_until_one_of_them_wins():
    """Squares of wins that have not come yet are in no week's sum: only the known variance counts with them."""
    known, guessed = (np.mean(z_score(long_shots(0.1, exact=exact)) > 3.02) for exact in (True, False))
    assert known <= 0.01
    assert guessed > 0.02


def test_the_edge_of_long_shots_that_have_not_won_yet_is_as_uncertain_as_their_prices_say():
    known, guessed = (np.mean(fitted_edge(long_shots(0.1, exact=exact)).bound > 0) for exact in (True, False))
    assert known <= 0.01
    assert guessed > 0.1


def test_a_known_variance_is_the_least_at_all_weeks_of_every_part_of_the_scores():
    quiet = Scores(np.arange(60), np.full(60, 16.0), np.full(60, 0.1), np.ones(60), np.full(60, 100.0), exact=True)
    np.testing.assert_allclose(variance(quiet), 100 * np.arange(1, 61))
    assert z_score(quiet) == pytest.approx(6 / np.sqrt(6000))
    for part in (quiet.until(50), quiet.last(50)):
        assert part.exact
        assert z_score(part) == pytest.approx(5 / np.sqrt(5000))
    nothing = weekly_scores([], [], [], exact=True)
    assert nothing.exact
    assert np.isnan(z_score(nothing))
