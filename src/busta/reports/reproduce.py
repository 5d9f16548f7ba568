"""How to get the same figures: what was set, and what to type."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["changed", "commands"]

_HERE_ONLY = ("home", "tracking")
"""Settings that say where things are, not what comes out."""


def changed(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """The settings that differ from the defaults, as lines of ``busta.toml``.

    >>> changed({"train": {"seed": 3, "jobs": 2}, "home": "x"}, {"train": {"seed": 20, "jobs": 2}, "home": "."})
    ['[train]', 'seed = 3']
    """
    kept = {name: value for name, value in settings.items() if name not in _HERE_ONLY}
    return list(_sections(kept, defaults, ""))


def _sections(settings: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str) -> Iterator[str]:
    own = {
        name: value
        for name, value in settings.items()
        if not isinstance(value, dict) and value is not None and value != defaults.get(name)
    }
    if own and prefix:
        yield f"[{prefix}]"
    yield from (f"{_key(name)} = {json.dumps(value, ensure_ascii=False)}" for name, value in own.items())
    for name, value in settings.items():
        if isinstance(value, dict):
            inner = defaults.get(name)
            yield from _sections(value, inner if isinstance(inner, dict) else {}, f"{prefix}.{name}".lstrip("."))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def commands(about: Mapping[str, Any], lineage: Mapping[str, Any], lines: list[str]) -> list[str]:
    """What to type, in order, with what has to come out behind a ``#``.

    Args:
        about: Market, league and kind of the model.
        lineage: Sources, gold version, commit and libraries.
        lines: Of `changed`.
    """
    kind = [] if about["league"] == "nfl" else ["--league", about["league"]]
    kind += ["--blind"] if about["information"] == "blind" else []
    kind += ["--price", "open"] if about["price"] == "open" else []
    of_it = " ".join(shlex.quote(word) for word in [about["market"], *kind])
    made = "busta init again && cd again"
    return [
        *_libraries(lineage),
        f"{made}    # then put the settings below into busta.toml" if lines else made,
        *_data(about["league"], lineage.get("sources") or []),
        f"busta features build {shlex.quote(about['league'])}    # gold {lineage.get('gold_version')}",
        f"busta train {of_it}",
        f"busta gate {of_it} --model 1",
        f"busta backtest {of_it} --model 1",
        f"busta report {of_it} --model 1",
    ]


def _libraries(lineage: Mapping[str, Any]) -> Iterator[str]:
    commit, environment = lineage.get("git_commit"), lineage.get("environment") or {}
    if commit and commit != "none":
        yield f"git checkout {shlex.quote(str(commit))}    # of the folder it was trained in"
    pins = [f"{name}=={version}" for name, version in environment.items() if name not in ("python", "machine", "busta")]
    if pins:
        yield f"python -m pip install {' '.join(map(shlex.quote, pins))}    # with busta {environment.get('busta')}"


def _data(league: str, sources: list[Mapping[str, str]]) -> Iterator[str]:
    if league == "sim":
        yield "busta sim"
        return
    for source in sources:
        yield f"sha256sum {shlex.quote(source['name'])}    # {source['sha256']}"
    files = "".join(f" --from {shlex.quote(source['name'])}" for source in sources)
    yield f"busta ingest {shlex.quote(league)}{files}"
