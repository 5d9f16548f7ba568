"""Build: from validated tables to a version of the gold feature store."""

from __future__ import annotations

import hashlib
import time
from fnmatch import fnmatchcase
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.identity import content_id
from busta.data.publish import current, publish
from busta.errors import UsageError, unknown
from busta.features.build import build_events, every_feature, missing_inputs
from busta.features.catalog import select
from busta.features.store import MemoryGold, open_gold, write_gold
from busta.plugins import markets, pick
from busta.settings import as_path
from busta.workflows.data.ingest import ensure_tables, tables_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["build", "catalog", "compare", "gold_of", "gold_versions", "open_version"]


def build(settings: Settings, league_name: str) -> dict[str, Any]:
    """Builds the league's gold store from its tables, unless the current version is made of the same.

    Returns:
        Version, whether it is new, rows and features, and inputs the source did not have.
    """
    league: League = pick("league", league_name)
    gold, fresh = _build(settings, league)
    return {
        "league": league.name,
        "version": gold.manifest["version"],
        "new": fresh,
        "games": gold.games.height,
        "features": len(gold.catalog),
        "missing": gold.manifest["missing"],
    }


def gold_of(settings: Settings, league: League, path: Path | str | None = None) -> MemoryGold:
    """The gold store to work with: one made elsewhere, or the league's own, built if it is missing or stale."""
    return _build(settings, league)[0] if path is None else open_gold(as_path("gold_path", path))


def open_version(settings: Settings, league_name: str, version: str | None = None) -> MemoryGold:
    """A version of the league's gold store (its first letters are enough), by default the current one.

    Raises:
        UsageError: There is no such version.
    """
    league: League = pick("league", league_name)
    root = settings.gold / league.name
    folder = current(root)
    if folder is None:
        raise UsageError(f"{league.name} has no gold store yet; run `busta features build {league.name}`")
    if version is None:
        return open_gold(folder)
    found = [row["version"] for row in gold_versions(settings, league.name)]
    match = [name for name in found if name.startswith(str(version))]
    if len(match) != 1:
        raise unknown("gold version", version, found)
    return open_gold(root / match[0])


def gold_versions(settings: Settings, league_name: str) -> list[dict[str, Any]]:
    """All versions of the league's gold store, newest first."""
    league: League = pick("league", league_name)
    root = settings.gold / league.name
    now = current(root)
    folders = [path.parent for path in root.glob("*/manifest.json") if not path.parent.name.startswith(".")]
    rows = []
    for folder in folders:
        manifest = open_gold(folder).manifest
        rows.append(
            {
                "version": folder.name,
                "created_at": manifest.get("created_at"),
                "games": manifest.get("games"),
                "features": len(manifest.get("features", ())),
                "current": now is not None and folder.name == now.name,
            }
        )
    return sorted(rows, key=lambda row: str(row["created_at"]), reverse=True)


def catalog() -> list[dict[str, Any]]:
    """Every feature busta builds: name, unit, meaning, when it is known and which markets use it."""
    return [feature.to_dict() | {"markets": _users(feature.name)} for feature in every_feature()]


def compare(settings: Settings, league_name: str, a: str, b: str) -> dict[str, Any]:
    """What differs between two versions: features that came or went, and how many values changed."""
    old, new = open_version(settings, league_name, a), open_version(settings, league_name, b)
    before, after = ({f.name: f.group for f in gold.catalog} for gold in (old, new))
    changed = {
        name: _changes(old.events[before[name]], new.events[after[name]], name) for name in before if name in after
    }
    games = (set(old.games["game_id"]), set(new.games["game_id"]))
    return {
        "features_added": sorted(set(after) - set(before)),
        "features_removed": sorted(set(before) - set(after)),
        "games_added": len(games[1] - games[0]),
        "games_removed": len(games[0] - games[1]),
        "values_changed": {name: count for name, count in changed.items() if count},
    }


def _build(settings: Settings, league: League) -> tuple[MemoryGold, bool]:
    ensure_tables(settings, league)
    games, quotes, meta, facts = tables_of(settings, league).read()
    made_of = {"tables": meta["version"], "recipe": _recipe(league, settings.bets.vig_method)}
    root = settings.gold / league.name
    folder = current(root)
    if folder is not None:
        present = open_gold(folder)
        if made_of.items() <= present.manifest.items():
            return present, False
    events = build_events(games, quotes, league, facts=facts, vig_method=settings.bets.vig_method)
    version = content_id({"games": games, "quotes": quotes, "facts": facts, "made of": pl.DataFrame(made_of)} | events)
    manifest = made_of | _lineage(league, games, quotes, facts, meta, version)
    gold = MemoryGold(games, quotes, events, every_feature(), manifest, facts)
    publish(root, version, lambda target: write_gold(gold, events, target))
    return gold, True


def _lineage(
    league: League,
    games: pl.DataFrame,
    quotes: pl.DataFrame,
    facts: pl.DataFrame,
    meta: Mapping[str, Any],
    version: str,
) -> dict[str, Any]:
    features = every_feature()
    return {
        "version": version,
        "league": league.name,
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "code": metadata.version("busta"),
        "sources": meta["files"],
        "games": games.height,
        "quotes": quotes.height,
        "facts": facts.height,
        "missing": missing_inputs(games, quotes, facts),
        "features": [feature.to_dict() for feature in features],
        "markets": {name: select(features, market.features, blind=False) for name, market in markets().items()},
    }


def _recipe(league: League, vig_method: str) -> str:
    """A digest of the code and constants that turn tables into features."""
    gains = (league.market_gain, league.market_total_gain, league.elo_gain, league.score_gain)
    power = (league.power_gain, league.result_gain, league.total_power_gain, league.total_result_gain)
    constants = (league.home_edge, league.margin_sd, league.market_carry, *gains, *power)
    places = (sorted(league.places.items()), sorted(league.moves.items()))
    written = sorted((market.name, market.price_feature, market.line_feature) for market in markets().values())
    digest = hashlib.sha256(repr((vig_method, league.teams, constants, places, written)).encode())
    for package in ("busta.features", "busta.betting"):
        for file in sorted(resources.files(package).iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _users(feature: str) -> list[str]:
    return [name for name, market in markets().items() if any(fnmatchcase(feature, p) for p in market.features)]


def _changes(old: pl.DataFrame, new: pl.DataFrame, name: str) -> int:
    both = old.select("game_id", "known_at", name).join(
        new.select("game_id", "known_at", pl.col(name).alias("new")), on=["game_id", "known_at"]
    )
    return int(both.select((~pl.col(name).eq_missing(pl.col("new"))).sum()).item())
