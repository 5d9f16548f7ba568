"""Watching a champion of the simulated league that has learned from the seasons up to 2012."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

import busta
from busta.errors import UsageError
from busta.scoring.proper import log_loss
from busta.workflows.data.build import gold_of
from busta.workflows.watching import watch as module
from busta.workflows.watching.features import last_week
from busta.workflows.watching.watch import watch
from workspaces import _template, forget_variables

LATER = datetime(2030, 1, 1, tzinfo=UTC)
ROW = {
    *("feature", "games", "psi", "psi_critical", "ks", "p", "missing", "missing_before", "outside"),
    *("known_age_hours", "alarm"),
}
ROLLING = {"games", "log_loss", "closing_log_loss", "brier", "closing_brier", "ece", "closing_ece"}


@pytest.fixture(scope="session")
def _champion(tmp_path_factory):
    """A workspace with a champion of the moneyline; not to be changed."""
    home = shutil.copytree(_template(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("champion") / "home")
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        settings = busta.load(home=home)
        busta.train(settings, "moneyline", "sim", through=2012)
        busta.promote_version(settings, "moneyline", "1", "sim", force=True)
    return home


@pytest.fixture
def champion(_champion, tmp_path):
    """The settings of a copy of it."""
    return busta.load(home=shutil.copytree(_champion, tmp_path / "champion"))


@pytest.fixture(scope="session")
def found(_champion):
    """What the watch says at the end of the season 2013."""
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        return watch(busta.load(home=_champion), "sim", through=2013)


def test_it_says_what_page_metrics_and_retraining_read(found):
    model = found["models"][0]

    assert {"league", "as_of", "gold_version", "last_result", "alarms", "notes", "seconds"} <= set(found)
    assert all(set(row) >= ROW for row in found["features"])
    assert set(model["rolling"]) == ROLLING
    assert set(model["decay"]) == {"e_value", "threshold", "adwin", "page_hinkley", "alarm", "since"}
    assert set(model["predictions"]) == {"psi", "psi_critical", "alarm"}
    assert model["version"] == 1
    assert model["role"] == "champion"
    assert model["trained_through"].startswith("2013-02")
    json.dumps(found, allow_nan=False)


def test_a_season_like_those_before_gives_no_alarm(found):
    assert found["alarms"] == 0
    assert found["models"][0]["triggers"] == found["models"][0]["reasons"] == []


def test_the_rolling_scores_are_those_of_the_games_after_the_training(found, champion):
    games = gold_of(champion, busta.plugins.pick("league", "sim")).games
    season = games.filter(pl.col("season") == 2013)
    rolling = found["models"][0]["rolling"]

    assert found["models"][0]["games"] == season.height
    assert rolling["games"] == 256  # and no tie among them
    assert 0.5 < rolling["log_loss"] < log_loss([0.5], [1])
    assert found["last_result"] == season["kickoff"].max().isoformat()


def test_nothing_later_than_the_time_it_looks_from_is_seen(champion):
    early = watch(champion, "sim", now=datetime(2013, 10, 1, 12, tzinfo=UTC))  # a Tuesday

    assert early["as_of"] == "2013-10-01T12:00:00+00:00"
    assert early["weeks"] == ["2013-09-03", "2013-09-10", "2013-09-17"]
    assert early["models"][0]["games"] == 3 * 16
    assert "2013-09-29" < early["last_result"] < early["as_of"]
    assert watch(champion, "sim", now=datetime(2013, 9, 27, tzinfo=UTC))["features"] == early["features"]


def test_a_feature_that_is_off_is_found_and_is_a_trigger_where_the_champion_reads_it(champion, monkeypatch):
    gold = gold_of(champion, busta.plugins.pick("league", "sim"))
    later = gold.games.filter((pl.col("season") == 2013) & (pl.col("week") >= 9))["game_id"].implode()
    form = gold.events["form"].with_columns(
        pl.when(pl.col("game_id").is_in(later)).then(pl.col(name) + 20 * pl.col(name).std()).otherwise(pl.col(name))
        for name in ("elo_diff", "points_for_5_diff")
    )
    monkeypatch.setattr(module, "gold_of", lambda *_: replace(gold, events={**gold.events, "form": form}))

    found = watch(champion, "sim", now=datetime(2013, 11, 19, 12, tzinfo=UTC))

    alarmed = [row["feature"] for row in found["features"] if row["alarm"]]
    assert {"elo_diff", "points_for_5_diff"} <= set(alarmed)
    assert found["alarms"] == len(alarmed)
    assert "drift" in found["models"][0]["triggers"]
    assert "elo_diff" in found["models"][0]["reasons"][0]
    assert next(row for row in found["features"] if row["feature"] == "elo_diff")["read_by"] == ["moneyline"]


def test_values_that_grow_old_are_one_alarm(champion, monkeypatch):
    gold = gold_of(champion, busta.plugins.pick("league", "sim"))
    form = gold.events["form"].sort("game_id", "known_at")
    late = gold.games.filter((pl.col("season") == 2013) & (pl.col("week") >= 9))["game_id"].implode()
    stuck = pl.concat(
        [
            form.filter(~pl.col("game_id").is_in(late)),
            form.filter(pl.col("game_id").is_in(late)).unique("game_id", keep="first"),
        ]
    ).with_columns(
        pl.when(pl.col("game_id").is_in(late)).then(pl.col("known_at") - pl.duration(days=30)).otherwise("known_at")
    )
    monkeypatch.setattr(module, "gold_of", lambda *_: replace(gold, events={**gold.events, "form": stuck}))

    found = watch(champion, "sim", now=datetime(2013, 11, 19, 12, tzinfo=UTC))

    stale = {row["group"]: row for row in found["groups"]}["form"]
    assert stale["alarm"]
    assert stale["age_hours"] > 24 * 30 > stale["age_hours_before"]


def test_a_bias_of_the_results_is_decay(champion, monkeypatch):
    gold = gold_of(champion, busta.plugins.pick("league", "sim"))
    games = gold.games.with_columns(
        pl.when(pl.col("season") == 2013).then(pl.col("home_score") + 8).otherwise("home_score").alias("home_score")
    )
    monkeypatch.setattr(module, "gold_of", lambda *_: replace(gold, games=games))

    found = watch(champion, "sim", through=2013)

    model = found["models"][0]
    assert model["decay"]["alarm"]
    assert "decay" in model["triggers"]
    assert "2013-" in model["reasons"][-1]
    assert found["alarms"] >= 1


def test_the_last_result_is_kept_in_the_workspace(champion):
    (champion.home / "watch" / "sim.json").unlink(missing_ok=True)
    assert busta.last_watch(champion, "sim") is None

    found = watch(champion, "sim", "moneyline", through=2013)

    assert busta.last_watch(champion, "sim") == found


def test_right_after_a_training_there_is_nothing_to_look_at(champion):
    found = watch(champion, "sim", through=2012)

    assert found["features"] == found["groups"] == found["weeks"] == []
    assert "no week is over" in found["notes"]["features"]
    assert found["models"][0]["games"] == 0
    assert found["models"][0]["rolling"]["log_loss"] is None
    assert found["alarms"] == 0


def test_markets_without_a_champion_are_named(champion):
    found = watch(champion, "sim", ["moneyline", "totals"], through=2012)

    assert found["notes"]["models"] == "no champion of totals"
    with pytest.raises(UsageError, match="no champion of that kind for totals"):
        watch(champion, "sim", ["totals"])
    with pytest.raises(UsageError, match="no champion of that kind"):
        watch(champion, "sim", blind=True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"through": 2031}, "no season 2031; it has 2010 to 2014"),
        ({"now": datetime(2013, 1, 1)}, "needs its zone"),  # noqa: DTZ001
        ({"markets": "moneylin"}, "did you mean 'moneyline'"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(champion, given, words):
    with pytest.raises(UsageError, match=words):
        watch(champion, "sim", **given)


def test_a_week_is_over_on_wednesday():
    assert last_week(datetime(2026, 11, 24, 23, 59, tzinfo=UTC)) == np.datetime64("2026-11-10")
    assert last_week(datetime(2026, 11, 25, tzinfo=UTC)) == np.datetime64("2026-11-17")
