"""What a command logs, and the one id of its run in all that it leaves."""

from __future__ import annotations

import json

import pytest

import busta
from busta.ledger.storage import Ledger
from busta.registry.connect import connect


def test_a_command_tells_its_beginning_and_end_as_json_where_that_is_asked_for(run, monkeypatch):
    monkeypatch.setenv("BUSTA_LOGS__FORMAT", "json")
    monkeypatch.setenv("BUSTA_LOGS__LEVEL", "info")
    answer = run("models", "--league", "sim")
    first, last = (json.loads(line) for line in answer.err.splitlines())
    assert first["message"].startswith("busta ")
    assert (last["command"], last["exit_code"], last["message"]) == ("models", 0, "busta models ended with 0")
    assert first["run_id"] == last["run_id"]
    assert run("models").err.splitlines()[0] != answer.err.splitlines()[0]


def test_an_error_stays_two_lines_for_people_whatever_the_logs_are(run, monkeypatch):
    monkeypatch.setenv("BUSTA_LOGS__FORMAT", "json")
    answer = run("models", "parlay")
    assert (answer.code, answer.err.startswith("error: unknown market 'parlay'")) == (2, True)


def test_an_id_that_cannot_be_one_is_refused(run, monkeypatch):
    monkeypatch.setenv("BUSTA_RUN_ID", "two words")
    answer = run("models")
    assert (answer.code, answer.err) == (
        2,
        "error: BUSTA_RUN_ID='two words': needed are 1 to 64 letters, digits, dots, - or _\n",
    )


def test_one_id_is_in_the_log_the_ledger_and_mlflow(busta_in, home, monkeypatch):
    monkeypatch.setenv("BUSTA_RUN_ID", "night-7")
    monkeypatch.setenv("BUSTA_LOGS__FORMAT", "json")
    monkeypatch.setenv("BUSTA_LOGS__LEVEL", "info")
    answer = busta_in(home, "train", "moneyline", "--league", "sim", "--json")
    told = [json.loads(line) for line in answer.err.splitlines()]
    busta_in(home, "bets", "bankroll", "50")
    settings = busta.load(home=home)
    client, mlflow_run = connect(settings).client, answer.json["run_id"]
    with Ledger.of(settings) as ledger:
        (entry,) = ledger.read("bankroll")
    assert {line["run_id"] for line in told} == {"night-7"} == {entry.run_id}
    assert client.get_run(mlflow_run).data.tags["busta.run_id"] == "night-7"
    assert [line["mlflow_run"] for line in told if "mlflow_run" in line] == [mlflow_run]


@pytest.mark.parametrize("given", ["{", "[logs]\nformat = 'xml'"])
def test_settings_that_cannot_be_read_end_as_ever(busta_in, tmp_path, given):
    (tmp_path / "busta.toml").write_text(given)
    answer = busta_in(tmp_path, "models")
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
