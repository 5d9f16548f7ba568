"""Every way to a bad end: which exit code, and what the one or two lines say."""

from __future__ import annotations

import polars as pl
import pytest

SIM = ("--league", "sim")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "moneylin", *SIM), "unknown market 'moneylin'; did you mean 'moneyline'?"),
        (("train", "moneyline", "--league", "nhl"), "unknown league 'nhl'"),
        (("train", "moneyline", *SIM, "--through", 1999), "no season 1999"),
        (("train", "moneyline", *SIM, "--jobs", 0), "train.jobs = 0"),
        (("train", "moneyline", *SIM, "--gold", "nowhere"), "no gold store at nowhere"),
        (("ingest", "nhl"), "unknown league 'nhl'"),
        (("ingest", "nfl", "--from", "nowhere.csv"), "no file or folder nowhere.csv"),
        (("ingest", "sim", "--from", "games.csv"), "no file or folder games.csv"),
        (("sim", "--seasons", 1), "sim.seasons = 1"),
        (("predict", "moneyline", *SIM), "say which games: one of --week 2022-18"),
        (("predict", "moneyline", *SIM, "--week", "18"), "give season and week, as 2022-18"),
        (("predict", "moneyline", *SIM, "--week", "2014-40"), "sim has no games in 2014-40"),
        (("predict", "moneyline", *SIM, "--date", "2014-13-01"), "give year, month and day"),
        (("predict", "moneyline", *SIM, "--week", "2014-18", "--model", "9"), "no version '9'; it has: 1"),
        (("promote", "moneyline", "9", *SIM), "no version '9'; it has: 1"),
        (("rollback", "moneyline", *SIM), "has no champion"),
        (("gate", "parlay", *SIM), "unknown market 'parlay'"),
        (("gate", "moneyline", "--league", "nhl"), "unknown league 'nhl'"),
        (("gate", "moneyline"), "there is no model busta-nfl-moneyline yet; `busta train` makes one"),
        (("gate", "moneyline", *SIM, "--model", "9"), "no version '9'; it has: 1"),
        (("models", "--league", "nhl"), "unknown league 'nhl'"),
        (("models", "parlay"), "unknown market 'parlay'"),
        (("features", "show", "zzzz", *SIM), "unknown gold version 'zzzz'"),
        (("features", "diff", "zz", "zz", *SIM), "unknown gold version 'zz'"),
        (("features", "show"), "nfl has no gold store yet"),
        (("models", "--config", "nowhere.toml"), "no configuration file nowhere.toml"),
    ],
)
def test_wrong_usage_ends_with_two_and_one_or_two_lines(run, arguments, says):
    answer = run(*arguments)

    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert says in answer.err
    assert 1 <= len(answer.err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("trian",), "No such command 'trian'"),
        (("train",), "Missing argument 'MARKET'"),
        (("train", "moneyline", "--price", "noon"), "'open', 'close'"),
        (("train", "moneyline", "--through", "last"), "--through"),
        (("train", "moneyline", "--nonsense"), "No such option: --nonsense"),
    ],
)
def test_a_command_line_that_cannot_be_read_ends_with_two_and_says_what_is_allowed(run, arguments, says):
    answer = run(*arguments)

    assert answer.code == 2
    assert answer.out == ""
    assert says in answer.err


def test_an_honest_no_ends_with_three(busta_in, home):
    (home / "mlflow.db").write_bytes(b"no database" * 1000)

    answer = busta_in(home, "doctor")

    assert answer.code == 3
    assert "FAIL  MLflow" in answer.out


def test_a_registry_that_is_broken_ends_the_gate_with_five(busta_in, home):
    (home / "mlflow.db").write_bytes(b"no database" * 1000)

    answer = busta_in(home, "gate", "moneyline", *SIM)

    assert answer.code == 5
    assert "file is not a database" in answer.err


def test_broken_settings_are_a_finding_of_the_doctor_and_an_error_of_all_others(busta_in, home):
    (home / "busta.toml").write_text("[bets]\nmin_edge = 'big'")

    assert busta_in(home, "doctor").code == 3
    answer = busta_in(home, "models")
    assert answer.code == 2
    assert "bets.min_edge = 'big'" in answer.err


def test_a_file_of_another_kind_ends_with_four(busta_in, home, tmp_path):
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")

    answer = busta_in(home, "ingest", "nfl", "--from", tmp_path / "wrong.csv")

    assert answer.code == 4
    assert "wrong.csv" in answer.err


def test_a_download_that_fails_ends_with_five(busta_in, home):
    answer = busta_in(home, "ingest", "nfl")

    assert answer.code == 5
    assert "cannot fetch http://127.0.0.1:9/games.csv" in answer.err
    assert "--from FILE" in answer.err


