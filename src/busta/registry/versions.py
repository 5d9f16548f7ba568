"""The versions of a registered model, and which of them is champion."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from busta.errors import DataError, OutsideError, UsageError, unknown
from busta.models.portable import PortableModel
from busta.registry.connect import Registry, guarded
from busta.registry.named import named_in
from busta.registry.publish import CHALLENGER, CHAMPION, MODEL_FOLDER, point

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Version",
    "fetch",
    "fetch_json",
    "fetch_model",
    "fetch_predictions",
    "keep",
    "model_name",
    "note",
    "noted",
    "now",
    "predecessor",
    "promote",
    "registered",
    "resolve",
    "rollback",
    "signature",
    "versions",
]

_HISTORY = "busta.champion."
DOWNLOADS = 32
"""That are kept at a time."""


def model_name(league: str, market: str, *, blind: bool, moment: str) -> str:
    """The name a model is registered under.

    >>> model_name("nfl", "ats", blind=True, moment="close")
    'busta-nfl-ats-blind'

    Raises:
        UsageError: Another moment than ``open`` and ``close``.
    """
    if moment not in ("open", "close"):
        raise unknown("price", moment, ("open", "close"))
    return f"busta-{league}-{market}" + ("-blind" if blind else "") + ("-open" if moment == "open" else "")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a registered model.

    Attributes:
        name: Of the registered model.
        number: Its number, as MLflow writes it.
        aliases: ``champion``, ``challenger``, both or none.
        run_id: The training's run.
        created: Milliseconds since 1970.
        source: Where MLflow keeps the model.
        tags: What the training said of it.
        artifacts: Where MLflow keeps its run's files; empty if it has not been asked yet.
    """

    name: str
    number: str
    aliases: tuple[str, ...]
    run_id: str
    created: int
    source: str
    tags: Mapping[str, str]
    artifacts: str = ""


class Kept(Protocol):
    """What a run keeps files of: a version, or a trial."""

    @property
    def run_id(self) -> str:
        """The training's run."""

    @property
    def artifacts(self) -> str:
        """Where MLflow keeps the run's files; empty if it has not been asked yet."""


def versions(registry: Registry, name: str) -> list[Version]:
    """All versions of a model, newest first; empty if it was never trained."""
    with guarded(registry.uri):
        aliases = _aliases(registry, name)
        if aliases is None:
            return []
        found = registry.client.search_model_versions(f"name = '{name}'", max_results=1000)
    rows = [_version(v, tuple(a for a, number in aliases.items() if number == str(v.version))) for v in found]
    return sorted(rows, key=lambda version: -int(version.number))


def registered(registry: Registry) -> set[str]:
    """Names of all models that busta registered."""
    found: set[str] = set()
    token = None
    with guarded(registry.uri):
        while True:
            page = registry.client.search_registered_models("name LIKE 'busta-%'", max_results=1000, page_token=token)
            found |= {model.name for model in page}
            token = page.token
            if not token:
                return found


def resolve(registry: Registry, name: str, wanted: str | int | None = None) -> Version:
    """A version by number (a whole number or as text) or alias; by default the champion, else the challenger.

    What ends with ``.json`` is the file of a training, which names a version, too.

    Raises:
        UsageError: There is no such version; the message lists those there are.
    """
    found = versions(registry, name)
    if not found:
        raise UsageError(f"there is no model {name} yet; `busta train` makes one")
    for choice in [CHAMPION, CHALLENGER] if wanted is None else [str(wanted)]:
        for version in found:
            if choice == version.number or choice in version.aliases:
                return version
    if str(wanted).endswith(".json"):
        return named_in(str(wanted), name, found)
    names = ", ".join(version.number for version in found)
    wanted = CHAMPION if wanted is None else wanted
    raise UsageError(f"{name} has no version {wanted!r}; it has: {names}, and aliases {_named(found)}")


def promote(registry: Registry, version: Version) -> str | None:
    """Makes a version champion and notes it in the model's history; returns who was champion before.

    Promoting the champion again changes nothing.
    """
    with guarded(registry.uri):
        before = (_aliases(registry, version.name) or {}).get(CHAMPION)
        if before != version.number:
            history = _history(registry, version.name)
            registry.client.set_registered_model_tag(
                version.name, f"{_HISTORY}{len(history) + 1:05d}", f"{version.number} {now()}"
            )
            point(registry, version.name, CHAMPION, version.number)
    return before


def predecessor(registry: Registry, name: str) -> tuple[str, str]:
    """The champion before the one there is, and that one.

    Raises:
        UsageError: There is no champion, or none before it.
    """
    with guarded(registry.uri):
        now = (_aliases(registry, name) or {}).get(CHAMPION)
        if now is None:
            raise UsageError(f"{name} has no champion; `busta promote` names one")
        earlier = _before(_history(registry, name), now)
    if earlier is None:
        raise UsageError(f"{name}: there was no champion before version {now}")
    return earlier, now


def rollback(registry: Registry, name: str) -> tuple[str, str]:
    """Makes the champion before this one champion again; returns both, new first. History is kept.

    Raises:
        UsageError: There is no champion, or none before it.
    """
    earlier, now = predecessor(registry, name)
    promote(registry, resolve(registry, name, earlier))
    return earlier, now


