"""Where a training comes from: commit, pipeline, libraries, machine; and the memory it had."""

from __future__ import annotations

import hashlib
import os
import platform
import resource
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LIBRARIES", "environment", "git_commit", "of_pipeline", "peak_rss_mb", "requirements"]

LIBRARIES = ("busta", "mlflow", "numpy", "pandas", "polars", "scikit-learn", "scipy", "xgboost-cpu")


def environment() -> dict[str, str]:
    """Versions of Python and the libraries that numbers depend on."""
    return {"python": platform.python_version(), "machine": platform.machine()} | {
        name: metadata.version(name) for name in LIBRARIES
    }


def requirements() -> list[str]:
    """What loading a registered model needs, pinned; busta is not among it."""
    return [f"{name}=={metadata.version(name)}" for name in ("mlflow", "numpy", "pandas", "xgboost-cpu")]


def git_commit(folder: Path | None = None) -> str:
    """The commit of a folder, by default the one busta is run in; ``none`` outside a repository."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git the user has
            cwd=folder,
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


def of_pipeline(home: Path, league: str) -> dict[str, str]:
    """What DVC calls the state of a workspace, by the names of tags; nothing where its pipeline never ran.

    Returns:
        ``dvc_revision`` (the commit it stands at; of an experiment the one it started from), ``dvc_lock`` (SHA-256 of
        ``dvc.lock``), ``dvc_data`` (the checksum under which DVC keeps the league's gold store), and within a run of
        DVC ``dvc_stage`` and ``dvc_experiment``.
    """
    try:
        lock = (home / "dvc.lock").read_bytes()
    except OSError:
        return {}
    found = {
        "dvc_revision": os.environ.get("DVC_EXP_BASELINE_REV") or git_commit(home),
        "dvc_lock": hashlib.sha256(lock).hexdigest(),
        "dvc_data": _checksum(lock, f"data/gold/{league}"),
        "dvc_stage": os.environ.get("DVC_STAGE", ""),
        "dvc_experiment": os.environ.get("DVC_EXP_NAME", ""),
    }
    return {name: value for name, value in found.items() if value not in ("", "none")}


def _checksum(lock: bytes, path: str) -> str:
    """Of an output in a lock file; empty where it has none, or is none that DVC writes."""
    import yaml

    try:
        stages: dict[str, Any] = yaml.safe_load(lock)["stages"]
        outs = [out for stage in stages.values() for out in stage.get("outs", ())]
        return str(next((out["md5"] for out in outs if out["path"] == path), ""))
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return ""
