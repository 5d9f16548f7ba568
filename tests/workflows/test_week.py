"""A bettor's week in one go, and a season of two weeks played to its end."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import busta
from busta.errors import DataError, OutsideError, UsageError
from busta.ledger.storage import Ledger
from busta.workflows import week as module
from workspaces import as_nflverse

SEASON, FIRST = 2014, 15


class Seasons:
    """The simulated games as a file of the NFL's, played up to some week."""

    def __init__(self, settings, folder):
        self.games = as_nflverse(settings)
        self.folder = folder

    def until(self, last):
        """The file after that week of the season."""
        played = (pl.col("season") < SEASON) | (pl.col("week") <= last)
        file = self.folder / f"after-{last}.csv"
        scores = [pl.when(played).then(score).alias(score) for score in ("home_score", "away_score")]
        self.games.with_columns(scores).write_csv(file)
        return file

    def before(self, week):
        """An hour before the week's first game."""
        first = self.games.filter((pl.col("season") == SEASON) & (pl.col("week") == week)).row(0, named=True)
        return datetime.fromisoformat(f"{first['gameday']}T{first['gametime']}").replace(
            tzinfo=UTC
        )  # New York is behind


@pytest.mark.slow
def test_two_weeks_of_betting_end_with_the_bankroll_that_a_hand_made_ledger_has(settings, tmp_path):
    """Train, predict, recommend, record, settle."""
    seasons = Seasons(settings, tmp_path)
    settings = busta.load(home=settings.home, bets={"min_edge": 0.0, "kelly_fraction": 1.0})
    busta.ingest(settings, "nfl", seasons.until(FIRST - 1))
    for market in ("moneyline", "ats", "totals"):
        busta.train(settings, market, "nfl")

    runs = [
        busta.week(settings, "nfl", paths=seasons.until(week - 1), now=seasons.before(week), book="book")
        for week in (FIRST, FIRST + 1)
    ]
    again = busta.week(settings, "nfl", paths=seasons.until(FIRST), now=seasons.before(FIRST + 1), book="book")
    last = busta.week(settings, "nfl", paths=seasons.until(FIRST + 1), now=seasons.before(FIRST + 2))

    assert [run["week"]["nfl"] for run in (*runs, last)] == ["2014-15", "2014-16", "2014-17"]
    assert [run["exit_code"] for run in (*runs, again, last)] == [0, 0, 0, 0]
    assert again["record"]["nfl"]["recorded"] == len(again["settle"]["settled"]) == 0
    assert "were recorded already" in again["record"]["nfl"]["notes"]["again"]
    assert last["record"] == {}
    shown = busta.show_bets(settings)
    bets = [bet for bet in shown["bets"] if bet["state"] == "settled"]
    assert {bet["week"] for bet in bets} == {FIRST, FIRST + 1}
    assert len(bets) == len(shown["bets"]) == sum(run["record"]["nfl"]["recorded"] for run in runs)
    assert shown["real"]["bets"] == 0
    assert shown["paper"]["bankroll"] == pytest.approx(by_hand(seasons.games, bets))
    assert busta.verify_ledger(settings)["sound"]
    with Ledger.of(settings) as ledger:
        assert {entry.body["gold_version"] for entry in ledger.read("prediction")} >= {
            run["build"]["nfl"]["version"] for run in runs
        }


def by_hand(games, bets, money=100.0):
    """What is left of the money, counted game by game without busta."""
    scores = {row["game_id"]: row for row in games.iter_rows(named=True)}
    for bet in bets:
        game = scores[bet["game_id"]]
        margin, total = game["home_score"] - game["away_score"], game["home_score"] + game["away_score"]
        lead = {
            "moneyline": margin,
            "ats": margin - (bet["line"] or 0),
            "totals": total - (bet["line"] or 0),
        }[bet["market"]]
        if bet["side"] in ("away", "under"):
            lead = -lead
        if lead > 0:
            money += bet["stake"] * (bet["price"] - 1)
        elif lead < 0:
            money -= bet["stake"]
    return money


@pytest.fixture
def steps(monkeypatch):
    """Every step as one that does nothing but tell its name; what it is told to raise, it raises."""
    done, wrong = [], {}

    def step(name, answer):
        def work(_, *arguments, **options):
            done.append(name)
            if name in wrong:
                raise wrong[name]
            return answer

        return work

    bets = {"bets": [], "real": {}, "paper": {}}
    for name, answer in {
        "ingest": {"counts": {}},
        "build": {"version": "abc"},
        "_predicted": {"ats": {}},
        "recommend": bets,
        "_recorded": {"recorded": 2},
        "settle_bets": {"settled": []},
    }.items():
        monkeypatch.setattr(module, name, step(name, answer))
    monkeypatch.setattr(module, "Board", lambda *_: type("Board", (), {"now": None})())
    monkeypatch.setattr(module, "_coming", lambda _: "2014-15")
    return done, wrong


def test_the_steps_come_in_order_and_each_has_its_section(settings, steps):
    told = []
    found = busta.week(settings, "sim", say=told.append)

    assert steps[0] == ["ingest", "build", "_predicted", "recommend", "settle_bets"]
    assert told == ["sim: ingest", "sim: build", "sim: predict", "sim: recommend", "all: settle"]
    assert set(found) == {"leagues", "week", *module.STEPS, "failed", "exit_code", "seconds"}
    assert (found["exit_code"], found["failed"], found["record"]) == (0, {}, {})


