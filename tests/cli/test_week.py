"""busta week."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from busta.cli import week as module
from busta.cli.week import EXAMPLE, week
from busta.workflows import week as workflow

BET = {"game_id": "g1", "market": "ats", "side": "home", "price": 1.909, "stake": 2.5, "paper": True}
FOUND = {
    "leagues": ["nfl", "nba"],
    "week": {"nfl": "2026-12", "nba": None},
    "ingest": {"nfl": {}},
    "recommend": {
        "nfl": {
            "real": {"bets": 0, "staked": 0.0, "bankroll": 100.0},
            "paper": {"bets": 1, "staked": 2.5, "bankroll": 98.0},
            "bets": [BET],
        }
    },
    "record": {"nfl": {"recorded": 1, "notes": {"again": "more"}}},
    "settle": {"settled": [1, 2], "resettled": [], "to_void": [1], "waiting": 3},
    "failed": {"ingest.nba": "nobody answers"},
    "exit_code": 5,
}


@pytest.fixture
def busta_week(monkeypatch, tmp_path):
    """Runs the command; the workflow is asked with what, and answers what was found."""
    app, asked = typer.Typer(), []
    app.command(epilog=EXAMPLE)(week)

    def answer(_, leagues, **options):
        options.pop("say")("nfl: ingest")
        asked.append((leagues, options))
        return FOUND

    monkeypatch.setattr(workflow, "week", answer)
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path))
    return lambda *arguments: (CliRunner().invoke(app, [*arguments], standalone_mode=False), asked)


def test_each_step_is_told_and_what_failed_is_in_the_exit_code(busta_week):
    answer, asked = busta_week("nfl", "nba", "--book", "pinnacle")

    assert asked == [(["nfl", "nba"], {"paths": (), "blind": False, "moment": "close", "book": "pinnacle"})]
    assert answer.return_value == 5
    assert answer.stdout.splitlines() == [
        "nfl: week 2026-12",
        "  real: 0 bets, 0.00 of 100.00",
        "  paper: 1 bets, 2.50 of 98.00",
        "  g1 ats home at 1.909: 2.50 (paper)",
        "  recorded: 1 (more)",
        "nba: left out after ingest failed",
        "settled: 2, anew 0; waiting 3; to be voided 1: `busta bets settle` says why",
    ]
    assert answer.stderr.splitlines() == ["failed: ingest.nba: nobody answers"]


def test_one_object_for_programs_of_the_nfl_unless_said(busta_week, tmp_path):
    answer, asked = busta_week("--from", str(tmp_path / "a.csv"), "--json")

    assert json.loads(answer.stdout) == FOUND
    assert asked == [
        (("nfl",), {"paths": [tmp_path / "a.csv"], "blind": False, "moment": "close", "book": None}),
    ]


def test_a_league_between_seasons_has_no_game_to_come(busta_week, monkeypatch):
    quiet = FOUND | {"leagues": ["nba"], "failed": {}, "settle": None, "exit_code": 0}
    monkeypatch.setattr(workflow, "week", lambda *_, **__: quiet)
    answer, _ = busta_week("nba")
    assert (answer.stdout, answer.return_value) == ("nba: no game is to come\n", 0)


def test_steps_are_told_to_whoever_watches(capsys):
    module._told("nfl: ingest")
    assert capsys.readouterr().err == "nfl: ingest\n"
