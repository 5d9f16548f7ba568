"""Prices of the game itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from scipy.stats import norm

from busta.errors import UsageError
from busta.features.prices import QUOTED, price_events, quoted
from halves import FIRST_HALF, installed
from support import game, games_of, quote, quotes_of, tiny_league

LEAGUE = tiny_league()
GAME = game("BOS", "LAX", "2020-09-13T17:00")


def prices(*quotes: Any, vig_method="multiplicative", games=(GAME,)):
    return price_events(games_of(*games), quotes_of(*quotes), LEAGUE, vig_method).sort("known_at").rows(named=True)


def test_a_moneyline_gives_its_vig_free_probability():
    (told,) = prices(quote(GAME, "moneyline", 0.0, (1.25, 4.0)))  # implied .8 and .25
    assert told["price_home_win"] == pytest.approx(0.8 / 1.05)
    assert told["price_spread"] is None
    assert told["price_home_cover"] is None


def test_the_vig_goes_by_the_method_asked_for():
    (told,) = prices(quote(GAME, "moneyline", 0.0, (1.25, 4.0)), vig_method="additive")
    assert told["price_home_win"] == pytest.approx(0.775)


def test_without_a_moneyline_the_spread_says_who_wins():
    (told,) = prices(quote(GAME, "ats", 7.0, (1.9, 1.9)))
    assert told["price_home_win"] == pytest.approx(norm.cdf(0.7))  # the tiny league's margin has sd 10
    assert told["price_home_cover"] == 0.5
    assert told["price_spread"] == 7.0


def test_where_there_is_a_moneyline_the_spread_does_not_say_who_wins():
    (told,) = prices(quote(GAME, "ats", 7.0), quote(GAME, "moneyline", 0.0, (1.25, 4.0)))
    assert told["price_home_win"] == pytest.approx(0.8 / 1.05)


@pytest.mark.parametrize("half", [(None, 1.9), (1.9, None), (None, None)])
def test_a_moneyline_that_lacks_a_price_stands_back_for_the_spread(half):
    (told,) = prices(quote(GAME, "moneyline", 0.0, half), quote(GAME, "ats", 7.0))
    assert told["price_home_win"] == pytest.approx(norm.cdf(0.7))


def test_a_line_without_prices_is_a_coin_toss():
    (told,) = prices(quote(GAME, "ats", 3.0, (None, None)), quote(GAME, "totals", 44.5, (None, 1.9)))
    assert (told["price_home_cover"], told["price_over"]) == (0.5, 0.5)
    assert (told["price_spread"], told["price_total"]) == (3.0, 44.5)


def test_uneven_prices_of_a_line_are_no_coin_toss():
    (told,) = prices(quote(GAME, "ats", 3.0, (1.8, 2.25)), quote(GAME, "totals", 44.5, (2.25, 1.8)))
    assert told["price_home_cover"] == pytest.approx(2.25 / 4.05)
    assert told["price_over"] == pytest.approx(1.8 / 4.05)


def test_of_several_books_the_first_by_name_is_quoted():
    (told,) = prices(quote(GAME, "ats", 3.0, book="zeta"), quote(GAME, "ats", 4.0, (2.0, 1.8), book="alpha"))
    assert told["price_spread"] == 4.0
    assert told["price_home_cover"] == pytest.approx(1.8 / 3.8)


def test_open_and_close_are_known_at_their_own_times():
    opened = GAME["kickoff"] - timedelta(days=7)
    told = prices(quote(GAME, "ats", 4.0), quote(GAME, "ats", 3.0, moment="open", known_at=opened))
    assert [(row["known_at"], row["price_spread"]) for row in told] == [
        (opened, 3.0),
        (GAME["kickoff"] - timedelta(seconds=1), 4.0),
    ]


def test_a_quote_is_known_from_its_own_time_and_stands_until_the_next():
    early, late = GAME["kickoff"] - timedelta(hours=1), GAME["kickoff"] - timedelta(minutes=1)
    told = prices(quote(GAME, "ats", 4.0, known_at=late), quote(GAME, "totals", 44.0, known_at=early))
    assert [(row["known_at"], row["price_spread"], row["price_total"]) for row in told] == [
        (early, None, 44.0),
        (late, 4.0, 44.0),
    ]


def test_a_close_seen_together_with_the_open_is_the_one_that_counts():
    seen = GAME["kickoff"] - timedelta(hours=1)
    (told,) = prices(quote(GAME, "ats", 4.0, known_at=seen), quote(GAME, "ats", 3.0, moment="open", known_at=seen))
    assert told["price_spread"] == 4.0


def test_a_market_that_the_close_lacks_keeps_what_the_open_said():
    opened = GAME["kickoff"] - timedelta(days=7)
    told = prices(quote(GAME, "ats", 4.0), quote(GAME, "totals", 44.0, moment="open", known_at=opened))
    assert told[-1]["price_total"] == 44.0


def test_quotes_of_games_that_are_not_there_make_no_row():
    assert prices(quote(GAME, "ats", 4.0), games=(game("BOS", "LAX", "2021-09-13T17:00"),)) == []


def test_no_quotes_make_no_rows():
    assert prices() == []


def test_a_market_of_another_package_has_its_price_and_its_line():
    with installed(markets=[FIRST_HALF]):
        early = quote(GAME, FIRST_HALF.name, 20.0, moment="open", known_at=GAME["kickoff"] - timedelta(days=7))
        late = quote(GAME, FIRST_HALF.name, 20.5, (1.8, 2.25))
        first, last = prices(early, late, quote(GAME, "totals", 44.5))
        described = {feature.name: feature for feature in quoted()}
    assert (first["price_first_half_over"], first["price_first_half_total"]) == (0.5, 20)
    assert (last["price_first_half_over"], last["price_first_half_total"]) == (pytest.approx(2.25 / 4.05), 20.5)
    assert (first["price_total"], last["price_total"]) == (None, 44.5)
    assert described["price_first_half_over"].meaning == (
        "First-half totals: over, vig-free; a half where no price is quoted."
    )
    assert described["price_first_half_total"].unit == "points"
    assert quoted() == QUOTED


def test_a_market_without_a_line_that_lacks_a_price_says_nothing():
    lead = replace(FIRST_HALF, name="lead", has_line=False, line_feature="")
    with installed(markets=[lead]):
        (told,) = prices(quote(GAME, "lead", 0.0, (1.9, None)))
        assert [feature.name for feature in quoted()[len(QUOTED) :]] == ["price_first_half_over"]
        assert "empty where no price" in quoted()[-1].meaning
    assert told["price_first_half_over"] is None


def test_two_markets_that_write_one_feature_are_refused():
    with (
        installed(markets=[replace(FIRST_HALF, line_feature="price_total")]),
        pytest.raises(UsageError, match="totals and first-half-totals both write 'price_total'; rename one"),
    ):
        quoted()
