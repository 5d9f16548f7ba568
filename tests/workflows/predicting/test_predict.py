from __future__ import annotations

import json
import shutil
from dataclasses import replace
from zoneinfo import ZoneInfo

import mlflow
import numpy as np
import polars as pl
import pytest

import busta
from busta import Wanted
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import DataError, OutsideError, UsageError
from busta.features.store import open_gold
from busta.markets.dataset import assemble
from busta.models.portable import LINE, OFFSET
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import fetch_predictions, note, resolve
from busta.workflows.predicting.predict import _season_and_week
from workspaces import CURRENT, KINDS, as_nflverse

COMING = f"{CURRENT}-18"
STAKED = "moneyline-blind"  # the kind that finds edges in every week
CONTRACT = {
    "game_id", "market", "side", "line", "price", "probability", "fair_price", "edge", "stake", "abstain_reason",
    "model_version", "known_at",
}  # fmt: skip


def predict(settings, kind, wanted, **options):
    return busta.predict(settings, kind.partition("-")[0], wanted, "sim", **KINDS[kind], **options)


def first_side(row):
    """Win, push and lose of the first side."""
    chance = [row["probability"][name] for name in ("win", "push", "lose")]
    return chance if row["side"] in ("home", "over") else chance[::-1]


@pytest.fixture
def coming(trained, kind):
    return predict(trained.settings, kind, Wanted(week=COMING))["predictions"]


@pytest.fixture
def without(borrowed):
    """Predicts the coming games after their quotes were spoilt."""

    def predicted(market, spoil):
        tables = Tables(borrowed.tables / "sim")
        games, quotes, *_ = tables.read()
        unplayed = games.filter(pl.col("home_score").is_null())
        played = quotes.join(unplayed, on="game_id", how="anti")
        coming = spoil(quotes.join(unplayed, on="game_id", how="semi"))
        (tables.folder / "CURRENT").unlink()
        tables.update(Batch(games, pl.concat([played, coming])))
        return busta.predict(borrowed, market, Wanted(week=COMING), "sim")["predictions"]

    return predicted


def test_a_prediction_has_every_key_of_the_contract(coming, kind):
    assert len(coming) == 16
    for row in coming:
        assert set(row) >= CONTRACT
        assert row["market"] == kind.partition("-")[0]
        assert row["model_version"] == "1"
        assert row["known_at"] < row["decided_at"] <= row["kickoff"]
    assert json.loads(json.dumps(coming, allow_nan=False)) == coming


def test_a_coming_game_gets_what_the_registered_model_says(trained, kind, coming):
    options = KINDS[kind]
    market = kind.partition("-")[0]
    gold = open_gold(trained.settings.gold / "sim" / trained.results[kind]["gold_version"])
    data = assemble(gold, pick("league", "sim"), pick("market", market), **options)
    rows = [data.games["game_id"].to_list().index(row["game_id"]) for row in coming]
    frame = pl.DataFrame(data.X[rows], schema=list(data.names))
    frame = frame.with_columns(pl.Series(OFFSET, data.offset[rows]), pl.Series(LINE, data.line[rows])).to_pandas()
    mlflow.set_tracking_uri(trained.registry.uri)
    mlflow.set_registry_uri(trained.registry.uri)

    said = mlflow.pyfunc.load_model(f"models:/busta-sim-{kind}@challenger").predict(frame)

    chances = np.array([first_side(row) for row in coming])
    np.testing.assert_allclose(chances[:, 0] / (chances[:, 0] + chances[:, 2]), said, rtol=1e-9)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
    assert not any(row["out_of_fold"] for row in coming)


def test_what_is_published_of_a_coming_game_is_read_from_one_distribution_where_three_markets_have_versions(
    trained, kind
):
    found = predict(trained.settings, kind, Wanted(week=COMING))

    together = kind in ("moneyline", "ats", "totals")
    assert found["joint"] == (dict.fromkeys(("moneyline", "ats", "totals"), "1") if together else None)
    assert {row["read_from"] for row in found["predictions"]} == {"joint" if together else "model"}
    assert (found["moved"] is None) is not together
    if together:
        assert found["moved"] <= 16
        assert set(found["notes"]) == ({"moved"} if found["moved"] else set())
    else:
        assert "there is no model busta-sim-ats" in found["notes"]["joint"]
        assert "there is no model busta-sim-totals" in found["notes"]["joint"]


def test_games_that_were_learned_from_are_not_read_from_the_joint(trained):
    found = predict(trained.settings, "moneyline", Wanted(week="2012-10"))

    assert {row["read_from"] for row in found["predictions"]} == {"stored"}
    assert found["joint"] is found["moved"] is None
    assert found["notes"] == {}


