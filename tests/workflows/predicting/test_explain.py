"""Forecasts taken apart, and put together again."""

from __future__ import annotations

import json
import shutil

import numpy as np
import polars as pl
import pytest

import busta
from busta.errors import OutsideError, UsageError
from busta.registry.connect import connect
from busta.registry.versions import fetch, resolve
from workspaces import CURRENT, KINDS

PLAYED, COMING = f"{CURRENT - 1}-05", f"{CURRENT}-18"


def explained(trained, kind, game=None, **more):
    return busta.explain(trained.settings, kind.partition("-")[0], game, "sim", **KINDS[kind] | more)


def games(trained, kind, week):
    wanted = busta.Wanted(week=week)
    rows = busta.predict(trained.settings, kind.partition("-")[0], wanted, "sim", **KINDS[kind])["predictions"]
    return [row for row in rows if row["probability"]]


def first_side(row):
    win, lose = row["probability"]["win"], row["probability"]["lose"]
    return win / (win + lose) if row["side"] in {"home", "over"} else lose / (win + lose)


@pytest.mark.parametrize("week", [PLAYED, COMING])
def test_the_parts_of_a_forecast_add_up_to_what_is_published(trained, kind, week):
    for row in games(trained, kind, week)[:3]:
        found = explained(trained, kind, row["game_id"])
        assert found["probability"] == pytest.approx(first_side(row), abs=1e-9)
        assert sum(found["parts"].values()) == pytest.approx(found["log_odds"], abs=1e-9)
        features = sum(each["linear"] + each["trees"] for each in found["features"])
        assert found["parts"]["features"] == pytest.approx(features)
        assert found["out_of_fold"] == row["out_of_fold"] == (week != COMING)
        assert [abs(each["part"]) for each in found["features"]] == sorted(
            (abs(each["part"]) for each in found["features"]), reverse=True
        )
        assert (found["parts"]["market"] == 0) == (found["information"] == "blind")
        assert json.dumps(found, allow_nan=False)


def test_what_was_forecast_out_of_fold_is_explained_by_what_was_kept_of_it(trained, kind):
    row = games(trained, kind, PLAYED)[0]
    found = explained(trained, kind, row["game_id"])
    assert found["parts"]["joint"] == pytest.approx(0, abs=1e-9), "a stored forecast stays as it was"


def test_without_a_game_it_is_the_parts_of_all_forecasts_with_their_range_over_the_folds(trained, kind):
    rows = explained(trained, kind)["features"]
    registry = connect(trained.settings)
    result = trained.results[kind]
    version = resolve(registry, result["model"], result["model_version"])
    kept = pl.read_parquet(fetch(registry, version, "explanations.parquet"))
    assert len(rows) == sum(name.startswith("linear.") for name in kept.columns)
    for row in rows:
        assert row["part_lowest_fold"] <= row["part"] <= row["part_highest_fold"]
    name = rows[0]["feature"]
    assert rows[0]["part"] == pytest.approx((kept[f"linear.{name}"] + kept[f"trees.{name}"]).abs().mean(), rel=0.2)
    assert np.all(np.diff([row["part"] for row in rows]) <= 0)


def test_a_game_by_its_teams_is_the_game_by_its_id(trained):
    row = games(trained, "ats", COMING)[0]
    teams = f"{row['away_team']}@{row['home_team']}"
    assert explained(trained, "ats", teams, week=COMING) == explained(trained, "ats", row["game_id"])


def test_what_cannot_be_explained_says_why(trained):
    with pytest.raises(UsageError, match="has no game 'nonsense'"):
        explained(trained, "ats", "nonsense")
    with pytest.raises(UsageError, match="give the game, too"):
        explained(trained, "ats", week=COMING)
    with pytest.raises(UsageError, match="no version '99'"):
        explained(trained, "ats", model="99")
    with pytest.raises(UsageError, match="has no out-of-fold forecast of it"):
        explained(trained, "ats", _early(trained))


def _early(trained):
    """A game before the first that is tested."""
    gold = busta.open_gold(trained.settings.gold / "sim" / trained.results["ats"]["gold_version"])
    return str(gold.games.sort("kickoff")["game_id"][0])


def test_explanations_that_are_gone_are_an_outside_error(borrowed):
    row = busta.predict(borrowed, "ats", busta.Wanted(week=PLAYED), "sim")["predictions"][0]
    registry = connect(borrowed)
    version = resolve(registry, "busta-sim-ats")
    place = fetch(registry, version, "explanations.parquet")
    aside = place.with_suffix(".aside")
    shutil.copy(place, aside)
    try:
        place.write_bytes(b"cut")
        with pytest.raises(OutsideError, match="restore their file, or train again"):
            busta.explain(borrowed, "ats", row["game_id"], "sim")
    finally:
        aside.replace(place)
