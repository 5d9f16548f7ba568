"""Trials of challenger against champion, on games of the simulated league that come after both."""

from __future__ import annotations

import shutil
import sqlite3
from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

import busta
from busta.data.tables import Tables
from busta.errors import OutsideError, Refusal, UsageError
from busta.ledger.fold import Bet
from busta.registry.connect import connect
from busta.registry.trials import count, trials
from busta.registry.versions import note, resolve
from busta.scoring.proper import log_losses
from busta.trials.arms import arm
from busta.trials.gains import Gains
from busta.workflows.training.record import CHAMPION_THEN, RULES, TRIALS, rules_of
from busta.workflows.trials import evidence as trial_evidence
from busta.workflows.trials import money as trial_money
from busta.workflows.trials import trial as module
from busta.workflows.trials.evidence import Seen
from busta.workflows.trials.money import arms_of, by_arm
from workspaces import _template, forget_variables, register_again

NAME = "busta-sim-moneyline-blind"
SUMMER = datetime(2013, 7, 1, tzinfo=UTC)
SAME = {"league_name": "sim", "blind": True}


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


@pytest.fixture(scope="session")
def _running(_two, tmp_path_factory):
    """The same with a trial that started in the summer of 2013; not to be changed."""
    home = shutil.copytree(_two, tmp_path_factory.mktemp("running") / "home")
    with pytest.MonkeyPatch.context() as patch:
        forget_variables(patch)
        patch.setattr(module, "_prospects", lambda *_: (None, {}))
        start(busta.load(home=home))
        since(busta.load(home=home))
    return home


@pytest.fixture
def running(_running, tmp_path):
    """The settings of a copy of it."""
    return busta.load(home=shutil.copytree(_running, tmp_path / "running"))


def since(settings, moment=SUMMER):
    """Has everything been registered, and every trial started, at that time."""
    milliseconds = int(moment.timestamp() * 1000)
    with closing(sqlite3.connect(settings.home / "mlflow.db")) as database, database:
        database.execute("update model_versions set creation_time = ?", (milliseconds,))
        database.execute("update runs set start_time = ? where name like '% against %'", (milliseconds,))


def start(settings, **more):
    return busta.start_trial(settings, "moneyline", **SAME, **more)


def show(settings, **more):
    return busta.show_trial(settings, "moneyline", **SAME, **more)


def planted(monkeypatch, gain, weeks=40):
    """Has the trial's weeks, of ten games each, all bring so much a game."""
    games = np.full(weeks, 10.0)
    days = np.datetime64("2013-09-03") + 7 * np.arange(weeks)
    gains = Gains(days, games, games * gain, games * -0.05, games * 0.05)
    monkeypatch.setattr(module, "seen", lambda *_: Seen(gains, (), 7))
    monkeypatch.setattr(module, "_prospects", lambda *_: (None, {}))


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
    gains = [hope["gain"] for hope in found["prospects"]]
    assert gains[:2] == [0.0, 0.002] < gains[1:]
    assert found["prospects"][0]["win"] <= 0.05
    assert found["notes"] == {}


def test_of_two_that_say_nearly_the_same_a_start_says_so(two):
    registry = connect(two)
    register_again(registry, resolve(registry, NAME, "1"))

    found = start(two, model="3")

    assert [hope["gain"] for hope in found["prospects"]] == [0.0]
    assert "the two say nearly the same: if the challenger is right it gains 0" in found["notes"]["prospects"]


def test_where_prospects_are_not_known_a_start_says_why(two, monkeypatch):
    versions = [resolve(connect(two), NAME, number) for number in "12"]
    rule = module.Rule(0.01, 0.05, 0.025, 0.002, 2800)
    monkeypatch.setattr(module, "prospects", lambda *_: None)
    assert "share too few weeks" in module._prospects(connect(two), *versions, rule)[1]["prospects"]
    monkeypatch.setattr(module, "stored_forecasts", refuse)
    assert module._prospects(connect(two), *versions, rule) == (
        None,
        {"prospects": "not known: MLflow failed: read-only"},
    )