def test_a_market_whose_version_is_broken_is_named_and_the_others_are_joined(borrowed):
    whole = predict(borrowed, "ats", Wanted(week=COMING))
    for name in ("predictions.parquet", "model.json"):  # of totals alone
        for path in (borrowed.home / "mlruns" / "busta-sim-totals").rglob(name):
            path.write_bytes(b"")

    found = predict(borrowed, "ats", Wanted(week=COMING))

    assert found["joint"] == {"moneyline": "1", "ats": "1", "totals": None}
    assert found["notes"]["joint"].startswith("read without totals: ")
    assert "cannot be read" in found["notes"]["joint"]
    assert {row["read_from"] for row in found["predictions"]} == {"joint"}
    for row, before in zip(found["predictions"], whole["predictions"], strict=True):
        assert row["probability"]["win"] == pytest.approx(before["probability"]["win"], abs=0.001)
    assert predict(borrowed, "moneyline", Wanted(week=COMING))["joint"] == found["joint"]


def test_a_market_says_nothing_of_a_game_that_its_own_model_knows_nothing_of(without):
    """Though spread and total tell much of it."""
    rows = without("moneyline", lambda quotes: quotes.filter(pl.col("market") == "totals"))

    assert {row["read_from"] for row in rows} == {None}
    assert {row["abstain_reason"] for row in rows} == {"no market price to start from"}


def test_models_that_contradict_each_other_are_counted_and_the_moneyline_stands(trained, monkeypatch):
    from busta.workflows.predicting import joint

    heard = joint.hear

    def contrary(*arguments):
        """The moneyline's model thinks the underdogs win."""
        said, missing = heard(*arguments)
        said["moneyline"] = replace(said["moneyline"], triples=said["moneyline"].triples[:, ::-1])
        return said, missing

    monkeypatch.setattr("busta.workflows.predicting.predict.hear", contrary)
    found = predict(trained.settings, "ats", Wanted(week=COMING))

    assert found["moved"] > 0
    assert f"in {found['moved']} of 16 games" in found["notes"]["moved"]


def test_prices_edges_and_stakes_follow_from_the_probabilities(coming, trained):
    bets = trained.settings.bets
    for row in coming:
        win, lose = row["probability"]["win"], row["probability"]["lose"]
        assert row["fair_price"] == pytest.approx(1 + lose / win)
        assert row["edge"] == pytest.approx(win * (row["price"] - 1) - lose)
        b = row["price"] - 1
        kelly = bets.kelly_fraction * (win * b - lose) / (b * (win + lose))
        if row["abstain_reason"]:
            assert row["stake"] == 0
            assert row["edge"] < bets.min_edge
            assert row["abstain_reason"].startswith("edge ")
        else:
            assert row["stake"] == pytest.approx(min(kelly, bets.kelly_cap))
            assert row["edge"] >= bets.min_edge
        assert row["paper"]


def of_version(settings, kind):
    return resolve(connect(settings), f"busta-sim-{kind}")


def test_stakes_of_an_unproven_model_are_paper_and_nothing_is_recorded(borrowed):
    rows = predict(borrowed, STAKED, Wanted(week=COMING))["predictions"]

    assert any(row["stake"] for row in rows)
    assert all(row["paper"] and row["unproven"] for row in rows)
    assert "unproven_stakes" not in of_version(borrowed, STAKED).tags


def test_stakes_of_an_unproven_model_can_be_made_real_and_that_is_recorded(borrowed):
    allowed = busta.load(home=borrowed.home, bets={"allow_unproven": True})

    paper, real = (predict(s, STAKED, Wanted(week=COMING))["predictions"] for s in (borrowed, allowed))

    assert real == [row | {"paper": False} for row in paper]
    assert all(row["unproven"] for row in real)
    assert of_version(borrowed, STAKED).tags["unproven_stakes"].endswith("Z")
    rows = busta.list_models(borrowed, "moneyline")
    assert [row["model"] for row in rows if row["unproven_stakes"]] == [f"busta-sim-{STAKED}"]


@pytest.mark.parametrize(
    ("week", "bets"),
    [(COMING, {"min_edge": 0.9}), ("2012-10", {})],
    ids=["no stakes", "games of long ago"],
)
def test_without_stakes_on_coming_games_nothing_is_recorded(borrowed, week, bets):
    allowed = busta.load(home=borrowed.home, bets={"allow_unproven": True, **bets})

    rows = predict(allowed, STAKED, Wanted(week=week))["predictions"]

    assert any(row["stake"] for row in rows) is not bool(bets)
    assert "unproven_stakes" not in of_version(borrowed, STAKED).tags


