from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.errors import DataError, UsageError
from busta.registry.connect import connect
from busta.registry.versions import fetch_predictions, resolve, versions
from workspaces import CURRENT, KINDS

DESIGN = {
    "market", "league", "information", "price", "run_id", "model_version", "gold_version", "folds", "games",
    "first_test_season", "last_test_season", "metrics", "baselines", "by_season", "verdict", "notes", "seconds",
    "peak_rss_mb", "bar", "difference", "differences", "against_the_line", "reason", "checks", "trials",
}  # fmt: skip
METRICS = {
    "log_loss", "brier", "accuracy", "precision", "recall", "auc", "ece", "calibration_slope", "bets", "pushes",
    "turnover", "unit_profit", "roi", "roi_low", "roi_high", "kelly_growth", "max_drawdown", "clv", "clv_coverage",
}  # fmt: skip
SEASON = {"season", "games", "log_loss", "brier", "closing_line_log_loss", "closing_line_brier", "roi"}


def predictions(settings, result):
    registry = connect(settings)
    return fetch_predictions(registry, resolve(registry, result["model"], result["model_version"])).read_bytes()


@pytest.fixture
def result(trained, kind):
    return trained.results[kind]


def test_the_answer_has_every_key_of_the_contract(result):
    assert set(result) >= DESIGN
    assert set(result["metrics"]) >= METRICS
    lines = {"closing_line", "closing_line_recalibrated"} | ({"opening_line"} if result["price"] == "open" else set())
    assert set(result["baselines"]) == {"elo", "favourite", "home"} | lines
    assert result["bar"] in lines
    assert all(set(figures) >= METRICS for figures in result["baselines"].values())
    assert all(set(season) >= SEASON for season in result["by_season"])