def test_games_count_that_kicked_off_after_the_start_by_both_versions_forecasts(running):
    games = Tables(running.tables / "sim").read().games
    later = games.filter((pl.col("kickoff") > SUMMER) & pl.col("home_score").is_not_null())

    found = show(running)

    decided = later.filter(pl.col("home_score") != pl.col("away_score"))
    assert found["games"] == decided.height
    assert found["pending_games"] == 0
    assert found["weeks"] == len(found["by_week"]) == len({row["week"] for row in found["by_week"]})
    assert sum(row["games"] for row in found["by_week"]) == found["games"]
    assert found["low"] < found["mean_gain"] < found["high"]
    assert found["mean_gain"] == pytest.approx(sum(row["gain"] for row in found["by_week"]) / found["games"])


def test_games_that_a_version_has_learned_from_count_for_nothing(running):
    since(running, datetime(2001, 1, 1, tzinfo=UTC))
    assert show(running)["by_week"][0]["week"] > "2013-08"


def test_games_before_the_start_do_not_count(running):
    since(running, datetime(2014, 7, 1, tzinfo=UTC))
    assert 0 < show(running)["games"] <= 272


def test_the_gain_is_the_difference_of_the_log_losses_of_what_both_said(running):
    versions = [resolve(connect(running), NAME, number) for number in "12"]
    kind = module._kind(running, "moneyline", "sim", True, "close")
    looked = trial_evidence.seen(kind, versions, 0)
    champion, challenger = looked.forecasts
    losses = [log_losses(each.probability, each.y) for each in (champion, challenger)]
    assert (champion.games["game_id"] == challenger.games["game_id"]).all()

    assert show(running)["mean_gain"] == pytest.approx(float(np.nanmean(losses[0] - losses[1])))


def test_a_week_that_is_not_over_is_not_looked_at(running, monkeypatch):
    sunday = datetime(2013, 11, 10, 23, tzinfo=UTC)
    monkeypatch.setattr(trial_evidence.time, "time", sunday.timestamp)

    found = show(running)

    assert found["by_week"][-1]["week"] == "2013-10-29"  # the next one begins on the 5th and has played its Sunday
    assert found["pending_games"] > 0


def test_an_unplayed_game_holds_its_week_open_for_a_week_and_no_longer(running, monkeypatch):
    tables = Tables(running.tables / "sim")
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
    open_week = show(running)
    monkeypatch.setattr(trial_evidence.time, "time", datetime(2013, 11, 20, tzinfo=UTC).timestamp)
    closed = show(running)

    assert open_week["by_week"][-1]["week"] == "2013-10-22"
    assert "2013-10-29" in [row["week"] for row in closed["by_week"]]


def test_starting_a_running_trial_again_changes_nothing(two, monkeypatch):
    planted(monkeypatch, 0.0)
    first = start(two)
    again = start(busta.load(home=two.home, trial={"alpha": 0.2}))

    assert (again["trial"], again["trial_id"], again["rule"]) == (1, first["trial_id"], first["rule"])
    assert again["notes"]["plan"] == "the settings ask for alpha = 0.2; alpha = 0.05 was declared and holds"


def test_a_second_trial_gets_less_of_alpha_and_cannot_change_the_plan(two, monkeypatch):
    planted(monkeypatch, 0.0)
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


def test_a_trial_of_two_others_has_to_end_first(two, monkeypatch):
    planted(monkeypatch, 0.0)
    start(two)
    busta.promote_version(two, "moneyline", "2", "sim", blind=True, force=True)
    with pytest.raises(UsageError, match="trial 1 of busta-sim-moneyline-blind, version 2 against 1, is running"):
        busta.start_trial(two, "moneyline", **SAME, model="1")


def test_a_champion_is_not_tried_against_itself(two):
    with pytest.raises(UsageError, match="is the champion; a trial needs another version"):
        start(two, model="champion")


def test_a_trial_needs_a_champion(two):
    connect(two).client.delete_registered_model_alias(NAME, "champion")
    with pytest.raises(UsageError, match="has no version 'champion'"):
        start(two)


