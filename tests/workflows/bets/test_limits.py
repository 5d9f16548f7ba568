from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import busta
from busta.ledger.chain import Entry
from busta.ledger.fold import fold
from busta.workflows.bets.limits import Purse, staked

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
ROWS = [{"game_id": game, "day": day} for game, day in (("a", "sun"), ("a", "sun"), ("b", "sun"), ("c", "mon"))]


def purse(bankroll=1000.0, open_bets=()):
    return Purse(bankroll, bankroll - sum(stake for stake, *_ in open_bets), tuple(open_bets), None)


def stakes(shares, *, of=None, book=None, taken_by=(), **limits):
    settings = busta.load(
        bets={"kelly_cap": limits.pop("kelly_cap", 1.0)}, ledger={"max_day": 1.0, "max_game": 1.0} | limits
    )
    return staked(ROWS[: len(shares)], shares, of or purse(), settings, taken_by or [book] * len(shares))


def test_without_limits_a_share_is_a_share_in_whole_cents():
    assert stakes([0.0123456, 0.02]) == [(12.34, []), (20.0, [])]


def test_one_bet_is_cut_to_the_cap():
    assert stakes([0.08, 0.01], kelly_cap=0.05) == [(50.0, ["bets.kelly_cap"]), (10.0, [])]


def test_bets_of_one_game_are_cut_alike():
    assert stakes([0.06, 0.03, 0.06], max_game=0.06) == [
        (40.0, ["ledger.max_game"]),
        (20.0, ["ledger.max_game"]),
        (60.0, []),
    ]


def test_bets_of_one_day_are_cut_alike_and_those_of_another_are_not():
    found = stakes([0.06, 0.02, 0.04, 0.05], max_day=0.06)

    assert [money for money, _ in found] == [30.0, 10.0, 20.0, 50.0]
    assert [why for _, why in found] == [["ledger.max_day"]] * 3 + [[]]


def test_open_bets_count_in_the_limits_of_their_game_and_day_and_in_what_is_left():
    there = purse(open_bets=[(50.0, "a", "sun"), (20.0, "z", "sun")])
    assert stakes([0.04, 0.04], of=there, max_game=0.06) == [(5.0, ["ledger.max_game"])] * 2
    assert [money for money, _ in stakes([0.0, 0.0, 0.06], of=there, max_day=0.1)] == [0, 0, 30.0]
    nearly = purse(open_bets=[(990.0, "z", "tue")])
    assert stakes([0.04], of=nearly) == [(10.0, ["what is not at stake already"])]
    full = purse(open_bets=[(100.0, "a", "sun")])
    assert stakes([0.04], of=full, max_game=0.06) == [(0.0, ["ledger.max_game"])]


def test_a_book_takes_no_more_than_it_takes():
    assert stakes([0.04], book="x", books={"x": 25}) == [(25.0, ["ledger.books of x"])]
    assert stakes([0.04], book="y", books={"x": 25}) == [(40.0, [])]
    assert stakes([0.04] * 3, taken_by=["x", "y", None], books={"x": 25, "y": 30}) == [
        (25.0, ["ledger.books of x"]),
        (30.0, ["ledger.books of y"]),
        (40.0, []),
    ]


def account(*weeks):
    """Bets of one unit of profit each, a week apart; the last begins in this week."""
    entries = []
    for number, (stake, profit) in enumerate(weeks):
        kickoff = NOW - timedelta(days=7 * (len(weeks) - 1 - number))
        body = {"league": "sim", "game_id": "g", "market": "totals", "side": "over", "line": 1.0, "price": 2.0}
        body |= {"stake": stake, "paper": False, "placed_at": kickoff.isoformat(), "kickoff": kickoff.isoformat()}
        body |= {"probability": None, "edge": None}
        entries.append(Entry(0, NOW, "bet", str(number), body, ""))
        if profit is not None:
            settled = {"bet": str(number), "outcome": "won", "profit": profit, "value": 1.0}
            entries.append(Entry(0, NOW, "settlement", str(number), settled, ""))
    return fold(entries)


def stopped(*weeks, **limits):
    settings = busta.load(ledger=limits)
    return Purse.of(settings, account(*weeks), lambda when: when.date().isoformat(), NOW, paper=False).stopped


def test_nothing_is_staked_after_a_stop_loss():
    assert stopped() is None
    assert stopped((10, 40.0), (10, -60.0)) is None
    assert stopped((10, 40.0), (10, -80.0)).startswith("stop-loss: 57.1% below the highest bankroll, 50%")
    assert stopped((10, 40.0), (10, -20.0), stop_loss=0.1).startswith("stop-loss: 14.3%")


def test_the_stop_loss_of_the_week_holds_until_the_next():
    assert stopped((10, -20.0), weekly_stop_loss=0.1).startswith("stop-loss of the week: 20.0% lost, 10%")
    assert stopped((10, -20.0), (10, 0.0), weekly_stop_loss=0.1) is None
    assert stopped((10, -20.0)) is None


def test_nothing_is_staked_when_nothing_is_left():
    assert stopped((100, None)) == "nothing is left to stake"


def test_what_stands_open_is_known_by_game_and_day():
    found = Purse.of(busta.load(), account((10, None), (5, 5.0)), lambda when: f"{when:%d}", NOW, paper=False)

    assert found.open == ((10.0, "g", "31"),)
    assert (found.bankroll, found.available) == (105.0, 95.0)
    assert (found.standing_on(game="g"), found.standing_on(when="01"), found.standing_on()) == (10, 0, 10)
    assert Purse.of(busta.load(), account((10, None)), str, NOW, paper=True).open == ()


@pytest.mark.parametrize("share", [0.0, 0.000001])
def test_less_than_a_cent_is_nothing(share):
    assert stakes([share]) == [(0.0, [])]
