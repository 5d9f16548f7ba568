"""The gold feature store: the one place features are read from, and only as of a time.

A store is a folder (or the same frames in memory):

    manifest.json           version, lineage, catalogue; optional in a store made elsewhere
    games.parquet           schedule and results, as ``busta.data.schema.GAMES``
    quotes.parquet          what was offered, as ``busta.data.schema.QUOTES``
    facts.parquet           what else is known of the teams in a game, as ``busta.data.schema.FACTS``; optional
    features/GROUP.parquet  ``game_id``, ``known_at`` and one float column a feature

A row of a group says what all its features of that game are from ``known_at`` on; ``prices`` is the
group of the game's own prices, which a blind model leaves out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
from pydantic import ValidationError

from busta.data.parquet import write_parquet
from busta.data.schema import FACTS, INSTANT
from busta.errors import DataError, UsageError
from busta.features.catalog import Feature
from busta.features.checks import Manifest, check_catalog, check_events, check_facts, check_games, check_quotes
from busta.settings import as_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["GoldStore", "MemoryGold", "open_gold", "write_gold"]


class GoldStore(Protocol):
    """What training and prediction know of a gold store."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Version, lineage and catalogue."""
        ...

    @property
    def catalog(self) -> Sequence[Feature]:
        """The features, in column order."""
        ...

    @property
    def games(self) -> pl.DataFrame:
        """Schedule and results."""
        ...

    @property
    def quotes(self) -> pl.DataFrame:
        """What was offered."""
        ...

    @property
    def facts(self) -> pl.DataFrame:
        """What else is known of the teams in a game."""
        ...

    def as_of(self, decision_times: pl.DataFrame) -> pl.DataFrame:
        """The features each game had before its decision time.

        Args:
            decision_times: ``game_id`` (each once) and ``decision_time`` (UTC).

        Returns:
            One row a decision, in the order given: ``game_id``, ``decision_time``, the features in
            catalogue order (null where nothing was known) and ``known_at``, the latest time of any
            value in the row.

        Raises:
            DataError: A game twice, a game the store does not have, or a time without UTC.
        """
        ...


@dataclass(frozen=True)
class MemoryGold:
    """A gold store in memory; the fake that ships, and what a folder becomes once it is opened.

    Raises:
        DataError: The frames are not those of a gold store; the message says what is wrong.
    """

    games: pl.DataFrame
    quotes: pl.DataFrame
    events: Mapping[str, pl.DataFrame]
    catalog: Sequence[Feature]
    manifest: Mapping[str, Any]
    facts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FACTS))

    def __post_init__(self) -> None:
        check_games(self.games)
        check_quotes(self.quotes, self.games)
        check_facts(self.facts, self.games)
        for group, frame in self.events.items():
            check_events(group, frame, self.games)
        ordered = {group: frame.sort("game_id", "known_at") for group, frame in self.events.items()}
        object.__setattr__(self, "events", ordered)  # as_of takes the last row that was known
        check_catalog(self.catalog, self.events)

    @cached_property
    def _known_games(self) -> set[str]:
        return set(self.games["game_id"])

    def as_of(self, decision_times: pl.DataFrame) -> pl.DataFrame:
        """See ``GoldStore.as_of``."""
        decisions = self._checked(decision_times)
        found, seen = decisions, []
        for group, frame in self.events.items():
            latest = (
                frame.join(decisions, on="game_id", how="inner", maintain_order="left")
                .filter(pl.col("known_at") < pl.col("decision_time"))
                .unique("game_id", keep="last", maintain_order=True)
                .drop("decision_time")
                .rename({"known_at": f"known_at:{group}"})
            )
            found = found.join(latest, on="game_id", how="left", maintain_order="left")
            seen.append(f"known_at:{group}")
        return found.select(
            "game_id",
            "decision_time",
            *(f.name for f in self.catalog),
            pl.max_horizontal(seen).alias("known_at"),
        )

    def _checked(self, decision_times: pl.DataFrame) -> pl.DataFrame:
        if dict(decision_times.schema) != {"game_id": pl.String, "decision_time": INSTANT}:
            raise DataError(
                f"decision times are {dict(decision_times.schema)}; "
                "needed: game_id (String), decision_time (Datetime, microseconds, UTC)"
            )
        if decision_times["game_id"].is_duplicated().any():
            raise DataError("as_of takes one decision time per game; a game_id stands there twice")
        strangers = [game for game in decision_times["game_id"] if game not in self._known_games]
        if strangers:
            raise DataError(f"{len(strangers)} games are not in this gold store, the first is {strangers[0]!r}")
        return decision_times