@pytest.mark.parametrize("allow", [True, False])
def test_stakes_of_a_model_that_is_fit_to_bet_are_real(borrowed, allow):
    note(connect(borrowed), of_version(borrowed, STAKED), {"fit_to_bet": "yes"})
    settings = busta.load(home=borrowed.home, bets={"allow_unproven": allow})

    rows = predict(settings, STAKED, Wanted(week=COMING))["predictions"]

    assert any(row["stake"] for row in rows)
    assert not any(row["paper"] or row["unproven"] for row in rows)
    assert "unproven_stakes" not in of_version(borrowed, STAKED).tags


def test_predictions_that_are_gone_are_an_outside_error(borrowed):
    for path in (borrowed.home / "mlruns").rglob("predictions.parquet"):
        path.write_bytes(b"PAR1")

    with pytest.raises(OutsideError, match=r"the predictions of run .* cannot be read"):
        predict(borrowed, "moneyline", Wanted(week=COMING))


def test_the_side_shown_is_the_one_with_the_better_edge(coming, trained, kind):
    quotes = Tables(trained.settings.tables / "sim").read().quotes
    market, moment = kind.partition("-")[0], KINDS[kind].get("moment", "close")
    offered = {row["game_id"]: row for row in quotes.filter(market=market, moment=moment).iter_rows(named=True)}
    for row in coming:
        first, second = offered[row["game_id"]]["first_price"], offered[row["game_id"]]["second_price"]
        price, other = (first, second) if row["side"] in ("home", "over") else (second, first)
        assert row["price"] == price
        assert row["edge"] >= row["probability"]["lose"] * (other - 1) - row["probability"]["win"]


def test_a_game_that_was_learned_from_gets_its_out_of_fold_prediction(trained, kind):
    registry = trained.registry
    stored = pl.read_parquet(fetch_predictions(registry, resolve(registry, f"busta-sim-{kind}")))
    by_game = {row["game_id"]: row for row in stored.iter_rows(named=True)}

    rows = predict(trained.settings, kind, Wanted(week="2012-10"))["predictions"]

    assert len(rows) > 10
    for row in rows:
        kept = by_game[row["game_id"]]
        assert row["out_of_fold"]
        assert first_side(row) == [kept["win"], kept["push"], kept["lose"]]


def test_a_game_learned_from_before_the_first_test_has_no_honest_prediction(trained):
    rows = predict(trained.settings, "moneyline", Wanted(week="2010-05"))["predictions"]

    assert rows
    for row in rows:
        assert row["out_of_fold"]
        assert row["probability"] is row["fair_price"] is row["edge"] is None
        assert row["stake"] == 0
        assert row["abstain_reason"] == "the model learned from this game and has no out-of-fold prediction of it"


def test_games_after_the_last_learned_season_are_predicted_live(until_2012):
    rows = predict(until_2012, "moneyline", Wanted(week="2013-10"))["predictions"]

    assert rows
    assert not any(row["out_of_fold"] for row in rows)
    assert all(row["probability"] for row in rows)


def test_a_date_is_a_day_of_the_leagues_own_zone(trained):
    games = Tables(trained.settings.tables / "sim").read().games
    late = games.filter((pl.col("week") == 18) & (pl.col("season") == CURRENT)).sort("kickoff").row(-1, named=True)
    local = late["kickoff"].astimezone(ZoneInfo("America/New_York"))
    assert local.date() != late["kickoff"].date()

    rows = predict(trained.settings, "moneyline", Wanted(date=str(local.date())))["predictions"]

    assert late["game_id"] in [row["game_id"] for row in rows]


def test_a_game_is_predicted_bit_for_bit_alike_whatever_other_games_are_asked_for(trained):
    week = predict(trained.settings, "moneyline", Wanted(week=COMING))["predictions"]
    day = predict(trained.settings, "moneyline", Wanted(date=week[0]["kickoff"][:10]))["predictions"]

    assert day == [row for row in week if row["game_id"] in {other["game_id"] for other in day}]


def test_a_stored_prediction_stands_at_the_line_and_prices_it_was_made_at(borrowed):
    played = Wanted(week=f"{CURRENT - 1}-05")
    before = predict(borrowed, "ats", played)["predictions"]
    tables = Tables(borrowed.tables / "sim")
    games, quotes, *_ = tables.read()
    moved = quotes.with_columns(pl.col("line") + 10, pl.col("first_price", "second_price") * 2)
    tables.update(Batch(games, moved.filter(pl.col("market") == "ats")))

    after = predict(borrowed, "ats", played)["predictions"]

    assert after
    assert after == before


