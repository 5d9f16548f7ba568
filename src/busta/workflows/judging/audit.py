"""Audit: does a market's store and training, or a table made elsewhere, know what nobody could have known?"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.data.source import MAX_BYTES
from busta.errors import DataError, UsageError
from busta.features.build import build_events
from busta.markets.dataset import assemble
from busta.performance.audit.ask import asked, leaks
from busta.performance.audit.edge import acquitted, suspects
from busta.performance.audit.finding import Answer, Finding
from busta.performance.audit.read import read_table, table_of
from busta.performance.audit.run import audit as audited
from busta.performance.audit.store import perturbed_future, replayed
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import model_name, noted, now, versions
from busta.workflows.data.build import gold_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from busta.data.schema import Moment
    from busta.features.store import GoldStore
    from busta.markets.dataset import Dataset
    from busta.performance.audit.table import Roles
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["AUDIT", "audit", "audit_table", "audit_tag", "noted_audit", "quick_audit"]

AUDIT = "audit"
"""The tag a version carries its audit under."""

_LONGEST = 200
_READERS = {
    ".csv": partial(pl.read_csv, try_parse_dates=True, infer_schema_length=None),
    ".parquet": partial(pl.read_parquet, glob=False),
}


def audit(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    gold_path: Path | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, Any]:
    """Looks for leaks in a market's features and in the training on them, and notes the answer with its version.

    The store is rebuilt from only what was known, its future is changed, the table is asked whether it
    knows too much, and the training is repeated on results of other games and with its test games
    poisoned.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The table without any price of the game itself.
        moment: The price that is bet at.
        gold_path: A gold store made elsewhere, instead of the league's own.
        progress: Called with questions done and questions in all.

    Returns:
        The object ``busta audit --json`` prints.

    Raises:
        BustaError: No such market, or nothing to look at.
    """
    league, market = pick("league", league_name), pick("market", market_name)
    settings = settings.of_market(market.name)
    gold = gold_of(settings, league, gold_path)
    data = assemble(gold, league, market, blind=blind, moment=moment)
    data = data.take(~np.isnan(data.value))
    questions = _questions(settings, gold, data, foreign=gold_path is not None)
    findings = []
    for done, (name, title, run) in enumerate(questions):
        progress(done, len(questions) + 1)
        findings.append(asked(name, title, run))
    of_table = audited(table_of(data))
    findings += acquitted(of_table) if _replayed(findings) else of_table
    progress(len(questions) + 1, len(questions) + 1)
    version, notes = _noted(settings, data, gold, findings)
    return {
        "league": league.name,
        "market": market.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "gold_version": gold.manifest.get("version"),
        "games": len(data),
        "features": len(data.names),
        "model_version": version,
        **_answers(findings),
        "notes": notes,
    }


def audit_table(file: Path, roles: Roles) -> dict[str, Any]:
    """Looks for leaks in a table that was made elsewhere.

    Args:
        file: CSV or Parquet, a row a game (or a bet).
        roles: Which column plays which part; every other one is a feature.

    Returns:
        The object ``busta audit --table FILE --json`` prints.

    Raises:
        UsageError: No such file or column.
        DataError: The file is no table, or too small to say anything.
    """
    table = read_table(_frame(file), roles)
    findings = audited(table)
    return {"table": str(file), "rows": len(table), "features": len(table.names), **_answers(findings), "notes": {}}


def quick_audit(settings: Settings, gold: GoldStore, data: Dataset, *, foreign: bool = False) -> list[dict[str, Any]]:
    """What an audit can say in a second or two: every training asks it.

    The store is replayed, at a few moments only, where a column tells more than lines leave open: that is a leak
    or an edge.
    """
    from busta.performance.audit.pipeline import ordered_folds  # trains, and is loaded only where something is trained

    played = data.take(~np.isnan(data.value))
    findings = [*audited(table_of(played), quick=True), asked(*_FOLDS, partial(ordered_folds, played, settings.train))]
    if not suspects(findings):
        return findings
    replay = [asked(*each) for each in _store_questions(settings, gold, played, foreign=foreign, moments=_FEW)]
    return [*replay, *(acquitted(findings) if _replayed(replay) else findings)]


def noted_audit(version: Version) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The audit that a version carries, with when it was, whether a quick one, its leaks and findings.

    Returns:
        ``None`` where there is none, or none that can be read; the second part says so then.
    """
    text = version.tags.get(AUDIT)
    if text is None:
        return None, {}
    try:
        found = json.loads(text)
        rows = list(found["findings"])
        about = {"at": str(found["at"]), "quick": bool(found["quick"]), "leaks": [str(name) for name in found["leaks"]]}
    except (ValueError, KeyError, TypeError):
        return None, {"audit": "the audit noted with the version cannot be read; `busta audit` makes it again"}
    return about | {"findings": rows}, {}


