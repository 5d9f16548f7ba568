"""Real busta processes, for the tests that start, kill and race them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BUSTA = [sys.executable, "-c", "import sys; from busta.cli import main; main()"]


def variables(home: Path, **more: str) -> dict[str, str]:
    """The environment of a busta in that workspace."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BUSTA_", "MLFLOW_"))}
    return kept | {"BUSTA_HOME": str(home)} | more


class Busta:
    """Real busta processes in one workspace."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        self.variables = variables(home, **more)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command."""
        return subprocess.Popen(
            [*BUSTA, *arguments], env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def json(self, *arguments: str) -> Any:
        """Runs a command to its good end; returns the one object it prints."""
        done = subprocess.run([*BUSTA, *arguments, "--json"], env=self.variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 1, done.stdout
        return json.loads(done.stdout)