def test_the_champion_predicts_unless_another_version_is_asked_for(until_2012):
    busta.promote_version(until_2012, "moneyline", "1", "sim", force=True)
    busta.train(until_2012, "moneyline", "sim")

    champion = predict(until_2012, "moneyline", Wanted(week=COMING))
    challenger = predict(until_2012, "moneyline", Wanted(week=COMING), model="challenger")

    assert (champion["model_version"], champion["role"]) == ("1", "champion")
    assert (challenger["model_version"], challenger["role"]) == ("2", "challenger")
    assert champion["predictions"] != challenger["predictions"]
    assert predict(until_2012, "moneyline", Wanted(week=COMING), model="2") == challenger


def test_what_the_gate_said_and_that_a_promotion_was_forced_go_with_the_predictions(borrowed):
    before = predict(borrowed, "moneyline-blind", Wanted(week=COMING))
    busta.promote_version(borrowed, "moneyline", "1", "sim", blind=True, force=True)

    found = predict(borrowed, "moneyline-blind", Wanted(week=COMING))

    assert (before["verdict"], before["forced"]) == ("rejected", None)
    assert (found["verdict"], found["role"]) == ("rejected", "champion")
    assert found["forced"].endswith("Z in spite of: rejected")


@pytest.mark.parametrize("kind", ["moneyline", "moneyline-open"])
def test_the_vig_is_removed_as_the_version_was_trained(borrowed, kind):
    other = busta.load(home=borrowed.home, bets={"vig_method": "shin"})

    before, found = (predict(settings, kind, Wanted(week=COMING)) for settings in (borrowed, other))

    assert found == before
    connect(borrowed).client.delete_model_version_tag(f"busta-sim-{kind}", "1", "hyperparameters")
    assert predict(other, kind, Wanted(week=COMING)) != before, "by today's way it would be another prediction"


def test_a_game_without_a_price_is_predicted_from_nothing_and_not_bet(without):
    rows = without("moneyline", lambda quotes: quotes.filter(pl.col("market") != "moneyline"))

    assert len(rows) == 16
    for row in rows:
        assert row["price"] is row["edge"] is None
        assert row["stake"] == 0
        assert row["abstain_reason"] in ("no price is quoted", "no market price to start from")
        assert (row["probability"] is None) == (row["abstain_reason"] == "no market price to start from")


def test_a_game_that_nobody_quotes_gives_an_anchored_model_nothing_to_start_from(without):
    rows = without("moneyline", lambda quotes: quotes.clear())

    assert len(rows) == 16
    assert {row["abstain_reason"] for row in rows} == {"no market price to start from"}
    assert all(row["probability"] is None and row["stake"] == 0 for row in rows)


def test_a_game_with_a_line_and_no_prices_is_predicted_and_not_bet(without):
    prices = pl.when(pl.col("market") != "ats").then(pl.col("first_price", "second_price"))

    rows = without("ats", lambda quotes: quotes.with_columns(prices))

    for row in rows:
        assert row["line"] is not None
        assert row["probability"] is not None
        assert row["price"] is None
        assert row["abstain_reason"] == "no price is quoted"


def test_a_game_without_a_line_says_so(without):
    rows = without("totals", lambda quotes: quotes.filter(pl.col("market") != "totals"))

    assert len(rows) == 16
    assert {row["abstain_reason"] for row in rows} == {"no line is quoted"}
    assert all(set(row) >= CONTRACT and row["probability"] is None and row["stake"] == 0 for row in rows)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"week": "2014"}, "give season and week, as 2022-18"),
        ({"week": "14-18"}, "give season and week"),
        ({"week": "2014-x"}, "give season and week"),
        ({"week": "2014-33"}, f"sim has no games in 2014-33; the last it knows is {CURRENT}-18 on 2015-01-"),
        ({"week": "2030-01"}, "has no games in 2030-01"),
        ({"date": "yesterday"}, "give year, month and day, as 2022-11-13"),
        ({"date": "2014-02-30"}, "give year, month and day"),
        ({"date": "2014-07-04"}, "has no games in 2014-07-04"),
    ],
)
def test_games_that_are_not_there_are_refused_with_what_is_meant(trained, wanted, says):
    with pytest.raises(UsageError, match=says):
        predict(trained.settings, "moneyline", Wanted(**wanted))


