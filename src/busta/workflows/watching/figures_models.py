"""What the registry knows of a league's models: versions and verdicts, trainings, and what features are worth."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.performance.gate.verdict import FIT_TO_BET, FIT_TO_SERVE, REJECTED
from busta.plugins import market_names
from busta.registry.connect import connect, guarded
from busta.registry.publish import CHALLENGER, CHAMPION
from busta.registry.versions import model_name, versions
from busta.watch.families import OF
from busta.workflows.predicting.explain import read_explanations, read_importances
from busta.workflows.predicting.forecast import read_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["Models", "by_season", "leading"]

LEADING = 15
"""Ranks that are told: a feature is, once it is among so many first ones of any table."""
RUNS = 100
"""Newest trainings of a model that are counted."""
_MB = 1024.0 * 1024.0
_OUTCOMES = {"FINISHED": "done", "FAILED": "failed", "KILLED": "killed", "RUNNING": "running", "SCHEDULED": "running"}
_VERDICTS = (FIT_TO_BET, FIT_TO_SERVE, REJECTED)

Worth = dict[str, float]
"""Mean size of each feature's part in the log-odds, by its name."""


class Models:
    """The models of a league; what never changes, such as a version's importances, is read once.

    Args:
        settings: All settings.
        league: Its name.
    """

    def __init__(self, settings: Settings, league: str) -> None:
        self._settings = settings
        self._league = league
        self._worth: dict[str, tuple[Worth, list[Worth]]] = {}

    def gather(self) -> list[dict[str, Any]]:
        """A row a model that was ever trained: versions with a role, verdicts, trainings.

        Raises:
            OutsideError: MLflow is down.
        """
        registry = connect(self._settings)
        return [
            {"league": self._league, "market": market, "model": found[0].name, **_model(registry, found)}
            for market, found in self._found(registry)
        ]

    def importances(self) -> list[dict[str, Any]]:
        """What features are worth to each champion, to the version before it, and in its last two seasons.

        Raises:
            OutsideError: MLflow is down, or a version's files are gone.
        """
        registry = connect(self._settings)
        rows = []
        for market, found in self._found(registry):
            champion = next((version for version in found if CHAMPION in version.aliases), None)
            if champion is None:
                continue
            about = {"league": self._league, "market": market, "model": champion.name}
            rows += [about | row for row in leading(self._tables(registry, champion, found))]
        return rows

    def _found(self, registry: Registry) -> list[tuple[str, list[Version]]]:
        kinds = product(market_names(), (False, True), ("close", "open"))
        names = [(market, model_name(self._league, market, blind=blind, moment=at)) for market, blind, at in kinds]
        return [(market, found) for market, name in names if (found := versions(registry, name))]

    def _tables(self, registry: Registry, champion: Version, found: Sequence[Version]) -> dict[str, Worth]:
        """The tables to compare, by what they are `OF`; those that are there."""
        whole, seasons = self._read(registry, champion)
        earlier = [version for version in found if int(version.number) < int(champion.number)][:1]
        tables = [whole, *(self._read(registry, version)[0] for version in earlier)]
        return dict(zip(OF, tables, strict=False)) | dict(zip(OF[2:], seasons, strict=False))

    def _read(self, registry: Registry, version: Version) -> tuple[Worth, list[Worth]]:
        if version.run_id not in self._worth:
            self._worth[version.run_id] = _worth(registry, version)
        return self._worth[version.run_id]


def _worth(registry: Registry, version: Version) -> tuple[Worth, list[Worth]]:
    """What features are worth to a version, in all and in its last two seasons."""
    whole = {row["feature"]: row["part"] for row in read_importances(registry, version)}
    season = read_predictions(registry, version).select("game_id", "season")
    return whole, by_season(read_explanations(registry, version).join(season, on="game_id"))


def by_season(parts: pl.DataFrame) -> list[Worth]:
    """What each feature is worth in the last season of the forecasts, and in the one before it.

    Args:
        parts: ``season``, and ``linear.FEATURE`` and ``trees.FEATURE`` of each game.
    """
    names = [column.removeprefix("linear.") for column in parts.columns if column.startswith("linear.")]
    sizes = [(pl.col(f"linear.{name}") + pl.col(f"trees.{name}")).abs().mean().alias(name) for name in names]
    found = parts.group_by("season").agg(sizes).sort("season", descending=True).drop("season")
    return found.head(2).to_dicts()


def leading(tables: Mapping[str, Worth]) -> list[dict[str, Any]]:
    """Worth and rank of the features that lead one of the tables, in each table that has them.

    >>> leading({"champion": {"a": 0.2, "b": 0.1}})[1]
    {'feature': 'b', 'of': 'champion', 'importance': 0.1, 'rank': 2}
    """
    ranked = {of: sorted(worth, key=lambda name: -worth[name]) for of, worth in tables.items()}
    told = {name for names in ranked.values() for name in names[:LEADING]}
    return [
        {"feature": name, "of": of, "importance": tables[of][name], "rank": place}
        for of, names in ranked.items()
        for place, name in enumerate(names, 1)
        if name in told
    ]


def _model(registry: Registry, found: Sequence[Version]) -> dict[str, Any]:
    runs = _runs(registry, found[0].name)
    roles = {role: version for version in found for role in (CHAMPION, CHALLENGER) if role in version.aliases}
    return {
        "versions": [_version(registry, version, role) for role, version in roles.items()],
        "verdicts": Counter(_verdict(version) for version in found),
        "runs": Counter(_OUTCOMES[run.status] for run in runs),
        "last_training": runs[0].start_time / 1000 if runs else None,
        "last_training_success": _OUTCOMES[runs[0].status] in ("done", "running") if runs else None,
    }


def _version(registry: Registry, version: Version, role: str) -> dict[str, Any]:
    with guarded(registry.uri):
        run = registry.client.get_run(version.run_id).info
    megabytes = version.tags.get("peak_rss_mb")
    return {
        "role": role,
        "version": version.number,
        "verdict": _verdict(version),
        "trained_at": version.tags.get("trained_at") or datetime.fromtimestamp(version.created / 1000, UTC).isoformat(),
        "trained_through": version.tags.get("trained_through"),
        "seconds": (run.end_time - run.start_time) / 1000 if run.end_time else None,
        "peak_memory_bytes": float(megabytes) * _MB if megabytes else None,
    }


def _verdict(version: Version) -> str:
    """What the gate said last; a word of ours, whoever wrote the tag."""
    said = version.tags.get("verdict")
    return said if said in _VERDICTS else "none"


def _runs(registry: Registry, name: str) -> list[Any]:
    """The newest trainings, without the candidates of a search."""
    with guarded(registry.uri):
        experiment = registry.client.get_experiment_by_name(name)
        if experiment is None:
            return []
        ours = f"attributes.run_name LIKE '{name} %'"
        order = ["attributes.start_time DESC"]
        runs = registry.client.search_runs([experiment.experiment_id], ours, max_results=RUNS, order_by=order)
    return [run.info for run in runs]
