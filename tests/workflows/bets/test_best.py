"""The book with the best offer for a bet, where the odds of several are known."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import busta
from busta.cli.show_bets import recommended
from busta.data.schema import SNAPSHOTS
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.plugins import pick
from busta.workflows.bets.best import best_offer, offers_now
from busta.workflows.bets.slip import Board
from support import at
from workspaces import CURRENT

WEEK = busta.Wanted(week=f"{CURRENT}-18")
NOW = at("2026-01-04T12:00")


def offer(book, line=3.5, first=1.9, second=1.9, known_at=NOW - timedelta(minutes=7)):
    return {"book": book, "line": line, "first_price": first, "second_price": second, "known_at": known_at}


def best(*offers, first=True, **ledger):
    """By an edge of a tenth for each point of the line the bettor's way, and what the price brings at even chances."""

    def edge_at(line, price):
        return 0.5 * (price - 1) - 0.5 + 0.1 * ((3.5 - line) if first else (line - 3.5))

    return best_offer(offers, edge_at, first=first, settings=busta.load(ledger=ledger), now=NOW)


def test_the_best_price_at_the_same_line_is_named_with_all_there_is_to_know():
    found = best(offer("alpha"), offer("beta", first=2.1), offer("gamma", second=2.5), books={"beta": 25})

    assert found == {
        "book": "beta",
        "line": 3.5,
        "price": 2.1,
        "edge": pytest.approx(0.05),
        "enough": True,
        "known_at": "2026-01-04T11:53:00+00:00",
        "age_minutes": 7,
        "most": 25.0,
        "books": 3,
    }
    other = best(offer("alpha"), offer("gamma", second=2.5), first=False)
    assert (other["book"], other["price"], other["most"]) == ("gamma", 2.5, None)


def test_a_better_line_at_a_worse_price_can_be_the_best_offer():
    assert best(offer("alpha", first=1.95), offer("beta", line=2.5))["book"] == "beta"
    assert best(offer("alpha", second=1.95), offer("beta", line=2.5), first=False)["book"] == "alpha"


def test_of_equal_offers_the_first_book_by_name_is_named():
    assert best(offer("alpha"), offer("beta"))["book"] == "alpha"


def test_an_offer_that_is_too_little_is_named_and_says_so():
    found = best(offer("alpha"), offer("beta", first=1.85))
    assert (found["book"], found["enough"]) == ("alpha", False)


def test_a_line_of_quarters_is_no_one_bet():
    assert best(offer("alpha"), offer("beta", line=3.25))["book"] == "alpha"
    assert best(offer("alpha", line=3.75), offer("beta", line=3.25)) is None


def loose(settings, **ledger):
    """A bar so low that there is something to bet."""
    bets = settings.bets.model_copy(update={"min_edge": 0.0, "kelly_fraction": 1.0})
    return settings.model_copy(update={"bets": bets, "ledger": settings.ledger.model_copy(update=ledger)})


def fetched(settings, *rows):
    """Adds what books said of coming games an hour ago, by the league's clock."""
    tables, said = Tables(settings.tables / "sim"), Board(settings, "sim").now - timedelta(hours=1)
    stored, truth = tables.read(), tables.truth()
    times = dict.fromkeys(("known_at", "fetched_at", "seen_at"), said)
    snapshots = pl.DataFrame([times | row for row in rows], schema=SNAPSHOTS)
    tables.update(Batch(stored.games, stored.quotes, truth=truth, facts=stored.facts, snapshots=snapshots))


def said_of(settings, row, book, line=0.0, less=0.0):
    """A book's offer on the market of a bet: the tables' own, at another line by so much, at prices so much lower."""
    quotes = Tables(settings.tables / "sim").read().quotes
    (there,) = quotes.filter(game_id=row["game_id"], market=row["market"], moment="close").rows(named=True)
    prices = {name: there[name] - less for name in ("first_price", "second_price")}
    return {"game_id": row["game_id"], "market": row["market"], "book": book, "line": there["line"] + line} | prices


@pytest.fixture
def slate(borrowed):
    return busta.recommend(loose(borrowed), (), WEEK, "sim")["bets"]


def test_without_several_books_nothing_is_named(borrowed, slate):
    assert {row["best"] for row in slate} == {None}
    fetched(borrowed, *(said_of(borrowed, row, "alpha") for row in slate))
    assert offers_now(borrowed, pick("league", "sim"), Board(borrowed, "sim").now) == {}


def test_each_bet_names_the_book_and_is_cut_to_what_that_takes(borrowed, slate, capsys):
    total = next(row for row in slate if row["market"] == "totals")
    winner = next(row for row in slate if row["market"] == "moneyline")
    better = -1.0 if total["side"] == "over" else 1.0
    fetched(
        borrowed,
        said_of(borrowed, total, "alpha"),
        said_of(borrowed, total, "beta", line=better, less=0.01),
        said_of(borrowed, total, "gamma"),
        said_of(borrowed, winner, "alpha"),
        said_of(borrowed, winner, "beta", less=0.01),
    )
    settings = loose(borrowed, books={"alpha": 0.5, "beta": 0.25})
    found = busta.recommend(settings, (), WEEK, "sim")
    named = {(row["game_id"], row["market"]): row for row in found["bets"] if row["best"]}
    over, won = named[total["game_id"], "totals"], named[winner["game_id"], "moneyline"]

    assert len(named) == 2
    assert (over["best"]["book"], over["best"]["line"]) == ("beta", over["line"] + better)
    assert over["best"]["edge"] > over["edge"]
    assert (won["best"]["book"], won["best"]["price"]) == ("alpha", won["price"])
    assert won["best"]["edge"] == pytest.approx(won["edge"])
    assert (over["stake"], over["limited_by"][-1]) == (0.25, "ledger.books of beta")
    assert (won["stake"], won["best"]["most"]) == (0.5, 0.5)
    assert won["best"]["age_minutes"] == 60
    taken = busta.recommend(settings, (), WEEK, "sim", book="alpha")
    assert max(row["stake"] for row in taken["bets"]) <= 0.5
    capsys.readouterr()
    recommended(found)
    shown = capsys.readouterr().out
    assert "best now" in shown
    assert f"beta: {over['side']} {over['best']['line']:g} " in shown


def test_what_was_fetched_later_and_games_that_began_offer_nothing(borrowed, slate):
    row = slate[0]
    fetched(borrowed, *(said_of(borrowed, row, book) for book in ("alpha", "beta")))
    league, now = pick("league", "sim"), Board(borrowed, "sim").now

    assert list(offers_now(borrowed, league, now)) == [(row["game_id"], row["market"])]
    assert offers_now(borrowed, league, now - timedelta(hours=2)) == {}
    assert offers_now(borrowed, league, now + timedelta(days=9)) == {}
