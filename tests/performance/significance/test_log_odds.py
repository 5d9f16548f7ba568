"""The score in log-odds."""

import numpy as np
import pytest
from scipy.special import expit, logit

from busta.errors import UsageError
from busta.performance.significance.log_odds import log_odds_scores
from busta.performance.significance.margin import fitted_edge, z_score


def moneylines(share, games=6400, seed=2):
    """Probabilities of a model that knows a share of what it says beyond the market's."""
    rng = np.random.default_rng(seed)
    market, says = rng.normal(0, 1, games), rng.normal(0, 0.4, games)
    y = (rng.uniform(size=games) < expit(market + share * says)).astype(float)
    return expit(market + says), expit(market), y, np.repeat(np.arange(games // 16), 16)


def test_information_beyond_the_market_is_found_and_measured():
    scores = log_odds_scores(*moneylines(0.5))
    edge = fitted_edge(scores)
    assert z_score(scores) > 3
    assert edge.beta > 0  # points of probability per unit of log-odds
    assert abs(z_score(log_odds_scores(*moneylines(0.0)))) < 3


def test_a_push_and_a_missing_probability_say_nothing():
    scores = log_odds_scores([0.6, 0.7, np.nan], [0.5, 0.5, 0.5], [np.nan, 1.0, 1.0], [1, 1, 1])
    assert scores.games.tolist() == [1]
    assert scores.score[0] == pytest.approx(logit(0.7) * 0.5)
    assert scores.null_variance[0] == pytest.approx(logit(0.7) ** 2 / 4)
    assert log_odds_scores([0.6], [np.nan], [1.0], [1]).games.tolist() == [0]


def test_a_certain_model_is_finite():
    assert np.isfinite(log_odds_scores([1.0, 0.0], [0.5, 1.0], [1.0, 0.0], [1, 2]).score).all()


@pytest.mark.parametrize(("p", "q", "y"), [([1.1], [0.5], [1.0]), ([0.5], [-0.1], [1.0]), ([0.5], [0.5], [0.5])])
def test_what_is_no_probability_or_result_is_refused(p, q, y):
    with pytest.raises(UsageError):
        log_odds_scores(p, q, y, [1])


def test_the_variance_of_wins_of_a_known_chance_is_known():
    scores = log_odds_scores(np.full(640, 0.02), np.full(640, 0.04), np.zeros(640), np.repeat(np.arange(40), 16))
    assert scores.exact
    assert z_score(scores) == pytest.approx(640 * 0.04 / np.sqrt(640 * 0.04 * 0.96))
