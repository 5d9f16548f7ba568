from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest

import busta
from busta.ledger.storage import Ledger
from busta.workflows import doctor


@pytest.fixture
def diagnosed(home, monkeypatch):
    monkeypatch.setenv("BUSTA_HOME", str(home))
    return lambda: {finding["check"]: finding for finding in busta.diagnose()}


def failed(findings):
    return {name for name, finding in findings.items() if not finding["ok"]}


def test_a_sound_set_up_has_nothing_wrong(diagnosed, home):
    findings = diagnosed()

    assert failed(findings) == set()
    assert findings["configuration"]["found"].startswith(f"read {home / 'busta.toml'}")
    assert "mlflow 3." in findings["python and libraries"]["found"]
    assert findings["plugins"]["found"].startswith("leagues nba, nfl, sim")
    assert findings["plugins"]["found"].endswith("; markets ats, moneyline, totals")
    assert "seasons 2010-2014" in findings["data of sim"]["found"]
    assert "none yet" in findings["data of nfl"]["found"]
    assert "features" in findings["gold of sim"]["found"]
    assert findings["MLflow"]["found"] == f"answers at sqlite:///{home / 'mlflow.db'}"


def test_an_empty_workspace_is_sound_and_stays_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path))

    findings = busta.diagnose(None)

    assert [finding for finding in findings if not finding["ok"]] == []
    assert list(tmp_path.iterdir()) == []


def test_broken_settings_stop_all_other_checks(diagnosed, home):
    (home / "busta.toml").write_text("[train]\nseed = 'x'")

    findings = diagnosed()

    assert list(findings) == ["configuration"]
    assert "train.seed = 'x'" in findings["configuration"]["found"]


def test_a_workspace_that_is_not_there_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("BUSTA_HOME", str(tmp_path / "nowhere"))

    findings = {finding["check"]: finding for finding in busta.diagnose(None)}

    assert failed(findings) == {"disk"}
    assert "busta init" in findings["disk"]["advice"]
    assert not (tmp_path / "nowhere").exists()


def test_a_workspace_that_cannot_be_written_to_is_found(diagnosed, monkeypatch):
    monkeypatch.setattr(doctor, "os", SimpleNamespace(W_OK=os.W_OK, access=lambda path, _mode: not path.is_dir()))

    assert failed(diagnosed()) == {"disk"}


def test_a_registry_that_cannot_be_written_to_is_found(diagnosed, home, monkeypatch):
    monkeypatch.setattr(doctor, "os", SimpleNamespace(W_OK=os.W_OK, access=lambda path, _mode: path.is_dir()))

    findings = diagnosed()

    assert failed(findings) == {"MLflow"}
    assert findings["MLflow"]["found"] == f"{home / 'mlflow.db'} cannot be written to, so no training can be kept"


def test_a_full_disk_is_found(diagnosed, monkeypatch):
    monkeypatch.setattr(doctor, "shutil", SimpleNamespace(disk_usage=lambda _path: SimpleNamespace(free=5e8)))

    findings = diagnosed()

    assert failed(findings) == {"disk"}
    assert "0.5 GB free" in findings["disk"]["found"]
    assert "free some space" in findings["disk"]["advice"]


def test_a_damaged_table_is_found(diagnosed, home):
    for file in home.glob("data/tables/sim/*/games.parquet"):
        file.write_bytes(b"PAR1 but not really")

    findings = diagnosed()

    assert failed(findings) == {"data of sim"}
    assert "damaged" in findings["data of sim"]["found"]


def test_a_damaged_gold_store_is_found(diagnosed, home):
    for file in home.glob("data/gold/sim/*/manifest.json"):
        file.write_text("{")

    assert failed(diagnosed()) == {"gold of sim"}


def test_a_pointer_at_nothing_is_found(diagnosed, home):
    (home / "data/gold/sim/CURRENT").write_text("0123456789abcdef")

    findings = diagnosed()

    assert failed(findings) == {"gold of sim"}
    assert "0123456789abcdef" in findings["gold of sim"]["found"]


def test_a_damaged_registry_is_found(diagnosed, home):
    (home / "mlflow.db").write_bytes(b"no database" * 1000)

    findings = diagnosed()

    assert failed(findings) == {"MLflow"}
    assert "not a database" in findings["MLflow"]["found"]


def test_the_newest_model_is_read(borrowed, monkeypatch):
    monkeypatch.setenv("BUSTA_HOME", str(borrowed.home))

    (found,) = (finding for finding in busta.diagnose(None) if finding["check"] == "MLflow")

    assert found["ok"]
    assert found["found"].endswith("; busta-sim-moneyline-blind-open version 1, the newest, can be read")


@pytest.mark.parametrize("file", ["model.json", "boosting.ubj", "predictions.parquet"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_newest_model_whose_files_are_damaged_is_found(borrowed, monkeypatch, file, damage):
    monkeypatch.setenv("BUSTA_HOME", str(borrowed.home))
    for path in (borrowed.home / "mlruns").rglob(file):
        path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:20])

    findings = {finding["check"]: finding for finding in busta.diagnose(None)}

    assert failed(findings) == {"MLflow"}
    assert "version 1 of busta-sim-moneyline-blind-open, the newest, cannot be read: " in findings["MLflow"]["found"]
    assert findings["MLflow"]["advice"] == "restore its files, or train again"


def test_a_server_that_is_down_is_found_and_its_password_not_shown(diagnosed, monkeypatch):
    monkeypatch.setenv("BUSTA_TRACKING__TRACKING_URI", "http://me:hunter2@127.0.0.1:9")

    findings = diagnosed()

    assert failed(findings) == {"MLflow"}
    assert "tracking.tracking_uri" in findings["MLflow"]["advice"]
    assert "hunter2" not in str(findings)


def test_a_server_that_answers_is_named_without_its_password(diagnosed, monkeypatch, registry):
    monkeypatch.setattr(doctor, "connect", lambda _settings: replace(registry, uri="http://me:hunter2@mlflow"))

    assert diagnosed()["MLflow"]["found"] == "answers at http://***@mlflow"


def test_a_ledger_that_was_rewritten_is_found(diagnosed, home):
    assert diagnosed()["ledger"]["found"].startswith("none yet")
    settings = busta.load(home=home)
    busta.move_bankroll(settings, 5)
    assert diagnosed()["ledger"]["found"].startswith("1 entries, the chain is sound; head ")

    with Ledger.of(settings) as ledger, ledger._engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_no_update")
        connection.exec_driver_sql("UPDATE ledger_entries SET body = replace(body, '5.0', '9.0')")
        connection.commit()
    found = diagnosed()["ledger"]
    assert not found["ok"]
    assert "the chain is not sound: entry 1 (bankroll" in found["found"]
    assert "busta bets verify" in found["advice"]
