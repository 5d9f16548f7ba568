"""busta watch."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner

from busta.cli.watch import EXAMPLE, watch
from busta.errors import UsageError
from busta.workflows.watching import watch as workflow

FEATURE = {
    "feature": "elo_diff",
    "games": 48,
    "psi": 0.9,
    "psi_critical": 0.5,
    "ks": 0.4,
    "p": 1e-7,
    "shift": 1.02,
    "missing": 0.0,
    "outside": 0.25,
    "alarm": True,
    "read_by": ["moneyline"],
}
QUIET = {**FEATURE, "feature": "week", "p": None, "psi": None, "shift": None, "alarm": False, "read_by": []}
MODEL = {
    "market": "moneyline",
    "version": 2,
    "games": 64,
    "triggers": ["drift"],
    "reasons": ["elo_diff drifted"],
    "rolling": {"log_loss": 0.61, "closing_log_loss": 0.6, "ece": None, "closing_ece": None},
    "decay": {"e_value": 0.7, "threshold": 20.0},
    "predictions": {"psi": 0.1, "psi_critical": 0.4},
}
GROUP = {"group": "form", "age_hours": 900.2, "age_hours_before": 160.0, "alarm": True}
FOUND = {
    "league": "nfl",
    "as_of": "2026-11-24T12:00:00+00:00",
    "weeks": ["2026-11-03"],
    "alarms": 2,
    "features": [FEATURE, QUIET],
    "groups": [GROUP],
    "models": [MODEL],
    "notes": {"models": "no champion of ats"},
}


@pytest.fixture
def busta_watch(monkeypatch, tmp_path):
    """Runs the command; the workflow is asked with what, and answers what it is given."""
    app, asked, answers = typer.Typer(), [], [FOUND]
    app.command(epilog=EXAMPLE)(watch)

    def answer(_, league, markets, **options):
        asked.append((league, markets, options))
        return answers[-1]

    monkeypatch.setattr(workflow, "watch", answer)
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path))
    run = lambda *arguments: CliRunner().invoke(app, [*arguments], standalone_mode=False)  # noqa: E731
    return run, asked, answers


def test_an_alarm_is_shown_with_its_figures_and_ends_with_three(busta_watch):
    run, asked, _ = busta_watch

    answer = run("nfl", "--market", "moneyline", "--market", "ats", "--through", "2026")

    assert answer.return_value == 3
    assert asked == [("nfl", ["moneyline", "ats"], {"blind": False, "moment": "close", "through": 2026, "now": None})]
    assert "nfl as of 2026-11-24 12:00 UTC, weeks since 2026-11-03: 2 alarms" in answer.stdout
    assert "moneyline: elo_diff drifted" in answer.stdout
    assert "form: values are 900 hours old when bets are decided; in training 160" in answer.stdout
    assert "note: no champion of ats" in answer.stdout


def test_no_alarm_ends_with_zero_and_as_json_in_one_line(busta_watch):
    run, asked, answers = busta_watch
    answers.append(FOUND | {"alarms": 0, "features": [QUIET], "groups": [], "weeks": []})

    quiet, told = run("--as-of", "2026-11-24"), run("--json")

    assert quiet.return_value == told.return_value == 0
    assert "no alarm" in quiet.stdout
    assert asked[0][1] is None
    assert asked[0][2]["now"] == datetime(2026, 11, 24, tzinfo=UTC)
    assert json.loads(told.stdout) == answers[-1]


def test_a_day_that_is_none_is_refused(busta_watch):
    answer = busta_watch[0]("--as-of", "tuesday")

    assert isinstance(answer.exception, UsageError)
    assert "needed is a day, as 2022-11-15" in str(answer.exception)


def test_with_retrain_what_was_found_is_acted_on(busta_watch, monkeypatch):
    run, _, answers = busta_watch
    answers[0] = FOUND | {"alarms": 0}
    model = {"model": "busta-nfl-ats", "decision": "refused", "reason": "no new data", "challenger": None, "notes": {}}
    done = {"models": [model], "told": [], "notes": {}, "dry_run": False, "exit_code": 3}
    asked = []

    def retrain(_, league, markets, **more):
        asked.append((league, markets, more["watched"]["alarms"], more["unattended"]))
        return done

    monkeypatch.setattr("busta.workflows.retraining.retrain.retrain", retrain)
    answer = run("--market", "ats", "--retrain")
    assert asked == [("nfl", ["ats"], 0, True)]
    assert (answer.return_value, answer.stdout.splitlines()[-1]) == (3, "busta-nfl-ats: refused: no new data")
    assert isinstance(run("--retrain", "--through", "2020").exception, UsageError)
