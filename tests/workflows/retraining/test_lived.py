"""Retraining with real models in a league that is lived through week by week."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import busta
from busta.errors import OutsideError, UsageError
from busta.leagues.sim import World, play
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.trials import RECIPE
from busta.registry.versions import resolve, versions
from busta.settings import Settings
from busta.workflows.retraining import facts as retrain_facts
from busta.workflows.retraining.facts import Job, contradicted, facts_of, paired_of
from busta.workflows.retraining.record import State
from busta.workflows.training import recipe
from busta.workflows.training.recipe import as_trained
from lived import clock, day, live
from workspaces import _template, forget_variables, register_again, variables

NAME = "busta-sim-moneyline"
START, LATER, AFTER = "2014-09-24", "2014-10-29", "2014-11-26"
SETTINGS = """
[train]
first_test_season = 2012
jobs = 1
[train.anchored]
members = ["linear"]
[gate]
line_margin = 0.02
champion_margin = 0.02
[retrain]
shadow_games = 0
shadow_weeks = 0
"""
SHADOW = {"shadow_games": 32, "shadow_weeks": 2}


@pytest.fixture(scope="session")
def batch():
    return play(World(seasons=4))


@pytest.fixture(scope="session")
def _reigning(batch, tmp_path_factory):
    """A workspace in which the champion was trained in the third week of 2014; not to be changed."""
    home = shutil.copytree(_template(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("reigning") / "home")
    shutil.rmtree(home / "data")
    (home / "busta.toml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch, clock(day(START)) as now:
        forget_variables(patch)
        settings = busta.load(home=home)
        live(settings, batch, now)
        busta.train(settings, "moneyline", "sim")
        busta.promote_version(settings, "moneyline", "1", "sim")
    return home


@pytest.fixture
def at(_reigning, batch, tmp_path):
    """Retrains at a day."""
    home = shutil.copytree(_reigning, tmp_path / "life")

    def run(text, settings=None, **more):
        run.settings = settings or busta.load(home=home)
        with clock(day(text)) as now:
            live(run.settings, batch, now)
            found = busta.retrain(run.settings, "sim", "moneyline", now=now, **more)
        return found["models"][0]

    run.settings = busta.load(home=home)
    return run


def job_of(settings, text, watched=None):
    league, market = pick("league", "sim"), pick("market", "moneyline")
    return Job(settings, connect(settings), league, market, False, "close", day(text), None, watched)


@pytest.mark.slow
def test_enough_results_train_shadow_and_promote(at):
    settings = busta.load(home=at.settings.home, retrain=SHADOW)
    found = at(LATER, settings)
    assert (found["decision"], found["champion"], found["challenger"]) == ("wait", "1", "2")
    assert "0 of 32 games" in found["reason"]
    found = at(AFTER, settings)
    assert (found["decision"], found["champion"], found["before"]) == ("promoted", "2", "1")
    decided = [each["decision"] for each in busta.decisions(settings)]
    assert decided == ["train", "retrained", "shadow", "promote", "promoted"]
    old, new = (resolve(connect(settings), NAME, number) for number in "12")
    assert new.tags[RECIPE] == old.tags[RECIPE]
    assert (new.tags["retrain"], new.tags["retrain_reason"]) == ("promoted", found["reason"])
    assert at("2014-11-27", settings)["decision"] == "nothing to do"


@pytest.mark.slow
def test_a_version_that_a_kill_left_unfinished_is_finished_and_not_made_again(at, monkeypatch):
    class Killed(BaseException):
        """As if the process were no more."""

    def die(registry, name, alias, version):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("busta.registry.publish.point", die)
        with pytest.raises(Killed):
            at(LATER)
    registry = connect(at.settings)
    assert "challenger" not in versions(registry, NAME)[0].aliases
    assert at(LATER)["decision"] == "promoted"
    newest = versions(registry, NAME)[0]
    assert (newest.number, set(newest.aliases)) == ("2", {"challenger", "champion"})
    assert registry.client.get_run(newest.run_id).info.status == "FINISHED"


CHILD = """
import sys
from datetime import datetime
import busta
settings = busta.load()
busta.retrain(settings, "sim", "moneyline", now=datetime.fromisoformat(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.server
def test_killed_for_real_it_goes_on(at, batch):
    """Kill -9 sooner or later, imports taking the first seconds, until one comes to its end."""
    with clock(day(LATER)) as now:
        live(at.settings, batch, now)
    seconds, kills = 4.0, 0
    while True:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, now.isoformat()], env=variables(at.settings.home), stderr=subprocess.PIPE
        )
        try:
            _, said = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.communicate()
            kills, seconds = kills + 1, 1.6 * seconds
        else:
            assert child.returncode == 0, said.decode()
            break
    decided = [each["decision"] for each in busta.decisions(at.settings)]
    assert decided == ["train", "retrained", "promote", "promoted"]
    assert len(versions(connect(at.settings), NAME)) == 2
    assert kills


