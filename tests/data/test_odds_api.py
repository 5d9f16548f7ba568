"""Answers of The Odds API: what is taken, and what is refused and why."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.data.odds_api import parse, quota
from busta.data.schema import SNAPSHOTS
from busta.errors import DataError
from busta.leagues.nfl import LEAGUE
from odds import FETCHED, SAID, answer_of, book, event, later, market
from support import game, games_of

KICKOFF = "2026-09-13T17:00:00"
OURS = game("BUF", "KC", KICKOFF, game_id="2026_01_KC_BUF")
GAMES = games_of(OURS, game("SEA", "LA", "2026-09-13T20:25:00", game_id="2026_01_LA_SEA"))


def read(*events, games=GAMES, fetched_at=FETCHED):
    return parse(answer_of(*events), LEAGUE, games, fetched_at=fetched_at)


def reasons(batch):
    return batch.refused["reason"].to_list()


def test_each_book_and_market_is_a_snapshot_with_the_books_own_time():
    batch = read(event(book("alpha"), book("beta", line=3.0)))
    assert dict(batch.snapshots.schema) == SNAPSHOTS
    assert (batch.games.height, batch.quotes.height, batch.refused.height, batch.warnings) == (0, 0, 0, ())
    said = datetime.fromisoformat(SAID)
    assert batch.snapshots.filter(book="alpha").sort("market").rows() == [
        ("2026_01_KC_BUF", "ats", "alpha", 3.5, 1.91, 1.91, said, FETCHED, FETCHED),
        ("2026_01_KC_BUF", "moneyline", "alpha", 0.0, 1.6, 2.45, said, FETCHED, FETCHED),
        ("2026_01_KC_BUF", "totals", "alpha", 47.5, 1.95, 1.87, said, FETCHED, FETCHED),
    ]
    assert batch.snapshots.filter(book="beta", market="ats")["line"].to_list() == [3.0]


def test_a_pick_em_has_no_negative_zero():
    assert str(read(event(book(line=0.0))).snapshots.filter(market="ats")["line"][0]) == "0.0"


def test_a_market_without_its_own_time_has_its_books():
    without = book()
    for each in without["markets"]:
        del each["last_update"]
    assert read(event(without)).snapshots["known_at"].unique().to_list() == [datetime.fromisoformat(SAID)]


def test_a_clock_that_is_a_little_ahead_says_now_and_one_far_ahead_is_refused():
    near, far = (read(later(event(book()), **by)) for by in ({"minutes": 4}, {"minutes": 9}))
    assert near.snapshots["known_at"].unique().to_list() == [FETCHED]
    assert (far.snapshots.height, set(reasons(far))) == (
        0,
        {f"alpha: {name}: its last_update is yet to come" for name in ("moneyline", "ats", "totals")},
    )


def test_markets_that_were_not_asked_for_are_passed_over():
    exchange = book()
    exchange["markets"].append(market("h2h_lay", ("Buffalo Bills", 1.7, None), ("Kansas City Chiefs", 2.6, None)))
    batch = read(event(exchange))
    assert (batch.snapshots.height, batch.refused.height) == (3, 0)


def test_games_under_way_are_not_taken():
    batch = read(event(book(), commence_time="2026-09-08T11:00:00Z"), event(book()))
    assert batch.warnings == ("1 games are under way or over; what is offered on them is not taken",)
    assert (batch.snapshots.height, batch.refused.height) == (3, 0)


def test_no_game_on_offer_is_said():
    batch = read()
    assert (batch.snapshots.height, batch.warnings) == (0, ("no game is offered at the moment",))


def test_an_event_without_books_says_nothing():
    assert read(event()).warnings == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"home_team": "Buffalo Billies"}, "column home_team: 'Buffalo Billies' is no team of the league nfl"),
        ({"away_team": "New York"}, "column away_team: 'New York' is no team of the league nfl"),
        ({"away_team": "Miami Dolphins"}, "there is no one game of MIA at BUF on 2026-09-13; ingest the games first"),
        ({"commence_time": "2026-09-16T17:00:00Z"}, "there is no one game of KC at BUF on 2026-09-16"),
        (
            {"home_team": "Kansas City Chiefs", "away_team": "Buffalo Bills"},
            "there is no one game of BUF at KC on 2026-09-13",
        ),
    ],
)
def test_an_event_that_is_no_known_game_is_refused_once_with_its_reason(changes, reason):
    names = {"home": changes.get("home_team", "Buffalo Bills"), "away": changes.get("away_team", "Kansas City Chiefs")}
    batch = read(event(book(**names), book("beta", **names), **changes))
    assert batch.snapshots.is_empty()
    (said,) = reasons(batch)
    assert said.startswith(reason)
    assert batch.refused["table"].to_list() == ["snapshots"]


def test_a_start_that_moved_is_the_answers_and_said():
    moved = game("BUF", "KC", "2026-09-12T20:00:00", game_id="2026_01_KC_BUF")
    batch = read(event(book()), games=games_of(moved))
    assert batch.snapshots["game_id"].unique().to_list() == ["2026_01_KC_BUF"]
    assert batch.warnings == (
        "1 games start at another time than the tables say, ingest them anew: 2026_01_KC_BUF at 2026-09-13 17:00",
    )
    early = game("BUF", "KC", "2026-09-13T16:55:00", game_id="2026_01_KC_BUF")
    assumed = game("BUF", "KC", "2026-09-13T01:00:00", game_id="2026_01_KC_BUF", kickoff_assumed=True)
    assert [read(event(book()), games=games_of(each)).warnings for each in (early, assumed)] == [(), ()]


SPREADS, H2H, TOTALS = "spreads", "h2h", "totals"
BILLS, CHIEFS = "Buffalo Bills", "Kansas City Chiefs"


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (market(H2H, (BILLS, 1.6, None)), "its outcomes are Buffalo Bills; needed are Buffalo Bills and Kansas City"),
        (market(H2H, (BILLS, 1.6, None), (CHIEFS, 2.4, None), ("Draw", 9.0, None)), "its outcomes are"),
        (market(H2H, (BILLS, 1.6, None), (BILLS, 2.4, None)), "its outcomes are Buffalo Bills, Buffalo Bills"),
        (market(H2H, (BILLS, 1.6, None), (BILLS, 1.7, None), (CHIEFS, 2.4, None)), "its outcomes are"),
        (market(H2H, (BILLS, "1.6", None), (CHIEFS, 2.4, None)), 'price is no number that can be right: "1.6"'),
        (market(H2H, (BILLS, True, None), (CHIEFS, 2.4, None)), "price is no number that can be right: true"),
        (market(H2H, (BILLS, None, None), (CHIEFS, 2.4, None)), "price is no number that can be right: null"),
        (market(H2H, (BILLS, 10**300, None), (CHIEFS, 2.4, None)), "price is no number that can be right: 1000"),
        (market(H2H, (BILLS, 1.6, None), (CHIEFS, 50000.0, None)), "second_price 50000.0 is no decimal price"),
        (market(H2H, (BILLS, 0.0, None), (CHIEFS, 2.4, None)), "first_price 0.0 is no decimal price"),
        (market(H2H, (BILLS, -150, None), (CHIEFS, 130, None)), "first_price -150.0 is no decimal price"),
        (market(H2H, (BILLS, 2.6, None), (CHIEFS, 2.4, None)), "its two prices are a sure win"),
        (market(SPREADS, (BILLS, 1.9, -3.5), (CHIEFS, 1.9, 3.0)), "its two sides have different lines, -3.5 and 3"),
        (market(SPREADS, (BILLS, 1.9, -3.5), (CHIEFS, 1.9, None)), "point is no number that can be right: null"),
        (market(SPREADS, (BILLS, 1.9, -3.25), (CHIEFS, 1.9, 3.25)), "a line is whole or half"),
        (market(SPREADS, (BILLS, 1.9, -99), (CHIEFS, 1.9, 99)), "the spread is beyond 80 points"),
        (market(TOTALS, ("Over", 1.9, 47), ("Under", 1.9, 48)), "its two sides have different lines, 47 and 48"),
        (market(TOTALS, ("Over", 1.9, -47), ("Under", 1.9, -47)), "the total is not within 0 to 500"),
        (market(TOTALS, ("Over", 1.9, 47), ("Below", 1.9, 47)), "its outcomes are Over, Below; needed are Over and"),
        (market(H2H, last_update=5), "last_update is no time such as 2026-09-10T00:20:00Z: 5"),
        (market(H2H, last_update="2026-09-08T11:58:00"), "last_update is no time such as"),
        (market(H2H, last_update="9999-12-31T23:59:59-14:00"), "last_update is no time such as"),
        (market(H2H) | {"outcomes": "none"}, 'outcomes is no list: "none"'),
        (market(H2H) | {"outcomes": [1]}, "it is no object: 1"),
        (market(H2H) | {"key": ["h2h"]}, 'a market: key is no text: ["h2h"]'),
    ],
)
def test_a_market_that_cannot_be_right_is_refused_alone(odd, reason):
    rest = book("beta")
    batch = read(event(book("alpha", markets=[odd]), rest))
    (said,) = reasons(batch)
    assert reason in said
    assert said.startswith("alpha: ")
    assert batch.refused["row"].to_list() == [1]
    assert batch.snapshots["book"].unique().to_list() == ["beta"]


def test_a_market_that_stands_twice_is_taken_once_and_its_contradiction_refused():
    twice = book("alpha")
    twice["markets"].append(market(TOTALS, ("Over", 1.9, 44.5), ("Under", 1.9, 44.5)))
    batch = read(event(twice))
    assert batch.snapshots.filter(market="totals")["line"].to_list() == [47.5]
    (said,) = reasons(batch)
    assert said.startswith("alpha: totals: an earlier offer has it already, with another line, first_price")


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (5, "event 1: it is no object: 5"),
        (event() | {"home_team": 7}, "event 1: home_team is no text: 7"),
        (event() | {"home_team": "\ud800"}, 'event 1: home_team is no text: "\\ud800"'),
        (event() | {"home_team": "x" * 101}, "event 1: home_team is no text"),
        (event() | {"commence_time": "soon"}, 'event 1: commence_time is no time such as 2026-09-10T00:20:00Z: "soon"'),
        (event() | {"bookmakers": {}}, "event 1: bookmakers is no list: {}"),
        (event("alpha"), 'a bookmaker: it is no object: "alpha"'),
        (event(book() | {"key": ""}), 'a bookmaker: key is no text: ""'),
        (event(book() | {"markets": None}), "a bookmaker: markets is no list: null"),
    ],
)
def test_what_is_no_event_or_book_is_refused_alone(odd, reason):
    batch = read(odd, event(book("beta")))
    (said,) = reasons(batch)
    assert said.startswith(reason)
    assert batch.snapshots.height == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is no JSON"),
        (answer_of(event(book()))[:-200], "it is no JSON .*it may have been cut short"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[NaN]", "NaN is no number"),
        (b"[" * 100_000, "it is no JSON"),
        (b"7", "it is no list of events"),
        (b"{}", "it is no list of events"),
        (b'{"data": 5}', "it is no list of events"),
        (b'{"message": "Unknown sport", "error_code": "UNKNOWN_SPORT"}', "it says 'Unknown sport'"),
        (b"<html>", "it is no JSON"),
    ],
)
def test_what_is_no_answer_is_refused_whole(body, reason):
    with pytest.raises(DataError, match=f"not an answer of The Odds API: .*{reason}"):
        parse(body, LEAGUE, GAMES, fetched_at=FETCHED)


def test_a_historical_answer_says_its_own_time():
    body = json.dumps({"timestamp": "2026-09-08T12:00:00Z", "data": [event(book())]}).encode()
    batch = parse(body, LEAGUE, GAMES)
    assert batch.snapshots["fetched_at"].unique().to_list() == [FETCHED]


def test_an_answer_that_was_saved_is_taken_to_be_fetched_with_its_last_update():
    batch = parse(answer_of(event(book())), LEAGUE, GAMES)
    assert batch.snapshots["fetched_at"].unique().to_list() == [datetime.fromisoformat(SAID)]
    assert parse(b"[]", LEAGUE, GAMES).snapshots.is_empty()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"x-requests-remaining": "497", "x-requests-used": "3", "x-requests-last": "3"}, (497, 3, 3)),
        ({"x-requests-remaining": "497.0", "x-requests-used": "-1", "x-requests-last": "many"}, (497, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_the_quota_is_read_from_the_headers(headers, said):
    assert tuple(quota(headers).values()) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(["commence_time", "home_team", "bookmakers", "key", "markets", "last_update", "outcomes"])


@settings(max_examples=20)
@given(place=PLACES | st.sampled_from(["name", "price", "point"]), value=JSON, count=st.integers(1, 3))
def test_no_value_anywhere_in_an_answer_breaks_the_reader(place, value, count):
    def spoiled(part):
        nonlocal count
        if isinstance(part, list):
            return [spoiled(each) for each in part]
        if not isinstance(part, dict):
            return part
        found = {}
        for name, old in part.items():
            hit = name == place and count > 0
            count -= hit
            found[name] = value if hit else spoiled(old)
        return found

    batch = read(spoiled(event(book("alpha"), book("beta"))), event(book("gamma")))
    taken = batch.snapshots
    assert taken.drop_nulls().height == taken.height
    assert (taken["known_at"] <= FETCHED).all()