@pytest.mark.parametrize(
    "command",
    [("models",), ("train", "moneyline", *SIM), ("promote", "moneyline", "1", *SIM), ("gate", "moneyline", *SIM)],
)
def test_a_tracking_server_that_is_down_ends_with_five_before_any_work(busta_in, home, monkeypatch, command):
    monkeypatch.setenv("BUSTA_TRACKING__TRACKING_URI", "http://me:hunter2@127.0.0.1:9")
    monkeypatch.setenv("BUSTA_TRACKING__PATIENCE", "0")
    monkeypatch.setattr("busta.workflows.training.train.walk", lambda *_: pytest.fail("trained first"))

    answer = busta_in(home, *command)

    assert answer.code == 5
    assert "no MLflow server answers at http://***@127.0.0.1:9" in answer.err
    assert len(answer.err.splitlines()) == 2


def test_a_cluster_that_is_not_there_ends_with_five(busta_in, home):
    answer = busta_in(home, "train", "moneyline", *SIM, "--cluster", "nowhere")

    assert answer.code == 5
    assert "no Dask scheduler answers at nowhere" in answer.err
    assert len(answer.err.splitlines()) == 2


def test_the_systems_refusal_ends_with_five(run, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr("busta.workflows.manage.list_models", refuse)

    answer = run("models")

    assert answer.code == 5
    assert answer.err == "error: the system refused: Permission denied: /somewhere\n"


def test_a_full_disk_is_no_bug_of_ours_where_a_library_says_it_in_its_own_way(run, monkeypatch):
    monkeypatch.setattr(
        "busta.workflows.manage.list_models", lambda *_: pl.DataFrame({"a": [1]}).write_parquet("/dev/full")
    )

    answer = run("models")

    assert answer.code == 5
    assert answer.err.startswith("error: the system refused: No space left on device")


def test_ctrl_c_ends_with_130_and_one_line(run, monkeypatch):
    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("busta.workflows.manage.list_models", interrupt)

    answer = run("models")

    assert answer.code == 130
    assert answer.err == "stopped; nothing is half-written, run it again any time\n"


def test_a_reader_that_has_gone_is_no_error(run, monkeypatch):
    def gone(*_arguments):
        raise BrokenPipeError

    monkeypatch.setattr("busta.workflows.manage.list_models", gone)

    assert run("models").code == 0


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_ends_with_one_and_shows_its_traceback_only_when_asked(run, monkeypatch, debug):
    def break_down(*_arguments):
        raise ZeroDivisionError("division by zero at http://me:hunter2@host")

    monkeypatch.setattr("busta.workflows.manage.list_models", break_down)

    answer = run("models", *(["--debug"] if debug else []))

    assert answer.code == 1
    assert "a bug in busta (ZeroDivisionError: division by zero" in answer.err
    assert ("Traceback" in answer.err) is debug
    assert ("break_down" in answer.err) is debug
    assert "hunter2" not in answer.err


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_goes_anywhere_on_the_line_and_keeps_the_exit_code(run, place):
    words = ["models", "parlay"]
    words.insert(place, "--debug")

    answer = run(*words)

    assert answer.code == 2
    assert "Traceback" in answer.err
    assert answer.err.splitlines()[-1].startswith("error: unknown market 'parlay'")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("repot",), "error: No such command 'repot'. Did you mean 'report'?\n`busta --help` says"),
        (("features", "shw"), "error: No such command 'shw'. Did you mean 'show'?\n`busta features --help` says"),
        (("train",), "error: Missing argument 'MARKET': moneyline, ats, totals (or over-under)\n`busta train --help`"),
        (("train", "ats", "--price", "noon"), "'--price': 'noon' is not one of 'open', 'close'\n`busta train --help`"),
        (("train", "ats", "--through", "last"), "valid integer, unable to parse string as an integer; given: 'last'\n"),
        (("train", "ats", "--nonsense"), "No such option: --nonsense (Possible options: --seed)\n`busta train --help`"),
        (("train", "ats", "more"), "unexpected extra argument(s) (more)\n`busta train --help`"),
        (("train", "ats", "--through"), "Option '--through' requires an argument\n`busta --help`"),
    ],
)
def test_what_the_parser_refuses_is_two_lines_in_our_own_way(run, arguments, says):
    answer = run(*arguments)

    assert answer.code == 2
    assert says in answer.err
    assert answer.err.startswith("error: ")
    assert len(answer.err.splitlines()) == 2


@pytest.mark.parametrize("arguments", [(), ("features",)])
def test_without_a_command_the_help_is_shown(run, arguments):
    answer = run(*arguments)

    assert answer.code == 2
    assert answer.err.startswith("Usage: busta")
    assert "Commands:" in answer.err


@pytest.mark.parametrize(
    ("words", "says"), [("", "out of memory\n"), ("Unable to allocate 7 TiB", "out of memory: Un")]
)
def test_too_little_memory_ends_with_five_and_two_lines(run, monkeypatch, words, says):
    def fill(*_arguments):
        raise MemoryError(words)

    monkeypatch.setattr("busta.workflows.manage.list_models", fill)

    answer = run("models")

    assert answer.code == 5
    assert answer.err.startswith(f"error: {says}")
    assert len(answer.err.splitlines()) == 2


def test_a_device_is_no_file_and_ends_with_four(busta_in, home):
    answer = busta_in(home, "ingest", "nfl", "--from", "/dev/zero")

    assert answer.code == 4
    assert answer.err.startswith("error: zero: not a regular file")
