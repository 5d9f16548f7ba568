"""busta trial."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from busta.cli.trial import trial
from busta.workflows.trials import trial as workflow

FOUND = {
    "model": "busta-nfl-ats",
    "trial": 1,
    "champion": "1",
    "challenger": "2",
    "started": "2026-01-01T00:00:00Z",
    "rule": {"level": 0.0125, "alpha": 0.05, "beta": 0.025, "margin": 0.002},
    "decision": "running",
    "reason": "undecided after 16 games of 2800",
    "e_value": 1.234,
    "e_value_needed": 80.0,
    "e_value_worse": 0.8,
    "e_value_futile": 0.9,
    "games": 16,
    "weeks": 1,
    "mean_gain": 0.001,
    "low": -0.01,
    "high": 0.02,
    "arms": {"champion": {"bets": 3, "profit": -1.0}, "challenger": {"bets": 2, "profit": 1.82}},
    "notes": {"plan": "alpha = 0.05 was declared and holds"},
}
PROSPECTS = [{"gain": 0.0, "win": 0.0125, "games": None}, {"gain": 0.002, "win": 0.4, "games": 900}]


@pytest.fixture
def busta_trial(monkeypatch, tmp_path):
    """Runs a command; the workflow is asked with what, and answers what was found."""
    asked = []

    def answer(*arguments, **options):
        asked.append((*arguments[1:], options))
        return FOUND if "model" not in options else FOUND | {"prospects": PROSPECTS}

    for name in ("start_trial", "show_trial", "stop_trial"):
        monkeypatch.setattr(workflow, name, answer)
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path))
    run = CliRunner()
    return lambda *arguments: (run.invoke(trial, [*arguments], catch_exceptions=False), asked)


def test_a_start_says_what_can_be_hoped_for(busta_trial):
    answer, asked = busta_trial("start", "ats", "--league", "sim", "--blind", "--model", "3")

    assert asked == [("ats", "sim", {"blind": True, "moment": "close", "model": "3"})]
    assert answer.stdout.splitlines() == [
        "trial 1 of busta-nfl-ats, since 2026-01-01T00:00:00Z: version 2 against champion 1",
        "running: undecided after 16 games of 2800",
        "e-value 1.23 of 80 that a win needs; that it is worse 0.8 of 20; that it is not better by 0.002 0.9 of 40",
        "mean gain +0.0010 log loss a game, -0.0100 to +0.0200 (95 % at all times), 16 games of 1 weeks",
        "champion's own games: 3 bets, -1.00 units",
        "challenger's own games: 2 bets, +1.82 units",
        "if it is better by 0: 1% of such trials are won",
        "if it is better by 0.002: 40% of such trials are won, after 900 games",
        "note: alpha = 0.05 was declared and holds",
    ]


def test_show_and_stop_ask_for_the_model_of_those_options(busta_trial):
    answer, asked = busta_trial("show", "ats", "--price", "open", "--number", "2", "--json")
    assert json.loads(answer.stdout) == FOUND
    busta_trial("stop", "totals")

    assert asked == [
        ("ats", "nfl", {"blind": False, "moment": "open", "number": 2}),
        ("totals", "nfl", {"blind": False, "moment": "close"}),
    ]
