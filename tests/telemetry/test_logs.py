from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import busta
from busta.errors import UsageError
from busta.telemetry import logs
from busta.telemetry.logs import VARIABLE, redacted, requests, run_id, running, setup
from workspaces import _no_variables

__all__ = ["_no_variables"]

log = logging.getLogger("busta.test")
KEY = "busta_0a1b2c3d_" + "x" * 43


@pytest.fixture
def logging_as(tmp_path):
    """Sets logs up by settings of a workspace, until the test is over."""
    with running():
        yield lambda **flags: setup(busta.load(home=tmp_path, **flags))


def fail(words):
    """Logs an error of those words with its traceback."""
    try:
        int(words)
    except ValueError as exc:
        exc.add_note(words)
        log.exception("it broke")


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_by_default_a_warning_is_its_words_alone_and_nothing_less_is_said(logging_as, capsys):
    logging_as()
    log.info("began")
    log.warning("the ledger takes nothing: %s", "full")
    requests.info("GET / 200")
    assert capsys.readouterr().err == "the ledger takes nothing: full\n"


def test_as_json_each_line_is_an_object_with_time_level_run_and_what_was_given_with_it(logging_as, capsys):
    logging_as(logs={"format": "json", "level": "info"})
    log.info(
        "%s is registered", "busta-sim-ats", extra={"version": 3, "share": 0.5, "path": ["a"], "bad": float("nan")}
    )
    (line,) = lines(capsys)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "busta.test",
        "run_id": run_id(),
        "message": "busta-sim-ats is registered",
        "version": 3,
        "share": 0.5,
        "path": ["a"],
        "bad": "nan",
    }


def test_a_traceback_is_one_line_of_json(logging_as, capsys):
    logging_as(logs={"format": "json"})
    fail("postgresql://me:hunter22@host/db")
    (line,) = lines(capsys)
    assert "Traceback" in line["error"]
    assert "hunter22" not in line["error"]


def test_the_level_of_others_stays_at_warnings(logging_as, capsys):
    logging_as(logs={"level": "debug"})
    log.debug("ours")
    logging.getLogger("another.library").info("theirs")
    assert capsys.readouterr().err == "ours\n"


def test_the_last_setup_holds_and_the_end_of_the_run_leaves_nothing(logging_as, capsys, tmp_path):
    logging_as(logs={"format": "json"})
    logging_as(logs={"requests": True})
    requests.info("GET / 200")
    assert capsys.readouterr().err == "GET / 200\n"
    with running():
        setup(busta.load(home=tmp_path))
    assert not any(isinstance(each, logs._Handler) for each in logging.getLogger().handlers)
    assert log.getEffectiveLevel() == logging.getLogger().level


def test_warnings_of_libraries_are_lines_of_json_too(tmp_path):
    code = (
        "import busta, warnings; from busta.telemetry.logs import running, setup\n"
        f"with running('r1'):\n setup(busta.load(home={str(tmp_path)!r}, logs={{'format': 'json'}}))\n"
        " warnings.warn('old')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = [json.loads(each) for each in done.stderr.splitlines()]
    assert (line["logger"], line["run_id"]) == ("py.warnings", "r1")
    assert "old" in line["message"]


# --- secrets


@pytest.mark.parametrize("kind", ["text", "json"])
def test_no_secret_of_settings_or_environment_is_ever_in_a_log(kind, tmp_path, capsys, monkeypatch):
    secret = {"odds": 'o"dd\\s-key', "ledger": "le%2Fdger-pw", "mlflow": "mlflow pw", "aws": "aws/secret+key"}
    monkeypatch.setenv("BUSTA_ODDS_API__KEY", secret["odds"])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", secret["mlflow"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret["aws"])
    url = f"postgresql://me:{secret['ledger']}@host/db"
    with running():
        setup(busta.load(home=tmp_path, ledger={"url": url}, logs={"format": kind}))
        for each in (*secret.values(), "le/dger-pw", url, KEY, f"Authorization: Bearer {KEY}"):
            log.warning("it is %s", each, extra={"given": [each], "more": {"it": each}})
            log.warning(each)
            fail(each)
    said = capsys.readouterr().err
    assert said.count("***") >= 7 * 3
    for each in (*secret.values(), "le/dger-pw", "x" * 43, json.dumps(secret["odds"])[1:-1]):
        assert each not in said


def test_secrets_in_files_are_kept_out_too(tmp_path, capsys, monkeypatch):
    (tmp_path / "BUSTA_TUNE__STORAGE").write_text("postgresql://me:from-a-file@host/db")
    monkeypatch.setenv("BUSTA_SECRETS_DIR", str(tmp_path))
    with running():
        setup(busta.load(home=tmp_path))
        log.warning("it is from-a-file")
    assert capsys.readouterr().err == "it is ***\n"


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=4), st.text(), st.text())
def test_a_hidden_text_is_not_in_what_is_shown(secret, before, after):
    assert secret not in redacted(before + secret + after, (secret,)).replace("***", "\0")


@pytest.mark.parametrize(
    "text", ["/v1/odds?apiKey=1f2e", "token=abc&x=1", f"key {KEY} of", "Basic dXNlcjpwdw==", "http://me:pw@host"]
)
def test_what_looks_like_a_secret_is_starred_out(text):
    shown = redacted(text)
    assert "***" in shown
    for secret in ("1f2e", "abc", "x" * 43, "dXNl", "pw@"):
        assert secret not in shown


# --- the id of a run


def test_a_run_has_an_id_which_processes_and_threads_within_have_too():
    with running() as found:
        assert run_id() == found == os.environ[VARIABLE]
        heard = []
        thread = threading.Thread(target=lambda: heard.append(run_id()))
        thread.start()
        thread.join()
        code = "from busta.telemetry.logs import run_id; print(run_id())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert [*heard, done.stdout.strip()] == [found, found]
    assert VARIABLE not in os.environ
    with running() as other:
        assert other != found


def test_a_parents_id_is_taken_and_stays_in_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "cron-2026-11-30")
    with running() as found:
        assert found == run_id() == "cron-2026-11-30"
        with running("inner"):
            assert run_id() == "inner"
        assert run_id() == "cron-2026-11-30"
    assert os.environ[VARIABLE] == "cron-2026-11-30"


def test_without_a_command_a_process_has_one_id():
    assert run_id() == run_id()


@pytest.mark.parametrize("given", ["two words", "x" * 65, "a\nb", "-x"])
def test_what_cannot_be_an_id_is_refused(given, monkeypatch):
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(UsageError, match=r"BUSTA_RUN_ID=.*1 to 64"), running():
        pass
