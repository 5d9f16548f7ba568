from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta

import polars as pl
import pytest

import busta
from busta.betting.settlement import settle
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import DataError, OutsideError, UsageError
from busta.ledger.storage import Ledger
from busta.markets.dataset import values_of
from busta.workflows.bets import bets
from busta.workflows.bets import closing as bet_closing
from busta.workflows.bets.slip import Board
from databases import PASSWORD
from support import at, play

MONEY = {"price": "-110", "stake": 5, "book": "pinnacle", "paper": False, "league_name": "sim"}


@pytest.fixture
def settings(tmp_path, world):
    """A workspace that has the tables of a small simulated league, and nothing else."""
    found = busta.load(home=tmp_path)
    Tables(found.tables / "sim").update(world)
    return found


@pytest.fixture
def ahead(settings):
    """The games that are to come."""
    return Board(settings, "sim").games.filter(pl.col("home_score").is_null()).sort("kickoff").rows(named=True)


def test_a_bet_is_recorded_with_all_that_is_known_of_it(settings, ahead):
    game = ahead[0]
    found = busta.record_bet(settings, "ats", game["game_id"], f"{game['away_team']} +3.5", **MONEY)
    (row,) = found["bets"]

    assert found["recorded"] == 1
    assert (row["side"], row["line"], row["price"], row["stake"]) == ("away", 3.5, pytest.approx(1 + 10 / 11), 5.0)
    assert (row["state"], row["profit"], row["paper"], row["late"]) == ("open", None, False, False)
    assert (row["kickoff"], row["placed_at"] < row["kickoff"]) == (game["kickoff"].isoformat(), True)
    assert (row["season"], row["week"], row["source"]) == (game["season"], game["week"], "manual")
    assert busta.verify_ledger(settings)["sound"]


def test_the_same_bet_twice_is_recorded_once_and_said(settings, ahead):
    game = ahead[0]["game_id"]
    first = busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)
    again = busta.record_bet(settings, "totals", game, "over", line=44.5, **MONEY | {"price": 1 + 100 / 110})
    other = busta.record_bet(settings, "totals", game, "over 44.5", **MONEY, key="slip 7")

    assert [found["recorded"] for found in (first, again, other)] == [1, 0, 1]
    assert again["bets"][0] | {"new": True} == first["bets"][0]
    assert again["head"] == first["head"]
    assert len(busta.show_bets(settings)["bets"]) == 2


def test_another_bet_under_the_same_key_is_refused_with_what_differs(settings, ahead):
    game = ahead[0]["game_id"]
    busta.record_bet(settings, "totals", game, "over 44.5", **MONEY, key="slip 7")
    with pytest.raises(DataError, match=r"under the key 'slip 7': stake 5\.0 there and 6\.0 here"):
        busta.record_bet(settings, "totals", game, "over 44.5", **MONEY | {"stake": 6}, key="slip 7")


def test_a_bet_on_a_game_that_has_begun_needs_the_time_it_was_placed(settings, ahead):
    game = ahead[0]
    after, before = game["kickoff"] + timedelta(minutes=1), game["kickoff"] - timedelta(hours=2)
    bet = ("totals", game["game_id"], "over 44.5")
    with pytest.raises(UsageError, match=r"began at .* --late TIME says when a bet was placed"):
        busta.record_bet(settings, *bet, **MONEY, now=after)
    with pytest.raises(UsageError, match=r"and a bet is placed before that$"):
        busta.record_bet(settings, *bet, **MONEY, now=after, late=game["kickoff"])
    with pytest.raises(UsageError, match="is of the future"):
        busta.record_bet(settings, *bet, **MONEY, now=before, late=game["kickoff"] - timedelta(hours=1))
    (row,) = busta.record_bet(settings, *bet, **MONEY, now=after, late=before.isoformat())["bets"]

    assert (row["late"], row["placed_at"]) == (True, before.isoformat())
    play(settings, **{game["game_id"]: (30, 20)})
    busta.settle_bets(settings)
    assert "recorded after their games had begun" in busta.show_bets(settings)["real"]["notes"]["late"]


def test_a_stake_above_what_is_allowed_is_recorded_and_said(settings, ahead, tmp_path):
    game = ahead[0]["game_id"]
    settings = busta.load(home=tmp_path, ledger={"books": {"pinnacle": 2.0}})
    small = busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)["notes"]
    large = busta.record_bet(settings, "totals", game, "over 44.5", **MONEY | {"book": "x", "stake": 20})["notes"]

    assert "above the 2 that pinnacle takes" in next(iter(small.values()))
    assert "above 5% of the bankroll 100.00" in next(iter(large.values()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"price": "0.5"}, "price"),
        ({"stake": -1}, "amount of money above 0"),
        ({"book": ""}, "book '' cannot be right"),
        ({"source": "rumour"}, "none of manual"),
        ({"key": "a\nb"}, "key"),
        ({"league_name": "nosuch"}, "unknown league"),
    ],
)
def test_what_cannot_be_right_is_refused(settings, ahead, change, words):
    with pytest.raises(UsageError, match=words):
        busta.record_bet(settings, "totals", ahead[0]["game_id"], "over 44.5", **MONEY | change)

    assert busta.show_bets(settings)["entries"] == 0


