"""A season that is bet week by week: what the ledger says at its end is what a person with a pencil has."""

from __future__ import annotations

import polars as pl
import pytest

import busta
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.registry.connect import connect
from workspaces import CURRENT, _no_variables, home, settings

__all__ = ["_no_variables", "home", "settings"]

pytestmark = pytest.mark.slow

WEEKS = range(1, 18)
MARKETS = ("moneyline", "ats", "totals")


class Pencil:
    """Bets and scores on paper, settled without busta."""

    def __init__(self):
        self.bets, self.void = {}, set()

    def note(self, rows):
        for row in rows:
            self.bets[row["key"]] = row

    def money(self, games, *, paper):
        scores = {row["game_id"]: row for row in games.iter_rows(named=True) if row["home_score"] is not None}
        total = 100.0
        for key, bet in self.bets.items():
            if bet["paper"] != paper or key in self.void or bet["game_id"] not in scores:
                continue
            home, away = scores[bet["game_id"]]["home_score"], scores[bet["game_id"]]["away_score"]
            ahead = home + away - bet["line"] if bet["market"] == "totals" else home - away - (bet["line"] or 0)
            ahead = ahead if bet["side"] in ("home", "over") else -ahead
            total += bet["stake"] * (bet["price"] - 1) if ahead > 0 else -bet["stake"] if ahead < 0 else 0.0
        return total


class League:
    """The season as it becomes known: scores of the weeks that are over."""

    def __init__(self, settings):
        self.tables = Tables(settings.tables / "sim")
        self.stored, self.truth = self.tables.read(), self.tables.truth()
        self.wrong = {}

    def games(self, week):
        """Those of the tables once that week is over."""
        ahead = (pl.col("season") == CURRENT) & (pl.col("week") > week)
        scores = [pl.when(~ahead).then(name).alias(name) for name in ("home_score", "away_score")]
        more = pl.col("game_id").replace_strict(self.wrong, default=0, return_dtype=pl.Int32)
        return self.stored.games.with_columns(scores).with_columns(pl.col("home_score") + more)

    def publish(self, week):
        self.tables.update(Batch(self.games(week), self.stored.quotes, truth=self.truth, facts=self.stored.facts))
        return self.games(week)


def test_a_season_of_bets_comes_to_what_a_person_works_out(settings):
    settings = settings.model_copy(
        update={"bets": settings.bets.model_copy(update={"min_edge": 0.0, "kelly_fraction": 1.0})}
    )
    league, pencil, heads = League(settings), Pencil(), []
    league.publish(0)
    for market in MARKETS:
        busta.train(settings, market, "sim", through=CURRENT - 1)
    registry = connect(settings).client
    registry.set_model_version_tag("busta-sim-totals", "1", "fit_to_bet", "yes")

    for week in WEEKS:
        wanted = busta.Wanted(week=f"{CURRENT}-{week:02d}")
        found = busta.recommend(settings, MARKETS, wanted, "sim")
        written = busta.record_recommended(settings, found, book="x")
        assert busta.record_recommended(settings, found, book="x")["recorded"] == 0
        assert busta.recommend(settings, MARKETS, wanted, "sim")["bets"] == []
        pencil.note(written["bets"])
        if week == 4:  # a game is called off
            game = written["bets"][0]["game_id"]
            pencil.void |= {row["key"] for row in busta.void_bets(settings, games=game, reason="called off")["bets"]}
        if week == 6:  # a score comes in wrong, and is corrected two weeks later
            league.wrong = {written["bets"][0]["game_id"]: 40}
        if week == 8:
            league.wrong = {}
        games = league.publish(week)
        settled = busta.settle_bets(settings)
        assert bool(settled["resettled"]) == (week == 8)
        assert busta.settle_bets(settings)["settled"] == []
        heads.append(settled["head"])
        shown = busta.show_bets(settings)
        for kind in ("real", "paper"):
            assert shown[kind]["bankroll"] == pytest.approx(pencil.money(games, paper=kind == "paper"))

    assert {row["paper"] for row in pencil.bets.values()} == {True, False}
    assert len(pencil.bets) > 100
    assert shown["real"]["open"] == shown["paper"]["open"] == 0
    assert shown["real"]["voids"] + shown["paper"]["voids"] == len(pencil.void) > 0
    assert {row["edge"] is None for row in shown["bets"]} == {False}
    assert all(busta.verify_ledger(settings, head)["sound"] for head in heads)