def write_gold(store: GoldStore, events: Mapping[str, pl.DataFrame], folder: Path) -> None:
    """Writes a store's files into an empty folder."""
    (folder / "features").mkdir()
    write_parquet(store.games, folder / "games.parquet")
    write_parquet(store.quotes, folder / "quotes.parquet")
    write_parquet(store.facts, folder / "facts.parquet")
    for group, frame in events.items():
        write_parquet(frame, folder / "features" / f"{group}.parquet")
    content = json.dumps(store.manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "manifest.json").write_text(content, encoding="utf-8")


def open_gold(folder: Path | str) -> MemoryGold:
    """The gold store in that folder, after schema and ``known_at`` checks.

    Raises:
        UsageError: There is no such folder.
        DataError: The folder does not hold a gold store; the message says what is wrong.
    """
    folder = as_path("folder", folder)
    if not folder.is_dir():
        raise UsageError(f"no gold store at {folder}; `busta features build LEAGUE` makes one")
    manifest, described = _read_manifest(folder / "manifest.json")
    events = {path.stem: _read_events(path) for path in sorted((folder / "features").glob("*.parquet"))}
    if not events:
        raise DataError(
            f"{folder} holds no features: needed are features/GROUP.parquet with game_id, known_at and columns"
        )
    catalog = described or _undescribed(events)
    games, quotes = (_read(folder / f"{name}.parquet") for name in ("games", "quotes"))
    facts = _read(folder / "facts.parquet") if (folder / "facts.parquet").exists() else pl.DataFrame(schema=FACTS)
    return MemoryGold(games, quotes, events, catalog, manifest, facts)


def _undescribed(events: Mapping[str, pl.DataFrame]) -> list[Feature]:
    """The catalogue of a store without a manifest: all that is known are names and groups."""
    return [
        Feature(column, group, "", "Not described: the store came without a manifest.", "the row's known_at")
        for group, frame in events.items()
        for column in frame.columns
        if column not in ("game_id", "known_at")
    ]


def _read_manifest(path: Path) -> tuple[dict[str, Any], list[Feature]]:
    if not path.exists():
        return {"version": None, "features": []}, []
    text = path.read_bytes()
    try:
        content = json.loads(text)
    except ValueError as exc:
        raise DataError(f"{path} is not JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise DataError(f"{path} is not a JSON object")
    try:
        return content, Manifest.model_validate_json(text).features
    except ValidationError as exc:
        first = exc.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {key or 'the content'} is not as needed: {first['msg'].lower()}") from exc


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)  # a path, whatever brackets it has
    except FileNotFoundError as exc:
        raise DataError(f"a gold store needs {path.name}, and there is no {path}") from exc
    except pl.exceptions.PolarsError as exc:
        raise DataError(
            f"{path} is damaged, or not a Parquet file: {exc}\n"
            "restore it, or delete its gold store and the file CURRENT beside it: it is built from the tables again"
        ) from exc


def _read_events(path: Path) -> pl.DataFrame:
    frame = _read(path)
    if not {"game_id", "known_at"} <= set(frame.columns):
        raise DataError(
            f"features/{path.name} needs the columns game_id and known_at; it has {', '.join(frame.columns)}"
        )
    return frame
