"""How to get the same figures: what was set, and what to type."""

from __future__ import annotations

import json
import re
import shlex
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["changed", "commands", "expected", "needs", "words_for"]

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


def commands(
    about: Mapping[str, Any], lineage: Mapping[str, Any], lines: list[str], metrics: Mapping[str, Any], *, audited: bool
) -> list[str]:
    """What to type, in order, with what has to come out behind a ``#``.

    Args:
        about: Market, league and kind of the model.
        lineage: Sources, gold version, libraries and ``through``, the season that the training was told to end with.
        lines: Of `changed`.
        metrics: Of the model, out of fold.
        audited: Whether a full audit is noted with the version.
    """
    of_it = words_for(about)
    sources, through = lineage.get("sources") or [], lineage.get("through")
    return [
        *_files(about["league"], sources),
        "busta init again && cd again",
        *_environment(lineage.get("environment") or {}),
        *(["# now put the settings below into busta.toml"] if lines else []),
        _ingest(about["league"], sources),
        f"busta features build {shlex.quote(about['league'])}    # version {lineage.get('gold_version')}",
        f"busta train {of_it}{f' --through {through}' if through else ''}    # {_printed(metrics)}",
        *([f"busta audit {of_it}"] if audited else []),
        f"busta gate {of_it} --model 1",
        f"busta backtest {of_it} --model 1",
        f"busta report {of_it} --model 1",
    ]


def words_for(about: Mapping[str, Any]) -> str:
    """What names the model to a command: market, league, kind."""
    kind = [] if about["league"] == "nfl" else ["--league", about["league"]]
    kind += ["--blind"] if about["information"] == "blind" else []
    kind += ["--price", "open"] if about["price"] == "open" else []
    return " ".join(shlex.quote(word) for word in [about["market"], *kind])


def needs(lineage: Mapping[str, Any]) -> tuple[str, ...]:
    """What has to be there before the first command, a sentence each."""
    environment = lineage.get("environment") or {}
    commit, sources = lineage.get("git_commit"), lineage.get("sources") or []
    python, busta = environment.get("python", "3.11"), environment.get("busta", "of the version that trained it")
    files = f" with the {len(sources)} source files named above" if sources else ""
    found = [
        f"Python {python} and busta {busta}. In busta's repository `make env` installs it and its libraries.",
        "`source .venv/bin/activate` there makes it the busta of the shell.",
        f"An empty folder{files}, in which all that follows is typed.",
    ]
    if commit and commit != "none":
        found.append(f"The folder it was trained in was under git, at commit {commit}.")
    return tuple(found)


def expected(about: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """What comes out the same to the last digit, where to see it, and what never does."""
    of_it = words_for(about)
    known = {name: metrics.get(name) for name in ("log_loss", "brier", "bets", "roi")}
    exact = ", ".join(f"{name} {value}" for name, value in known.items() if value is not None and isfinite(value))
    return (
        "Behind a # stands what has to come out. To the last digit, "
        f"`busta evaluate {of_it} --model 1 --json` has among its metrics: {exact}. "
        "Times of day, durations, memory, run ids and milliseconds differ; no other figure does. Where the gold store "
        "has another version, data or busta's code are other ones, and no figure has to be the same."
    )


def _printed(metrics: Mapping[str, Any]) -> str:
    """The row of the model as `busta train` prints it."""
    shown = (("log loss", "log_loss", ".4f"), ("Brier", "brier", ".4f"), ("bets", "bets", "d"), ("ROI", "roi", "+.1%"))
    parts = [f"{name} {_plain(metrics.get(key), form)}" for name, key, form in shown]
    return f"row of the model: {', '.join(parts)}"


def _plain(value: float | None, form: str) -> str:
    return "-" if value is None or not isfinite(value) else format(value, form)


def _environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Whether the libraries are those of the training."""
    named = [f"{name} {version}" for name, version in environment.items() if name not in ("python", "machine")]
    if named:
        yield f"busta doctor    # Python {environment.get('python')}, {', '.join(named)}"


def _files(league: str, sources: list[Mapping[str, str]]) -> Iterator[str]:
    if league != "sim":
        yield from (f"sha256sum {shlex.quote(source['name'])}    # {source['sha256']}" for source in sources)


def _ingest(league: str, sources: list[Mapping[str, str]]) -> str:
    if league == "sim":
        return "busta sim"
    files = "".join(f" --from {shlex.quote('../' + source['name'])}" for source in sources)
    return f"busta ingest {shlex.quote(league)}{files}"