@pytest.mark.parametrize("wanted", [{}, {"week": "2014-18", "date": "2014-11-13"}])
def test_exactly_one_way_of_naming_games_is_taken(wanted):
    with pytest.raises(UsageError, match="one of --week 2022-18, --date 2022-11-13, --games FILE"):
        Wanted(**wanted)


@pytest.mark.parametrize(
    ("market", "league", "options", "says"),
    [
        ("moneyline", "sim", {"model": "7"}, "no version '7'; it has: 1"),
        ("moneyline", "sim", {"model": "champion"}, "no version 'champion'"),
        ("moneyline", "nfl", {}, "cannot fetch|no model"),
        ("parlay", "sim", {}, "unknown market 'parlay'"),
    ],
)
def test_a_model_that_is_not_there_is_refused(trained, market, league, options, says):
    with pytest.raises(Exception, match=says):
        busta.predict(trained.settings, market, Wanted(week=COMING), league, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def nfl(trained, folder):
    settings = busta.load(home=shutil.copytree(trained.settings.home, folder / "home"))
    sheet = as_nflverse(settings)
    sheet.filter(pl.col("home_score").is_not_null()).write_csv(folder / "played.csv")
    sheet.filter(pl.col("home_score").is_null()).write_csv(folder / "coming.csv")
    busta.ingest(settings, "nfl", [folder / "played.csv"])
    busta.train(settings, "ats", "nfl")
    return settings


def test_a_file_of_games_is_predicted_as_if_it_had_been_ingested_and_nothing_is_stored(nfl, folder):
    before = {path: path.stat().st_mtime_ns for path in (nfl.home / "data").rglob("*") if path.name != ".lock"}

    from_file = busta.predict(nfl, "ats", Wanted(files=(folder / "coming.csv",)), "nfl")

    after = {path: path.stat().st_mtime_ns for path in (nfl.home / "data").rglob("*") if path.name != ".lock"}
    assert after == before
    assert len(from_file["predictions"]) == 16
    assert not any(row["out_of_fold"] for row in from_file["predictions"])
    busta.ingest(nfl, "nfl", [folder / "coming.csv"])
    assert busta.predict(nfl, "ats", Wanted(week=COMING), "nfl") == from_file


def test_a_file_is_read_with_the_vig_removed_as_the_version_was_trained(nfl, folder):
    busta.train(nfl, "moneyline", "nfl")
    other, files = busta.load(home=nfl.home, bets={"vig_method": "shin"}), Wanted(files=(folder / "coming.csv",))

    before, found = (busta.predict(settings, "moneyline", files, "nfl") for settings in (nfl, other))

    assert found == before
    assert any(row["probability"] for row in found["predictions"])


def test_a_file_with_games_learned_from_gives_those_out_of_fold(nfl, folder):
    pl.read_csv(folder / "played.csv").filter(season=2013, week=7).write_csv(folder / "old.csv")

    rows = busta.predict(nfl, "ats", Wanted(files=(folder / "old.csv",)), "nfl")["predictions"]

    assert rows
    assert all(row["out_of_fold"] and row["probability"] for row in rows)
    assert rows == busta.predict(nfl, "ats", Wanted(week="2013-07"), "nfl")["predictions"]


def test_a_file_of_which_no_row_can_be_taken_is_refused_with_the_first_reason(nfl, folder):
    pl.read_csv(folder / "coming.csv").with_columns(home_team=pl.lit("XYZ")).write_csv(folder / "bad.csv")

    with pytest.raises(DataError, match=r"no game in .*bad\.csv could be taken: .*XYZ"):
        busta.predict(nfl, "ats", Wanted(files=(folder / "bad.csv",)), "nfl")


def test_a_file_that_is_not_there_is_refused(nfl, folder):
    with pytest.raises(UsageError, match="no file or folder"):
        busta.predict(nfl, "ats", Wanted(files=(folder / "nope.csv",)), "nfl")


@pytest.mark.parametrize("wanted", ["2022-18", None, 18])
def test_what_is_no_wanted_is_refused_with_what_is_needed(settings, wanted):
    with pytest.raises(UsageError, match=r"needed is Wanted\(week="):
        busta.predict(settings, "moneyline", wanted, "sim")


def test_a_week_that_is_a_number_is_refused_like_any_other_text():
    with pytest.raises(UsageError, match="week 18 cannot be right"):
        _season_and_week(18)


def test_files_that_are_no_paths_are_refused():
    with pytest.raises(UsageError, match="needed is a file"):
        busta.Wanted(files=[3])
