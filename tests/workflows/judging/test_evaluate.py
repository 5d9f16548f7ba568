from __future__ import annotations

import json

import polars as pl
import pytest

import busta
from busta.errors import UsageError
from busta.registry.connect import connect
from busta.registry.versions import fetch_predictions, resolve
from workspaces import KINDS, register_again

OF_THE_TRAINING = (
    *("model", "model_version", "market", "league", "information", "price", "games", "first_test_season"),
    *("last_test_season", "metrics", "baselines", "bar", "difference", "differences", "by_season", "against_the_line"),
)


@pytest.fixture
def found(trained, kind):
    return busta.evaluate(trained.settings, kind.partition("-")[0], "sim", **KINDS[kind])


def test_stored_forecasts_are_scored_as_the_training_scored_them(found, trained, kind):
    before = trained.results[kind]

    assert {name: found[name] for name in OF_THE_TRAINING} == {name: before[name] for name in OF_THE_TRAINING}
    assert found["notes"].items() <= before["notes"].items()


def test_the_answer_is_json_without_nan(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_reliability_curve_has_every_decided_game_once(found, trained, kind):
    registry = trained.registry
    stored = pl.read_parquet(fetch_predictions(registry, resolve(registry, f"busta-sim-{kind}")))
    curve, decided = found["reliability"], stored.filter(pl.col("y").is_not_null())

    assert sum(row["count"] for row in curve) == decided.height
    assert sum(row["count"] * row["rate"] for row in curve) == pytest.approx(decided["y"].sum())
    assert [row["mean_p"] for row in curve] == sorted(row["mean_p"] for row in curve)
    assert all(row["low"] <= row["rate"] <= row["high"] for row in curve)


def test_what_bets_are_taken_is_a_setting(trained):
    eager, shy = (
        busta.evaluate(busta.load(home=trained.settings.home, bets={"min_edge": edge}), "moneyline", "sim")
        for edge in (0.0, 0.9)
    )

    assert eager["metrics"]["bets"] > shy["metrics"]["bets"] == 0
    assert eager["metrics"]["log_loss"] == shy["metrics"]["log_loss"]
    assert shy["metrics"]["roi"] is None
    assert "roi" in shy["notes"]


def test_bets_by_other_rules_than_those_of_the_verdict_are_said_to_be_so(trained):
    today = busta.load(home=trained.settings.home, bets={"min_edge": 0.07})

    before, found = (busta.evaluate(each, "moneyline", "sim")["notes"] for each in (trained.settings, today))

    assert "rules" not in before
    assert found["rules"] == "bets by today's min_edge = 0.07; the version was judged by min_edge = 0.02"


def test_by_default_it_is_the_champion_and_before_there_is_one_the_challenger(borrowed):
    registry = connect(borrowed)
    only = resolve(registry, "busta-sim-ats")
    register_again(registry, only)
    registry.client.set_registered_model_alias(only.name, "challenger", "2")
    asked = [busta.evaluate(borrowed, "ats", "sim")["model_version"]]
    registry.client.set_registered_model_alias(only.name, "champion", "1")

    asked += [busta.evaluate(borrowed, "ats", "sim", model=model)["model_version"] for model in (None, "challenger")]

    assert asked == ["2", "1", "2"]


@pytest.mark.parametrize(
    ("market", "league", "model", "says"),
    [
        ("parlay", "sim", None, "unknown market 'parlay'"),
        ("ats", "xfl", None, "unknown league 'xfl'"),
        ("ats", "nfl", None, "there is no model busta-nfl-ats yet"),
        ("ats", "sim", "7", "no version '7'; it has: 1"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(trained, market, league, model, says):
    with pytest.raises(UsageError, match=says):
        busta.evaluate(trained.settings, market, league, model=model)
