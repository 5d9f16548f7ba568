"""Retraining by itself: what it does, what it leaves alone, and where it goes on after a kill.

The registry, trainings and gates of these tests stand in memory; `test_retrain_lived` has the real ones.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from datetime import timedelta

import pytest

import busta
from busta.errors import DataError, OutsideError, Refusal, UsageError
from busta.ledger.storage import Ledger
from busta.registry.trials import RECIPE
from busta.registry.versions import Version
from busta.watch.retraining import Facts, Look, Paired
from busta.workflows.retraining import facts as retrain_facts
from busta.workflows.retraining import retrain as module
from busta.workflows.retraining import steps
from busta.workflows.retraining.record import Diary, fold
from lived import day
from workspaces import _no_variables

__all__ = ["_no_variables"]

NAME = "busta-sim-moneyline"
START = day("2026-10-01")
GOOD, WORSE = Paired(40, 3, 0, 0.001, 0.9), Paired(60, 5, 20, -0.02, 50.0)


class Life:
    """A model in memory, and what is done with it day by day."""

    def __init__(self, home):
        self.settings = busta.load(home=home)
        self.versions, self.champion, self.history = [], "1", []
        self.results, self.fresh, self.gold, self.paired = 1000, 100, "g2", GOOD
        self.recipe, self.verdict, self.trained = "r", "fit to serve", 0
        self.contradicted = False
        self.trial, self.gated, self.watched = "running", 0, {"models": []}
        self.add("g1", "2026-09-01")

    def add(self, gold, through):
        tags = {"gold_version": gold, "trained_through": through, "trained_at": "2026-09-01T00:00:00Z"}
        tags |= {"verdict": self.verdict, "verdict_reason": "BST000", RECIPE: self.recipe}
        number = str(len(self.versions) + 1)
        self.versions.append(Version(NAME, number, (), f"run{number}", 0, "", tags))
        return number

    def find(self, _registry, _name, number):
        return next(version for version in self.versions if version.number == str(number))

    def newest_first(self, *_):
        return self.versions[::-1]

    def reigning(self, *_):
        return None if self.champion is None else self.find(None, None, self.champion)

    def train(self, *_, **__):
        self.trained += 1
        return {"model_version": self.add(self.gold, "2026-10-01")}

    def gate(self, *_, **__):
        self.gated += 1

    def promote(self, _settings, _market, version, *_, require_trial, **__):
        if self.verdict == "rejected":
            raise Refusal(f"version {version} was rejected\n--force makes it champion all the same")
        assert not require_trial or self.trial == "win"
        self.history.append(self.champion)
        self.champion = version

    def roll_back(self, *_, **__):
        self.champion = self.history.pop()

    def facts(self, job, state, champion):
        on, looks = job.on(champion), [look for number, look in state.looks if number == champion.number]
        looks += [] if on is None else [Look(job.now, self.results, on)]
        return Facts(job.now, self.results, self.fresh, START, looks=tuple(looks), last=state.last)

    def tag(self, _registry, version, tags, _what):
        self.versions = [
            replace(v, tags={**v.tags, **tags}) if v.number == version.number else v for v in self.versions
        ]
        return {}

    def at(self, days=0.0, *, on=None, settings=None, **more):
        """Retrains so many days after the start, with what was reported of the champion."""
        watched = None if on is None else {"models": [{"model": NAME, "version": self.champion, "triggers": on}]}
        now = START + timedelta(days=days)
        return busta.retrain(settings or self.settings, "sim", "moneyline", watched=watched, now=now, **more)

    def decision(self, days=0.0, **more):
        (found,) = self.at(days, **more)["models"]
        return found

    def record(self):
        return [each["decision"] for each in busta.decisions(self.settings)]

    def but(self, **sections):
        return busta.load(home=self.settings.home, **sections)


@pytest.fixture
def life(tmp_path, monkeypatch):
    found = Life(tmp_path)
    for name, stand_in in {
        "versions": found.newest_first,
        "resolve": found.find,
        "other_champion": found.reigning,
        "train": found.train,
        "gate": found.gate,
        "promote_version": found.promote,
        "roll_back": found.roll_back,
        "facts_of": found.facts,
        "paired_of": lambda *_: found.paired,
        "contradicted": lambda *_: found.contradicted,
        "as_trained": lambda settings, *_: settings,
        "recipe_of": lambda *_: found.recipe,
        "noted": found.tag,
        "finish": lambda *_: None,
        "start_trial": lambda *_, **__: {"trial": 1, "reason": "evidence", "decision": found.trial},
    }.items():
        monkeypatch.setattr(steps, name, stand_in)
    monkeypatch.setattr(module, "connect", lambda _: None)
    monkeypatch.setattr(module, "versions", found.newest_first)
    monkeypatch.setattr(module, "other_champion", found.reigning)
    monkeypatch.setattr(module, "watch", lambda *_, **__: found.watched)
    job = retrain_facts.Job
    monkeypatch.setattr(job, "gold", property(lambda _: Namespace(manifest={"version": found.gold})))
    monkeypatch.setattr(job, "data", property(lambda _: None))
    monkeypatch.setattr(job, "finished", property(lambda _: Namespace(sum=lambda: found.results)))
    return found


def raising(error):
    def run(*_, **__):
        raise error

    return run


def test_nothing_to_do_is_written_once(life):
    life.fresh = 10
    for days in (0, 0.1, 2):
        found = life.at(days)
        assert (found["models"][0]["decision"], found["exit_code"]) == ("nothing to do", 0)
    assert life.record() == ["looked"]
    assert found["notes"] == {}


def test_enough_results_train_and_what_passes_is_promoted(life):
    said = []
    found = life.at(say=said.append)
    (model,) = found["models"]
    assert (model["decision"], model["champion"], model["challenger"], model["before"]) == ("promoted", "2", "2", "1")
    assert (found["exit_code"], life.trained, life.gated) == (0, 1, 1)
    assert [words.split()[0] for words in said] == ["training", "promoting"]
    assert life.record() == ["train", "retrained", "promote", "promoted"]
    tags = life.versions[1].tags
    assert (tags["retrain"], tags["retrain_reason"]) == ("promoted", model["reason"])


def test_every_decision_has_the_id_of_the_run_that_made_it(life, monkeypatch):
    monkeypatch.setenv("BUSTA_RUN_ID", "night-1")
    life.at()
    with Ledger.of(life.settings) as ledger:
        assert {entry.run_id for entry in ledger.read()} == {"night-1"}


def test_a_change_of_champion_that_has_no_end_yet_gets_one_but_for_a_dry_run(life, monkeypatch):
    ended = []
    monkeypatch.setattr(steps, "end_what_was_begun", lambda *given: ended.append(given[2]))
    life.at(dry_run=True)
    assert ended == []
    life.at()
    assert ended == [NAME]


def test_whoever_promotes_and_rolls_back_is_told_why(life, monkeypatch):
    said = []
    for name in ("promote_version", "roll_back"):
        real = getattr(steps, name)
        monkeypatch.setattr(
            steps, name, lambda *a, real=real, **k: (said.append((k["by"], k["reason"])), real(*a, **k))[1]
        )
    promoted = life.decision()
    life.paired, life.fresh = WORSE, 10
    back = life.decision(30)
    assert said == [("retrain", promoted["reason"]), ("retrain", back["reason"])]


def test_a_challenger_waits_in_the_shadow_which_is_written_once(life):
    life.paired = Paired(8, 1)
    for days in (0, 1):
        found = life.decision(days)
        assert (found["decision"], found["challenger"], found["triggers"]) == ("wait", "2", ["results"])
    assert (life.record(), life.champion) == (["train", "retrained", "shadow"], "1")
    life.paired = GOOD
    assert (life.decision(14)["decision"], life.trained) == ("promoted", 1)


def test_a_challenger_that_somebody_deleted_is_refused_and_does_not_stand_in_the_way(life):
    life.paired = Paired()
    life.at()
    life.versions.pop()
    assert "version 2 is gone" in life.decision(1)["reason"]
    assert life.record()[-1] == "refused"
    assert life.decision(2)["decision"] == "wait"


def test_a_champion_before_that_somebody_deleted_cannot_come_back_and_ends_nothing(life):
    life.at()
    life.versions.pop(0)
    life.fresh, life.paired = 0, WORSE
    assert life.decision(1)["decision"] == "nothing to do"


def test_without_a_champion_there_is_nothing_to_do(life):
    life.champion = None
    found = life.decision()
    assert (found["decision"], found["champion"]) == ("nothing to do", None)
    assert "there is no champion" in found["reason"]


def test_a_model_that_the_gate_rejects_is_refused(life):
    life.verdict = "rejected"
    found = life.at()
    (model,) = found["models"]
    assert (model["decision"], model["reason"], found["exit_code"]) == ("refused", "the gate rejected it: BST000", 3)
    assert (life.versions[1].tags["retrain"], life.champion) == ("refused", "1")
    assert (life.decision(1)["decision"], life.trained) == ("wait", 1)  # the gap


def test_what_the_gate_refuses_at_last_is_not_promoted(life, monkeypatch):
    monkeypatch.setattr(steps, "gate", lambda *_, **__: setattr(life, "verdict", "rejected"))
    found = life.at()
    assert (found["models"][0]["decision"], found["exit_code"], life.champion) == ("refused", 3, "1")
    assert found["models"][0]["reason"] == "version 2 was rejected"


def test_a_challenger_that_forecasts_worse_is_refused(life):
    life.paired = WORSE
    assert (life.decision()["decision"], life.champion) == ("refused", "1")


def test_there_is_no_retraining_on_no_new_data(life):
    life.fresh = 0
    rules = life.but(retrain={"hysteresis": 0})
    for days in (0, 0.1):
        found = life.at(days, on=["drift"], settings=rules)
        assert (found["models"][0]["decision"], found["exit_code"], life.trained) == ("refused", 3, 0)
        assert found["models"][0]["reason"].startswith("no new data")
    assert life.record() == ["refused"]


def test_a_challenger_that_learned_nothing_new_is_refused(life, monkeypatch):
    monkeypatch.setattr(steps, "train", lambda *_, **__: {"model_version": life.add("g2", "2026-09-01")})
    assert life.decision()["reason"].startswith("no new data")


def test_drift_that_lasts_trains_and_drift_that_flickers_does_not(life):
    life.fresh = 10
    for day_, results, on in ((0, 1000, ["drift"]), (7, 1015, []), (14, 1030, ["drift"])):
        life.results = results
        assert life.decision(day_, on=on)["decision"] == "nothing to do"
    life.results = 1046
    assert life.decision(21, on=["drift"])["triggers"] == []  # after its end the look of a promotion has none
    assert life.record() == ["looked", "looked", "looked", "train", "retrained", "promote", "promoted"]
    assert busta.decisions(life.settings)[3]["triggers"] == ["drift"]


def test_what_was_reported_of_another_version_says_nothing(life):
    life.fresh = 10
    watched = {"models": [{"model": NAME, "version": 7, "triggers": ["drift"]}]}
    busta.retrain(life.settings, "sim", ["moneyline"], watched=watched, now=START)
    assert busta.decisions(life.settings, NAME)[0]["on"] is None
    assert busta.decisions(life.settings, "another") == []


def test_where_nobody_says_what_the_watch_found_it_is_asked(life, monkeypatch):
    life.fresh = 10
    life.watched = {"models": [{"model": NAME, "version": 1, "triggers": ["decay"]}]}
    assert life.decision()["reason"] == "decay reported over 0 of 16 games"
    life.at(settings=life.but(retrain={"triggers": ["results"]}))
    assert busta.decisions(life.settings)[-1]["on"] is None
    monkeypatch.setattr(module, "watch", raising(OutsideError("no files\nrestore them")))
    found = life.at()
    assert (found["exit_code"], found["notes"]["watched"]) == (0, "drift and decay are not known: no files")


class Killed(BaseException):
    """As if the process were no more."""


class Death:
    """Comes at the so-manieth point: before and after everything that is done or written."""

    def __init__(self, at):
        self.at, self.points = at, 0

    def pass_by(self):
        self.points += 1
        if self.points == self.at:
            raise Killed

    def on(self, real):
        def run(*arguments, **more):
            self.pass_by()
            done = real(*arguments, **more)
            self.pass_by()
            return done

        return run


def whole(life, monkeypatch, die):
    """From training to roll-back, each run twice, with one kill on the way; how many points there were."""
    death = Death(die)
    for place, name in ((Diary, "_append"), (steps, "train"), (steps, "promote_version"), (steps, "roll_back")):
        monkeypatch.setattr(place, name, death.on(getattr(place, name)))
    for days, paired in ((0, GOOD), (30, WORSE)):
        life.paired = paired
        if days:
            life.fresh = 10
        for again in (0, 1):
            try:
                life.decision(days + again)
            except Killed:
                life.decision(days + again)
    return death.points


WHOLE = ["train", "retrained", "promote", "promoted", "roll back", "rolled back"]


@pytest.mark.parametrize("die", range(1, 23))
def test_killed_anywhere_it_goes_on_and_does_nothing_twice(life, monkeypatch, die):
    whole(life, monkeypatch, die)
    assert [each for each in life.record() if each != "looked"] == WHOLE
    assert (life.trained, life.champion, life.history, len(life.versions)) == (1, "1", [], 2)
    assert life.versions[1].tags["retrain"] == "rolled back"


def test_the_kills_are_everywhere(life, monkeypatch):
    assert whole(life, monkeypatch, 0) == 22


def test_a_version_that_was_made_before_the_kill_becomes_the_challenger(life, monkeypatch):
    def die(*_, **__):
        life.train()
        raise Killed

    finished = []
    monkeypatch.setattr(steps, "finish", lambda *given: finished.append(given[2]))
    monkeypatch.setattr(steps, "train", die)
    with pytest.raises(Killed):
        life.at()
    assert life.decision()["decision"] == "promoted"
    assert (life.trained, finished) == (1, ["2"])


def test_one_of_other_data_or_of_another_recipe_does_not(life, monkeypatch):
    monkeypatch.setattr(steps, "train", raising(OutsideError("down")))
    life.at()
    life.add("g1", "2026-10-01")
    life.recipe = "s"
    life.add("g2", "2026-10-01")
    life.recipe = "r"
    monkeypatch.setattr(steps, "train", life.train)
    assert life.decision()["challenger"] == "4"


def test_a_new_champion_that_decays_is_taken_back(life):
    life.at()
    life.paired, life.fresh = Paired(60, 5, 20, -0.001, 1.1), 10
    assert life.decision(20, on=[])["decision"] == "nothing to do"
    found = life.decision(27, on=["decay"])
    assert (found["decision"], found["champion"], found["before"]) == ("rolled back", "1", "2")
    life.fresh = 200
    assert (life.decision(28)["decision"], life.trained) == ("wait", 1)  # the gap begins anew


def test_nothing_is_learned_from_data_that_contradict_what_was_known(life):
    life.contradicted = True
    for days in (0, 1):
        assert (life.decision(days)["decision"], life.trained) == ("refused", 0)
    assert life.record() == ["refused"]
    life.contradicted = False
    assert life.decision(2)["decision"] == "promoted"


def test_nobody_is_taken_back_by_data_that_contradict_what_was_known(life):
    life.at()
    life.paired, life.fresh, life.contradicted = WORSE, 10, True
    found = life.decision(20)
    assert (found["decision"], life.champion) == ("nothing to do", "2")
    assert found["notes"]["roll_back"].startswith("not rolled back")
    life.contradicted = False
    assert life.decision(21)["decision"] == "rolled back"


@pytest.mark.parametrize("stage", ["train", "gate"])
def test_what_somebody_else_promoted_meanwhile_stands(life, monkeypatch, stage):
    with monkeypatch.context() as patch:
        patch.setattr(steps, stage, raising(Killed()))
        with pytest.raises(Killed):
            life.at()
    life.champion = life.add("g1", "2026-10-01")
    found = life.decision()
    words = f"by now version {life.champion} is champion"
    assert (found["decision"], found["reason"], found["champion"]) == ("refused", words, life.champion)


def test_a_champion_that_somebody_took_away_meanwhile_stays_away(life, monkeypatch):
    life.paired = Paired()
    life.at()
    life.champion = None
    assert life.decision()["reason"] == "by now there is no champion"


def test_a_roll_back_that_somebody_else_made_is_not_made_again(life, monkeypatch):
    life.at()
    life.paired = WORSE
    with monkeypatch.context() as patch:
        patch.setattr(steps, "roll_back", raising(Killed()))
        with pytest.raises(Killed):
            life.at(20)
    life.champion = "1"
    assert life.decision(21)["decision"] == "rolled back"
    assert life.champion == "1"


def test_a_failure_is_told_and_the_next_run_goes_on(life, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(steps, "train", raising(OutsideError("MLflow at http://me:secret@host is down\ncheck it")))
        for hours in (0, 1):
            found = life.at(hours / 24)
            assert (found["models"][0]["decision"], found["exit_code"]) == ("failed", 5)
            assert found["models"][0]["reason"] == "MLflow at http://***@host is down"
    waits = life.decision(1 / 24, unattended=True)
    assert waits["decision"] == "wait"
    assert waits["reason"].startswith("failed 2 times in a row, next try after 2026-10-01 01:30")
    assert [each["again"] for each in busta.decisions(life.settings) if each["decision"] == "failed"] == [False, True]
    assert life.decision(2 / 24, unattended=True)["decision"] == "promoted"


def test_a_bug_is_written_down_and_shown(life, monkeypatch):
    monkeypatch.setattr(steps, "train", raising(ZeroDivisionError("secret")))
    with pytest.raises(ZeroDivisionError):
        life.at()
    assert busta.decisions(life.settings)[-1]["reason"] == "a bug in busta (ZeroDivisionError)"
    with pytest.raises(ZeroDivisionError):
        life.at(dry_run=False)
    assert life.record() == ["train", "failed", "failed"]


def test_data_that_are_refused_end_with_their_own_code(life, monkeypatch):
    monkeypatch.setattr(steps, "train", raising(DataError("a column is gone")))
    assert life.at()["exit_code"] == 4


def test_a_dry_run_says_what_comes_next_and_writes_nothing(life, monkeypatch):
    def dry(days=0.0):
        before = life.record()
        found = life.decision(days, dry_run=True)
        assert life.record() == before
        return found["decision"]

    life.fresh = 10
    assert dry() == "nothing to do"
    life.fresh = 100
    assert dry() == "train"
    for stage, word in (("train", "train"), ("gate", "promote")):
        with monkeypatch.context() as patch:
            patch.setattr(steps, stage, raising(OutsideError("down")))
            life.at()
        assert dry() == word
    life.at()
    life.paired = WORSE
    assert dry(20) == "roll back"
    with monkeypatch.context() as patch:
        patch.setattr(steps, "roll_back", raising(OutsideError("down")))
        life.at(20)
    assert dry(20) == "roll back"
    life.at(20)
    life.results = 1100
    assert dry(60) == "train"
    life.at(60)
    assert life.record()[-1] == "refused"


@pytest.mark.parametrize(("error", "code"), [(OutsideError("down"), 5), (ZeroDivisionError(), None)])
def test_a_dry_run_that_fails_writes_nothing_either(life, monkeypatch, error, code):
    monkeypatch.setattr(steps, "facts_of", raising(error))
    if code is None:
        with pytest.raises(ZeroDivisionError):
            life.at(dry_run=True)
    else:
        assert life.at(dry_run=True)["exit_code"] == code
    assert life.record() == []


def test_a_dry_run_refuses_without_a_word_in_the_record(life):
    life.paired = Paired()
    life.at()
    life.paired = WORSE
    assert life.decision(dry_run=True)["decision"] == "refused"
    assert life.record() == ["train", "retrained", "shadow"]


def test_only_one_retrains_at_a_time(life):
    taken = pytest.raises(OutsideError, match="another busta holds the lease 'retrain'")
    with Ledger.of(life.settings) as log, log.lease("retrain", 60), taken:
        life.at()
    assert life.trained == 0


def test_a_lease_that_was_lost_ends_it_before_anything_is_written(life):
    with Ledger.of(life.settings) as log:
        diary = Diary(log, {"model": NAME}, START, raising(OutsideError("the lease was lost")))
        with pytest.raises(OutsideError, match="lost"):
            diary.write("train", "reason", 1)
    assert life.record() == []


@pytest.mark.parametrize(
    ("decision", "word"), [("running", "wait"), ("win", "promoted"), ("loss", "refused"), ("futile", "refused")]
)
def test_a_new_recipe_has_to_win_a_trial(life, monkeypatch, decision, word):
    life.recipe, life.trial, life.paired = "another", decision, None
    found = life.decision()
    assert (found["decision"], found["reason"]) == (word, "trial 1: evidence")
    assert life.champion == ("2" if decision == "win" else "1")
    if decision == "running":
        monkeypatch.setattr(steps, "start_trial", raising(AssertionError("declared")))
        assert "a declared trial decides" in life.decision(dry_run=True)["reason"]


def test_where_the_settings_ask_for_a_trial_a_refit_needs_one_too(life):
    assert life.decision(settings=life.but(trial={"require": True}))["reason"] == "trial 1: evidence"


def test_no_record_is_no_state():
    assert fold([]).stage == "idle"


def test_an_unknown_market_is_refused(life):
    with pytest.raises(UsageError, match="unknown market"):
        busta.retrain(life.settings, "sim", ["moneylin"])


def test_by_default_all_markets_that_have_a_model_are_looked_after(life):
    found = busta.retrain(life.settings, "sim", dry_run=True, now=START)
    assert [each["market"] for each in found["models"]] == ["moneyline", "ats", "totals"]
    life.versions = []
    assert busta.retrain(life.settings, "sim", dry_run=True)["models"] == []


class Post:
    """Stands in for `send`: remembers what was told, or fails."""

    def __init__(self):
        self.told, self.fails = [], False

    def __call__(self, rules, target, notice):
        if self.fails:
            raise OutsideError(f"the {target} of [notify] was not told: it answered 500\nmore")
        self.told.append((target, notice.event, notice.champion, notice.challenger))


@pytest.fixture
def post(monkeypatch):
    found = Post()
    monkeypatch.setattr("busta.workflows.retraining.told.send", found)
    return found


HOOK = {"webhook": "http://host/"}
MAIL = {"smtp_host": "host", "mail_to": ["a@b.c"]}


def test_what_is_worth_it_is_told_once(life, post):
    rules = life.but(notify=HOOK | {"events": ["promoted", "rolled back"]})
    told = {"event": "promoted", "model": NAME, "target": "webhook", "error": None}
    assert life.at(settings=rules)["told"] == [told]
    assert life.at(settings=rules)["told"] == []
    assert post.told == [("webhook", "promoted", "2", "2")]


def test_a_service_logs_who_could_not_be_told(life, post, caplog):
    post.fails, act = True, module.after_watch(life.but(notify=HOOK), "sim", "moneyline")
    assert act({"models": []})["exit_code"] == 5
    assert "the webhook of [notify] was not told: it answered 500" in caplog.messages


def test_who_could_not_be_told_is_told_by_the_next_run(life, post):
    rules = life.but(notify=HOOK | MAIL)
    post.fails = True
    found = life.at(settings=rules)
    assert (found["models"][0]["decision"], found["exit_code"]) == ("promoted", 5)
    assert "answered 500" in found["notes"]["notify.webhook"]
    post.fails, life.fresh = False, 10
    assert life.at(1, settings=rules)["exit_code"] == 0
    events = [(event, champion) for event, champion in (("promoted", "2"), ("retrained", "1"))]
    assert sorted(post.told) == [(to, event, now, "2") for to in ("mail", "webhook") for event, now in events]


def test_what_is_old_is_not_told_any_more(life, post):
    life.at()
    assert life.at(8, settings=life.but(notify=HOOK))["told"] == []


def test_the_same_failure_is_told_once(life, post, monkeypatch):
    monkeypatch.setattr(steps, "train", raising(OutsideError("down")))
    for days in (0, 0.1, 0.2):
        life.at(days, settings=life.but(notify=HOOK))
    assert post.told == [("webhook", "failed", None, None)]