@pytest.mark.parametrize(("gain", "outcome"), [(0.04, "win"), (-0.04, "loss"), (-0.0005, "futile")])
def test_the_first_week_with_enough_evidence_decides_and_is_noted(two, monkeypatch, gain, outcome):
    planted(monkeypatch, gain, 400)

    found = start(two)

    assert found["decision"] == outcome
    assert found["weeks"] == len(found["by_week"]) < 400
    assert all(row["e_value"] < found["e_value_needed"] for row in found["by_week"][:-1])
    run = connect(two).client.get_run(found["trial_id"])
    assert run.data.tags["decision"] == outcome
    assert run.data.metrics["games"] == found["games"]
    assert run.info.status == "FINISHED"


def test_a_decision_that_was_noted_holds_whatever_the_results_become(two, monkeypatch):
    planted(monkeypatch, 0.04)
    first = start(two)
    planted(monkeypatch, -0.04)

    again = show(two)

    assert (again["decision"], again["reason"], again["ended_at"]) == tuple(
        first[name] for name in ("decision", "reason", "ended_at")
    )
    assert again["notes"]["decision"].startswith("by the results as they are now it would be: loss")
    assert again["weeks"] <= first["weeks"]


def test_where_the_decision_cannot_be_noted_it_is_told_all_the_same(two, monkeypatch):
    planted(monkeypatch, 0.04)
    monkeypatch.setattr(module, "conclude", refuse)

    found = start(two)

    assert found["decision"] == "win"
    assert found["notes"]["noted"] == "the decision could not be noted: MLflow failed: read-only"


def refuse(*_):
    raise OutsideError("MLflow failed: read-only\nadvice")


def test_a_stopped_trial_is_futile_and_stays_so(two, monkeypatch):
    planted(monkeypatch, 0.0, weeks=3)
    start(two)
    monkeypatch.setattr(module, "conclude", refuse)
    with pytest.raises(OutsideError):
        busta.stop_trial(two, "moneyline", **SAME)
    monkeypatch.undo()

    found = busta.stop_trial(two, "moneyline", **SAME)

    assert (found["decision"], found["reason"]) == ("futile", "stopped by hand, undecided after 0 games of 2800")
    planted(monkeypatch, 0.04)
    assert show(two)["games"] == 0
    with pytest.raises(UsageError, match="trial 1 ended: futile"):
        busta.stop_trial(two, "moneyline", **SAME)


def test_a_stop_of_a_trial_that_is_decided_changes_nothing(two, monkeypatch):
    planted(monkeypatch, 0.0, weeks=3)
    start(two)
    planted(monkeypatch, 0.04)
    assert busta.stop_trial(two, "moneyline", **SAME)["decision"] == "win"


def test_a_trial_that_is_not_there_is_named_with_those_that_are(two, monkeypatch):
    planted(monkeypatch, 0.0)
    with pytest.raises(UsageError, match="there is no trial of busta-sim-moneyline-blind yet"):
        show(two)
    start(two)
    with pytest.raises(UsageError, match="has no trial 7; it has: 1"):
        show(two, number=7)
    assert show(two, number=1)["trial"] == 1


def test_accounts_are_kept_apart_and_only_where_both_may_bet(running):
    registry = connect(running)
    versions = [resolve(registry, NAME, number) for number in "12"]
    said = trial_evidence.seen(module._kind(running, "moneyline", "sim", True, "close"), versions, 0).forecasts
    assert arms_of(running, "a trial", versions, said) is None
    for version in versions:
        note(registry, version, {"fit_to_bet": "yes"})
    games = said[0].games["game_id"]

    accounts = arms_of(running, "a trial", [resolve(registry, NAME, number) for number in "12"], said)

    assert accounts["champion"]["games"] == sum(arm("a trial", game) == "champion" for game in games)
    assert accounts["champion"]["games"] + accounts["challenger"]["games"] == len(games)
    assert all(account["bets"] > 0 and account["roi_low"] < account["roi"] for account in accounts.values())
    nothing = [each.take(np.zeros(len(each), dtype=bool)) for each in said]
    none = arms_of(running, "a trial", [resolve(registry, NAME, number) for number in "12"], nothing)
    assert none["champion"] == {
        **dict.fromkeys(("games", "bets", "turnover", "profit"), 0),
        **dict.fromkeys(("roi", "roi_low", "roi_high")),
        "real": {"bets": 0, "turnover": 0, "profit": 0},
    }