def test_the_answer_is_json_without_nan(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_every_figure_that_does_not_apply_is_null_with_its_reason(result):
    notes = result["notes"]
    for name, value in result["metrics"].items():
        assert (value is None) == (name in notes), name
    for baseline, figures in result["baselines"].items():
        said = notes.get(f"baselines.{baseline}", "")
        silent = [name for name, value in figures.items() if value is None and name not in said and name not in notes]
        assert silent == []
    for season in result["by_season"]:
        assert [name for name, value in season.items() if value is None and name not in notes["by_season"]] == []


def test_the_answer_says_what_was_trained(result, kind):
    market, _, rest = kind.partition("-")
    assert result["model"] == "busta-sim-" + kind
    assert result["market"] == market
    assert result["league"] == "sim"
    assert result["information"] == ("blind" if "blind" in rest else "anchored")
    assert result["price"] == ("open" if "open" in rest else "close")
    assert result["model_version"] == "1"


def test_every_finished_game_of_the_test_seasons_is_tested_once(trained, result):
    games = Tables(trained.settings.tables / "sim").read().games
    tested = games.filter(pl.col("home_score").is_not_null() & (pl.col("season") >= 2012))

    assert result["games"] == tested.height
    assert [season["season"] for season in result["by_season"]] == [2012, 2013, CURRENT]
    assert (result["first_test_season"], result["last_test_season"], result["folds"]) == (2012, CURRENT, 3)
    assert result["trained_through"] == tested["kickoff"].max().isoformat()


def test_the_stored_predictions_are_of_the_tested_games_and_sum_to_one(trained, result):
    registry = trained.registry
    stored = pl.read_parquet(fetch_predictions(registry, resolve(registry, result["model"])))

    assert stored.height == result["games"]
    assert not stored["game_id"].is_duplicated().any()
    assert stored.select((pl.sum_horizontal("win", "push", "lose") - 1).abs().max()).item() < 1e-12
    losses = stored["log_loss"].drop_nulls()
    assert losses.mean() == pytest.approx(result["metrics"]["log_loss"])


def test_the_run_and_its_version_tell_the_whole_story(trained):
    result = trained.results["moneyline"]
    run = trained.registry.client.get_run(result["run_id"])
    version = resolve(trained.registry, result["model"])

    assert run.data.metrics["log_loss"] == result["metrics"]["log_loss"]
    assert run.data.metrics["closing_line.brier"] == result["baselines"]["closing_line"]["brier"]
    assert run.data.params["train.seed"] == "20"
    assert run.data.params["members.linear.ridge"] == "100.0"
    artifacts = {file.path for file in trained.registry.client.list_artifacts(run.info.run_id)}
    assert artifacts >= {
        "predictions.parquet", "importances.csv", "evaluation.json", "configuration.json", "environment.json",
        "gold.json", "calibration.png",
    }  # fmt: skip
    tags = dict(version.tags)
    assert tags.items() <= run.data.tags.items()
    assert tags["gold_version"] == result["gold_version"]
    assert tags["seasons"] == f"2010-{CURRENT}"
    assert tags["fit_to_bet"] == "no"
    assert (tags["verdict"], tags["verdict_reason"]) == (result["verdict"], result["reason"])
    assert tags["against_the_line"] == result["against_the_line"]
    for check in result["checks"]:
        assert run.data.metrics.get(f"gate.{check['code']}") == check["figure"]
    assert json.loads(tags["hyperparameters"])["members.boosting.max_depth"] == "2"
    assert set(tags) >= {"league", "market", "trained_at", "trained_through", "data", "git_commit", "seed", "verdict"}


def test_the_stored_configuration_holds_no_tracking_address(trained):
    registry, run_id = trained.registry, trained.results["moneyline"]["run_id"]
    stored = json.loads((registry.artifacts / "busta-sim-moneyline" / run_id / "artifacts" / "configuration.json")
                        .read_text())  # fmt: skip

    assert "tracking" not in stored
    assert stored["sim"]["seasons"] == 4


def test_the_same_training_says_the_same_bit_for_bit_on_one_thread_and_two(settings, trained):
    assert trained.settings.train.jobs == 1

    result = busta.train(busta.load(home=settings.home, train={"jobs": 2}), "totals", "sim")

    assert predictions(settings, result) == predictions(trained.settings, trained.results["totals"])


def test_another_seed_says_something_else(settings, trained):
    result = busta.train(busta.load(home=settings.home, train={"seed": 1}), "totals", "sim")

    assert predictions(settings, result) != predictions(trained.settings, trained.results["totals"])


def test_a_gold_store_made_elsewhere_gives_what_the_own_one_gives(settings, trained, tmp_path):
    version = trained.results["ats"]["gold_version"]
    foreign = shutil.copytree(trained.settings.gold / "sim" / version, tmp_path / "theirs")
    shutil.rmtree(settings.home / "data")

    result = busta.train(settings, "ats", "sim", gold_path=foreign)

    assert predictions(settings, result) == predictions(trained.settings, trained.results["ats"])
    assert not (settings.home / "data").exists()


def test_through_a_season_learns_nothing_of_later_ones(settings):
    result = busta.train(settings, "moneyline", "sim", through=2012)

    assert (result["first_test_season"], result["last_test_season"]) == (2012, 2012)
    assert result["trained_through"] < "2013-06"
    (version,) = versions(connect(settings), "busta-sim-moneyline")
    assert version.tags["seasons"] == "2010-2012"


def test_what_is_missing_is_made(settings):
    shutil.rmtree(settings.home / "data")

    result = busta.train(settings, "moneyline", "sim")

    assert result["games"] > 0
    assert (settings.gold / "sim" / result["gold_version"] / "manifest.json").exists()


@pytest.mark.slow
def test_progress_counts_the_folds_of_all_that_there_is_to_fit(settings):
    steps = []

    busta.train(settings, "moneyline", "sim", progress=lambda done, of: steps.append((done, of)))

    assert [done for done, _ in steps][:3] == [1, 2, 3]
    assert {of for _, of in steps} == {4}


@pytest.mark.parametrize(
    ("market", "league", "options", "flags", "kind", "says"),
    [
        ("moneylin", "sim", {}, {}, UsageError, "unknown market 'moneylin'; did you mean 'moneyline'"),
        ("moneyline", "xfl", {}, {}, UsageError, "unknown league 'xfl'.* nfl, sim"),
        ("moneyline", "sim", {"through": 1999}, {}, UsageError, f"no season 1999; there are 2010 to {CURRENT}"),
        ("moneyline", "sim", {"through": "2013"}, {}, UsageError, f"no season 2013; there are 2010 to {CURRENT}"),
        ("moneyline", "sim", {"through": [2013]}, {}, UsageError, r"no season \[2013\]"),
        ("moneyline", "sim", {"moment": "noon"}, {}, UsageError, "unknown price 'noon'. Allowed: open, close"),
        ("moneyline", "sim", {"gold_path": 3}, {}, UsageError, "gold_path = 3: needed is a path"),
        (None, "sim", {}, {}, UsageError, "unknown market 'None'"),
        ("moneyline", "sim", {}, {"first_test_season": 2040}, (UsageError, DataError), "2040"),
        ("moneyline", "sim", {}, {"min_train_games": 9999}, (UsageError, DataError), "9999"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_nothing_is_registered(
    settings, market, league, options, flags, kind, says
):
    settings = busta.load(home=settings.home, train=flags)

    with pytest.raises(kind, match=says):
        busta.train(settings, market, league, **options)
    assert connect(settings).client.search_registered_models() == []


def test_a_league_without_games_is_one_clear_error(settings, tmp_path):
    with pytest.raises(UsageError, match="no gold store"):
        busta.train(settings, "moneyline", "sim", gold_path=tmp_path / "nowhere")


def test_every_kind_was_tried():
    assert {kind.partition("-")[0] for kind in KINDS} == set(busta.plugins.market_names())
