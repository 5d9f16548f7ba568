"""What many books say as one: consensus, best price, open and close, and the tables that keep their history."""

from __future__ import annotations

from datetime import timedelta
from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busta.betting.odds import remove_vig
from busta.data.books import MOST_AGE, at_moment, merged, one_book, quotes_of, together
from busta.data.schema import BEST, CONSENSUS, QUOTES, SNAPSHOTS
from busta.data.source import Batch
from busta.data.tables import Tables
from support import game, games_of, quote
from support import quotes_of as quotes_table

GAME = game("BOS", "LAX", "2026-09-13T17:00:00")
START = GAME["kickoff"]


def offer(book, hours, line=3.5, prices=(1.91, 1.91), market="ats", fetched=None, of=GAME, seen=None):
    """What a book said so many hours before the start, fetched then unless another time is given."""
    said = START - timedelta(hours=hours)
    first = START - timedelta(hours=hours if fetched is None else fetched)
    last = first if seen is None else START - timedelta(hours=seen)
    return dict(zip(SNAPSHOTS, (of["game_id"], market, book, line, *prices, said, first, last), strict=True))


def snapshots(*rows):
    return merged(pl.DataFrame(schema=SNAPSHOTS), pl.DataFrame(list(rows), schema=SNAPSHOTS))


def said(*rows, moment="close", games=(GAME,)):
    return together(at_moment(snapshots(*rows), games_of(*games), moment))


def made(*rows, games=(GAME,), others=()):
    return quotes_of(snapshots(*rows), games_of(*games), quotes_table(*others))


def test_the_line_is_that_of_most_books_and_the_opinion_their_median():
    prices = {"a": (1.9, 1.95), "b": (1.87, 2.0), "c": (1.8, 2.1)}
    rows = [offer(book, 5, prices=each) for book, each in prices.items()]
    found = said(*rows, offer("d", 5, line=4.0, prices=(2.5, 1.5))).row(0, named=True)
    assert (found["line"], found["books"]) == (3.5, 3)
    assert found["probability"] == pytest.approx(median(float(remove_vig([each])[0, 0]) for each in prices.values()))
    assert (found["best_first"], found["best_second"]) == (1.9, 2.1)


def test_of_two_lines_with_as_many_books_the_one_nearer_to_the_middle_is_taken():
    lines = {"a": 3.0, "b": 3.0, "c": 3.5, "d": 3.5, "e": 4.5}
    assert said(*(offer(book, 5, line=line) for book, line in lines.items()))["line"].to_list() == [3.5]
    assert said(offer("a", 5, line=3.0), offer("b", 5, line=3.5))["line"].to_list() == [3.0]


def test_the_first_fetch_is_the_open_and_the_last_before_the_start_the_close():
    rows = [offer("a", 100, line=2.5), offer("a", 50, line=3.0), offer("a", 1, line=3.5), offer("a", -0.5, line=9.0)]
    assert [said(*rows, moment=moment)["line"].to_list() for moment in ("open", "close")] == [[2.5], [3.5]]


def test_a_book_that_took_its_line_down_is_no_part_of_the_close():
    rows = [offer("a", 50, line=1.0), offer("b", 50, seen=2), offer("c", 2)]
    assert said(*rows).select("line", "books").rows() == [(3.5, 2)]


def test_consensus_and_best_are_one_line_known_at_one_time():
    found = made(offer("a", 3, prices=(1.95, 1.87), fetched=2), offer("b", 4, prices=(1.87, 1.97), fetched=2))
    assert dict(found.schema) == QUOTES
    assert found["known_at"].unique().to_list() == [START - timedelta(hours=3)]
    assert sorted(found.select("book", "moment").rows()) == [
        (book, moment) for book in (BEST, CONSENSUS) for moment in ("close", "open")
    ]
    best = found.filter(book=BEST, moment="close").row(0, named=True)
    assert (best["line"], best["first_price"], best["second_price"], best["known_at_assumed"]) == (
        3.5,
        1.95,
        1.97,
        False,
    )


@settings(max_examples=30)
@given(chances=st.lists(st.floats(0.002, 0.998), min_size=1, max_size=7), vig=st.floats(0.0, 0.3))
def test_the_price_of_the_consensus_gives_back_its_opinion(chances, vig):
    rows = []
    for i, p in enumerate(chances):
        asked = min(1 + vig, 0.999 / max(p, 1 - p))
        rows.append(offer(f"b{i}", 5, line=0.0, market="moneyline", prices=(1 / (p * asked), 1 / ((1 - p) * asked))))
    found = made(*rows).filter(book=CONSENSUS, moment="close")
    prices = found.select("first_price", "second_price").to_numpy()
    assert remove_vig(prices)[0, 0] == pytest.approx(median(chances), abs=1e-9)
    assert (prices > 1).all()


def test_an_open_that_another_source_knew_earlier_stands():
    rows = [offer("a", 100), offer("a", 90, market="totals", line=44.5)]
    other = quote(GAME, "ats", 2.5, moment="open", book="own", known_at=START - timedelta(hours=168))
    found = made(*rows, others=[other])
    assert found.filter(moment="open")["market"].unique().to_list() == ["totals"]
    late = other | {"known_at": START - timedelta(hours=50)}
    assert made(*rows, others=[late]).filter(moment="open", market="ats").height == 2


