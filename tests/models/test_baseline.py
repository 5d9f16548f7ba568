"""What a model has to beat."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from busta.betting.distribution import Discretised
from busta.betting.odds import VIG_METHODS, remove_vig
from busta.models.baseline import _favourite, closing_readings, closing_triples, market_means
from busta.models.baseline import predict_baselines as predict
from support import planted, won

NAN = np.nan
NAMES = ("closing_line", "closing_line_recalibrated", "elo", "favourite", "home")

MARGINS = Discretised(sd=10.0, weights=np.ones(161), low=-80, high=80)


def closing_of(data, test):
    return closing_triples(data, test, MARGINS, market_means(data, test, MARGINS)["closing"])


def predict_baselines(data, train, test):
    return predict(data, train, test, MARGINS, closing_of(data, test), closing_readings(data))


def sharp(bias=0.0, slope=1.0, method=None, count=4000, **changes):
    """Games whose close says ``slope`` times the truth plus ``bias``, in log-odds; with a method, in its prices."""
    data = planted(seasons=4, weeks=10, per_week=count // 40, signal=0.0, **changes)
    truth = data.market_log_odds
    said = slope * truth + bias
    prices = np.full((len(data), 2), NAN)
    if method:
        prices = priced(expit(said), method)
        said = logit(remove_vig(prices, "multiplicative")[:, 0])
    value = data.line + np.where(won(expit(truth), seed=5) > 0, 3.0, -3.0)
    y = (value > data.line).astype(float)
    return replace(data, market_log_odds=said, closing_log_odds=said, closing_prices=prices, y=y, value=value), truth


def priced(p, method, vig=0.08):
    """Prices with vig from which the method reads those probabilities: by bisection on each side's share."""
    share = np.linspace(0.002, 0.998, 20_000)
    prices = 1 / ((1 + vig) * np.column_stack([share, 1 - share]))
    usable = (prices > 1.001).all(axis=1)
    read = remove_vig(prices[usable], method)[:, 0]
    return prices[usable][np.clip(np.searchsorted(read, p), 0, usable.sum() - 1)]


def test_the_close_is_read_at_the_line_that_was_bet_at_the_open():
    data = planted(market="ats", moment="open")
    moved = replace(data, closing_line=data.line + 2, closing_log_odds=np.zeros(len(data)))
    test = np.arange(300, 420)

    found = predict_baselines(moved, np.arange(300), test)

    assert tuple(found) == (*NAMES[:2], "opening_line", *NAMES[2:])
    assert found["closing_line"].min() > 0.55  # two points of ten towards home since the bet
    assert found["closing_line"].max() < 0.60
    np.testing.assert_allclose(found["opening_line"], expit(data.market_log_odds[test]))
    means = market_means(moved, test, MARGINS)
    np.testing.assert_allclose(means["closing"], moved.closing_line[test], atol=1e-6)
    np.testing.assert_allclose(means["market"], MARGINS.mean_for(expit(data.market_log_odds[test]), data.line[test]))


def test_at_the_close_both_means_are_those_of_the_price_that_is_bet():
    data = planted(market="ats")
    means = market_means(data, np.arange(50), MARGINS)
    np.testing.assert_array_equal(means["market"], means["closing"])
    np.testing.assert_allclose(
        MARGINS.split(expit(data.market_log_odds[:50]), data.line[:50]),
        MARGINS.win_push_lose(means["market"], data.line[:50]),
        atol=1e-6,
    )


@pytest.mark.parametrize("method", VIG_METHODS)
def test_the_recalibrated_line_takes_the_way_of_vig_removal_that_was_best(method):
    data, truth = sharp(method=method)
    train, test = np.arange(3000), np.arange(3000, 4000)
    losses = np.logaddexp(0, np.where(data.y[train] > 0, -1, 1) * closing_readings(data)[:, train]).mean(axis=1)
    found = predict_baselines(data, train, test)
    best = closing_readings(data)[int(np.argmin(losses)), test]
    gap = logit(found["closing_line_recalibrated"]) - best
    slope, level = np.polyfit(best, gap, 1)
    np.testing.assert_allclose(gap, slope * best + level, atol=1e-9)
    assert np.abs(logit(found["closing_line_recalibrated"]) - truth[test]).max() < 0.4