def fetch_model(registry: Registry, version: Version) -> PortableModel:
    """The version's model. Only its data is read; the loader stored beside it is not run.

    Raises:
        OutsideError: The registry or the model's files cannot be read.
    """
    import mlflow

    mlflow.set_tracking_uri(registry.uri)
    mlflow.set_registry_uri(registry.uri)
    with guarded(registry.uri):
        folder = Path(
            mlflow.artifacts.download_artifacts(f"models:/{version.name}/{version.number}", dst_path=_scratch())
        )
    try:
        return PortableModel.read(folder / "data" / MODEL_FOLDER)
    except (OSError, ValueError) as exc:  # gone, or cut
        why = str(exc).splitlines()[0]
        if isinstance(exc, FileNotFoundError):  # of the copy that was read
            why = f"{Path(exc.filename).name} is gone"
        raise OutsideError(
            f"the model of version {version.number} of {version.name} cannot be read: {why}\n"
            "restore its files, or train again"
        ) from exc


def signature(registry: Registry, version: Version) -> set[str]:
    """The columns that MLflow knows the version's model to read; none where it was registered without.

    Raises:
        OutsideError: The registry or the model's files cannot be read.
    """
    import mlflow

    mlflow.set_tracking_uri(registry.uri)
    mlflow.set_registry_uri(registry.uri)
    with guarded(registry.uri):
        signed = mlflow.models.get_model_info(f"models:/{version.name}/{version.number}").signature
    return set(signed.inputs.input_names()) if signed and signed.inputs else set()


def fetch_predictions(registry: Registry, of: Kept) -> Path:
    """The stored out-of-fold predictions of a version or trial, a Parquet file; not to be changed.

    Raises:
        OutsideError: They are gone, or the registry is down.
    """
    return fetch(registry, of, "predictions.parquet")


def fetch(registry: Registry, of: Kept, name: str) -> Path:
    """A file that was kept with the run of a version or trial; not to be changed.

    Raises:
        OutsideError: It is gone, or the registry is down.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.utils.uri import append_to_uri_path

    with guarded(registry.uri):
        place = _place(registry, of)
        scratch = None if place.startswith("file:") else _scratch()  # a file of this machine is read where it lies
        uri = append_to_uri_path(place, name)
        return Path(download_artifacts(uri, dst_path=scratch, tracking_uri=registry.uri))


def fetch_json(registry: Registry, of: Kept, name: str) -> Any:
    """What a JSON file that was kept with the run of a version or trial says.

    Raises:
        OutsideError: It is gone, or the registry is down.
        DataError: It is damaged.
    """
    content = fetch(registry, of, name).read_bytes()
    try:
        return json.loads(content)
    except ValueError as exc:
        raise DataError(f"{name} of run {of.run_id} is damaged: {exc}\nrestore the file, or train again") from exc


def keep(registry: Registry, of: Kept, files: Sequence[Path], folder: str) -> None:
    """Puts files into a folder of the run of a version or trial.

    Raises:
        OutsideError: The registry takes none.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with guarded(registry.uri):
        store = get_artifact_repository(_place(registry, of), registry.uri)
        for file in files:
            store.log_artifact(str(file), folder)


def _place(registry: Registry, of: Kept) -> str:
    """Where its run's files lie. MLflow's client would keep to a run's first place, even in a copied workspace."""
    return of.artifacts or str(registry.client.get_run(of.run_id).info.artifact_uri)


def note(registry: Registry, version: Version, tags: Mapping[str, str]) -> None:
    """Adds tags to a version."""
    with guarded(registry.uri):
        for name, value in tags.items():
            registry.client.set_model_version_tag(version.name, version.number, name, value)


def noted(registry: Registry, version: Version, tags: Mapping[str, str], what: str) -> dict[str, str]:
    """Notes something with a version; where nothing can be written says so, as what was found stands all the same."""
    try:
        note(registry, version, tags)
    except OutsideError as exc:
        return {what: f"the {what} could not be noted with the version: {str(exc).splitlines()[0]}"}
    return {}


def now() -> str:
    """This moment, as the registry writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _scratch() -> str:
    """A new folder for a download, which is read at once.

    MLflow would leave its own behind; these go when the process ends, and in one that does not, such as a watch, when
    there are `DOWNLOADS` newer ones.
    """
    folders = _folders()
    while len(folders) >= DOWNLOADS:
        shutil.rmtree(folders.popleft(), ignore_errors=True)
    folders.append(tempfile.mkdtemp(dir=_downloads()))
    return folders[-1]


@cache
def _folders() -> deque[str]:
    return deque()


@cache
def _downloads() -> str:
    folder = tempfile.mkdtemp(prefix="busta-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _before(history: list[str], now: str) -> str | None:
    """Who reigned before: walks the history back, undoing roll-backs as it goes.

    >>> _before(["1", "2", "3"], "3"), _before(["1", "2", "3", "2"], "2"), _before(["1"], "1")
    ('2', '1', None)
    """
    line: list[str] = []
    for number in history:
        if number in line:
            del line[line.index(number) + 1 :]
        else:
            line.append(number)
    return line[line.index(now) - 1] if now in line and line.index(now) > 0 else None


def _history(registry: Registry, name: str) -> list[str]:
    tags = registry.client.get_registered_model(name).tags
    return [tags[key].split()[0] for key in sorted(tags) if key.startswith(_HISTORY)]


def _aliases(registry: Registry, name: str) -> dict[str, str] | None:
    """Version numbers by alias; ``None`` where there is no such model."""
    found = registry.client.search_registered_models(f"name = '{name}'", max_results=1)
    return {alias: str(number) for alias, number in found[0].aliases.items()} if found else None


def _version(found: Any, aliases: tuple[str, ...]) -> Version:
    return Version(
        found.name,
        str(found.version),
        aliases,
        found.run_id,
        found.creation_timestamp,
        found.source,
        dict(found.tags),
    )


def _named(found: list[Version]) -> str:
    return ", ".join(alias for version in found for alias in version.aliases) or "none"