def test_bets_are_settled_by_the_tables_once_and_anew_when_a_score_is_corrected(settings, ahead):
    game = ahead[0]["game_id"]
    busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)
    busta.record_bet(settings, "moneyline", game, "home", **MONEY | {"price": 2.0, "paper": True})
    assert busta.settle_bets(settings)["waiting"] == 2

    play(settings, **{game: (30, 20)})
    first = busta.settle_bets(settings)
    assert [(row["outcome"], row["value"]) for row in first["settled"]] == [("won", 50), ("won", 10)]
    assert (first["waiting"], first["resettled"]) == (0, [])
    again = busta.settle_bets(settings)
    assert (again["settled"], again["resettled"], again["head"]) == ([], [], first["head"])

    play(settings, **{game: (20, 20)})
    anew = busta.settle_bets(settings)
    assert [(row["outcome"], row["profit"], row["value_before"]) for row in anew["resettled"]] == [
        ("lost", -5.0, 50.0),
        ("push", 0.0, 10.0),
    ]
    shown = busta.show_bets(settings)
    assert shown["real"]["bankroll"] == 95
    assert shown["paper"]["bankroll"] == 100
    assert "settled anew after a correction" in shown["real"]["notes"]["resettled"]
    assert shown["entries"] == 2 + 4 + 4


def test_a_score_that_is_taken_back_opens_the_bet_again(settings, ahead):
    game = ahead[0]["game_id"]
    busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)
    play(settings, **{game: (30, 20)})
    busta.settle_bets(settings)
    play(settings, **{game: None})
    found = busta.settle_bets(settings)

    assert [row["state"] for row in found["resettled"]] == ["open"]
    assert busta.show_bets(settings)["real"]["available"] == 95


def test_a_game_without_a_score_days_after_its_start_is_overdue(settings, ahead):
    game = ahead[0]
    busta.record_bet(settings, "totals", game["game_id"], "over 44.5", **MONEY)
    assert busta.settle_bets(settings)["overdue"] == []
    later = busta.settle_bets(settings, now=game["kickoff"] + timedelta(days=4))
    assert [row["game_id"] for row in later["overdue"]] == [game["game_id"]]


def test_a_game_that_left_the_tables_is_named_and_its_bet_waits(settings, ahead, world):
    game = ahead[0]["game_id"]
    busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)
    rest = Batch(world.games.filter(pl.col("game_id") != game), world.quotes.filter(pl.col("game_id") != game))
    Tables(settings.tables / "sim").update(
        Batch(rest.games, rest.quotes, truth=world.truth.filter(pl.col("game_id") != game))
    )
    found = busta.settle_bets(settings)

    assert found["waiting"] == 1
    assert f"not in the tables, so not settled: {game}" in found["notes"]["sim.games"]


def test_a_market_that_nothing_decides_any_more_keeps_no_other_bet_waiting(settings, ahead, monkeypatch):
    game = ahead[0]["game_id"]
    busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)
    busta.record_bet(settings, "moneyline", game, "home", **MONEY)
    play(settings, **{game: (30, 20)})

    def no_totals(facts, league, games, market):
        if market.name == "totals":
            raise DataError("sim has no points, which decides totals")
        return values_of(facts, league, games, market)

    for module in (bets, bet_closing):
        monkeypatch.setattr(module, "values_of", no_totals)
    found = busta.settle_bets(settings)

    assert [row["market"] for row in found["settled"]] == ["moneyline"]
    assert found["notes"]["sim.totals"] == "sim has no points, which decides totals"
    monkeypatch.undo()
    busta.settle_bets(settings)
    for module in (bets, bet_closing):
        monkeypatch.setattr(module, "values_of", no_totals)
    clv = {row["market"]: row["clv"] for row in busta.show_bets(settings)["bets"]}
    assert clv["totals"] is None
    assert clv["moneyline"] is not None


def test_bets_of_a_league_without_tables_wait(settings, ahead, tmp_path):
    busta.record_bet(settings, "totals", ahead[0]["game_id"], "over 44.5", **MONEY)
    shutil.rmtree(tmp_path / "data")
    found = busta.settle_bets(settings)

    assert found["waiting"] == 1
    assert "no tables of sim; run `busta ingest sim`" in found["notes"]["sim.totals"]
    assert found["overdue"] == []


