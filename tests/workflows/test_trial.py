"""Trials of challenger against champion, on games of the simulated league that come after both."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.errors import OutsideError, Refusal, UsageError
from busta.registry.connect import connect
from busta.registry.versions import note, resolve
from busta.trials.arms import arm
from busta.workflows import trial as module
from busta.workflows import trial_evidence
from workspaces import _template, forget_variables, register_again

NAME = "busta-sim-moneyline-blind"
SUMMER = datetime(2013, 7, 1, tzinfo=UTC)
SAME = {"league_name": "sim", "blind": True}
LOOSE = {"alpha": 0.4, "planned": 1, "beta": 0.4, "margin": 0.01}


@pytest.fixture(scope="session")
def _two(tmp_path_factory):
    """A workspace with two blind models of the seasons up to 2012, the first of them champion; not to be changed."""
    home = shutil.copytree(_template(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("two") / "home")
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        for members in (["boosting"], ["linear"]):
            settings = busta.load(home=home, train={"blind": {"members": members}})
            busta.train(settings, "moneyline", "sim", through=2012, blind=True)
        busta.promote_version(busta.load(home=home), "moneyline", "1", "sim", blind=True, force=True)
    return home


@pytest.fixture
def two(_two, tmp_path):
    """The settings of a copy of it."""
    return busta.load(home=shutil.copytree(_two, tmp_path / "two"))


def since(settings, moment=SUMMER, **more):
    """Has everything been registered, and every trial started, at that time."""
    milliseconds = int(moment.timestamp() * 1000)
    with closing(sqlite3.connect(settings.home / "mlflow.db")) as database, database:
        database.execute("update model_versions set creation_time = ?", (milliseconds,))
        database.execute("update runs set start_time = ? where name like '% against %'", (milliseconds,))


def start(settings, **more):
    return busta.start_trial(settings, "moneyline", **SAME, **more)


def show(settings, **more):
    return busta.show_trial(settings, "moneyline", **SAME, **more)


def loose(settings, **more):
    return busta.load(home=settings.home, trial=LOOSE | more)


def test_a_trial_that_has_just_started_has_no_games_and_says_what_it_can_hope_for(two):
    found = start(two)

    assert (found["trial"], found["champion"], found["challenger"]) == (1, "1", "2")
    assert (found["decision"], found["games"], found["e_value"], found["mean_gain"]) == ("running", 0, 1.0, None)
    assert found["rule"] == {
        "level": 0.0125,
        "alpha": 0.05,
        "beta": 0.025,
        "margin": 0.002,
        "horizon": 2800,
        "planned": 2,
    }
    assert found["e_value_needed"] == 80
    assert [hope["gain"] for hope in found["prospects"]] == [0.0, 0.002, 0.01]
    assert found["prospects"][0]["win"] <= 0.05
    assert found["notes"] == {}


def test_games_count_that_kicked_off_after_the_start_by_both_versions_forecasts(two):
    start(two)
    since(two)
    games = Tables(two.tables / "sim").read().games
    later = games.filter((pl.col("kickoff") > SUMMER) & pl.col("home_score").is_not_null())

    found = show(two)

    decided = later.filter(pl.col("home_score") != pl.col("away_score"))
    assert found["games"] == decided.height
    assert found["pending_games"] == 0
    assert found["weeks"] == len(found["by_week"]) == len({row["week"] for row in found["by_week"]})
    assert sum(row["games"] for row in found["by_week"]) == found["games"]
    assert found["low"] < found["mean_gain"] < found["high"]
    assert found["mean_gain"] == pytest.approx(sum(row["gain"] for row in found["by_week"]) / found["games"])


def test_games_that_a_version_has_learned_from_count_for_nothing(two):
    start(two)
    since(two, datetime(2001, 1, 1, tzinfo=UTC))
    early = show(two)
    since(two)
    assert early["games"] == show(two)["games"]


def test_games_before_the_start_do_not_count(two):
    start(two)
    since(two, datetime(2014, 7, 1, tzinfo=UTC))
    assert 0 < show(two)["games"] <= 272


def test_the_gain_is_the_difference_of_the_log_losses_of_what_both_said(two):
    start(two)
    since(two)
    versions = [resolve(connect(two), NAME, number) for number in "12"]
    kind = module._kind(two, "moneyline", "sim", True, "close")
    looked = trial_evidence.seen(kind, versions, 0)
    champion, challenger = looked.forecasts
    y = champion.y
    losses = [-np.log(np.where(y == 1, each.probability, 1 - each.probability)) for each in (champion, challenger)]
    assert (champion.games["game_id"] == challenger.games["game_id"]).all()

    assert show(two)["mean_gain"] == pytest.approx(float(np.nanmean(losses[0] - losses[1])))


def test_a_week_that_is_not_over_is_not_looked_at(two, monkeypatch):
    start(two)
    since(two)
    sunday = datetime(2013, 11, 10, 23, tzinfo=UTC)
    monkeypatch.setattr(trial_evidence.time, "time", sunday.timestamp)

    found = show(two)

    assert found["by_week"][-1]["week"] == "2013-10-29"  # the next one begins on the 5th and has played its Sunday
    assert found["pending_games"] > 0


def test_an_unplayed_game_holds_its_week_open_for_a_week_and_no_longer(two, monkeypatch):
    start(two)
    since(two)
    tables = Tables(two.tables / "sim")
    stored = tables.read()
    game = stored.games.filter(pl.col("kickoff") > datetime(2013, 10, 30, tzinfo=UTC))["game_id"][0]
    unplayed = stored.games.with_columns(
        pl.when(pl.col("game_id") == game).then(None).otherwise(pl.col(score)).alias(score)
        for score in ("home_score", "away_score")
    )
    assert trial_evidence._kickoff(unplayed.filter(pl.col("game_id") == game))[0] < np.datetime64("2013-11-05")
    real = trial_evidence.assemble

    def without(gold, *rest, **options):
        data = real(gold, *rest, **options)
        data.value[(data.games["game_id"] == game).to_numpy()] = np.nan
        return data

    monkeypatch.setattr(trial_evidence, "assemble", without)

    monkeypatch.setattr(trial_evidence.time, "time", datetime(2013, 11, 6, tzinfo=UTC).timestamp)
    open_week = show(two)
    monkeypatch.setattr(trial_evidence.time, "time", datetime(2013, 11, 20, tzinfo=UTC).timestamp)
    closed = show(two)

    assert open_week["by_week"][-1]["week"] == "2013-10-22"
    assert "2013-10-29" in [row["week"] for row in closed["by_week"]]


def test_starting_a_running_trial_again_changes_nothing(two):
    first = start(two)
    again = start(busta.load(home=two.home, trial={"alpha": 0.2}))

    assert (again["trial"], again["trial_id"], again["rule"]) == (1, first["trial_id"], first["rule"])
    assert again["notes"]["plan"] == "the settings ask for alpha = 0.2; alpha = 0.05 was declared and holds"


def test_a_second_trial_gets_less_of_alpha_and_cannot_change_the_plan(two):
    start(two)
    busta.stop_trial(two, "moneyline", **SAME)
    busta.start_trial(
        busta.load(home=two.home, trial={"alpha": 0.4, "planned": 1, "margin": 0.01}), "moneyline", **SAME
    )
    busta.stop_trial(two, "moneyline", **SAME)

    third = start(two)

    assert third["trial"] == 3
    assert third["rule"]["level"] == pytest.approx(0.05 / 16)
    assert [row["decision"] for row in third["earlier"]] == ["futile", "futile"]


def test_a_trial_of_two_others_has_to_end_first(two):
    start(two)
    busta.promote_version(two, "moneyline", "2", "sim", blind=True, force=True)
    with pytest.raises(UsageError, match="trial 1 of busta-sim-moneyline-blind, version 2 against 1, is running"):
        busta.start_trial(two, "moneyline", **SAME, model="1")


def test_a_champion_is_not_tried_against_itself(two):
    with pytest.raises(UsageError, match="is the champion; a trial needs another version"):
        start(two, model="champion")


def test_a_trial_needs_a_champion(trained):
    with pytest.raises(UsageError, match="has no version 'champion'"):
        busta.start_trial(trained.settings, "totals", "sim")


def test_a_decision_is_noted_at_the_first_look_that_finds_it_and_holds(two):
    start(loose(two))
    since(two)
    first = show(two)
    assert first["decision"] in {"loss", "futile"}  # trees of four seasons lose to nobody's line, linear ones to them
    kept = first["ended_at"]

    since(two, datetime(2014, 9, 20, tzinfo=UTC))  # now its games would be others
    again = show(two)

    assert (again["decision"], again["reason"], again["ended_at"]) == (first["decision"], first["reason"], kept)
    run = connect(two).client.get_run(first["trial_id"])
    assert run.data.tags["decision"] == first["decision"]
    assert run.data.metrics["games"] == first["games"]


def test_a_win_is_a_win_and_what_came_later_is_not_looked_at(two, monkeypatch):
    start(loose(two))
    since(two)
    turn_round(monkeypatch)

    found = show(two)

    assert found["decision"] == "win"
    assert found["e_value"] >= found["e_value_needed"]
    assert all(row["e_value"] < found["e_value_needed"] for row in found["by_week"][:-1])
    assert "evidence reached" in found["reason"]


def turn_round(monkeypatch):
    """Has the two versions change places."""
    real = trial_evidence.paired
    monkeypatch.setattr(trial_evidence, "paired", lambda one, two: real(two, one))


def test_where_the_decision_cannot_be_noted_it_is_told_all_the_same(two, monkeypatch):
    start(loose(two))
    since(two)

    def refuse(*_):
        raise OutsideError("MLflow failed: read-only\nadvice")

    monkeypatch.setattr(module, "conclude", refuse)

    assert show(two)["notes"]["noted"] == "the decision could not be noted: MLflow failed: read-only"


def test_a_stopped_trial_is_futile_and_stays_so(two):
    start(two)
    found = busta.stop_trial(two, "moneyline", **SAME)

    assert (found["decision"], found["reason"]) == ("futile", "stopped by hand, undecided after 0 games of 2800")
    since(two)
    assert show(two)["games"] == 0
    with pytest.raises(UsageError, match="trial 1 ended: futile"):
        busta.stop_trial(two, "moneyline", **SAME)


def test_a_stop_that_cannot_be_noted_is_an_error(two, monkeypatch):
    start(two)

    def refuse(*_):
        raise OutsideError("MLflow failed")

    monkeypatch.setattr(module, "conclude", refuse)
    with pytest.raises(OutsideError):
        busta.stop_trial(two, "moneyline", **SAME)


def test_a_trial_that_is_not_there_is_named_with_those_that_are(two):
    with pytest.raises(UsageError, match="there is no trial of busta-sim-moneyline-blind yet"):
        show(two)
    start(two)
    with pytest.raises(UsageError, match="has no trial 7; it has: 1"):
        show(two, number=7)
    assert show(two, number=1)["trial"] == 1


def test_two_that_say_the_same_are_never_decided(two):
    registry = connect(two)
    register_again(registry, resolve(registry, NAME, "1"))
    start(loose(two), model="3")
    since(two)

    found = show(two)

    assert (found["decision"], found["mean_gain"]) == ("running", 0.0)
    assert found["e_value"] == pytest.approx(1.0)


def test_accounts_are_kept_apart_and_only_where_both_may_bet(two):
    start(two)
    since(two)
    assert show(two)["arms"] is None
    registry = connect(two)
    for number in "12":
        note(registry, resolve(registry, NAME, number), {"fit_to_bet": "yes"})

    found = show(two)

    arms = found["arms"]
    games = (
        trial_evidence.seen(
            module._kind(two, "moneyline", "sim", True, "close"),
            [resolve(registry, NAME, number) for number in "12"],
            0,
        )
        .forecasts[0]
        .games["game_id"]
    )
    assert arms["champion"]["games"] == sum(arm(found["trial_id"], game) == "champion" for game in games)
    assert arms["champion"]["games"] + arms["challenger"]["games"] == len(games)
    assert all(account["bets"] > 0 and account["roi_low"] < account["roi"] for account in arms.values())


def test_promotion_can_ask_for_a_won_trial(two, monkeypatch):
    registry = connect(two)
    note(registry, resolve(registry, NAME, "2"), passed(two, registry))
    promote = {"market_name": "moneyline", "version": "2", "league_name": "sim", "blind": True}
    strict = busta.load(home=two.home, trial={"require": True})

    for settings, options in ((two, {"require_trial": True}), (strict, {})):
        with pytest.raises(
            Refusal, match="version 2 of busta-sim-moneyline-blind has won no trial against champion 1"
        ) as no:
            busta.promote_version(settings, **promote, **options)
        assert "run `busta trial start moneyline --league sim --blind --model 2`" in str(no.value)

    start(loose(two))
    since(two)
    turn_round(monkeypatch)
    with pytest.raises(Refusal):  # nobody has looked yet
        busta.promote_version(strict, **promote)
    assert show(two)["decision"] == "win"
    note(registry, resolve(registry, NAME, "2"), passed(two, registry))
    assert busta.promote_version(strict, **promote)["forced"] is False


def test_a_promotion_without_a_trial_that_is_asked_for_can_be_forced_and_is_recorded(two):
    registry = connect(two)
    note(registry, resolve(registry, NAME, "2"), passed(two, registry))

    found = busta.promote_version(two, "moneyline", "2", "sim", blind=True, require_trial=True, force=True)

    assert found["forced"] is True
    assert "has won no trial against champion 1" in resolve(registry, NAME, "2").tags["forced"]


def test_the_first_champion_needs_no_trial(trained, tmp_path):
    settings = busta.load(home=shutil.copytree(trained.settings.home, tmp_path / "home"))
    assert busta.promote_version(settings, "moneyline", "1", "sim", require_trial=True)["champion"] == "1"


def passed(settings, registry):
    """What the gate would have noted with a version that passed beside champion 1."""
    from busta.registry.trials import count, trials
    from busta.workflows.record import CHAMPION_THEN, RULES, TRIALS, rules_of

    number = count(trials(registry, "sim", "moneyline"))
    return {"verdict": "fit to serve", TRIALS: str(number), CHAMPION_THEN: "1", RULES: rules_of(settings)}
