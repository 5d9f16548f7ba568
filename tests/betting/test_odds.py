"""Prices in and out of their formats, and six ways to take the vig out of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from busta.betting.odds import (
    CHUNK,
    VIG_METHODS,
    american_to_decimal,
    decimal_to_american,
    edge,
    fair_price,
    format_american,
    fractional_to_decimal,
    implied,
    overround,
    parse_price,
    remove_vig,
)
from busta.errors import UsageError

american_prices = st.one_of(st.integers(100, 100_000), st.integers(-100_000, -101)).map(float)
decimal_prices = st.floats(1.005, 200.0)


@given(american_prices)
def test_an_american_price_survives_the_round_trip_through_decimal(price):
    assert float(decimal_to_american(american_to_decimal(price))) == pytest.approx(price, rel=1e-9)


@given(american_prices)
def test_a_price_that_is_shown_is_read_back_as_itself(price):
    decimal = float(american_to_decimal(price))
    assert parse_price(format_american(decimal)) == pytest.approx(decimal, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("+150", 2.5),
        ("-110", 1 + 100 / 110),
        ("\N{MINUS SIGN}110", 1 + 100 / 110),
        ("150", 2.5),
        ("100", 2.0),
        ("99.5", 99.5),
        ("2.50", 2.5),
        ("5/2", 3.5),
        (" 5 / 2 ", 3.5),
        ("Evens", 2.0),
        ("even", 2.0),
        ("-100", 2.0),
        ("+100000", 1001.0),
    ],
)
def test_a_price_is_read_in_each_of_its_forms(text, decimal):
    assert parse_price(text) == pytest.approx(decimal, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1",
        "1.0",
        "0.9",
        "0",
        "+50",
        "-99.9",
        "+0",
        "nan",
        "inf",
        "-inf",
        "1e3",
        "+1e2",
        "2,5",
        "5/0",
        "0/2",
    ],
)
def test_what_is_no_price_is_refused_with_what_was_given(text):
    with pytest.raises(UsageError, match="cannot be right; a price is") as refusal:
        parse_price(text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("text", ["5/2/1", "-5/2", "5/", "2.5x", "1_50", "++150", "\N{ARABIC-INDIC DIGIT TWO}"])
def test_what_only_looks_like_a_price_is_refused(text):
    with pytest.raises(UsageError, match="cannot be right"):
        parse_price(text)


@pytest.mark.parametrize("text", ["1001/1", "+100001", "100001", "9" * 400])
def test_a_price_beyond_a_thousand_to_one_is_refused(text):
    with pytest.raises(UsageError, match="at most 1001"):
        parse_price(text)


def test_no_american_price_lies_between_minus_100_and_100():
    assert np.isnan(american_to_decimal([99.9, -99.9, 0, np.inf, -np.inf, np.nan])).all()


def test_evens_are_plus_100():
    assert format_american(2.0) == "+100"
    assert american_to_decimal([-100, 100]).tolist() == [2.0, 2.0]


@pytest.mark.parametrize("decimal", [1.0, 0.5, -2.0, np.nan, np.inf])
def test_what_is_no_decimal_price_has_no_american_one(decimal):
    with pytest.raises(UsageError, match="no American price"):
        format_american(decimal)


def test_missing_prices_stay_missing_in_every_format():
    assert np.isnan(american_to_decimal([np.nan])).all()
    assert np.isnan(decimal_to_american([np.nan])).all()
    assert np.isnan(implied([np.nan])).all()
    assert np.isnan(fractional_to_decimal([np.nan, 1, 0], [1, np.nan, 3])).all()


def test_the_overround_of_minus_110_on_both_sides_is_4_76_percent():
    assert float(overround(american_to_decimal([-110, -110]))) == pytest.approx(1 / 21)
    assert overround([[2.0, 2.0], [3.0, np.nan]]).shape == (2,)


@given(st.floats(0.01, 0.99), st.floats(0, 1))
def test_opposite_sides_at_fair_prices_expect_no_profit(decided, share):
    win, lose = decided * share, decided * (1 - share)
    if min(win, lose) > 1e-6:
        assert float(edge(win, lose, fair_price(win, lose))) == pytest.approx(0, abs=1e-12)
        assert float(edge(lose, win, fair_price(lose, win))) == pytest.approx(0, abs=1e-12)


def test_a_bet_that_cannot_win_has_no_finite_fair_price():
    assert np.isinf(fair_price(0.0, 0.9))


@given(st.floats(0.05, 0.95), decimal_prices, decimal_prices)
def test_a_better_price_is_a_bigger_edge(win, price, other):
    low, high = sorted((price, other))
    assert edge(win, 1 - win, low) <= edge(win, 1 - win, high)


# --- the six methods against slow root finders on their textbook definitions ---


def textbook_shin(raw, total):
    def shares(z) -> np.ndarray:
        return (np.sqrt(z**2 + 4 * (1 - z) * raw**2 / total) - z) / (2 * (1 - z))

    low, high = (-20.0, 1 - 1e-9)
    return shares(brentq(lambda z: shares(z).sum() - 1, low, high, xtol=1e-15, rtol=1e-14))


def textbook_power(raw, total):
    power = brentq(lambda c: (raw**c).sum() - 1, 1e-6, 1e5, xtol=1e-14, rtol=1e-15)
    return raw**power


def textbook_odds_ratio(raw, total):
    def shares(log_ratio) -> np.ndarray:
        return raw / (raw + np.exp(log_ratio) * (1 - raw))

    return shares(brentq(lambda c: shares(c).sum() - 1, -50, 50, xtol=1e-14, rtol=1e-15))


def textbook_logarithmic(raw, total):
    def shares(shift) -> np.ndarray:
        return 1 / (1 + np.exp(shift - np.log(raw) + np.log(1 - raw)))

    return shares(brentq(lambda c: shares(c).sum() - 1, -50, 50, xtol=1e-14, rtol=1e-15))


TEXTBOOK = {
    "multiplicative": lambda raw, total: raw / total,
    "additive": lambda raw, total: raw - (total - 1) / len(raw),
    "power": textbook_power,
    "shin": textbook_shin,
    "odds_ratio": textbook_odds_ratio,
    "logarithmic": textbook_logarithmic,
}


@st.composite
def markets(draw):
    """Prices of 2 to 6 sides around probabilities of at least 2 %, with a vig of -3 to 15 %."""
    weights = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=2, max_size=6)))
    raw = weights / weights.sum() * (1 + draw(st.floats(-0.03, 0.15)))
    return 1 / np.clip(raw, 0.001, 0.99)


@pytest.mark.parametrize("method", VIG_METHODS)
@given(prices=markets())
def test_each_method_equals_itstextbook_definition(method, prices):
    raw = 1 / prices
    slow = TEXTBOOK[method](raw, raw.sum())
    fast = remove_vig(prices[None, :], method)[0]
    if method == "additive" and slow.min() <= 0 and len(slow) > 2:
        assert np.isnan(fast).all()
    else:
        np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", VIG_METHODS)
@given(prices=st.lists(decimal_prices, min_size=2, max_size=5))
def test_vig_free_probabilities_sum_to_1_and_keep_the_order_of_the_prices(method, prices):
    fair = remove_vig([prices], method)[0]
    if method == "additive" and np.isnan(fair).all():
        assert len(prices) > 2
        return
    assert fair.sum() == pytest.approx(1, abs=1e-12)
    assert ((fair >= 0) & (fair <= 1)).all()
    assert (np.diff(fair[np.argsort(prices)]) <= 1e-9).all()


@pytest.mark.parametrize("method", VIG_METHODS)
def test_extreme_markets_are_solved_too(method):
    prices = np.array([[1.0005, 900.0], [1.0005, 1.0005], [900.0, 900.0], [1.01, 1001.0], [1.9, 1.9]])
    fair = remove_vig(prices, method)
    np.testing.assert_allclose(fair.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(fair[[1, 2, 4]], 0.5, atol=1e-12)
    np.testing.assert_allclose(fair[0], TEXTBOOK[method](1 / prices[0], (1 / prices[0]).sum()), atol=1e-9)


@pytest.mark.parametrize("method", VIG_METHODS)
def test_a_missing_price_silences_its_own_market_only(method):
    fair = remove_vig([[1.5, 2.8, 9.0], [np.nan, 2.0, 9.0], [1.5, 2.8, 9.0]], method)
    assert np.isnan(fair[1]).all()
    assert np.isfinite(fair[[0, 2]]).all()


@pytest.mark.parametrize("method", VIG_METHODS)
def test_a_market_is_priced_alike_wherever_it_stands(method):
    prices = 1 + np.random.default_rng(1).uniform(0.05, 9, (CHUNK + 50, 3))
    together = remove_vig(prices, method)
    np.testing.assert_allclose(together[CHUNK + 7], remove_vig(prices[CHUNK + 7], method), atol=1e-12)
    np.testing.assert_allclose(remove_vig(prices[:, ::-1], method)[:, ::-1], together, atol=1e-12)


def test_prices_are_left_as_they_were():
    for prices in (
        np.array([1.5, 2.8]),
        np.array([[1.5, 2.8]]),
        np.array([[1.5, 2.8], [2.0, 2.0]], order="F"),
    ):
        before = prices.copy()
        for method in VIG_METHODS:
            remove_vig(prices, method)
        np.testing.assert_array_equal(prices, before)


def test_no_two_methods_agree_but_those_said_to():
    prices = [1.25, 4.5, 12.0]
    fair = {method: remove_vig(prices, method) for method in VIG_METHODS}
    np.testing.assert_array_equal(fair.pop("logarithmic"), fair["odds_ratio"])
    for name, other in ((a, b) for a in fair for b in fair if a < b):
        assert np.abs(fair[name] - fair[other]).max() > 1e-4, (name, other)


def test_shin_of_two_sides_is_additive():
    np.testing.assert_allclose(remove_vig([1.3, 3.6], "shin"), remove_vig([1.3, 3.6], "additive"), atol=1e-12)


def test_an_additive_long_shot_with_nothing_left_makes_its_market_nan():
    fair = remove_vig([[1.2, 4.0, 200.0], [2.5, 3.2, 3.0]], "additive")
    assert np.isnan(fair[0]).all()
    assert fair[1].sum() == pytest.approx(1)


def test_no_games_have_no_probabilities():
    assert remove_vig(np.empty((0, 2)), "power").shape == (0, 2)


@pytest.mark.parametrize("prices", [[[1.0, 2.0]], [[-110, -110]], [[np.inf, 1.5]], [[0.0, 2.0]]])
def test_an_impossible_price_is_refused(prices):
    with pytest.raises(UsageError, match="finite and above 1"):
        remove_vig(prices)


@pytest.mark.parametrize("prices", [2.0, [[2.0], [3.0]]])
def test_one_side_is_no_market(prices):
    with pytest.raises(UsageError, match="at least two sides"):
        remove_vig(prices)


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"did you mean 'shin'.*odds_ratio"):
        remove_vig([[2.0, 2.0]], "shinn")
