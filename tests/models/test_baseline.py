"""What a model has to beat."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from busta.betting.distribution import Discretised
from busta.models.baseline import _favourite, closing_triples
from busta.models.baseline import predict_baselines as predict
from support import planted

NAN = np.nan


MARGINS = Discretised(sd=10.0, weights=np.ones(161), low=-80, high=80)


def predict_baselines(data, train, test):
    return predict(data, train, test, closing_triples(data, test, MARGINS))


def test_the_close_is_read_at_the_line_that_was_bet_at_the_open():
    data = planted(market="ats", moment="open")
    moved = replace(data, closing_line=data.line + 2, closing_log_odds=np.zeros(len(data)))
    test = np.arange(300, 420)

    found = predict(moved, np.arange(300), test, closing_triples(moved, test, MARGINS))

    assert tuple(found) == ("closing_line", "opening_line", "elo", "favourite", "home")
    assert found["closing_line"].min() > 0.55  # two points of ten towards home since the bet
    assert found["closing_line"].max() < 0.60
    np.testing.assert_allclose(found["opening_line"], expit(data.market_log_odds[test]))


def test_a_game_without_a_close_has_no_closing_probability():
    data = planted(moment="open")
    unclosed = replace(data, closing_log_odds=np.full(len(data), np.nan))
    assert np.isnan(closing_triples(unclosed, np.arange(5), MARGINS)).all()


def test_every_baseline_gives_every_test_game_a_probability():
    data = planted()
    train, test = np.arange(300), np.arange(300, 420)
    found = predict_baselines(data, train, test)
    assert tuple(found) == ("closing_line", "elo", "favourite", "home")
    for p in found.values():
        assert p.shape == test.shape
        assert ((p > 0) & (p < 1)).all()


def test_the_closing_line_is_the_markets_own_probability():
    data = planted()
    found = predict_baselines(data, np.arange(300), np.arange(300, 420))["closing_line"]
    np.testing.assert_allclose(np.log(found / (1 - found)), data.market_log_odds[300:420])


@pytest.mark.parametrize(("wins", "rate"), [(3, 4 / 6), (4, 5 / 6), (0, 1 / 6)])
def test_home_wins_at_its_rate_so_far_with_one_of_each_added(wins, rate):
    data = planted()
    y = data.y.copy()
    y[:4] = np.arange(4) < wins
    found = predict_baselines(replace(data, y=y), np.arange(4), np.arange(4, 10))["home"]
    np.testing.assert_allclose(found, rate)


def test_the_favourite_wins_at_the_rate_of_favourites_on_either_side():
    market = np.array([1.0, 1.0, -1.0, -1.0, -0.1])
    y = np.array([1.0, 0.0, 0.0, 0.0, 1.0])  # favourites won 3 of 5
    np.testing.assert_allclose(_favourite(market, y, np.array([2.0, -0.5, 0.0])), [4 / 7, 3 / 7, 0.5])


def test_games_without_a_market_or_without_a_favourite_say_nothing_of_favourites():
    market, y = np.array([1.0, NAN, 0.0, NAN]), np.array([1.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(_favourite(market, y, np.array([2.0, NAN])), [2 / 3, 0.5])


def test_elo_is_a_logistic_regression_on_the_one_feature():
    data = planted(seasons=10)
    train, test = np.arange(1000), np.arange(1000, 1200)
    found = predict_baselines(data, train, test)["elo"]
    order = np.argsort(data.elo[test])
    assert (np.diff(found[order]) > 0).all()
    learned = predict_baselines(replace(data, elo=np.where(np.arange(1200) < 1000, data.elo, 0)), train, test)["elo"]
    assert len(set(learned)) == 1


def test_a_game_without_elo_is_predicted_as_an_average_one():
    data = planted()
    elo = data.elo.copy()
    elo[300] = NAN
    elo[301] = elo[:300].mean()
    found = predict_baselines(replace(data, elo=elo), np.arange(300), np.arange(300, 310))["elo"]
    assert found[0] == pytest.approx(found[1])
