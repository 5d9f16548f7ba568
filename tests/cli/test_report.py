"""busta report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from busta.cli.report import EXAMPLE, report
from busta.workflows.judging import report as workflow


@pytest.fixture
def busta_report(borrowed, monkeypatch):
    """Runs the command in a workspace of the test's own."""
    app = typer.Typer()
    app.command(epilog=EXAMPLE)(report)
    monkeypatch.setenv("BUSTA_HOME", str(borrowed.home))
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--league", "sim"], catch_exceptions=False)


def test_the_verdict_and_both_files_are_named(busta_report, borrowed):
    answer = busta_report("ats", "--model", "1")
    assert answer.exit_code == 0
    first, *files = answer.stdout.splitlines()
    assert first.startswith("busta-sim-ats version 1: may I bet on it? No")
    assert files == [
        f"report: {borrowed.home}/reports/busta-sim-ats-v1.html",
        f"card:   {borrowed.home}/reports/busta-sim-ats-v1.md",
    ]


def test_one_object_for_programs_and_a_file_of_choice(busta_report, tmp_path):
    answer = busta_report(
        *("moneyline", "--blind", "--price", "open", "--out", str(tmp_path / "mine.html"), "--json"),
    )
    found = json.loads(answer.stdout)
    assert found["report"] == str(tmp_path / "mine.html")
    assert Path(found["card"]).read_text().startswith("# Model card: busta-sim-moneyline-blind-open version 1")
    assert found["answer"] in ("Yes", "Not yet", "No")
    assert found["sentence"].startswith(f"{found['answer']}: ")


def test_what_could_not_be_kept_is_said(busta_report, monkeypatch):
    monkeypatch.setattr(workflow, "_kept", lambda *_: {"artifacts": "not kept with the run: full"})
    assert busta_report("totals").stdout.splitlines()[-1] == "note: not kept with the run: full"
