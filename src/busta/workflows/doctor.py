"""Doctor: what is wrong with this set-up, and what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.publish import current
from busta.errors import BustaError, without_password
from busta.features.store import open_gold
from busta.plugins import League, leagues, markets
from busta.registry.connect import connect, guarded
from busta.registry.versions import fetch_model, fetch_predictions, resolve
from busta.workflows.data.ingest import has_tables, tables_of
from busta.workflows.start import load
from busta.workflows.training.lineage import LIBRARIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from busta.registry.connect import Registry
    from busta.settings import Settings

__all__ = ["diagnose"]

_LEAST_GB = 1.0


def diagnose(config: Path | None = None) -> list[dict[str, Any]]:
    """Checks everything there is; each finding says what was found, whether it is ok, and what to do.

    A check that fails stops no other, except that nothing can be checked without settings.
    """
    found: list[Settings] = []
    findings = [_check("configuration", lambda: found.append(load(config)) or _where(found[0]))]  # type: ignore[func-returns-value]
    if found:
        findings += [_check(name, check) for name, check in _checks(found[0])]
    return findings


def _checks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "python and libraries", _versions
    yield "plugins", lambda: f"leagues {', '.join(leagues())}; markets {', '.join(markets())}"
    yield "disk", lambda: _disk(settings.home)
    for league in leagues().values():
        yield f"data of {league.name}", lambda league=league: _data(settings, league)  # type: ignore[misc]
        yield f"gold of {league.name}", lambda league=league: _gold(settings, league)  # type: ignore[misc]
    yield "MLflow", lambda: _mlflow(settings)
    yield "ledger", lambda: _ledger(settings)


def _check(name: str, check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"check": name, "ok": True, "found": check(), "advice": None}
    except (BustaError, OSError) as exc:
        first, _, rest = str(exc).partition("\n")
        return {"check": name, "ok": False, "found": first, "advice": rest or None}


def _where(settings: Settings) -> str:
    file = settings.home / "busta.toml"
    return f"{'read ' + str(file) if file.exists() else 'defaults; no busta.toml'}, workspace {settings.home.resolve()}"


def _versions() -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Python {python}, " + ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)


def _disk(home: Path) -> str:
    if not home.is_dir():
        raise BustaError(f"the workspace {home} is not there\n`busta init {home}` makes it")
    if not os.access(home, os.W_OK):
        raise BustaError(f"the workspace {home} cannot be written to\nchange its permissions or set BUSTA_HOME")
    free = shutil.disk_usage(home).free / 1e9
    if free < _LEAST_GB:
        raise BustaError(f"{free:.1f} GB free in {home}\na training needs up to {_LEAST_GB:g} GB; free some space")
    return f"{free:.0f} GB free"


def _data(settings: Settings, league: League) -> str:
    if not has_tables(settings, league):
        return f"none yet; `busta ingest {league.name}` gets it"
    games, quotes, *_ = tables_of(settings, league).read()
    seasons = games["season"].to_list()
    return f"{games.height} games, {quotes.height} quotes, seasons {min(seasons)}-{max(seasons)}"


def _gold(settings: Settings, league: League) -> str:
    folder = current(settings.gold / league.name)
    if folder is None:
        return "none yet; training builds it"
    gold = open_gold(folder)
    return f"version {gold.manifest.get('version')}, {len(gold.catalog)} features"


def _mlflow(settings: Settings) -> str:
    if settings.tracking.tracking_uri is None:
        database = settings.home / "mlflow.db"
        if not database.exists():
            return "no mlflow.db yet; training makes it"
        if not os.access(database, os.W_OK):
            raise BustaError(f"{database} cannot be written to, so no training can be kept\nchange its permissions")
    registry = connect(settings)
    with guarded(registry.uri):
        newest = registry.client.search_model_versions(
            "name LIKE 'busta-%'", max_results=1, order_by=["creation_timestamp DESC"]
        )
    answers = f"answers at {without_password(registry.uri)}"
    return f"{answers}; {_readable(registry, newest[0].name, str(newest[0].version))}" if newest else answers


def _ledger(settings: Settings) -> str:
    from busta.ledger.storage import Ledger

    if settings.ledger.url is None and not (settings.home / "ledger.db").exists():
        return "none yet; `busta bets record` makes it"
    with Ledger.of(settings) as ledger:
        checked = ledger.verify()
    if checked.problems:
        raise BustaError(
            f"the chain is not sound: {checked.problems[0]}\nrestore a copy; `busta bets verify` tells more"
        )
    return f"{checked.entries} entries, the chain is sound; head {checked.head}"


def _readable(registry: Registry, name: str, number: str) -> str:
    """Reads what is stored of a version."""
    try:
        version = resolve(registry, name, number)
        fetch_model(registry, version)
        pl.read_parquet(fetch_predictions(registry, version), glob=False)
    except Exception as exc:  # each format has errors of its own
        first = (str(exc) or type(exc).__name__).splitlines()[0]
        raise BustaError(
            f"version {number} of {name}, the newest, cannot be read: {first}\nrestore its files, or train again"
        ) from exc
    return f"{name} version {number}, the newest, can be read"