def test_a_void_bet_is_out_of_turnover_and_its_stake_is_back(settings, ahead):
    game = ahead[0]["game_id"]
    key = busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)["bets"][0]["key"]
    busta.record_bet(settings, "ats", game, "home", line=2.5, **MONEY)
    found = busta.void_bets(settings, games=game, reason="postponed")
    assert (found["changed"], {row["state"] for row in found["bets"]}) == (2, {"void"})
    assert busta.void_bets(settings, key[:5], reason="again")["changed"] == 0
    play(settings, **{game: (30, 20)})
    busta.settle_bets(settings)
    real = busta.show_bets(settings)["real"]
    assert (real["bankroll"], real["turnover"], real["voids"], real["bets"]) == (100, 0, 2, 0)

    assert busta.void_bets(settings, key, reason="it was played", undo=True)["bets"][0]["outcome"] == "won"
    real = busta.show_bets(settings)["real"]
    assert (real["turnover"], real["voids"]) == (5, 1)


def test_a_bet_that_is_void_is_not_recorded_again_under_its_key_and_that_is_said(settings, ahead):
    bet = ("totals", ahead[0]["game_id"], "over 44.5")
    key = busta.record_bet(settings, *bet, **MONEY)["bets"][0]["key"]
    busta.void_bets(settings, key, reason="typed wrong")
    again = busta.record_bet(settings, *bet, **MONEY)

    assert again["recorded"] == 0
    assert "that bet is void; if it was placed again, give it a key" in again["notes"][key]


def test_voiding_needs_a_bet_that_is_there(settings):
    with pytest.raises(UsageError, match="say which bets"):
        busta.void_bets(settings, reason="why")
    with pytest.raises(UsageError, match="no bet is on the game 'nosuch'"):
        busta.void_bets(settings, games="nosuch", reason="why")
    with pytest.raises(UsageError, match="0 bets have the key 'nosuch'"):
        busta.void_bets(settings, "nosuch", reason="why")


def season(settings, paper, weeks=(14, 15, 16, 17), **changes):
    """Bets on every game of some weeks, late; what they came to by the payoff formula."""
    games = Board(settings, "sim").games.filter(pl.col("week").is_in(weeks)).filter(pl.col("home_score").is_not_null())
    games = games.filter(pl.col("season") == games["season"].max())
    profit = 0.0
    for row in games.iter_rows(named=True):
        early = row["kickoff"] - timedelta(hours=3)
        money = MONEY | {"paper": paper, "stake": 2, "price": 1.9} | changes
        busta.record_bet(settings, "totals", row["game_id"], "over 44.5", **money, late=early)
        profit += float(settle(row["home_score"] + row["away_score"], 44.5, True, 1.9, 2))
    busta.settle_bets(settings)
    return games, profit


def test_figures_are_those_of_the_bets_with_an_interval_and_never_of_paper_and_money_together(settings, ahead):
    games, profit = season(settings, paper=True)
    busta.record_bet(settings, "totals", ahead[0]["game_id"], "over 44.5", **MONEY)
    shown = busta.show_bets(settings)
    paper, real = shown["paper"], shown["real"]

    assert paper["bets"] == games.height
    assert paper["turnover"] == 2 * games.height
    assert paper["profit"] == pytest.approx(profit)
    assert paper["bankroll"] == pytest.approx(100 + profit)
    assert paper["roi"] == pytest.approx(profit / 2 / games.height)
    assert paper["roi_low"] < paper["roi"] < paper["roi_high"]
    assert paper["unit_profit"] == pytest.approx(profit / 2)
    assert paper["clv_coverage"] == 1
    assert paper["clv_low"] < paper["clv"] < paper["clv_high"]
    assert paper["claimed_edge"] is None
    assert "not every bet has a probability" in paper["notes"]["claimed_edge"]
    assert [row["market"] for row in paper["by_market"]] == ["totals"]
    assert [row["bets"] for row in paper["by_book"]] == [paper["bets"]]
    assert sum(row["profit"] for row in paper["weeks"]) == pytest.approx(profit)
    assert (real["bets"], real["open"], real["at_stake"], real["bankroll"]) == (0, 1, 5, 100)
    assert real["roi"] is None
    assert real["notes"]["roi"] == "no bet is settled yet"


def test_closing_value_is_the_edge_by_the_closes_own_probabilities_at_the_line_that_was_bet(settings, world):
    """At the closing line itself it is the close freed of its vig, whatever distribution carries it."""
    quote = world.quotes.filter((pl.col("market") == "totals") & (pl.col("moment") == "close")).row(40, named=True)
    raw = 1 / quote["first_price"], 1 / quote["second_price"]
    fair = raw[0] / sum(raw)
    money = MONEY | {"price": 2.1}
    early = quote["known_at"] - timedelta(hours=1)
    busta.record_bet(settings, "totals", quote["game_id"], "over", line=quote["line"], **money, late=early)
    busta.settle_bets(settings)
    (row,) = busta.show_bets(settings)["bets"]

    assert row["clv_points"] == 0
    if quote["line"] % 1:
        assert row["clv"] == pytest.approx(fair * 1.1 - (1 - fair), abs=1e-6)
    else:  # with a push, both shrink alike
        assert row["clv"] / (fair * 1.1 - (1 - fair)) == pytest.approx(0.97, abs=0.03)