def audit_tag(findings: list[dict[str, Any]], gold_version: str, *, quick: bool) -> dict[str, str]:
    """An audit as a version carries it."""
    kept = ("name", "title", "answer", "figure", "threshold")
    rows = [
        {key: row[key] for key in kept} | {"words": row["words"][:_LONGEST], "columns": row["columns"][:3]}
        for row in findings
    ]
    about = {"at": now(), "gold_version": gold_version, "quick": quick, "leaks": leaks(findings)}
    return {AUDIT: json.dumps(about | {"findings": rows}, ensure_ascii=False)}


def _answers(findings: list[dict[str, Any]]) -> dict[str, Any]:
    found = leaks(findings)
    return {
        "clean": not found,
        "leaks": found,
        "findings": findings,
        "seconds": sum(row["seconds"] for row in findings),
    }


def _questions(
    settings: Settings, gold: GoldStore, data: Dataset, *, foreign: bool
) -> list[tuple[str, str, Callable[[], Finding]]]:
    """Those about store and training; the table's own stand in a folder of their own."""
    from busta.performance.audit.pipeline import ordered_folds, permuted_labels, poisoned_folds

    return [
        *_store_questions(settings, gold, data, foreign=foreign),
        (*_FOLDS, partial(ordered_folds, data, settings.train)),
        (
            "poisoned folds",
            "poisoned test games change nothing that was fitted",
            partial(poisoned_folds, data, settings.train),
        ),
        (
            "permuted labels",
            "on results of other games all skill is gone",
            partial(permuted_labels, data, settings.train, np.random.default_rng(settings.train.seed)),
        ),
    ]


_FOLDS = ("order of folds", "every fold learns from games that were final before it")
_REPLAY = ("replay", "rebuilt from only what was known, features come out the same")
_FUTURE = ("another future", "another future changes no earlier feature")
_MOMENTS, _FEW = (20, 3), (5, 1)
"""How many moments the store is rebuilt at, and how often its future is changed."""


def _store_questions(
    settings: Settings, gold: GoldStore, data: Dataset, *, foreign: bool, moments: tuple[int, int] = _MOMENTS
) -> list[tuple[str, str, Callable[[], Finding]]]:
    """Is the store made of nothing but what was known?"""
    if foreign:
        return [(*_REPLAY, _elsewhere), (*_FUTURE, _elsewhere)]
    decisions = data.games.select("game_id", "decision_time")

    def rebuild(games: pl.DataFrame, quotes: pl.DataFrame, facts: pl.DataFrame) -> dict[str, pl.DataFrame]:
        return build_events(games, quotes, data.league, facts=facts, vig_method=settings.bets.vig_method)

    rng = np.random.default_rng(settings.train.seed)
    return [
        (*about, partial(ask, gold, decisions, rebuild, rng, count))
        for about, ask, count in zip((_REPLAY, _FUTURE), (replayed, perturbed_future), moments, strict=True)
    ]


def _replayed(findings: list[dict[str, Any]]) -> bool:
    """Whether both questions about the store were answered with a clean one."""
    asked_of_store = [row for row in findings if row["name"] in (_REPLAY[0], _FUTURE[0])]
    return all(row["answer"] == Answer.clean for row in asked_of_store)


def _elsewhere() -> Finding:
    words = "the store was made elsewhere; nobody here can build its features again"
    return Finding(Answer.not_applicable, None, None, words)


def _noted(
    settings: Settings, data: Dataset, gold: GoldStore, findings: list[dict[str, Any]]
) -> tuple[str | None, dict[str, str]]:
    """Notes the audit with the newest version that learned from this store; its number, or why there is none."""
    registry = connect(settings)
    gold_version = str(gold.manifest.get("version"))
    name = model_name(data.league.name, data.market.name, blind=data.blind, moment=data.moment)
    version = next(_trained_on(versions(registry, name), gold_version), None)
    if version is None:
        return None, {"version": f"no version of {name} learned from this store yet: the audit is noted with none"}
    return version.number, noted(registry, version, audit_tag(findings, gold_version, quick=False), "audit")


def _trained_on(candidates: list[Version], gold_version: str) -> Iterator[Version]:
    newest_first = sorted(candidates, key=lambda version: int(version.number), reverse=True)
    return (version for version in newest_first if version.tags.get("gold_version") == gold_version)


def _frame(file: Path) -> pl.DataFrame:
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise UsageError(f"{file} is neither .csv nor .parquet; a table is one of the two")
    if not file.is_file():
        raise UsageError(f"no file {file}")
    if file.stat().st_size > MAX_BYTES:
        raise DataError(f"{file} has {file.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read")
    try:
        return reader(file)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as exc:
        raise DataError(f"{file} cannot be read as a table: {str(exc).splitlines()[0]}") from exc
