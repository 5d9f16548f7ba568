from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workspaces import _no_variables

__all__ = ["_no_variables", "site"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def _hooks():
    """The modules of mkdocs's hook can be imported, as mkdocs does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs" / "hooks")
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built pages."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder
