"""Where a training comes from: commit, libraries, machine; and the memory it had."""

from __future__ import annotations

import platform
import resource
import subprocess
from importlib import metadata

__all__ = ["LIBRARIES", "environment", "git_commit", "peak_rss_mb", "requirements"]

LIBRARIES = ("busta", "mlflow", "numpy", "pandas", "polars", "scikit-learn", "scipy", "xgboost-cpu")


def environment() -> dict[str, str]:
    """Versions of Python and the libraries that numbers depend on."""
    return {"python": platform.python_version(), "machine": platform.machine()} | {
        name: metadata.version(name) for name in LIBRARIES
    }


def requirements() -> list[str]:
    """What loading a registered model needs, pinned; busta is not among it."""
    return [f"{name}=={metadata.version(name)}" for name in ("mlflow", "numpy", "pandas", "xgboost-cpu")]


def git_commit() -> str:
    """The commit of the folder busta is run in, ``none`` outside a repository."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    return found.stdout.strip() if found.returncode == 0 else "none"


def peak_rss_mb() -> int:
    """The most memory this process has had so far, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
