from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import busta
from busta.betting.odds import edge
from busta.errors import UsageError
from busta.registry.connect import connect
from busta.workflows.bets.slip import Board
from workspaces import CURRENT

WEEK = busta.Wanted(week=f"{CURRENT}-18")
LOOSE = {"min_edge": 0.0, "kelly_fraction": 1.0}


def loose(settings, **bets):
    """The same settings with a lower bar, so that there is something to bet."""
    return settings.model_copy(update={"bets": settings.bets.model_copy(update=LOOSE | bets)})


@pytest.fixture
def recommended(borrowed):
    return busta.recommend(loose(borrowed), (), WEEK, "sim")


def everything(found):
    return found["bets"] + found["abstained"]


def test_bets_are_those_of_predict_by_the_same_probabilities(borrowed, recommended):
    rows = {(row["game_id"], row["market"]): row for row in everything(recommended)}
    for market in ("moneyline", "ats", "totals"):
        for row in busta.predict(loose(borrowed), market, WEEK, "sim")["predictions"]:
            mine = rows[row["game_id"], market]
            for name in ("side", "line", "price", "probability", "edge", "model_version", "paper"):
                assert mine[name] == row[name]
    assert len(recommended["bets"]) > 3
    assert len(rows) == len(everything(recommended))


def test_a_version_that_is_not_fit_to_bet_gives_paper_bets_from_a_bankroll_of_their_own(borrowed, recommended):
    assert {row["paper"] for row in recommended["bets"]} == {True}
    assert (recommended["real"]["bets"], recommended["real"]["staked"]) == (0, 0)
    assert recommended["paper"]["staked"] == pytest.approx(sum(row["stake"] for row in recommended["bets"]))
    registry = connect(borrowed)
    version = registry.client.get_model_version_by_alias("busta-sim-totals", "challenger")
    registry.client.set_model_version_tag("busta-sim-totals", version.version, "fit_to_bet", "yes")
    found = busta.recommend(loose(borrowed), (), WEEK, "sim")

    assert {row["market"] for row in found["bets"] if not row["paper"]} == {"totals"}
    assert found["real"]["staked"] > 0
    assert found["paper"]["bets"] + found["real"]["bets"] == len(found["bets"])


def test_stakes_keep_every_limit(borrowed):
    limits = {"max_game": 0.02, "max_day": 0.05, "books": {"x": 1.0}}
    settings = loose(borrowed).model_copy(update={"ledger": borrowed.ledger.model_copy(update=limits)})
    found = busta.recommend(settings, (), WEEK, "sim", book="x")
    for name, most in (("game_id", 2.0), ("day", 5.0)):
        for group in {row[name] for row in found["bets"]}:
            assert sum(row["stake"] for row in found["bets"] if row[name] == group) <= most + 1e-9
    assert max(row["stake"] for row in found["bets"]) <= 1.0
    assert {cut for row in found["bets"] for cut in row["limited_by"]} >= {"ledger.max_day"}


def test_bets_at_the_worst_price_and_line_still_have_the_least_edge(recommended):
    for row in recommended["bets"]:
        chance = row["probability"]
        assert float(edge(chance["win"], chance["lose"], row["worst_price"])) == pytest.approx(0.0, abs=1e-9)
        assert row["worst_price"] <= row["price"]
        if row["market"] == "moneyline":
            assert row["worst_line"] is None
        else:
            worse = row["worst_line"] - row["line"]
            assert worse >= 0 if row["side"] in ("home", "over") else worse <= 0


def test_the_worst_line_is_the_last_at_which_price_says_that_the_edge_is_enough(borrowed, recommended):
    row = next(row for row in recommended["bets"] if row["market"] == "totals")
    beyond = row["worst_line"] + (0.5 if row["side"] == "over" else -0.5)
    lines = {row["worst_line"]: True, beyond: False}
    prices = busta.price(borrowed, row["game_id"], "sim", totals=list(lines))["prices"]
    for line, good in lines.items():
        found = [each for each in prices if (each["line"], each["side"]) == (line, row["side"])][-1]
        chance = found["probability"]
        assert (float(edge(chance["win"], chance["lose"], row["price"])) >= 0) == good


