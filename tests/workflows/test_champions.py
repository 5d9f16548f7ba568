"""Who became champion stands in the ledger: before it is done, and again once it is."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import sys

import pytest

import busta
from busta.errors import OutsideError, Refusal, UsageError
from busta.ledger.storage import Ledger
from busta.registry.connect import connect
from busta.registry.versions import note, resolve
from busta.workflows import champions, manage
from busta.workflows.champions import end_what_was_begun
from busta.workflows.predicting.forecast import other_champion
from workspaces import register_again, variables

NAME = "busta-sim-ats"
NOBODY_LISTENS = "postgresql://me@127.0.0.1:9/busta"


class Killed(BaseException):
    """As if the process were no more."""


@pytest.fixture
def two(borrowed):
    """A workspace with two versions against the spread, of which the gate lets the first pass."""
    registry = connect(borrowed)
    register_again(registry, resolve(registry, NAME), tags=False)
    busta.gate(borrowed, "ats", "sim", model="1")
    note(registry, resolve(registry, NAME, "1"), {"verdict": "fit to serve", "verdict_reason": "BST000 all is well"})
    return borrowed


def promote(settings, version, **more):
    return busta.promote_version(settings, "ats", version, "sim", **more)


def changes(settings):
    return [(row["before"], row["version"], row["by"], row["state"]) for row in busta.champion_history(settings)]


def champion(settings):
    found = other_champion(connect(settings), NAME)
    return found.number if found else None


def audits(settings):
    with Ledger.of(settings) as ledger:
        return [entry for entry in ledger.read("audit") if entry.body["what"] == "champion"]


def test_every_change_is_in_the_ledger_with_all_there_is_to_say_of_it(two, ledger_url):
    settings = busta.load(home=two.home, ledger={"url": ledger_url})
    promote(settings, "1")
    promote(settings, "2", force=True, reason="  the other one\nlost its data ")
    busta.roll_back(settings, "ats", "sim", reason="it is worse")
    passed, forced, back = busta.champion_history(settings)

    assert changes(settings) == [
        (None, "1", "promote", "done"),
        ("1", "2", "promote", "done"),
        ("2", "1", "rollback", "done"),
    ]
    said = {"verdict": "fit to serve", "verdict_reason": "BST000 all is well", "forced": False, "in_spite_of": None}
    about = {"model": NAME, "league": "sim", "market": "ats"}
    assert passed.items() >= (said | about | {"reason": None}).items()
    assert back.items() >= (said | about | {"reason": "it is worse"}).items()
    assert forced.items() >= {"forced": True, "verdict": None, "reason": "the other one lost its data"}.items()
    assert forced["in_spite_of"] == "no verdict"
    assert passed["at"] <= passed["ended_at"] <= forced["at"]
    assert passed["who"].startswith(f"{getpass.getuser()}@")
    assert all(row["run_id"] for row in (passed, forced, back))
    checked = busta.verify_ledger(settings)
    assert (checked["sound"], checked["entries"]) == (True, 6)


def test_an_entry_that_was_changed_shows(two):
    promote(two, "1")
    with Ledger.of(two) as ledger, ledger._engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_no_update")
        connection.exec_driver_sql(
            "UPDATE ledger_entries SET body = replace(body, '\"forced\":false', '\"forced\":true')"
        )
        connection.commit()

    assert "entry 1 (audit champion/busta-sim-ats/1/begun)" in busta.verify_ledger(two)["problems"][0]


def test_the_history_of_one_market_or_league_is_shown_alone(two):
    promote(two, "1")
    assert [len(busta.champion_history(two, *of)) for of in (("ats", "sim"), ("totals",), (None, "nfl"))] == [1, 0, 0]
    with pytest.raises(UsageError, match="unknown market"):
        busta.champion_history(two, "nosuch")


def test_what_is_refused_or_changes_nothing_is_not_entered(two):
    with pytest.raises(Refusal):
        promote(two, "2")
    with pytest.raises(UsageError, match="has no champion"):
        busta.roll_back(two, "ats", "sim")
    promote(two, "1")
    again = promote(two, "1")

    assert (again["before"], again["notes"]) == ("1", {})
    assert len(audits(two)) == 2


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x1b[2J"])
def test_a_reason_that_is_none_is_refused(two, reason):
    with pytest.raises(UsageError, match="cannot be right; give a text"):
        promote(two, "1", reason=reason)
    assert champion(two) is None


def test_without_the_ledger_nothing_is_changed_and_nothing_is_noted(two):
    promote(two, "1")
    down = busta.load(home=two.home, ledger={"url": NOBODY_LISTENS})
    with pytest.raises(OutsideError, match=r"check ledger\.url"):
        promote(down, "2", force=True)
    with pytest.raises(OutsideError):
        busta.roll_back(down, "ats", "sim")

    assert champion(two) == "1"
    assert "forced" not in resolve(connect(two), NAME, "2").tags


def test_a_ledger_that_goes_down_in_between_is_said_and_catches_up(two, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(champions.Change, "close", raising(OutsideError("the database is down\ncheck ledger.url")))
        found = promote(two, "1")
    assert "the ledger has only its beginning: the database is down" in found["notes"]["ledger"]
    assert changes(two) == [(None, "1", "promote", "begun")]

    end_what_was_begun(two, connect(two), NAME)
    end_what_was_begun(two, connect(two), NAME)
    assert changes(two) == [(None, "1", "promote", "done")]
    assert len(audits(two)) == 2


def raising(error):
    def run(*_, **__):
        raise error

    return run


def test_killed_before_the_champion_changed_the_ledger_does_not_claim_it(two, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(manage, "promote", raising(Killed()))
        with pytest.raises(Killed):
            promote(two, "1")
    assert changes(two) == [(None, "1", "promote", "begun")]

    promote(two, "1")
    assert changes(two) == [(None, "1", "promote", "not done"), (None, "1", "promote", "done")]


def test_killed_after_the_champion_changed_the_next_change_enters_its_end_first(two, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(champions.Change, "end", raising(Killed()))
        with pytest.raises(Killed):
            promote(two, "1")
    promote(two, "2", force=True)

    assert changes(two) == [(None, "1", "promote", "done"), ("1", "2", "promote", "done")]
    assert [entry.body["state"] for entry in audits(two)] == ["begun", "done", "begun", "done"]


KILLED = """
import os, signal, sys
import busta
from busta.workflows import manage
before = manage.promote
def promote(*given):
    if sys.argv[2] == "after":
        before(*given)
    os.kill(os.getpid(), signal.SIGKILL)
manage.promote = promote
busta.promote_version(busta.load(home=sys.argv[1]), "ats", "1", "sim")
"""


@pytest.mark.parametrize(("when", "left"), [("before", "not done"), ("after", "done")])
def test_a_real_kill_keeps_nobody_out_and_leaves_no_lie(two, when, left):
    done = subprocess.run([sys.executable, "-c", KILLED, str(two.home), when], check=False, env=variables(two.home))
    assert done.returncode == -signal.SIGKILL
    assert changes(two) == [(None, "1", "promote", "begun")]
    end_what_was_begun(two, connect(two), NAME)
    assert changes(two) == [(None, "1", "promote", left)]
    assert champion(two) == (None if when == "before" else "1")


def test_only_one_changes_a_champion_at_a_time(two):
    taken = pytest.raises(OutsideError, match=f"another busta holds the lease 'champion of {NAME}'")
    with Ledger.of(two) as ledger, ledger.lease(f"champion of {NAME}", 60), taken:
        promote(two, "1")
    assert audits(two) == []


def test_a_user_without_a_name_is_a_number(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", raising(KeyError("no such uid")))
    assert champions._who().startswith(f"{os.getuid()}@")