def test_bets_are_recorded_only_where_a_book_is_named(settings, steps):
    assert busta.week(settings, "sim", book="pinnacle")["record"] == {"sim": {"recorded": 2}}


def test_a_download_that_fails_keeps_nobody_from_settling_and_shows_in_the_exit_code(settings, steps):
    done, wrong = steps
    wrong["ingest"] = OutsideError("nobody answers")

    found = busta.week(settings, ("sim", "nfl"))

    assert done == ["ingest", "ingest", "settle_bets"]  # and nothing is bet at old prices
    assert found["exit_code"] == 5
    assert found["failed"] == {"ingest.sim": "nobody answers", "ingest.nfl": "nobody answers"}
    assert found["settle"] == {"settled": []}


@pytest.mark.parametrize("name", ["build", "_predicted", "recommend", "_recorded", "settle_bets"])
def test_whatever_fails_is_named_and_the_worst_of_them_is_the_exit_code(settings, steps, name):
    done, wrong = steps
    wrong[name] = DataError("refused")

    found = busta.week(settings, "sim", book="x")

    assert found["exit_code"] == 4
    assert len(found["failed"]) == 1
    assert done[-1] == "settle_bets"


def test_a_league_without_a_game_to_come_has_nothing_to_predict(settings, steps, monkeypatch):
    monkeypatch.setattr(module, "_coming", lambda _: None)
    found = busta.week(settings, "sim")
    assert steps[0] == ["ingest", "build", "settle_bets"]
    assert (found["week"], found["exit_code"]) == ({"sim": None}, 0)


def test_what_each_model_says_goes_into_the_ledger_once(settings, monkeypatch):
    row = {"game_id": "g", "market": "ats", "probability": {"win": 0.5, "push": 0.0, "lose": 0.5}}
    monkeypatch.setattr(module, "versions", lambda _, name: [1] if name == "busta-sim-ats-open" else [])
    monkeypatch.setattr(module, "predict", lambda *_, **__: {"model": "busta-sim-ats-open", "predictions": [row]})
    ask = (settings, "sim", busta.Wanted(week="2014-18"), {"blind": False, "moment": "open"}, "gold")

    first, again = module._predicted(*ask), module._predicted(*ask)

    assert list(first) == ["ats"]
    assert (first["ats"]["recorded"], again["ats"]["recorded"]) == (1, 0)
    with Ledger.of(settings) as ledger:
        (entry,) = ledger.read("prediction")
    about = {"league": "sim", "information": "anchored", "moment": "open", "gold_version": "gold"}
    assert entry.body == about | {"model": "busta-sim-ats-open"} | row


def test_a_weeks_bets_are_recorded_by_the_first_run_that_finds_some(settings, monkeypatch):
    monkeypatch.setattr(module, "record_recommended", lambda *_, **__: {"recorded": 3})
    board = module.Board(settings, "sim")
    ask = ({"league": "sim"}, "2014-18", "x", board.now)
    assert module._recorded(settings, *ask) == {"recorded": 3}
    game = board.games.filter(pl.col("kickoff") > board.now).sort("kickoff")["game_id"][0]
    bet = {"price": 1.9, "stake": 1, "paper": True, "league_name": "sim", "source": "recommended"}
    busta.record_bet(settings, "totals", game, "over 44.5", book="x", **bet)

    assert "of week 2014-18 were recorded already" in module._recorded(settings, *ask)["notes"]["again"]
    assert module._recorded(settings, {"league": "sim"}, "2014-18", "another", board.now) == {"recorded": 3}


def test_files_are_of_one_league(settings):
    with pytest.raises(UsageError, match="files are of one league, and 2 are asked for: sim, nfl"):
        busta.week(settings, ("sim", "nfl"), paths=["a.csv"])


def test_a_league_without_a_model_says_what_makes_one(settings):
    found = busta.week(settings, "sim")
    assert found["failed"] == {"predict.sim": "no market of sim has a model of that kind; `busta train` makes one"}
    assert found["exit_code"] == 2
    assert found["settle"]["settled"] == []


def test_the_coming_week_is_the_first_with_a_game_ahead(settings):
    board = module.Board(settings, "sim")
    assert module._coming(board) == f"{SEASON}-18"
    board.now += timedelta(days=4000)
    assert module._coming(board) is None


def test_a_second_run_is_told_who_is_at_work(settings, steps):
    with module._alone(settings):
        with pytest.raises(
            OutsideError, match=rf"another `busta week` is at work in .*: process {os.getpid()}, since 20"
        ):
            busta.week(settings, "sim")
        (settings.home / ".week.json").write_text("{")
        with pytest.raises(OutsideError, match=r"is at work in .*home; wait for it or end it"):
            busta.week(settings, "sim")


def test_a_killed_run_keeps_nobody_out(settings, steps):
    (settings.home / ".week.lock").touch()
    (settings.home / ".week.json").write_text('{"process": 1, "since": "then"}')

    assert busta.week(settings, "sim")["exit_code"] == 0
    assert not (settings.home / ".week.json").exists()
