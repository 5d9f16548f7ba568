"""What every market that is found keeps to."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.settlement import label, settle
from busta.errors import DataError, UsageError
from busta.leagues.sim import LEAGUE
from busta.markets.dataset import assemble
from busta.plugins import market_names, markets, pick
from support import game, games_of, gold_from, quote, quotes_of, tiny_league

MARKETS = markets()


@pytest.fixture(params=MARKETS.values(), ids=lambda market: market.name)
def market(request):
    return request.param


def test_the_board_starts_with_the_moneyline_and_goes_on_by_name():
    first, *others = market_names()
    assert first == "moneyline"
    assert others == sorted(set(MARKETS) - {"moneyline"})
    assert {"ats", "totals"} <= set(others)


def test_no_name_or_alias_is_given_twice():
    names = [name for market in MARKETS.values() for name in (market.name, *market.aliases)]
    assert len(set(names)) == len(names)


def test_a_market_has_two_sides_and_a_title(market):
    first, second = market.sides
    assert first != second
    assert market.title
    assert market.name == market.name.lower()
    assert market.quantity in {"margin", "total"}


def test_a_market_is_picked_by_name_and_by_every_alias(market):
    for name in (market.name, *market.aliases):
        assert pick("market", name) is market


def test_an_unknown_market_lists_those_there_are():
    with pytest.raises(UsageError, match=r"unknown market 'moneylin'; did you mean 'moneyline'\?.*ats.*totals"):
        pick("market", "moneylin")


def test_a_league_is_no_market():
    with pytest.raises(UsageError, match="unknown market 'sim'"):
        pick("market", "sim")


@given(value=st.integers(-70, 120), line=st.integers(-100, 200).map(lambda n: n / 2), price=st.floats(1.01, 50))
def test_label_and_settlement_agree_on_who_won(value, line, price):
    first, second = (float(settle(value, line, side, price)) for side in (True, False))
    told = float(label(value, line))
    if np.isnan(told):
        assert (first, second) == (0, 0)
    else:
        assert (first > 0) == (told == 1)
        assert (second > 0) == (told == 0)


@pytest.mark.parametrize("moment", ["open", "close"])
def test_a_markets_table_agrees_with_the_result_of_every_game(market, gold, moment):
    data = assemble(gold, LEAGUE, market, moment=moment)
    games = data.games.select("game_id").join(gold.games, on="game_id", how="left", maintain_order="left")
    home, away = (games[f"{side}_score"].cast(float).to_numpy() for side in ("home", "away"))
    np.testing.assert_array_equal(data.value, home - away if market.quantity == "margin" else home + away)
    np.testing.assert_array_equal(data.y, label(data.value, data.line))
    assert np.isnan(data.y[np.isnan(data.value)]).all()
    assert np.nanmean(data.y) == pytest.approx(0.5, abs=0.1)
    quotes = gold.quotes.filter(pl.col("market") == market.name, pl.col("moment") == moment)
    quotes = games.select("game_id").join(quotes, on="game_id", how="left", maintain_order="left")
    np.testing.assert_array_equal(data.line, quotes["line"].to_numpy())
    np.testing.assert_array_equal(data.prices, quotes.select("first_price", "second_price").to_numpy())
    if not market.has_line:
        assert not data.line.any()


def test_a_markets_table_stands_in_order_of_time_however_the_store_is(market, gold):
    straight = assemble(gold, LEAGUE, market)
    shuffled = assemble(replace(gold, games=gold.games.sample(fraction=1, shuffle=True, seed=1)), LEAGUE, market)
    assert shuffled.games.equals(straight.games)
    np.testing.assert_array_equal(shuffled.X, straight.X)
    np.testing.assert_array_equal(shuffled.value, straight.value)


@pytest.mark.parametrize("moment", ["open", "close"])
@pytest.mark.parametrize("blind", [False, True])
def test_a_row_of_a_markets_table_was_known_before_its_decision(market, gold, moment, blind):
    data = assemble(gold, LEAGUE, market, blind=blind, moment=moment)
    assert (data.games["known_at"] < data.games["decision_time"]).all()
    assert (data.games["decision_time"] <= data.games["kickoff"]).all()
    assert (data.games["final_time"] > data.games["kickoff"]).all()
    assert data.games["kickoff"].is_sorted()


def test_a_blind_table_has_no_price_and_starts_from_nothing(market, gold):
    blind, anchored = (assemble(gold, LEAGUE, market, blind=flag) for flag in (True, False))
    assert not [name for name in blind.names if name.startswith("price_")]
    assert not blind.offset.any()
    assert market.price_feature in anchored.names
    price = anchored.X[:, anchored.names.index(market.price_feature)]
    np.testing.assert_allclose(1 / (1 + np.exp(-anchored.offset)), price, atol=1e-9)


def test_the_price_of_the_first_side_means_the_first_side(market, gold):
    """Where the market thinks the first side likelier it wins more often."""
    data = assemble(gold, LEAGUE, market)
    likely = data.market_log_odds > 0
    cheap = data.prices[:, 0] < data.prices[:, 1]
    np.testing.assert_array_equal(likely, cheap)
    if market.name == "moneyline":
        assert np.nanmean(data.y[likely]) > np.nanmean(data.y[~likely]) + 0.2


def test_weeks_and_parts_of_a_table_stay_with_their_games(market, gold):
    data = assemble(gold, LEAGUE, market)
    rows = np.flatnonzero(data.weeks == data.weeks[500])
    part = data.take(data.weeks == data.weeks[500])
    assert len(part) == rows.size < len(data)
    assert part.games.equals(data.games[rows])
    for name in ("X", "y", "value", "line", "prices", "market_log_odds", "elo"):
        np.testing.assert_array_equal(getattr(part, name), getattr(data, name)[rows])
    backwards = data.take(rows[::-1])
    np.testing.assert_array_equal(backwards.value, data.value[rows[::-1]])
    assert len(np.unique(data.weeks)) == data.games.select("season", "week").n_unique()


def test_a_store_without_quotes_of_a_market_says_which_it_has(market, gold):
    other = next(name for name in MARKETS if name != market.name)
    games = gold.games.head(50)
    opened = gold.quotes.filter((pl.col("market") == other) & (pl.col("moment") == "open"))
    less = gold_from(games, opened.join(games, on="game_id", how="semi"), LEAGUE)
    with pytest.raises(DataError, match=f"no {market.name} quotes at the close; it has: {other} at the open"):
        assemble(less, LEAGUE, market)


def test_a_moneyline_that_nobody_quotes_is_learned_from_the_spread_or_blind():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    moneyline = pick("market", "moneyline")
    spread = assemble(gold_from(games_of(row), quotes_of(quote(row, "ats", 5.0)), tiny_league()), LEAGUE, moneyline)
    assert spread.market_log_odds[0] > 0
    assert np.isnan(spread.prices).all()
    nothing = gold_from(games_of(row), quotes_of(), tiny_league())
    assert np.isnan(assemble(nothing, LEAGUE, moneyline, blind=True).market_log_odds).all()
    for how in ({"blind": False}, {"blind": True, "moment": "open"}):
        with pytest.raises(DataError, match="it has: none"):
            assemble(nothing, LEAGUE, moneyline, **how)
    with pytest.raises(DataError, match="no ats quotes at the close"):
        assemble(nothing, LEAGUE, pick("market", "ats"), blind=True)
    assert spread.games["decision_time"].to_list() == [row["kickoff"]]


def test_a_store_without_any_of_a_markets_features_is_refused(market, gold):
    stranger = replace(market, features=("nothing_*",))
    with pytest.raises(DataError, match=r"none of the features of .*nothing_\*"):
        assemble(gold, LEAGUE, stranger)


def test_a_store_without_descriptions_gives_a_market_all_its_features(market, gold):
    plain = replace(gold, manifest={"version": None, "features": []})
    names = [feature.name for feature in gold.catalog]
    assert list(assemble(plain, LEAGUE, market).names) == names
    assert list(assemble(plain, LEAGUE, market, blind=True).names) == [n for n in names if not n.startswith("price_")]
