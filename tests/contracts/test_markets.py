"""What every market that is found keeps to, and one of another package."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from busta.betting.settlement import label, settle
from busta.errors import DataError, UsageError
from busta.features.build import every_feature
from busta.features.catalog import PRICES, select
from busta.leagues.sim import LEAGUE
from busta.markets.dataset import ASSUMED_PRICE, assemble, require_quoted
from busta.plugins import market_names, markets, pick
from halves import FIRST_HALF, first_halves, half_quotes, installed
from support import game, games_of, gold_from, quote, quotes_of, tiny_league

MARKETS = {**markets(), FIRST_HALF.name: FIRST_HALF}


@pytest.fixture(scope="module", autouse=True)
def _other_package():
    with installed(markets=[FIRST_HALF]):
        yield


@pytest.fixture(scope="module")
def gold(world, _other_package):
    """The small seasons with quotes and results of all markets."""
    quotes = pl.concat([world.quotes, half_quotes(world.quotes)])
    return gold_from(world.games, quotes, LEAGUE, pl.concat([world.facts, first_halves(world.games)]))


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


def test_a_market_is_picked_by_name_and_by_every_alias(market):
    for name in (market.name, *market.aliases):
        assert pick("market", name) is market


def test_a_market_sees_its_price_and_line_and_every_pattern_selects_a_feature(market):
    seen = set(select(every_feature(), market.features, blind=False))
    assert market.price_feature in seen
    assert market.line_feature in seen or not market.has_line
    assert market.elo_feature in {feature.name for feature in every_feature()}
    for pattern in market.features:
        assert select(every_feature(), [pattern], blind=False), pattern
    prices = {feature.name for feature in every_feature() if feature.group == PRICES}
    assert seen - set(select(every_feature(), market.features, blind=True)) == seen & prices


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


def number_of(gold, games, side, market):
    """The number of a side that decides, read from the tables game by game."""
    if market.score is None:
        return games[f"{side}_score"].cast(float).to_numpy()
    told = {
        (row["game_id"], row["team"]): row["value"]
        for row in gold.facts.rows(named=True)
        if row["fact"] == market.score
    }
    names = zip(games["game_id"], games[f"{side}_team"], strict=True)
    return np.array([told.get(name, np.nan) for name in names])


@pytest.mark.parametrize("moment", ["open", "close"])
def test_a_markets_table_agrees_with_the_result_of_every_game(market, gold, moment):
    data = assemble(gold, LEAGUE, market, moment=moment)
    games = data.games.select("game_id").join(gold.games, on="game_id", how="left", maintain_order="left")
    home, away = (number_of(gold, games, side, market) for side in ("home", "away"))
    np.testing.assert_array_equal(data.value, home - away if market.quantity == "margin" else home + away)
    np.testing.assert_array_equal(data.y, label(data.value, data.line))
    assert np.isnan(data.y[np.isnan(data.value)]).all()
    assert np.nanmean(data.y) == pytest.approx(0.5, abs=0.1)
    quotes = gold.quotes.filter(pl.col("market") == market.name, pl.col("moment") == moment)
    quotes = games.select("game_id").join(quotes, on="game_id", how="left", maintain_order="left")
    np.testing.assert_array_equal(data.line, quotes["line"].to_numpy())
    np.testing.assert_array_equal(data.prices, quotes.select("first_price", "second_price").to_numpy())
    assert not data.price_assumed.any()
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


def test_a_markets_table_knows_what_the_catalogue_says_of_its_columns(market, gold):
    data = assemble(gold, LEAGUE, market)
    assert data.declared == {f.name: f for f in every_feature() if f.name in data.names}
    assert data.declared[market.price_feature].swapped == (1 if market.quantity == "margin" else None)


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
    for name in ("X", "y", "value", "line", "prices", "price_assumed", "closing_prices", "market_log_odds", "elo"):
        np.testing.assert_array_equal(getattr(part, name), getattr(data, name)[rows])
    backwards = data.take(rows[::-1])
    np.testing.assert_array_equal(backwards.value, data.value[rows[::-1]])
    assert len(np.unique(data.weeks)) == data.games.select("season", "week").n_unique()


def test_a_store_without_quotes_of_a_market_says_which_it_has(market, gold):
    other = next(name for name in MARKETS if name != market.name)
    games = gold.games.head(50)
    opened = gold.quotes.filter((pl.col("market") == other) & (pl.col("moment") == "open"))
    less = gold_from(games, opened.join(games, on="game_id", how="semi"), LEAGUE)
    with pytest.raises(DataError, match=rf"no {market.name} quotes at the close; it has: {other} at the open \(\d"):
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


def test_at_the_close_what_is_bet_is_what_is_judged_by(market, gold):
    data = assemble(gold, LEAGUE, market)
    assert data.closing_line is data.line
    np.testing.assert_array_equal(
        data.closing_prices, data.prices
    )  # of one book; of several the close is all of theirs
    assert data.closing_log_odds is data.market_log_odds


def test_at_the_open_the_close_stands_beside_it(market, gold):
    opened, closed = (assemble(gold, LEAGUE, market, moment=moment) for moment in ("open", "close"))
    assert opened.games["game_id"].equals(closed.games["game_id"])
    np.testing.assert_array_equal(opened.closing_line, closed.line)
    np.testing.assert_array_equal(opened.closing_prices, closed.prices)
    np.testing.assert_array_equal(opened.closing_log_odds, closed.market_log_odds)
    assert (opened.prices != closed.prices).any()


def without_prices(gold, market, moment):
    chosen = (pl.col("market") == market.name) & (pl.col("moment") == moment)
    bare = (pl.when(~chosen).then(name).alias(name) for name in ("first_price", "second_price"))
    return gold_from(gold.games, gold.quotes.with_columns(bare), LEAGUE, gold.facts)


@pytest.mark.parametrize("moment", ["open", "close"])
def test_only_a_line_at_the_open_without_a_price_has_one_assumed(market, gold, moment):
    data = assemble(without_prices(gold, market, moment), LEAGUE, market, moment=moment)
    assumed = moment == "open" and market.has_line
    assert data.price_assumed.tolist() == [assumed] * len(data)
    np.testing.assert_array_equal(data.prices, ASSUMED_PRICE if assumed else np.nan)
    if assumed:
        np.testing.assert_array_equal(data.market_log_odds, 0.0)


def test_a_game_without_a_close_has_nothing_to_be_judged_by(market, gold):
    lost = gold.games["game_id"][100]
    fewer = gold.quotes.filter((pl.col("game_id") != lost) | (pl.col("moment") == "open"))
    data = assemble(gold_from(gold.games, fewer, LEAGUE, gold.facts), LEAGUE, market, moment="open")
    row = (data.games["game_id"] == lost).to_numpy()
    for closing in (data.closing_line, data.closing_prices, data.closing_log_odds):
        assert np.isnan(closing[row]).all()
        assert not np.isnan(closing[~row]).any()
    assert not np.isnan(data.prices[row]).any()


def test_a_season_without_quotes_is_refused_with_those_that_have_them(market, gold):
    seasons = gold.games["season"].unique().sort().to_list()
    without = gold.games.filter(pl.col("season").is_in([seasons[0], seasons[3]]))
    data = assemble(
        gold_from(gold.games, gold.quotes.join(without, on="game_id", how="anti"), LEAGUE, gold.facts),
        LEAGUE,
        market,
        moment="open",
    )
    require_quoted(data, seasons[1])
    there = rf"{seasons[1]}-{seasons[2]}, {seasons[4]}-{seasons[-1]}"
    for season in (seasons[0], seasons[3], 1950):
        with pytest.raises(DataError, match=f"^sim has opening {market.name} for {there}, not for {season}$"):
            require_quoted(data, season)


def test_a_season_without_moneylines_can_be_bet_at_the_close_by_the_spread():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    data = assemble(
        gold_from(games_of(row), quotes_of(quote(row, "ats", 5.0)), tiny_league()), LEAGUE, pick("market", "moneyline")
    )
    require_quoted(data, 2020)
    with pytest.raises(DataError, match="closing moneyline for 2020, not for 2019"):
        require_quoted(data, 2019)
    with pytest.raises(DataError, match="for no season, not for 2020"):
        require_quoted(data.take(np.zeros(1, dtype=bool)), 2020)


def test_an_open_that_nobody_recorded_is_refused_with_what_there_is():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    opened = quote(row, "ats", 5.0, moment="open", known_at=row["kickoff"] - timedelta(days=7))
    gold = gold_from(games_of(row), quotes_of(quote(row, "moneyline"), opened), tiny_league())
    with pytest.raises(DataError) as refused:
        assemble(gold, LEAGUE, pick("market", "moneyline"), moment="open")
    assert str(refused.value) == (
        "sim has no moneyline quotes at the open; nobody recorded them, or their file was not ingested; "
        "it has: ats at the open (2020), moneyline at the close (2020)"
    )


def test_of_several_books_the_first_by_name_is_bet_and_judged_by():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    early = {"moment": "open", "known_at": row["kickoff"] - timedelta(days=7)}
    books = [
        quote(row, "ats", line, (price, price), book=book, **when)
        for book, line, price in (("b", 5.0, 1.8), ("a", 4.0, 1.9))
        for when in ({}, early)
    ]
    data = assemble(
        gold_from(games_of(row), quotes_of(*books), tiny_league()), LEAGUE, pick("market", "ats"), moment="open"
    )
    assert (data.line[0], data.closing_line[0]) == (4, 4)
    assert (data.prices.tolist(), data.closing_prices.tolist()) == ([[1.9, 1.9]], [[1.9, 1.9]])
    assert data.X[0, data.names.index("price_spread")] == 4


def test_a_store_without_any_of_a_markets_features_is_refused(market, gold):
    stranger = replace(market, features=("nothing_*",))
    with pytest.raises(DataError, match=r"none of the features of .*nothing_\*"):
        assemble(gold, LEAGUE, stranger)


def test_a_store_without_descriptions_gives_a_market_all_its_features(market, gold):
    plain = replace(gold, manifest={"version": None, "features": []})
    names = [feature.name for feature in gold.catalog]
    assert list(assemble(plain, LEAGUE, market).names) == names
    assert list(assemble(plain, LEAGUE, market, blind=True).names) == [n for n in names if not n.startswith("price_")]


@pytest.mark.parametrize("quantity", ["margin", "total", "home", "away"])
def test_a_market_may_be_of_one_team_alone_or_of_any_number_of_a_source(gold, quantity):
    data = assemble(gold, LEAGUE, replace(FIRST_HALF, quantity=quantity))
    home, away = (number_of(gold, data.games, side, FIRST_HALF) for side in ("home", "away"))
    expected = {"margin": home - away, "total": home + away, "home": home, "away": away}
    np.testing.assert_array_equal(data.value, expected[quantity])


def test_a_market_whose_number_no_source_gave_says_so_and_what_to_do(gold):
    less = replace(gold, facts=gold.facts.filter(pl.col("fact") != FIRST_HALF.score))
    says = (
        r"^sim has no first_half_points, which decides first-half-totals; facts it has: [a-z, ]+\.\n"
        r"busta ingest sim --from FILE takes them from a table with game_id, fact, home_value, away_value$"
    )
    with pytest.raises(DataError, match=says):
        assemble(less, LEAGUE, FIRST_HALF)


def test_a_game_whose_number_is_not_told_is_as_one_not_played(gold):
    lost = gold.games["game_id"][100]
    data = assemble(replace(gold, facts=gold.facts.filter(pl.col("game_id") != lost)), LEAGUE, FIRST_HALF)
    row = (data.games["game_id"] == lost).to_numpy()
    assert np.isnan(data.value[row]).all()
    assert np.isnan(data.y[row]).all()


def test_the_spread_of_the_game_is_no_price_of_a_market_of_another_number():
    row = game("BOS", "LAX", "2020-09-13T17:00", (20, 10))
    store = gold_from(games_of(row), quotes_of(quote(row, "ats", 5.0)), tiny_league())
    lead = replace(FIRST_HALF, name="first-half-lead", quantity="margin", has_line=False, sides=("home", "away"))
    with pytest.raises(DataError, match=r"no first-half-lead quotes at the close; it has: ats at the close"):
        assemble(store, LEAGUE, lead)
