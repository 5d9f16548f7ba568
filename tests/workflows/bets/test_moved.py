"""Bets on games that were moved, or that nobody has played."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import busta
from busta.cli import show_bets
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.workflows.bets.slip import Board
from support import play

MONEY = {"price": "-110", "stake": 5, "book": "pinnacle", "paper": False, "league_name": "sim"}
DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path, world, ledger_url):
    """A workspace that has the tables of a small simulated league, and a ledger in each kind of database."""
    found = busta.load(home=tmp_path, ledger={"url": ledger_url})
    Tables(found.tables / "sim").update(world)
    return found


def but(settings, **ledger):
    return busta.load(home=settings.home, ledger={"url": settings.ledger.url} | ledger)


@pytest.fixture
def game(settings):
    """A game that is to come."""
    ahead = Board(settings, "sim").games.filter(pl.col("home_score").is_null())
    return ahead.sort("kickoff").row(-1, named=True)


@pytest.fixture
def key(settings, game):
    """A bet on it."""
    return busta.record_bet(settings, "totals", game["game_id"], "over 44.5", **MONEY)["bets"][0]["key"]


def move(settings, game, by, **changes):
    """Ingests another start of the game."""
    tables = Tables(settings.tables / "sim")
    stored, truth = tables.read(), tables.truth()
    ours = pl.col("game_id") == game["game_id"]
    new = {"kickoff": pl.lit(game["kickoff"] + by)} | {name: pl.lit(value) for name, value in changes.items()}
    games = stored.games.with_columns(
        pl.when(ours).then(value).otherwise(name).cast(stored.games.schema[name]).alias(name)
        for name, value in new.items()
    )
    quotes, truth = (
        frame.with_columns(pl.col("game_id").replace(game["game_id"], changes.get("game_id", game["game_id"])))
        for frame in (stored.quotes, truth)
    )
    tables.update(Batch(games, quotes, truth=truth, facts=stored.facts))


def settled(settings, **more):
    """What `settle` says, which it says a second time and writes nothing."""
    first, again = busta.settle_bets(settings, **more), busta.settle_bets(settings, **more)
    assert again["head"] == first["head"]
    assert [again[name] for name in ("settled", "resettled", "voided")] == [[], [], []]
    assert again["to_void"] == first["to_void"]
    return first


def shown(settings):
    (row,) = busta.show_bets(settings)["bets"]
    return row


def text(of, result, capsys):
    capsys.readouterr()
    of(result)
    return " ".join(capsys.readouterr().out.split())


def test_a_game_that_stays_where_it_was_has_nothing_to_say(settings, game, key):
    row = shown(settings)
    assert (row["kickoff_now"], row["to_void"]) == (row["kickoff"], None)
    assert settled(settings)["to_void"] == []


@pytest.mark.parametrize("by", [timedelta(hours=3), 2 * DAY, -3 * DAY])
def test_a_bet_on_a_game_that_is_moved_a_little_or_to_the_front_stands_and_shows_the_new_start(
    settings, game, key, by, capsys
):
    move(settings, game, by)
    row = shown(settings)
    start = game["kickoff"] + by
    assert (row["kickoff_now"], row["to_void"]) == (start.isoformat(), None)
    assert f"open, moved to {start:%Y-%m-%d %H:%M} " in text(show_bets.shown, busta.show_bets(settings), capsys)

    play(settings, **{game["game_id"]: (30, 20)})
    found = settled(settings)
    assert ([row["outcome"] for row in found["settled"]], found["to_void"]) == (["won"], [])


def test_a_bet_on_a_game_that_is_moved_further_is_told_to_be_voided_and_is_not_settled_before(
    settings, game, key, capsys
):
    move(settings, game, 2 * DAY + timedelta(minutes=30))
    found = settled(settings)
    (row,) = found["to_void"]
    was, start = game["kickoff"], game["kickoff"] + 2 * DAY + timedelta(minutes=30)
    assert row["why"] == f"moved from {was:%Y-%m-%d %H:%M} to {start:%Y-%m-%d %H:%M} UTC, more than 2 days"
    assert (row["key"], row["state"], found["voided"], found["overdue"]) == (key, "open", [], [])
    words = text(show_bets.settled, found, capsys)
    assert f"{row['why']} busta bets void {key} --reason postponed or, if pinnacle lets it stand: busta" in words
    assert ", to be voided" in text(show_bets.shown, busta.show_bets(settings), capsys)

    play(settings, **{game["game_id"]: (30, 20)})
    later = busta.settle_bets(settings)
    assert (later["settled"], [row["key"] for row in later["to_void"]], later["waiting"]) == ([], [key], 1)
    assert busta.void_bets(settings, key, reason="postponed")["changed"] == 1
    assert settled(settings)["to_void"] == []
    real = busta.show_bets(settings)["real"]
    assert (real["bankroll"], real["turnover"], real["voids"]) == (100, 0, 1)
    assert "moved to" not in text(show_bets.shown, busta.show_bets(settings), capsys)
    assert busta.verify_ledger(settings)["sound"]


def test_where_the_book_lets_the_bet_stand_it_is_said_once_and_settled(settings, game, key):
    move(settings, game, 5 * DAY)
    stands = {"reason": "the book let it stand", "undo": True}
    assert busta.void_bets(settings, key, **stands)["bets"][0]["state"] == "open"
    assert busta.void_bets(settings, key, **stands)["changed"] == 0
    assert settled(settings)["to_void"] == []

    move(settings, game, 6 * DAY)
    assert [row["key"] for row in settled(settings)["to_void"]] == [key]
    assert busta.void_bets(settings, games=game["game_id"], **stands)["changed"] == 1
    play(settings, **{game["game_id"]: (30, 20)})
    assert [row["outcome"] for row in settled(settings)["settled"]] == ["won"]
    move(settings, game, 6 * DAY + timedelta(hours=1))
    assert settled(settings)["to_void"] == []


def test_a_bet_that_is_not_moved_is_not_made_to_stand(settings, game, key):
    assert busta.void_bets(settings, key, reason="stands", undo=True)["changed"] == 0


def test_each_book_has_a_rule_of_its_own(settings, game, key):
    move(settings, game, 5 * DAY)
    weeks = but(settings, void_after_by={"pinnacle": 7})
    assert settled(weeks)["to_void"] == []
    assert settled(but(settings, void_after=7, void_after_by={"pinnacle": 0.5}))["to_void"]
    assert busta.settle_bets(weeks, now=game["kickoff"] + 6 * DAY)["overdue"] == []
    assert busta.settle_bets(weeks, now=game["kickoff"] + 9 * DAY)["overdue"]


def test_where_the_settings_say_so_it_is_voided_once_and_a_person_has_the_last_word(settings, game, key, capsys):
    move(settings, game, 5 * DAY)
    play(settings, **{game["game_id"]: (30, 20)})
    alone = but(settings, void_moved=True)
    found = settled(alone)
    (row,) = found["voided"]
    assert (row["state"], row["reason"], found["to_void"]) == ("void", row["why"], [])
    words = text(show_bets.settled, found, capsys)
    assert f"voided: {game['game_id']} over 44.5" in words
    assert "void +0.00" in words

    busta.void_bets(settings, key, reason="it stood", undo=True)
    assert settled(alone)["voided"] == []
    assert (shown(settings)["state"], shown(settings)["outcome"]) == ("settled", "won")


def test_a_bet_that_was_settled_before_the_move_was_known_is_told_and_stays_settled(settings, game, key):
    play(settings, **{game["game_id"]: (30, 20)})
    settled(settings)
    move(settings, game, 5 * DAY)
    (row,) = settled(settings)["to_void"]
    assert (row["state"], row["outcome"]) == ("settled", "won")
    play(settings, **{game["game_id"]: (10, 20)})
    assert [row["outcome"] for row in settled(settings)["resettled"]] == ["lost"]
    busta.void_bets(settings, key, reason="postponed")
    assert busta.show_bets(settings)["real"]["bankroll"] == 100


def test_a_game_that_moved_to_another_id_is_overdue_with_the_id_it_may_have(settings, game, key, world, capsys):
    move(settings, game, 21 * DAY, game_id="2031_moved")
    rest = Batch(world.games.filter(game_id=game["game_id"]), world.quotes.clear())
    stored, tables = Tables(settings.tables / "sim").read(), Tables(settings.tables / "sim")
    tables.update(Batch(pl.concat([stored.games, rest.games]), stored.quotes, truth=tables.truth()))
    (row,) = settled(settings, now=game["kickoff"] + 4 * DAY)["overdue"]

    assert (row["key"], row["perhaps"]) == (key, "2031_moved")
    words = text(show_bets.settled, busta.settle_bets(settings, now=game["kickoff"] + 4 * DAY), capsys)
    assert f"called off, or moved, perhaps to 2031_moved? busta bets void {key}" in words


def test_a_game_that_is_called_off_is_overdue_until_its_bets_are_void(settings, game, key, capsys):
    now = game["kickoff"] + 4 * DAY
    found = settled(settings, now=now)
    assert [(row["key"], row["perhaps"]) for row in found["overdue"]] == [(key, None)]
    assert f"called off, or moved? busta bets void {key}" in text(show_bets.settled, found, capsys)
    busta.void_bets(settings, games=game["game_id"], reason="called off")
    assert settled(settings, now=now)["overdue"] == []


def test_bets_of_a_league_that_is_gone_wait(settings, game, key, monkeypatch):
    monkeypatch.setattr("busta.workflows.bets.moved.league_names", lambda: ["nfl"])
    assert (shown(settings)["kickoff_now"], busta.settle_bets(settings)["waiting"]) == (None, 1)
