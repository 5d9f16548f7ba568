from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from busta.errors import UsageError
from busta.plugins import pick
from busta.workflows.bets.words import (
    name_of,
    read_amount,
    read_line,
    read_money,
    read_pick,
    read_price,
    read_time,
)
from support import game, tiny_league

LEAGUE = tiny_league(aliases={"boston reds": "BOS"})
GAME = game("BOS", "LAX", "2026-01-04 18:00")


@pytest.mark.parametrize(
    ("market", "text", "line", "side", "points"),
    [
        ("ats", "BOS -3.5", None, "home", 3.5),
        ("ats", "LAX -3.5", None, "away", -3.5),
        ("ats", "boston reds +2", None, "home", -2.0),
        ("ats", "LAX pk", None, "away", 0.0),
        ("ats", "home -1", None, "home", 1.0),
        ("ats", "away", 3.5, "away", 3.5),
        ("ats", "BOS", -2, "home", -2.0),
        ("totals", "over 45.5", None, "over", 45.5),
        ("totals", "UNDER", 40, "under", 40.0),
        ("moneyline", "Boston Reds", None, "home", None),
        ("moneyline", "away", None, "away", None),
    ],
)
def test_a_pick_is_read_in_the_books_way_or_by_side_and_line(market, text, line, side, points):
    assert read_pick(text, line, pick("market", market), LEAGUE, GAME) == (side, points)


@pytest.mark.parametrize(
    ("market", "text", "line", "words"),
    [
        ("ats", "BOS", None, 'has no line; give it as "BOS -3.5"'),
        ("totals", "over", None, 'has no line; give it as "over 45.5"'),
        ("ats", "PHX -3", None, "PHX does not play in"),
        ("ats", "XXX -3", None, "unknown tiny team 'XXX'"),
        ("totals", "BOS 45", None, "unknown side of totals 'BOS'"),
        ("totals", "over 0", None, "a total is above 0"),
        ("totals", "over many", None, "line many cannot be right"),
        ("ats", "BOS -3.25", None, "two bets in one; record half of the stake at 3 and half at 3.5"),
        ("ats", "home", 3.1, "line 3.1 cannot be right"),
        ("ats", "home", float("nan"), "line nan cannot be right"),
        ("moneyline", "home", 3, "a moneyline has no line"),
        ("moneyline", "BOS -3", None, "unknown tiny team"),
        ("ats", "", None, "unknown tiny team"),
    ],
)
def test_a_pick_that_cannot_be_is_refused(market, text, line, words):
    with pytest.raises(UsageError, match=words):
        read_pick(text, line, pick("market", market), LEAGUE, GAME)


@pytest.mark.parametrize(
    ("given", "decimal"),
    [("-110", 1 + 10 / 11), ("+150", 2.5), (2.5, 2.5), (3, 3.0), (150, 2.5), ("5/2", 3.5), ("evens", 2)],
)
def test_a_price_is_read_in_any_form(given, decimal):
    assert read_price(given) == pytest.approx(decimal)


@pytest.mark.parametrize("given", ["", "1", 1, 0, -50, float("nan"), "many", None, [2]])
def test_what_is_no_price_is_refused(given):
    with pytest.raises(UsageError, match="price"):
        read_price(given)


@pytest.mark.parametrize("given", [0, -1, "x", float("inf"), float("nan"), None, True, [1], 10**400, 1e13])
def test_what_is_no_money_is_refused(given):
    with pytest.raises(UsageError, match="give an amount of money above 0"):
        read_money("stake", given)


def test_money_and_amounts_are_read_from_text_and_numbers():
    assert read_money("stake", "25") == read_money("stake", 25) == 25.0
    assert (read_amount("+1e2"), read_amount(-50)) == (100.0, -50.0)
    for given in (0, "0", "x", 1e13):
        with pytest.raises(UsageError, match=r"money put in, as \+100"):
            read_amount(given)


def test_a_line_of_minus_nothing_is_nothing():
    assert str(read_line(-0.0)) == "0.0"


def test_a_time_is_utc_unless_it_says_otherwise():
    noon = datetime(2026, 1, 4, 12, tzinfo=UTC)
    east = timezone(timedelta(hours=-5))
    for given in ("2026-01-04T12:00", "2026-01-04T07:00-05:00", "2026-01-04 12:00Z", noon.astimezone(east)):
        assert read_time("time", given) == noon
        assert read_time("time", given).tzinfo == UTC
    with pytest.raises(UsageError, match="as 2026-01-11T17:45Z"):
        read_time("time", "noon")


def test_a_name_is_short_and_printable():
    assert name_of("book", " Pinnacle ") == "Pinnacle"
    for given in ("", " ", "a\nb", "x" * 101):
        with pytest.raises(UsageError, match="up to 100 characters"):
            name_of("book", given)
