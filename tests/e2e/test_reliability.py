"""Trainings with faults, each kind twice; `make reliability` has 300."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workspaces import variables

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.server
def test_trainings_with_faults_end_right_after_at_most_one_retry_or_in_a_clear_refusal(tmp_path):
    command = [sys.executable, "-m", "benchmarks.reliability", "--runs", "16", "--keep", str(tmp_path / "kept")]

    done = subprocess.run(command, cwd=ROOT, env=variables(tmp_path), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line[:1].isalpha()}
    assert lines["all"][0] == "16"
    assert lines["all"][-1] == "0"
    assert lines["columns"] == ["2", "0", "0", "2", "0"]
