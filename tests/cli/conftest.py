from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from busta.cli import main
from workspaces import _no_variables, borrowed, home, registry, settings, trained

__all__ = ["_no_variables", "borrowed", "home", "registry", "settings", "trained"]


@dataclass
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one JSON object on standard output; a "no" is an answer, too."""
        assert self.code in (0, 3), self.err
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert len(self.out.splitlines()) == 1
        return found


@pytest.fixture
def busta_in(monkeypatch, capsys):
    """Runs a command line in a workspace."""

    def run(home, *arguments):
        monkeypatch.setenv("BUSTA_HOME", str(home))
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        return Answer(caught.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def run(busta_in, trained):
    """Runs a command line in the shared workspace, which it must not change."""
    return lambda *arguments: busta_in(trained.settings.home, *arguments)
