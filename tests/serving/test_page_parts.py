"""The parts of the page by themselves, from what servers and workflows hand over."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from busta.errors import OutsideError
from busta.serving.page import desk as desks
from busta.serving.page.desk import Books, Desk, Ledger
from busta.serving.page.money import TOLD, accounts
from busta.serving.page.reasons import reasons
from busta.serving.page.standing import ago, lacks, standing
from busta.serving.page.trial import trials_of
from busta.serving.page.week import MOST, Offer, coming, week_of

NOW = datetime(2020, 1, 5, tzinfo=UTC)


def game(number, days=0.0, score=None, week=1):
    kickoff = NOW + timedelta(days=days)
    return {
        "game_id": f"game-{number}",
        "season": 2020,
        "week": week,
        "kickoff": kickoff.isoformat(),
        "home_team": "BUF",
        "away_team": "KC",
        "home_score": score,
        "away_score": score,
        "neutral": False,
        "day": f"{kickoff:%Y-%m-%d}",
    }


def row(number=0, **changed):
    return {
        "game_id": f"game-{number}",
        "side": "home",
        "line": None,
        "price": 2.0,
        "model_version": "1",
        "stake": 0.01,
        "edge": 0.03,
        "probability": {"win": 0.515, "push": 0.0, "lose": 0.485},
        "fair_price": 1.94,
        "paper": True,
        "unproven": True,
        "abstain_reason": None,
        "missing": [],
    } | changed


def about(verdict, market="moneyline", **changed):
    return {"verdict": verdict, "market": market, "anchored": True} | changed


def slate(games, verdicts=("fit to serve",), rows=None):
    said = {each["game_id"]: json.dumps(row() | {"game_id": each["game_id"]} | (rows or {})).encode() for each in games}
    rounds = {}
    for each in games:
        rounds.setdefault(f"{each['season']}-{each['week']:02d}", []).append(each)
    names = ("moneyline", "ats", "totals")
    markets = {
        name: SimpleNamespace(about=about(verdict, name), predictions=said)
        for name, verdict in zip(names, verdicts, strict=False)
    }
    return SimpleNamespace(about={"league": "nfl"}, games=games, rounds=rounds, markets=markets)


@pytest.mark.parametrize(
    ("verdicts", "tone", "answer"),
    [
        (("fit to bet", "fit to bet: sure"), "yes", "Yes"),
        (("fit to bet", "fit to serve"), "notyet", "On moneyline only"),
        (("fit to serve: BST003", None), "notyet", "Not with money"),
        ((None, None), "notyet", "Not with money"),
        (("fit to bet", "rejected: BST001"), "no", "No"),
    ],
)
def test_the_answer_is_the_gates(verdicts, tone, answer):
    found = standing(slate([game(0)], verdicts))
    assert (found.tone, found.answer) == (tone, answer)


def test_models_that_nobody_judged_and_stakes_that_are_set_in_spite_of_the_gate_are_said_to_be_so():
    assert "has not judged" in standing(slate([game(0)], (None,))).sentence
    assert "on paper" in standing(slate([game(0)])).meaning
    assert "allow_unproven" in standing(slate([game(0)], rows={"paper": False})).meaning


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (65, "1 minute ago"), (7300, "2 hours ago"), (90_000, "1 day ago"), (-5, "just now")],
)
def test_an_age_is_told_in_its_largest_unit(seconds, said):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_the_coming_week_is_that_of_the_first_game_after_the_last_that_is_played():
    games = [
        game(0, -9, 7, week=1),
        game(1, -8, None, week=1),
        game(2, -1, 7, week=2),
        game(3, 1, week=2),
        game(4, 8, week=3),
    ]
    assert coming(games) == (2020, 2)
    assert coming(games[:1]) == (2020, 1)
    found = week_of(slate(games), NOW)
    assert (found.chosen, found.before, found.after) == ((2020, 2), (2020, 1), (2020, 3))
    assert [each.ahead for each in found.games] == [False, True]
    assert week_of(slate([]), NOW).chosen is None


def test_many_games_are_shown_in_parts_that_begin_with_what_is_to_come():
    games = [game(i, i - 30.5, 7 if i < 30 else None) for i in range(45)]
    found = week_of(slate(games), NOW)
    assert found.first == MOST
    assert len(found.shown) == MOST
    assert any(each.ahead for each in found.shown)
    opened = week_of(slate(games), NOW, opened="game-44")
    assert opened.shown[-1].row["game_id"] == "game-44"
    assert len(opened.bets) == 45


def test_advice_counts_only_on_the_very_bet_it_was_given_on():
    said = {name: row()[name] for name in ("side", "line", "price", "model_version")} | {"stake": 3.5}
    fits = week_of(slate([game(0, 1)]), NOW, advice={"game-0-moneyline": said})
    assert fits.games[0].offers[0].stake(100) == 3.5
    other = week_of(slate([game(0, 1)]), NOW, advice={"game-0-moneyline": said | {"price": 2.1}})
    assert other.games[0].offers[0].advice is None
    assert other.games[0].offers[0].stake(100) == pytest.approx(1.0)


def test_features_that_are_missing_more_often_than_usual_are_named():
    week = week_of(slate([game(0, 1), game(1, 1)], rows={"missing": ["roof", "power_rating"]}), NOW)
    rest = {"moneyline": [row(missing=["roof"]), row(missing=["roof"])], "ats": []}
    found, nothing = lacks(week, rest)
    assert (found.games, found.lacking, found.features) == (2, 2, (("power_rating", "100%", "0%"),))
    assert (nothing.games, nothing.features) == (0, ())


@pytest.mark.parametrize("anchored", [True, False])
@pytest.mark.parametrize("side", ["home", "away"])
def test_the_steps_of_a_forecast_add_up_for_the_side_that_is_offered(side, anchored):
    explained = {
        "side": "home",
        "parts": {"market": 0.4, "level": 0.1, "features": 0.35, "calibration": -0.05, "joint": 0.02},
        "features": [{"feature": f"f{i}", "value": None if i else 1.5, "part": 0.05} for i in range(7)],
    }
    total = sum(explained["parts"].values())
    found = reasons(explained, Offer("moneyline", "Moneyline", row(side=side), about(None, anchored=anchored)))
    end = 1 / (1 + 2.718281828459045 ** (-total if side == "home" else total))
    assert found.end == pytest.approx(end)
    assert found.begin + sum(step.moved for step in found.steps) == pytest.approx(end, abs=0.002)
    assert (found.begin == 0.5) == (not anchored)
    assert {abs(step.bar) for step in found.steps} >= {1.0}
    assert "missing" in {step.value for step in found.steps}


FIGURES: dict[str, Any] = {
    **dict.fromkeys(("bets", "open", "voids", "moved", "won", "lost", "pushes", "longest_losing_run"), 0),
    **dict.fromkeys(("bankroll", "bankroll_start", "available", "at_stake"), 100.0),
    **dict.fromkeys(("profit", "turnover", "drawdown_now", "max_drawdown"), 0.0),
    **dict.fromkeys(("roi", "roi_low", "roi_high", "clv", "clv_low", "clv_high", "clv_coverage", "clv_points")),
    "weeks": [],
    "notes": {"roi": "no bet was placed", "clv": "no bet was placed"},
}


def test_money_and_paper_are_accounts_of_their_own_and_unused_ones_are_left_out():
    assert accounts({"real": FIGURES, "paper": FIGURES}) == []
    weeks = [{"week": f"2020-W{i:02d}", "profit": 1.5, "index": 100 + i} for i in range(1, 41)]
    used = FIGURES | {"bets": 40, "profit": 60.0, "roi": 0.1, "weeks": weeks}
    real, paper = accounts({"real": FIGURES | {"open": 1}, "paper": used})
    assert (real.name, paper.name) == ("real", "paper")
    assert real.curve is None
    assert real.tiles[1].says == "No bet was placed."
    assert paper.tiles[1].value == "+60.00"
    assert paper.curve.layers[1].y[-1] == pytest.approx(60.0)
    assert len(paper.curve.tips) <= TOLD
    assert paper.curve.tips[-1].x == 40.0
    assert len(paper.curve.sheet.rows) == TOLD


TRIAL = {
    "league": "nfl",
    "information": "anchored",
    "price": "close",
    "market": "ats",
    "champion": "1",
    "challenger": "2",
    "decision": "running",
    "reason": "undecided after 40 games of 1000",
    "started": "2020-01-01T00:00:00Z",
    "games": 40,
    "weeks": 3,
    "pending_games": 16,
    "e_value": 1.7,
    "e_value_needed": 34.6,
    "mean_gain": 0.001,
    "low": -0.01,
    "high": 0.02,
    "arms": None,
}


def test_a_trial_says_how_it_stands_and_each_arm_is_told_by_itself():
    arms = {"champion": {"bets": 12, "roi": -0.02}, "challenger": {"bets": 1, "roi": None}}
    running, won = trials_of([TRIAL, TRIAL | {"decision": "win", "arms": arms}], "nfl", "anchored", "close")
    assert running.title == "Against the spread: version 2 against 1"
    assert (running.tone, won.tone) == ("notyet", "yes")
    told = dict(won.facts)
    assert "1.70" in told["evidence for the challenger"]
    assert "12 bets" in told["bets of the champion"]
    assert "1 bet," in told["bets of the challenger"]
    assert trials_of([TRIAL], "nfl", "blind", "close") == []


def desk(look):
    return Desk(look=look, record=None, own=None, void=None, settle=None, notes=dict, watched=None)


def test_the_ledger_is_worked_out_again_only_where_something_has_changed():
    asked = []

    def look(state):
        asked.append(state)
        return None if state else Ledger("state", {"bets": []})

    async def twice():
        books = Books(desk(look), asyncio.to_thread)
        return await books.shown(), await books.shown()

    one, two = asyncio.run(twice())
    assert one is two
    assert asked == [None, "state"]


def test_a_page_does_not_wait_for_a_slow_ledger_and_whoever_comes_next_has_it(monkeypatch):
    monkeypatch.setattr(desks, "PATIENCE", 0.01)
    gate = threading.Event()

    def look(_state):
        gate.wait(10)
        return Ledger("state", {"bets": []})

    async def ask():
        books = Books(desk(look), asyncio.to_thread)
        late = await books.look()
        monkeypatch.setattr(desks, "PATIENCE", 3.0)
        gate.set()
        await books._looking
        return late, await books.look()

    late, found = asyncio.run(ask())
    assert "still being read" in late.broken
    assert found.shown == {"bets": []}


def test_why_a_ledger_cannot_be_read_is_told_without_its_password():
    def look(_state):
        raise OutsideError("postgresql://me:secret@host is down")

    async def ask():
        books = Books(desk(look), asyncio.to_thread)
        with pytest.raises(OutsideError, match=r"\*\*\*@host is down"):
            await books.shown()
        return await books.look()

    assert "secret" not in asyncio.run(ask()).broken
