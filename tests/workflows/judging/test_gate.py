from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

import busta
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import DataError, OutsideError, UsageError
from busta.performance.gate.verdict import FIT_TO_SERVE, REJECTED
from busta.registry.connect import connect
from busta.registry.versions import promote, resolve
from busta.workflows.judging.gate import _empty, gate
from support import planted
from workspaces import CURRENT, KINDS, Trained, forget_variables, register_again

NAME = "busta-sim-moneyline"
PASSES, REJECTED_KIND = "moneyline", "moneyline-blind"
SAID = ("verdict", "reason", "checks", "trials", "metrics", "bar", "difference", "games")


def check(result, code):
    return next(each for each in result["checks"] if each["code"] == code)


def without_time(result):
    """What is the same whenever it is asked: everything but how long a prediction took."""
    return {key: result[key] for key in SAID if key != "checks"} | {
        "checks": [each for each in result["checks"] if each["code"] != "BST010"]
    }


def again(registry, name=NAME):
    """Registers the only version once more, as the next number and challenger."""
    only = resolve(registry, name, "1")
    register_again(registry, only)
    registry.client.set_registered_model_alias(name, "challenger", "2")


def files_of(settings, name, file):
    (path,) = (settings.home / "mlruns" / name).glob(f"*/artifacts/{file}")
    return path


def registered_at(settings, moment):
    """Has the registry believe that every version was registered at that time."""
    with sqlite3.connect(settings.home / "mlflow.db") as database:
        database.execute("update model_versions set creation_time = ?", (int(moment.timestamp() * 1000),))


@pytest.mark.parametrize(("kind", "verdict"), [(PASSES, FIT_TO_SERVE), (REJECTED_KIND, REJECTED)])
def test_a_version_is_judged_again_as_its_training_was(borrowed, trained, kind, verdict):
    before = trained.results[kind]

    found = gate(borrowed, "moneyline", "sim", **KINDS[kind])

    assert (found["verdict"], before["verdict"]) == (verdict, verdict)
    assert found["may_be_promoted"] is (verdict != REJECTED)
    assert before["trials"] | {"count": 4} == found["trials"]
    for code in ("BST001", "BST002", "BST003", "BST005", "BST012"):
        assert check(found, code) == check(before, code)


def test_an_answer_is_json_without_nan_and_says_what_was_judged(borrowed, trained, kind):
    options = KINDS[kind]

    found = gate(borrowed, kind.partition("-")[0], "sim", **options)

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["model"], found["model_version"]) == (f"busta-sim-{kind}", "1")
    assert (found["information"], found["price"]) == (
        "blind" if options.get("blind") else "anchored",
        options.get("moment", "close"),
    )
    assert found["games"] == trained.results[kind]["games"]
    assert [each["code"] for each in found["checks"]] == sorted(each["code"] for each in found["checks"])
    assert found["notes"] == {}


def test_the_verdict_is_noted_with_the_version(borrowed):
    registry = connect(borrowed)
    registry.client.set_model_version_tag(NAME, "1", "verdict", "fit to bet")
    registry.client.set_model_version_tag(NAME, "1", "fit_to_bet", "yes")
    registry.client.set_model_version_tag(NAME, "1", "judged_at", "2001-01-01T00:00:00Z")

    found = gate(borrowed, PASSES, "sim")

    tags = resolve(registry, NAME).tags
    assert (tags["verdict"], tags["verdict_reason"]) == (found["verdict"], found["reason"])
    assert tags["fit_to_bet"] == "no"
    assert tags["judged_at"] > "2020"
    assert (tags["gate_trials"], tags["gate_champion"]) == (str(found["trials"]["count"]), "none") == ("4", "none")
    assert [row["verdict"] for row in busta.list_models(borrowed, PASSES) if row["model"] == NAME] == [FIT_TO_SERVE]