def test_a_bet_at_the_close_itself_has_no_closing_value(settings, world):
    quote = world.quotes.filter((pl.col("market") == "totals") & (pl.col("moment") == "close")).row(40, named=True)
    busta.record_bet(settings, "totals", quote["game_id"], "over 44.5", **MONEY, late=quote["known_at"])
    busta.settle_bets(settings)
    shown = busta.show_bets(settings)

    assert shown["bets"][0]["clv"] is None
    assert shown["real"]["clv_coverage"] == 0
    assert "placed at the close itself" in shown["real"]["notes"]["clv"]


def test_money_that_comes_and_goes_is_no_gain_and_no_draw_down(settings):
    season(settings, paper=False, weeks=(16, 17))
    before = busta.show_bets(settings)["real"]
    busta.move_bankroll(settings, 900)
    busta.move_bankroll(settings, "-950", note="to the bank")
    after = busta.show_bets(settings)["real"]

    assert after["bankroll"] == pytest.approx(before["bankroll"] - 50)
    assert after["moved"] == -50
    for name in ("profit", "roi", "max_drawdown", "drawdown_now"):
        assert after[name] == before[name]


def test_money_is_moved_once_by_its_key_and_never_more_than_there_is(settings, ahead):
    first = busta.move_bankroll(settings, 50, key="transfer 1")
    again = busta.move_bankroll(settings, 50, key="transfer 1")
    assert (first["moved"], again["moved"], again["bankroll"]) == (True, False, 150)
    with pytest.raises(DataError, match="another bankroll under the key"):
        busta.move_bankroll(settings, 60, key="transfer 1")

    busta.record_bet(settings, "totals", ahead[0]["game_id"], "over 44.5", **MONEY)
    with pytest.raises(UsageError, match=r"146 cannot be taken out: 145\.00 is there and not at stake"):
        busta.move_bankroll(settings, -146)
    assert busta.move_bankroll(settings, -145)["bankroll"] == 5
    assert busta.show_bets(settings)["paper"]["bankroll"] == 100


def test_a_bankroll_that_was_lost_stays_lost(settings):
    season(settings, paper=False, weeks=(17,), stake=60)
    real = busta.show_bets(settings)["real"]

    assert real["max_drawdown"] <= 1
    assert ("broke" in real["notes"]) == (real["max_drawdown"] == 1)


def test_a_rewritten_ledger_is_not_sound(settings, ahead):
    busta.record_bet(settings, "totals", ahead[0]["game_id"], "over 44.5", **MONEY)
    with Ledger.of(settings) as ledger, ledger._engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_no_update")
        connection.exec_driver_sql("UPDATE ledger_entries SET body = replace(body, '5.0', '9.0')")
        connection.commit()
    found = busta.verify_ledger(settings)

    assert not found["sound"]
    assert "entry 1 (bet" in found["problems"][0]


def test_the_same_on_postgresql_by_a_setting_alone(settings, ahead, postgres, tmp_path):
    settings = busta.load(home=tmp_path, ledger={"url": postgres.fresh()})
    game = ahead[0]["game_id"]
    busta.record_bet(settings, "totals", game, "over 44.5", **MONEY)
    play(settings, **{game: (30, 20)})
    assert [row["outcome"] for row in busta.settle_bets(settings)["settled"]] == ["won"]
    assert busta.show_bets(settings)["real"]["bankroll"] == pytest.approx(100 + 5 * 100 / 110)
    assert not (tmp_path / "ledger.db").exists()

    postgres.stop()
    try:
        with pytest.raises(OutsideError, match=r"check ledger\.url") as caught:
            busta.show_bets(settings)
        assert PASSWORD not in str(caught.value)
    finally:
        postgres.start()


def test_a_simulated_league_has_a_clock_of_its_own_and_a_real_one_has_the_worlds(settings, ahead, world):
    assert Board(settings, "sim").now == ahead[0]["kickoff"] - timedelta(hours=1)
    Tables(settings.tables / "sim").update(Batch(world.games, world.quotes))
    assert Board(settings, "sim").now > at("2026-01-01")


def test_recording_loads_nothing_of_what_trains_and_draws():
    heavy = ("pandas", "pandera", "sklearn", "xgboost", "mlflow", "matplotlib", "scipy.stats", "scipy.optimize")
    code = f"import sys, busta.workflows.bets.bets; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"  # the server keeps a process that has loaded this: megabytes of its container