def test_a_fair_close_is_hardly_changed_and_a_biased_one_is_corrected():
    train, test = np.arange(3000), np.arange(3000, 4000)
    for bias, slope, before in ((0.0, 1.0, 0.0), (0.4, 1.0, 0.4), (0.0, 0.6, 0.2)):
        data, truth = sharp(bias, slope)
        found = predict_baselines(data, train, test)
        off = {name: np.abs(logit(found[name]) - truth[test]).mean() for name in NAMES[:2]}
        assert off["closing_line"] == pytest.approx(before, abs=0.1)
        assert off["closing_line_recalibrated"] < 0.08


def test_recalibration_learns_from_the_training_games_alone():
    data, _ = sharp(bias=0.4)
    train, test = np.arange(2000), np.arange(3000, 4000)
    found = predict_baselines(data, train, test)["closing_line_recalibrated"]
    y, value = data.y.copy(), data.value.copy()
    y[2000:], value[2000:] = 1 - y[2000:], -value[2000:]
    later = predict_baselines(replace(data, y=y, value=value), train, test)["closing_line_recalibrated"]
    np.testing.assert_array_equal(found, later)
    other = predict_baselines(data, np.arange(1000), test)["closing_line_recalibrated"]
    assert not np.array_equal(found, other)


def test_at_the_open_the_close_is_recalibrated_at_its_own_line_and_then_read_at_the_line_that_is_bet():
    data, truth = sharp(bias=0.4, market="ats", moment="open")
    moved = replace(data, line=data.line - 2, y=(data.value > data.line - 2).astype(float))
    train, test = np.arange(3000), np.arange(3000, 4000)
    found = predict_baselines(moved, train, test)["closing_line_recalibrated"]
    means = MARGINS.mean_for(expit(truth[test]), data.closing_line[test])
    truly = MARGINS.win_push_lose(means, moved.line[test])
    assert np.abs(logit(found) - logit(truly[:, 0] / (1 - truly[:, 1]))).mean() < 0.08


def test_a_game_without_a_close_is_neither_learned_from_nor_recalibrated():
    data, _ = sharp(bias=0.4)
    odds = data.closing_log_odds.copy()
    odds[::2] = NAN
    gaps = replace(data, closing_log_odds=odds)
    train, test = np.arange(3000), np.arange(3000, 4000)
    found = predict_baselines(gaps, train, test)["closing_line_recalibrated"]
    assert np.isnan(found).tolist() == np.isnan(odds[test]).tolist()
    halved = predict_baselines(gaps, train[1::2], test)["closing_line_recalibrated"]
    np.testing.assert_array_equal(found, halved)


def test_without_any_earlier_close_the_line_stays_as_it_is():
    data, _ = sharp()
    odds = data.closing_log_odds.copy()
    odds[:3000] = NAN
    found = predict_baselines(replace(data, closing_log_odds=odds), np.arange(3000), np.arange(3000, 4000))
    np.testing.assert_allclose(found["closing_line_recalibrated"], found["closing_line"], rtol=1e-12)


def test_where_a_side_has_no_price_every_reading_is_what_the_market_said_otherwise():
    data = planted()
    prices = data.closing_prices.copy()
    prices[:5, 0] = NAN
    read = closing_readings(replace(data, closing_prices=prices))
    assert read.shape == (len(VIG_METHODS), len(data))
    np.testing.assert_array_equal(read[:, :5], np.tile(data.closing_log_odds[:5], (len(VIG_METHODS), 1)))
    np.testing.assert_allclose(read[:, 5:], 0, atol=1e-9)  # the same price on both sides


def test_a_game_without_a_close_has_no_closing_probability():
    data = planted(moment="open")
    unclosed = replace(data, closing_log_odds=np.full(len(data), np.nan))
    assert np.isnan(closing_of(unclosed, np.arange(5))).all()


def test_every_baseline_gives_every_test_game_a_probability():
    data = planted()
    train, test = np.arange(300), np.arange(300, 420)
    found = predict_baselines(data, train, test)
    assert tuple(found) == NAMES
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