def test_by_default_it_is_the_challenger_and_without_one_the_champion(borrowed):
    registry = connect(borrowed)
    again(registry)
    promote(registry, resolve(registry, NAME, "1"))

    asked = [gate(borrowed, PASSES, "sim", model=model)["model_version"] for model in (None, "1", "champion")]
    registry.client.delete_registered_model_alias(NAME, "challenger")

    assert asked == ["2", "1", "1"]
    assert gate(borrowed, PASSES, "sim")["model_version"] == "1"


@pytest.mark.parametrize(
    ("market", "league", "model", "says"),
    [
        ("parlay", "sim", None, "unknown market 'parlay'"),
        ("moneyline", "xfl", None, "unknown league 'xfl'"),
        ("moneyline", "nfl", None, "there is no model busta-nfl-moneyline yet; `busta train` makes one"),
        ("moneyline", "sim", "7", "no version '7'; it has: 1"),
        ("moneyline", "sim", "champion", "no version 'champion'; it has: 1, and aliases challenger"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(trained, market, league, model, says):
    with pytest.raises(UsageError, match=says):
        gate(trained.settings, market, league, model=model)


def test_a_registry_that_cannot_be_read_is_an_outside_error(settings):
    (settings.home / "mlflow.db").write_bytes(b"no database" * 1000)

    with pytest.raises(OutsideError, match="file is not a database"):
        gate(settings, PASSES, "sim")


def test_a_version_of_an_older_busta_has_to_be_trained_again(borrowed):
    path = files_of(borrowed, NAME, "predictions.parquet")
    pl.read_parquet(path).drop("market_mean", "closing_win").write_parquet(path)

    with pytest.raises(UsageError, match=rf"version 1 of {NAME} was trained by an older busta .*; train again"):
        gate(borrowed, PASSES, "sim")


def test_without_data_in_the_workspace_the_stored_forecasts_are_judged_alone(borrowed):
    before = gate(borrowed, PASSES, "sim")
    shutil.rmtree(borrowed.home / "data")

    found = gate(borrowed, PASSES, "sim")

    assert found["notes"].keys() == {"data"}
    assert "no games of sim in this workspace" in found["notes"]["data"]
    assert {check(found, code)["answer"] for code in ("BST010", "BST011", "BST013", "BST014")} == {"not applicable"}
    for code in ("BST001", "BST002", "BST003", "BST004", "BST005", "BST006"):
        assert check(found, code) == check(before, code)
    assert not (borrowed.home / "data").exists()


def test_a_feature_that_dried_up_is_found(borrowed):
    tables = Tables(borrowed.tables / "sim")
    games, quotes, *_ = tables.read()
    late = pl.col("kickoff") > datetime(CURRENT, 11, 1, tzinfo=UTC)
    (tables.folder / "CURRENT").unlink()
    tables.update(Batch(games.with_columns(roof=pl.when(~late).then("roof")), quotes))

    found = gate(borrowed, "totals", "sim")

    features = check(found, "BST011")
    assert (found["verdict"], features["answer"], features["blocks"]) == (REJECTED, "failed", True)
    assert features["words"] == "empty in the newest games: indoors"


def test_a_feature_that_the_store_no_longer_has_is_found_and_one_that_it_never_knew_is_not():
    data = planted(seasons=2, weeks=4, per_week=12, features=3)
    data.X[-48:, 0] = np.nan
    data.X[:, 1] = np.nan

    assert _empty(data, ["x2", "gone", "x1", "x0"]) == ["gone", "x0"]


def mended(settings, changes, games_changed):
    """Has the tables say something else of the first so many games that the moneyline was judged on."""
    tables = Tables(settings.tables / "sim")
    games, quotes, *_ = tables.read()
    judged = pl.read_parquet(files_of(settings, NAME, "predictions.parquet")).head(games_changed)["game_id"]
    rows = pl.col("game_id").is_in(judged.implode())
    columns = [
        pl.when(rows).then(pl.col(name) + by).otherwise(pl.col(name)).alias(name) for name, by in changes.items()
    ]
    mine = [column for column in columns if column.meta.output_name() in games.columns]
    others = [column for column in columns if column.meta.output_name() in quotes.columns]
    tables.update(Batch(games.with_columns(mine), quotes.with_columns(others)))
    return judged.to_list()


def test_a_corrected_score_is_said_and_tolerated(borrowed):
    (game,) = mended(borrowed, {"home_score": 1}, 1)

    found = gate(borrowed, PASSES, "sim")

    assert found["verdict"] == FIT_TO_SERVE
    stands = check(found, "BST014")
    assert (stands["answer"], stands["details"]) == ("passed", {"result": 1})
    assert stands["words"].endswith(f"judged games are gone or changed since (result 1): {game}")


@pytest.mark.parametrize(
    ("changes", "what"), [({"home_score": 100}, "result"), ({"first_price": 1.0}, "price")], ids=["results", "prices"]
)
def test_a_verdict_does_not_outlive_the_results_and_prices_it_was_made_on(borrowed, changes, what):
    games = mended(borrowed, changes, 60)

    found = gate(borrowed, PASSES, "sim")

    stands = check(found, "BST014")
    assert (found["verdict"], found["may_be_promoted"]) == (REJECTED, False)
    assert (stands["answer"], stands["blocks"], stands["details"]) == ("not proven", True, {what: 60})
    assert f"({what} 60): {', '.join(games[:3])} ..." in stands["words"]
    assert resolve(connect(borrowed), NAME).tags["verdict"] == REJECTED


def test_another_league_under_the_same_name_is_not_what_was_judged(borrowed):
    busta.ingest(busta.load(home=borrowed.home, sim={"seasons": 4, "seed": 99}), "sim")

    found = gate(borrowed, PASSES, "sim")

    assert found["verdict"] == REJECTED
    assert check(found, "BST014")["figure"] > 0.9


def test_a_training_is_judged_on_the_games_there_are(trained, kind):
    assert check(trained.results[kind], "BST014")["answer"] == "passed"


def test_where_nothing_can_be_written_the_verdict_is_given_and_said_not_to_be_noted(borrowed):
    tags = resolve(connect(borrowed), NAME).tags
    with sqlite3.connect(borrowed.home / "mlflow.db") as database:
        for what in ("insert", "update"):
            database.execute(
                f"create trigger no_{what} before {what} on model_version_tags"
                " begin select raise(abort, 'attempt to write a readonly database'); end"
            )

    found = gate(borrowed, PASSES, "sim")

    assert (found["verdict"], found["may_be_promoted"]) == (FIT_TO_SERVE, True)
    assert found["notes"].keys() == {"verdict"}
    assert found["notes"]["verdict"].startswith("the verdict could not be noted with the version: MLflow at sqlite:")
    assert "attempt to write a readonly database" in found["notes"]["verdict"]
    assert "\n" not in found["notes"]["verdict"]
    assert resolve(connect(borrowed), NAME).tags == tags


@pytest.mark.slow
def test_the_vig_of_later_games_is_removed_as_the_version_was_trained(until_2012):
    """Else an anchored model would start from another place than it learned to start from."""
    registered_at(until_2012, datetime(2013, 11, 3, 18, tzinfo=UTC))
    other = busta.load(home=until_2012.home, bets={"vig_method": "power"})

    before, found = (gate(settings, PASSES, "sim") for settings in (until_2012, other))

    assert check(before, "BST013")["figure"] is not None
    assert without_time(found) == without_time(before)


def test_only_games_that_started_after_registration_are_judged_as_later_ones(until_2012):
    registered = datetime(2013, 11, 3, 18, tzinfo=UTC)
    registered_at(until_2012, registered)
    games = Tables(until_2012.tables / "sim").read().games
    finished = games.filter(pl.col("home_score").is_not_null())

    found = gate(until_2012, PASSES, "sim")

    expected = finished.filter(pl.col("kickoff") > registered).height
    assert 0 < expected < finished.filter(pl.col("season") > 2012).height
    assert found["later_games"] == expected
    later = check(found, "BST013")
    assert later["answer"] != "not applicable"
    assert 0 < later["details"]["games"] <= expected
    assert later["details"]["horizon"] == until_2012.gate.horizon


def test_games_that_the_version_learned_from_are_never_later_ones_whatever_the_clock_said(until_2012):
    registered_at(until_2012, datetime(2001, 1, 1, tzinfo=UTC))
    games = Tables(until_2012.tables / "sim").read().games

    found = gate(until_2012, PASSES, "sim")

    assert found["later_games"] == games.filter((pl.col("season") > 2012) & pl.col("home_score").is_not_null()).height


def test_later_games_change_nothing_of_the_back_test(until_2012):
    before = gate(until_2012, PASSES, "sim")
    registered_at(until_2012, datetime(2013, 11, 3, 18, tzinfo=UTC))

    found = gate(until_2012, PASSES, "sim")

    assert check(before, "BST013")["answer"] == "not applicable"
    for code in ("BST001", "BST002", "BST003", "BST004", "BST005", "BST006"):
        assert check(found, code) == check(before, code)


@pytest.fixture(scope="module")
def trained_again(trained, tmp_path_factory):
    """A copy of the trained workspace with the first recipe once more, on two threads, and with another seed's."""
    home = shutil.copytree(trained.settings.home, tmp_path_factory.mktemp("again") / "home")
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        flags = ({"jobs": 2}, {"seed": 5})
        results = [busta.train(busta.load(home=home, train=each), PASSES, "sim") for each in flags]
        return Trained(busta.load(home=home), {"same": results[0], "other": results[1]})


def test_training_the_same_recipe_again_is_no_new_trial_and_another_seed_is(trained, trained_again):
    results = (trained.results[PASSES], *trained_again.results.values())

    assert [(each["trials"]["number"], each["trials"]["count"]) for each in results] == [(1, 1), (1, 4), (5, 5)]
    assert {each["trials"]["look"] for each in results} == {1}
    for version, number in (("1", 1), ("2", 1), ("3", 5)):
        found = gate(trained_again.settings, PASSES, "sim", model=version)["trials"]
        assert (found["number"], found["count"], found["look"]) == (number, 5, 1)


def test_a_recipe_trained_twice_is_tested_once(trained_again):
    found = gate(trained_again.settings, PASSES, "sim")

    details = check(found, "BST004")["details"]
    assert (found["trials"]["count"], details["spa_candidates"]) == (5, 5)
    assert "spa_note" not in details


@pytest.mark.slow
def test_the_same_recipe_with_one_more_season_is_another_look(settings):
    tables = Tables(settings.tables / "sim")
    games, quotes, *_ = tables.read()
    early = games.filter(pl.col("season") < CURRENT)
    (tables.folder / "CURRENT").unlink()
    tables.update(Batch(early, quotes.join(early, on="game_id", how="semi")))
    results = [busta.train(settings, PASSES, "sim")]
    tables.update(Batch(games, quotes))
    results.append(busta.train(settings, PASSES, "sim"))

    assert [result["last_test_season"] for result in results] == [CURRENT - 1, CURRENT]
    for version, result in enumerate(results, start=1):
        judged_again = gate(settings, PASSES, "sim", model=str(version))
        for found in (result, judged_again):
            assert (found["trials"]["number"], found["trials"]["count"], found["trials"]["look"]) == (1, 1, version)
    first, second = (check(result, "BST004")["details"]["level"] for result in results)
    assert second == pytest.approx(first / 2)


def test_a_gold_store_made_elsewhere_is_another_trial(borrowed, trained):
    version = trained.results[PASSES]["gold_version"]

    found = busta.train(borrowed, PASSES, "sim", gold_path=borrowed.gold / "sim" / version)

    assert (found["trials"]["number"], found["trials"]["count"]) == (5, 5)


BLIND = {"blind": True}


def test_bets_are_judged_by_the_rules_that_the_version_was_trained_with(borrowed, trained, monkeypatch):
    monkeypatch.setenv("BUSTA_BETS__MIN_EDGE", "0.1")
    changed = busta.load(home=borrowed.home)
    before = trained.results["moneyline-blind"]

    found = gate(changed, PASSES, "sim", **BLIND)

    assert changed.bets.min_edge == 0.1
    assert found["metrics"] == before["metrics"]
    for code in ("BST006", "BST007"):
        assert check(found, code)["figure"] == check(before, code)["figure"]


def test_a_version_that_does_not_say_its_rules_is_judged_by_todays(borrowed, trained):
    connect(borrowed).client.delete_model_version_tag(f"{NAME}-blind", "1", "hyperparameters")
    choosy = busta.load(home=borrowed.home, bets={"min_edge": 0.1})

    counts = [gate(settings, PASSES, "sim", **BLIND)["metrics"]["bets"] for settings in (borrowed, choosy)]

    assert counts[0] == trained.results["moneyline-blind"]["metrics"]["bets"]
    assert counts[1] < counts[0]


@pytest.mark.slow
def test_two_trainings_at_once_have_numbers_of_their_own_once_both_are_there(settings, monkeypatch):
    from busta.registry.publish import publish

    together = threading.Barrier(2, timeout=60)
    found, errors = {}, []

    def wait_and_publish(*given):
        together.wait()
        return publish(*given)

    def train(seed):
        try:
            found[seed] = busta.train(busta.load(home=settings.home, train={"seed": seed}), PASSES, "sim")
        except Exception as exc:  # noqa: BLE001 - shown by the assertion
            errors.append(exc)

    monkeypatch.setattr("busta.workflows.training.train.publish", wait_and_publish)
    threads = [threading.Thread(target=train, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert errors == []
    assert [found[seed]["trials"]["number"] for seed in (1, 2)] == [1, 1], "neither knew of the other"
    again = [gate(settings, PASSES, "sim", model=version)["trials"] for version in ("1", "2")]
    assert sorted(each["number"] for each in again) == [1, 2]
    assert [each["count"] for each in again] == [2, 2]


def test_the_plan_holds_from_the_first_training_on_and_another_one_in_the_settings_is_said(borrowed, trained):
    settings = busta.load(home=borrowed.home, gate={"planned_trials": 3, "horizon": 500, "alpha": 0.1})

    found, trained_again = gate(settings, PASSES, "sim"), busta.train(settings, PASSES, "sim")

    declared = {"planned": 20, "horizon": 1400, "alpha": 0.05}
    for result in (found, trained_again):
        assert result["trials"] == result["trials"] | declared
        assert result["notes"]["plan"] == (
            "the settings ask for 3 trials, 500 games and alpha 0.1; "
            "20 trials, 1400 games and alpha 0.05 was declared with the market's first trial and holds"
        )
    assert "plan" not in trained.results[PASSES]["notes"]


def test_all_trials_of_the_market_are_tested_at_once_by_their_stored_losses(borrowed):
    details = check(gate(borrowed, PASSES, "sim"), "BST004")["details"]

    assert details["spa_candidates"] == 4
    assert 0 < details["spa_p"] <= 1
    assert details["stepm_better"] == []


def test_a_trial_whose_file_is_gone_or_damaged_counts_but_is_not_tested(borrowed):
    files_of(borrowed, f"{NAME}-blind", "predictions.parquet").unlink()
    damaged = files_of(borrowed, f"{NAME}-open", "predictions.parquet")
    damaged.write_bytes(damaged.read_bytes()[:100])

    found = gate(borrowed, PASSES, "sim")

    assert found["trials"]["count"] == 4
    assert check(found, "BST004")["details"]["spa_candidates"] == 2
    assert found["notes"] == {
        "trials": "2 of the trials left no forecasts that can be read; they count, but not in the SPA test"
    }


def test_a_deleted_run_counts_and_is_tested(borrowed, trained):
    registry = connect(borrowed)
    registry.client.delete_run(trained.results["moneyline-blind"]["run_id"])

    found = gate(borrowed, PASSES, "sim")

    assert found["trials"]["count"] == 4
    assert check(found, "BST004")["details"]["spa_candidates"] == 4


def test_a_version_whose_run_is_gone_from_the_record_counts_as_the_next_trial(borrowed, trained):
    with sqlite3.connect(borrowed.home / "mlflow.db") as database:
        run = (trained.results[PASSES]["run_id"],)
        database.execute("delete from latest_metrics where run_uuid = ?", run)

    found = gate(borrowed, PASSES, "sim")["trials"]

    assert (found["number"], found["count"]) == (4, 4)


@pytest.mark.slow
def test_a_new_version_is_compared_with_the_champion_on_the_same_games(borrowed, trained):
    registry = connect(borrowed)
    promote(registry, resolve(registry, NAME))

    result = busta.train(busta.load(home=borrowed.home, train={"seed": 5}), PASSES, "sim")

    compared = check(result, "BST008")
    assert compared["answer"] == "passed"
    assert compared["details"]["games"] == trained.results[PASSES]["games"]
    assert compared["figure"] != 0
    assert check(gate(borrowed, PASSES, "sim"), "BST008") == compared
    assert [resolve(registry, NAME, number).tags["gate_champion"] for number in ("1", "2")] == ["none", "1"]
    champion = gate(borrowed, PASSES, "sim", model="champion")
    assert check(champion, "BST008")["words"] == "there is no other champion"


@pytest.mark.parametrize("damage", ["older", "gone"])
def test_a_champion_that_cannot_be_read_keeps_nobody_from_training_again(borrowed, damage):
    registry = connect(borrowed)
    promote(registry, resolve(registry, NAME))
    path = files_of(borrowed, NAME, "predictions.parquet")
    frame = pl.read_parquet(path).drop("market_mean")
    path.unlink()
    if damage == "older":
        frame.write_parquet(path)

    result = busta.train(borrowed, PASSES, "sim")

    assert result["model_version"] == "2"
    assert result["notes"]["champion"].startswith("not compared with the champion: ")
    assert "\n" not in result["notes"]["champion"]
    assert gate(borrowed, PASSES, "sim")["notes"]["champion"] == result["notes"]["champion"]


def test_rules_of_the_gate_are_settings(borrowed):
    strict = busta.load(home=borrowed.home, gate={"line_margin": 1e-6, "milliseconds": 1e-6})

    found = gate(strict, PASSES, "sim")

    assert found["verdict"] == REJECTED
    assert [each["code"] for each in found["checks"] if each["purpose"] == "serve" and each["blocks"]] == [
        "BST002",
        "BST010",
    ]


def test_a_league_whose_data_lack_the_market_is_refused(borrowed):
    tables = Tables(borrowed.tables / "sim")
    games, quotes, *_ = tables.read()
    (tables.folder / "CURRENT").unlink()
    tables.update(Batch(games, quotes.filter(pl.col("market") != "ats")))

    with pytest.raises(DataError, match="sim has no ats quotes at the close"):
        gate(borrowed, "ats", "sim")


def test_what_a_gate_says_is_the_same_each_time(borrowed):
    first, second = gate(borrowed, "moneyline", "sim", blind=True), gate(borrowed, "moneyline", "sim", blind=True)

    assert without_time(first) == without_time(second)
    assert np.isfinite(check(first, "BST010")["figure"])
