"""A market of another package goes all the way: from files of the user's to a verdict, a report and predictions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.errors import DataError
from halves import FACT, FIRST_HALF, first_halves, half_quotes, installed

WEEK = busta.Wanted(week="2014-18")


@pytest.fixture(autouse=True)
def _installed(settings):  # a workspace that was made before it was
    with installed(markets=[FIRST_HALF]):
        yield


@pytest.fixture
def files(settings, tmp_path):
    """Its quotes and results, as a user has them."""
    tables = Tables(settings.tables / "sim").read()
    columns = ("game_id", "market", "moment", "line", "first_price", "second_price")
    half_quotes(tables.quotes).select(columns).write_csv(tmp_path / "quotes.csv")
    teams = tables.games.select("game_id", home="home_team", away="away_team")
    told = first_halves(tables.games).join(teams, on="game_id")
    sides = [
        told.filter(pl.col("team") == pl.col(side)).select("game_id", "fact", pl.col("value").alias(f"{side}_value"))
        for side in ("home", "away")
    ]
    sides[0].join(sides[1], on=["game_id", "fact"]).write_csv(tmp_path / "facts.csv")
    return [tmp_path / "quotes.csv", tmp_path / "facts.csv"]


def test_installing_a_market_makes_a_new_store_that_knows_its_price_and_line(settings):
    before = busta.open_version(settings, "sim").manifest["version"]
    assert busta.build(settings, "sim")["version"] != before
    gold = busta.open_version(settings, "sim")
    names = [feature.name for feature in gold.catalog]
    assert {"price_first_half_over", "price_first_half_total"} <= set(names)
    assert names == [row["name"] for row in busta.catalog()]
    assert "price_first_half_over" in gold.manifest["markets"][FIRST_HALF.name]


@pytest.mark.slow
def test_it_is_trained_judged_reported_and_predicted_like_any_other(settings, files):
    counts = busta.ingest(settings, "sim", files)["counts"]
    assert (counts["games"]["came"], counts["quotes"]["refused"], counts["facts"]["refused"]) == (0, 0, 0)
    trained = busta.train(settings, "1h-totals", "sim")
    assert trained["market"] == "first-half-totals"
    assert 0.67 < trained["metrics"]["log_loss"] < 0.71
    assert busta.gate(settings, FIRST_HALF.name, "sim")["verdict"] in {"fit to serve", "rejected", "fit to bet"}
    assert busta.evaluate(settings, FIRST_HALF.name, "sim")["games"] == trained["games"]
    bets = busta.backtest(settings, FIRST_HALF.name, "sim")
    assert {"over", "under"} <= set(bets["strategies"])
    page = Path(busta.report(settings, FIRST_HALF.name, "sim")["report"])
    assert "First-half totals" in page.read_text(encoding="utf-8")
    for row in busta.predict(settings, FIRST_HALF.name, WEEK, "sim")["predictions"]:
        assert row["side"] in FIRST_HALF.sides
        assert sum(row["probability"].values()) == pytest.approx(1)
        assert 5 < row["line"] < 45


@pytest.mark.parametrize("how", [{"blind": True}, {"moment": "open"}])
def test_it_is_trained_blind_and_at_the_open(settings, files, how):
    busta.ingest(settings, "sim", files)
    trained = busta.train(settings, FIRST_HALF.name, "sim", **how)
    assert 0.67 < trained["metrics"]["log_loss"] < 0.71


def test_without_its_quotes_or_its_number_it_says_which_is_missing(settings, files):
    with pytest.raises(DataError, match=r"^sim has no first-half-totals quotes at the close; it has: ats at the close"):
        busta.train(settings, FIRST_HALF.name, "sim")
    busta.ingest(settings, "sim", files[0])
    with pytest.raises(DataError, match=f"^sim has no {FACT}, which decides first-half-totals; facts it has: none"):
        busta.train(settings, FIRST_HALF.name, "sim")