@pytest.mark.slow
def test_a_trial_that_was_declared_by_hand_decides_first(at):
    registry = connect(at.settings)
    register_again(registry, resolve(registry, NAME, "1"))
    busta.start_trial(at.settings, "moneyline", "sim", model="2")
    found = at(LATER)
    assert found["decision"] == "wait"
    assert found["reason"].startswith("trial 1, version 2 against 1, is running and decides first")


@pytest.fixture
def learned(until_2012):
    """A version of the seasons up to 2012, in a workspace that has those up to 2014."""
    return until_2012, resolve(connect(until_2012), NAME)


def test_fresh_games_are_those_the_champion_has_not_learned_from(learned):
    settings, champion = learned
    facts = facts_of(job_of(settings, "2014-12-10"), State(), champion)
    seasons = job_of(settings, "2014-12-10").data.games["season"].to_list()
    assert facts.fresh == sum(season > 2012 for season in seasons) - 16  # of the last week nothing is known
    assert facts.results == len(seasons) - 16
    assert facts.last is None
    assert facts.trial is None


def test_a_season_is_ahead_when_its_first_games_are_near_and_one_before_is_not_learned(learned):
    settings, champion = learned
    assert facts_of(job_of(settings, "2014-12-10"), State(), champion).season_ahead
    assert not facts_of(job_of(settings, "2014-10-10"), State(), champion).season_ahead


def test_what_is_reported_counts_only_of_the_version_it_is_reported_of(learned):
    settings, champion = learned
    for version, looks in ((1, 1), (2, 0)):
        job = job_of(settings, "2014-12-10", {"version": version, "triggers": ["drift"]})
        assert len(facts_of(job, State(), champion).looks) == looks


def test_a_version_does_as_well_as_itself_on_the_games_after_it_was_registered(learned):
    settings, champion = learned
    summer = int(day("2014-07-01").timestamp() * 1000)
    same = replace(champion, created=summer)
    paired = paired_of(job_of(settings, "2014-12-10"), same, same, day("2014-11-01"))
    assert (paired.gain, paired.worse) == (0.0, 1.0)
    assert 0 < paired.since < paired.games < 256
    assert paired_of(job_of(settings, "2014-12-10"), champion, champion).games == 0  # all were before it


def test_results_that_were_changed_contradict_what_was_judged(learned, monkeypatch):
    settings, champion = learned
    job = job_of(settings, "2014-12-10")
    assert not contradicted(job, champion)
    job.data = replace(job.data, value=-job.data.value)
    assert contradicted(job, champion)
    monkeypatch.setattr(retrain_facts, "stored_forecasts", lambda *_: (_ for _ in ()).throw(OutsideError("gone")))
    assert not contradicted(job, champion)


def test_the_recipe_is_the_champions_whatever_the_settings_say_today(learned):
    settings, champion = learned
    changed = busta.load(home=settings.home, train={"seed": 5, "jobs": 7}, bets={"min_edge": 0.1, "unit": 0.5})
    found = as_trained(changed, connect(settings), champion)
    assert (found.train.seed, found.bets.min_edge) == (20, 0.02)
    assert (found.train.jobs, found.bets.unit) == (7, 0.5)
    assert found.train.anchored == settings.train.anchored


def test_settings_that_are_not_known_any_more_are_said(learned, monkeypatch):
    settings, champion = learned
    stored = Settings().model_dump(mode="json") | {"train": {"seeds": 1}}
    monkeypatch.setattr(recipe, "fetch_json", lambda *_: stored)
    with pytest.raises(UsageError, match="trained by another busta"):
        as_trained(settings, connect(settings), champion)


@pytest.mark.slow
@pytest.mark.server
def test_a_league_left_alone_is_no_worse_off_for_being_retrained():
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "benchmarks.decade", "--quick"]
    done = subprocess.run(command, cwd=root, env=os.environ.copy(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "never retrained" in done.stdout