def test_an_old_close_yields_to_another_source_once_the_game_is_over():
    old, fresh = (offer("a", MOST_AGE / timedelta(hours=1) + more) for more in (0.1, -0.1))
    over = game("BOS", "LAX", "2026-09-13T17:00:00", (20, 17))
    closing = quote(GAME, "ats", 2.5)
    kept = {
        (name, state): made(row, games=[of], others=others).filter(moment="close").height
        for name, row in (("old", old), ("fresh", fresh))
        for state, of, others in (("coming", GAME, [closing]), ("over", over, [closing]), ("alone", over, []))
    }
    assert [key for key, height in kept.items() if not height] == [("old", "over")]


def test_a_reader_takes_the_consensus_and_a_bettor_the_best_price():
    books = ("alpha", BEST, CONSENSUS, "nflverse")
    quotes = quotes_table(*(quote(GAME, "ats", 3.5, book=book) for book in books))
    others = quotes.filter(pl.col("book").is_in(["alpha", "nflverse"]))
    assert one_book(quotes)["book"].to_list() == [CONSENSUS]
    assert one_book(quotes, betting=True)["book"].to_list() == [BEST]
    assert [one_book(others, betting=betting)["book"].to_list() for betting in (False, True)] == [["alpha"]] * 2
    assert one_book(quotes.filter(pl.col("book") != BEST), betting=True)["book"].to_list() == [CONSENSUS]


def batch(*rows, games=(), quotes=()):
    return Batch(games_of(*games), quotes_table(*quotes), snapshots=snapshots(*rows) if rows else snapshots())


def closes(tables):
    return tables.read().quotes.filter(moment="close", book=CONSENSUS)["line"].to_list()


@pytest.fixture
def tables(tmp_path):
    found = Tables(tmp_path / "tiny")
    found.update(batch(games=[GAME]))
    return found


def test_snapshots_are_added_once_and_those_seen_again_say_so(tables):
    first = tables.update(batch(offer("a", 50), offer("b", 50)))
    again = tables.update(batch(offer("a", 50, fetched=40), offer("b", 40)))
    assert (first.counts["snapshots"].new, first.counts["quotes"].came) == (2, 0)
    assert (again.counts["snapshots"].new, again.counts["snapshots"].changed) == (1, 1)
    kept = tables.snapshots()
    assert dict(kept.schema) == SNAPSHOTS
    assert kept.height == 3
    seen = kept.filter(book="a").row(0, named=True)
    assert (START - seen["fetched_at"], START - seen["seen_at"]) == (timedelta(hours=50), timedelta(hours=40))


def test_the_same_answer_again_writes_nothing(tables):
    tables.update(batch(offer("a", 50)))
    assert not tables.update(batch(offer("a", 50))).written


def test_tables_without_snapshots_are_as_they_were(tables):
    assert tables.snapshots().is_empty()
    assert not list(tables.folder.rglob("snapshots.parquet"))


def test_the_quotes_follow_a_start_that_moves_both_ways(tables):
    tables.update(batch(offer("a", 30, line=2.5), offer("a", 5, line=3.0), offer("a", -3, line=3.5, fetched=-3)))
    assert closes(tables) == [3.0]
    moved = GAME | {"kickoff": START + timedelta(hours=4)}
    (said,) = tables.update(batch(games=[moved])).warnings
    assert said.startswith("1 games were moved: ")
    assert closes(tables) == [3.5]
    tables.update(batch(games=[GAME | {"kickoff": START - timedelta(hours=20)}]))
    assert closes(tables) == [2.5]
    tables.update(batch(games=[GAME | {"kickoff": START - timedelta(hours=40)}]))
    assert closes(tables) == []
    assert tables.snapshots().height == 3


def test_other_sources_quotes_stay_beside_those_of_the_snapshots(tables):
    tables.update(batch(quotes=[quote(GAME, "ats", 2.5, book="nflverse"), quote(GAME, "ats", 1.0, book=CONSENSUS)]))
    tables.update(batch(offer("a", 5)))
    lines = dict(tables.read().quotes.filter(moment="close").select("book", "line").rows())
    assert lines == {"nflverse": 2.5, CONSENSUS: 3.5, BEST: 3.5}


def test_snapshots_of_games_that_are_not_there_are_not_kept(tables):
    tables.update(batch(offer("a", 5), offer("a", 5, of=game("NEW", "PHX", "2026-09-14T17:00:00"))))
    assert tables.snapshots().height == 1


def test_best_prices_that_are_a_sure_win_are_kept(tables):
    tables.update(batch(offer("a", 5, prices=(2.2, 1.7)), offer("b", 5, prices=(1.7, 2.2))))
    best = tables.read().quotes.filter(book=BEST, moment="close").row(0, named=True)
    assert (best["first_price"], best["second_price"]) == (2.2, 2.2)
