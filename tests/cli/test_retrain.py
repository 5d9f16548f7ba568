"""busta retrain."""

from __future__ import annotations

import pytest

from busta.errors import OutsideError

MODEL = {
    "model": "busta-sim-ats",
    "market": "ats",
    "decision": "promoted",
    "reason": "it passed the gate, and 40 games side by side do not speak against it",
    "triggers": ["results"],
    "champion": "2",
    "challenger": "2",
    "notes": {"decision": "the decision could not be noted with the version"},
}
FOUND = {
    "league": "sim",
    "information": "anchored",
    "price": "close",
    "dry_run": False,
    "models": [MODEL],
    "told": [
        {"event": "promoted", "model": "busta-sim-ats", "target": "webhook", "error": None},
        {"event": "promoted", "model": "busta-sim-ats", "target": "mail", "error": "it answered 500"},
    ],
    "exit_code": 5,
    "notes": {"notify.mail": "the mail of [notify] was not sent: it answered 500"},
}


@pytest.fixture
def answers(monkeypatch, tmp_path, busta_in):
    """Runs the command, which finds what it is told to, and remembers how it was asked."""

    def run(found, *arguments):
        def retrain(settings, *given, say, **more):
            run.asked = (given, more)
            say("training")
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr("busta.workflows.retraining.retrain.retrain", retrain)
        return busta_in(tmp_path, "retrain", *arguments)

    return run


def test_it_says_what_was_decided_and_who_was_told(answers):
    found = answers(FOUND, "sim", "--market", "ats", "--price", "open", "--blind")
    assert answers.asked == (("sim", ["ats"]), {"blind": True, "moment": "open", "dry_run": False})
    assert found.code == 5
    assert found.out.splitlines() == [
        f"busta-sim-ats: promoted version 2: {MODEL['reason']}",
        "told webhook: busta-sim-ats promoted",
        "note: the mail of [notify] was not sent: it answered 500",
        "note: the decision could not be noted with the version",
    ]


def test_a_dry_run_says_what_would_be(answers):
    dry = FOUND | {"dry_run": True, "told": [], "notes": {}, "exit_code": 0}
    dry["models"] = [MODEL | {"decision": "train", "reason": "80 games", "challenger": None, "notes": {}}]
    assert answers(dry, "sim", "--dry-run").out == "busta-sim-ats: would be: train: 80 games\n"


def test_by_default_it_is_about_the_nfl_and_all_markets(answers):
    found = answers(FOUND | {"models": [], "told": [], "notes": {}, "exit_code": 0, "league": "nfl"})
    assert answers.asked[0] == ("nfl", None)
    assert found.out == "there is no anchored model of nfl yet; `busta train` makes one\n"


def test_a_second_one_ends_with_five(answers):
    found = answers(OutsideError("another busta holds the lease 'retrain'\nwait for it"), "sim")
    assert (found.code, found.err.splitlines()[0]) == (5, "error: another busta holds the lease 'retrain'")


def test_what_was_decided_so_far_is_shown(monkeypatch, tmp_path, busta_in):
    row = {"seq": 3, "at": "2026-10-01T12:34:56+00:00", "model": "m", "decision": "looked", "reason": "nothing calls"}
    rows = [row, row | {"seq": 4, "decision": "retrained", "challenger": "2"}]
    monkeypatch.setattr("busta.workflows.retraining.retrain.decisions", lambda _: rows)
    assert busta_in(tmp_path, "retrain", "--history", "--json").json == {"decisions": rows}
    assert busta_in(tmp_path, "retrain", "--history").out.splitlines() == [
        "2026-10-01T12:34 m looked: nothing calls",
        "2026-10-01T12:34 m retrained version 2: nothing calls",
    ]


def test_a_real_one_without_a_model_has_nothing_to_do(busta_in, home):
    found = busta_in(home, "retrain", "sim", "--json")
    assert (found.code, found.json["models"], found.json["told"]) == (0, [], [])
