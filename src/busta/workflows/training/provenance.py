"""What a training depended on beyond its settings: data, code, libraries and machine; and what of it differs today."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busta.data.identity import content_id
from busta.models.parallel import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from busta.features.store import MemoryGold

__all__ = ["PROVENANCE", "changes", "data_changes", "frames_of", "provenance"]

PROVENANCE = "provenance.json"
"""The file of a run that holds it."""
_CODE, _MACHINE = ("busta",), ("machine", "kernels", "processor")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


def provenance(gold: MemoryGold, through: int | None, foreign: str | None) -> dict[str, Any]:
    """What a training on that gold store depends on, as it is kept with its run.

    Returns:
        ``versions`` (Python, busta's code, the machine and its kernels of linear algebra), ``libraries`` (all that
        busta needs, directly or not), ``data`` (a content id of each table of the gold store), ``through`` (the season
        that the training was told to end with) and ``foreign_gold`` (the version of a store made elsewhere).
    """
    libraries = {name: version for name, version in _libraries().items() if name not in _CODE}
    here = {"versions": _versions(), "libraries": libraries, "data": frames_of(gold)}
    return here | {"through": through, "foreign_gold": foreign}


def frames_of(gold: MemoryGold) -> dict[str, str]:
    """A content id of each table of a gold store."""
    frames = {"games": gold.games, "quotes": gold.quotes, "facts": gold.facts}
    frames |= {f"features/{group}": frame for group, frame in gold.events.items()}
    return {name: content_id({name: frame}) for name, frame in frames.items()}


def changes(recorded: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is another one here and now: ``code``, ``libraries`` and ``machine``, an entry each thing."""
    libraries, installed = recorded.get("libraries", {}), _libraries()
    then, now = recorded.get("versions", {}) | libraries, {**installed, **_versions()}
    other = {name: f"{name} {was} (here {now.get(name)})" for name, was in then.items() if now.get(name) != was}
    new = [f"{name} was not there (here {installed[name]})" for name in installed if libraries and name not in then]
    known = {"code": _CODE, "machine": _MACHINE}
    found = {kind: [text for name, text in other.items() if name in names] for kind, names in known.items()}
    return found | {"libraries": [text for name, text in other.items() if name not in _CODE + _MACHINE] + new}


def data_changes(recorded: Mapping[str, Any], gold: MemoryGold) -> list[str]:
    """Which tables of the gold store hold something else than those recorded; none where none were recorded."""
    then, now = recorded.get("data", {}), frames_of(gold)
    other = [f"{name} holds something else" for name in then if name in now and now[name] != then[name]]
    gone = [f"{name} is gone" for name in then if name not in now]
    return other + gone + [f"{name} was not there" for name in now if then and name not in then]


def _versions() -> dict[str, str]:
    return versions() | {"processor": _processor()}


def _processor() -> str:
    """What the processor calls itself."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor()


@cache
def _libraries() -> Mapping[str, str]:
    """Versions of all that busta needs, directly or not, without its extras; by name."""
    found: dict[str, str] = {}
    waiting = ["busta"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            library = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # of another system, or not needed here
            continue
        found[name] = library.version
        waiting += _needs(library)
    return dict(sorted(found.items()))


def _needs(library: metadata.Distribution) -> Iterator[str]:
    """Names of what a library needs, normalised (PEP 503); what only an extra needs is left out."""
    for line in library.requires or ():
        name = _NAME.match(line)
        if name and "extra ==" not in line:
            yield re.sub(r"[-_.]+", "-", name[0]).lower()