def test_with_money_on_it_each_version_bets_its_own_games_and_has_the_profit_of_these(two, monkeypatch):
    settings = busta.load(home=two.home, bets={"min_edge": 0.0})
    registry = connect(settings)
    planted(monkeypatch, 0.0)
    trial = start(settings)["trial_id"]
    week = busta.Wanted(week="2014-18")
    alone = by_arm(settings, "moneyline", week, "sim", blind=True, moment="close")
    assert [each.result["model_version"] for each in alone] == ["1"]  # neither is fit to bet
    for number in "12":
        note(registry, resolve(registry, NAME, number), {"fit_to_bet": "yes"})

    found = busta.recommend(settings, "moneyline", week, "sim", blind=True)

    rows = found["bets"] + found["abstained"]
    assert len(rows) == len({row["game_id"] for row in rows}) == len(alone[0].result["predictions"])
    own = {"champion": "1", "challenger": "2"}
    assert all(row["model_version"] == own[arm(trial, row["game_id"])] for row in rows)
    assert {row["paper"] for row in rows} == {False}
    recorded = busta.record_recommended(settings, found, book="x")["bets"]
    bet = next(row for row in recorded if row["model_version"] == "2")
    bets = [
        Bet(row["key"], 1, datetime.now(UTC), row, settlements=({"outcome": "won", "profit": 2.0, "value": 1},))
        for row in recorded
    ]
    said = Namespace(games={"game_id": [bet["game_id"]]})
    assert trial_money._real(bets, resolve(registry, NAME, "2"), said) == {
        "bets": 1,
        "turnover": bet["stake"],
        "profit": 2.0,
    }
    assert trial_money._real(bets, resolve(registry, NAME, "1"), said)["bets"] == 0


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

    planted(monkeypatch, 0.0, weeks=3)
    start(two)
    planted(monkeypatch, 0.04)
    with pytest.raises(Refusal):  # nobody has looked yet
        busta.promote_version(strict, **promote)
    assert show(two)["decision"] == "win"
    assert busta.promote_version(strict, **promote)["forced"] is False


def test_a_promotion_without_a_trial_that_is_asked_for_can_be_forced_and_is_recorded(two):
    registry = connect(two)
    note(registry, resolve(registry, NAME, "2"), passed(two, registry))

    found = busta.promote_version(two, "moneyline", "2", "sim", blind=True, require_trial=True, force=True)

    assert found["forced"] is True
    assert "has won no trial against champion 1" in resolve(registry, NAME, "2").tags["forced"]


def test_the_first_champion_needs_no_trial(two):
    registry = connect(two)
    registry.client.delete_registered_model_alias(NAME, "champion")
    note(registry, resolve(registry, NAME, "2"), passed(two, registry, champion="none"))
    assert busta.promote_version(two, "moneyline", "2", "sim", blind=True, require_trial=True)["forced"] is False


def test_a_report_tells_of_the_last_trial_of_its_version_or_why_it_cannot(two, monkeypatch):
    registry = connect(two)
    version = resolve(registry, NAME, "2")
    assert module.trial_of(two, registry, version) == (None, {})
    planted(monkeypatch, 0.0)
    start(two)

    found, notes = module.trial_of(two, registry, version)

    assert (found["trial"], notes) == (1, {})
    monkeypatch.setattr(module, "seen", refuse)
    assert module.trial_of(two, registry, version) == (
        None,
        {"trial": "trial 1 cannot be shown: MLflow failed: read-only"},
    )


def passed(settings, registry, champion="1"):
    """What the gate would have noted with a version that passed beside that champion."""
    number = count(trials(registry, "sim", "moneyline"))
    return {"verdict": "fit to serve", TRIALS: str(number), CHAMPION_THEN: champion, RULES: rules_of(settings)}