def test_what_is_not_bet_has_its_reason(recommended, borrowed):
    assert all(row["abstain_reason"] for row in recommended["abstained"])
    assert all(row["abstain_reason"] is None for row in recommended["bets"])
    tight = busta.recommend(loose(borrowed, max_edge=0.001), "totals", WEEK, "sim")
    reasons = {row["abstain_reason"] for row in tight["abstained"]}
    assert "edge > 0.1%: too good to be true" in reasons
    few = busta.recommend(loose(borrowed, strongest=0.05), "totals", WEEK, "sim")
    assert "opinion not among the 5% strongest of earlier seasons" in {
        row["abstain_reason"] for row in few["abstained"]
    }
    late = busta.recommend(loose(borrowed), "totals", WEEK, "sim", now=Board(borrowed, "sim").now + timedelta(days=9))
    assert {row["abstain_reason"] for row in late["abstained"]} == {"the game has begun"}
    assert late["bets"] == []


def test_what_was_recorded_is_not_recommended_again(borrowed, recommended):
    settings = loose(borrowed)
    written = busta.record_recommended(settings, recommended, book="x")
    assert written["recorded"] == len(recommended["bets"])
    assert {row["source"] for row in written["bets"]} == {"recommended"}
    assert busta.record_recommended(settings, recommended, book="x")["recorded"] == 0
    again = busta.recommend(settings, (), WEEK, "sim")

    bet = {(row["game_id"], row["market"]) for row in recommended["bets"]}
    reasons = {(row["game_id"], row["market"]): row["abstain_reason"] for row in again["abstained"]}
    assert again["bets"] == []
    assert all(reasons[each].startswith("bet already: ") for each in bet)
    shown = busta.show_bets(settings)
    assert shown["paper"]["open"] == len(bet)
    assert shown["real"]["open"] == 0
    assert all(row["edge"] is not None and row["model_version"] for row in shown["bets"])


def test_an_open_bet_on_the_game_is_part_of_the_portfolio(borrowed, recommended):
    """A second bet that wins when the open one does is worth less than it is alone."""
    settings, game = loose(borrowed), None
    for row in recommended["bets"]:
        if row["market"] == "ats" and not row["limited_by"]:
            game = row
    bet = {"price": 1.9, "stake": 5, "book": "x", "paper": True, "league_name": "sim"}
    busta.record_bet(settings, "moneyline", game["game_id"], game["side"], **bet)
    after = busta.recommend(settings, "ats", WEEK, "sim")
    (found,) = [row for row in everything(after) if row["game_id"] == game["game_id"]]

    assert (found["kelly"] or 0.0) < game["kelly"]


def test_after_the_stop_loss_there_is_no_stake_and_the_reason_is_said(borrowed, recommended):
    settings = loose(borrowed)
    lost = Board(borrowed, "sim").games.filter(pl.col("home_score").is_not_null()).sort("kickoff").row(-1, named=True)
    total = lost["home_score"] + lost["away_score"]
    busta.record_bet(
        settings, "totals", lost["game_id"], "over", line=total + 1.0, price=2.0, stake=60, book="x", paper=True,
        league_name="sim", late=lost["kickoff"] - timedelta(hours=1),
    )  # fmt: skip
    busta.settle_bets(settings)
    found = busta.recommend(settings, (), WEEK, "sim")

    assert found["bets"] == []
    assert found["paper"]["stopped"].startswith("stop-loss: 60.0%")
    bet = {(row["game_id"], row["market"]) for row in recommended["bets"]}
    reasons = [row["abstain_reason"] for row in found["abstained"] if (row["game_id"], row["market"]) in bet]
    assert set(reasons) == {found["paper"]["stopped"]}


def test_a_market_without_a_joint_is_read_from_its_own_model(borrowed):
    client = connect(borrowed).client
    for market in ("moneyline", "totals"):
        client.delete_registered_model(f"busta-sim-{market}")
    found = busta.recommend(loose(borrowed), "ats", WEEK, "sim")
    assert found["bets"]
    for row in found["bets"]:
        assert row["read_from"] == "model"
        worse = row["worst_line"] - row["line"]
        assert worse >= 0 if row["side"] == "home" else worse <= 0

    taken = found["bets"][0]
    bet = {"price": 1.9, "stake": 1, "book": "x", "paper": True, "league_name": "sim"}
    key = busta.record_bet(borrowed, "totals", taken["game_id"], "over 40.5", **bet)["bets"][0]["key"]
    again = busta.recommend(loose(borrowed), "ats", WEEK, "sim")
    (row,) = [row for row in again["abstained"] if row["game_id"] == taken["game_id"]]
    assert row["abstain_reason"] == f"how it goes together with the open bet {key} is not known"


def test_a_market_alone_is_recommended_too_and_a_wrong_one_is_refused(borrowed):
    found = busta.recommend(loose(borrowed), "over-under", WEEK, "sim")
    assert {row["market"] for row in everything(found)} == {"totals"}
    with pytest.raises(UsageError, match="unknown market"):
        busta.recommend(borrowed, ["totals", "nosuch"], WEEK, "sim")
