"""What a gold store must be before anything is learned from it, whoever made it.

The first rule that is broken is the error: it names the file, the column and the first game.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel, ConfigDict

from busta.betting.odds import HIGHEST_PRICE
from busta.data.schema import FACT_KEY, FACTS, GAME_KEY, GAMES, INSTANT, QUOTE_KEY, QUOTES
from busta.errors import DataError
from busta.features.catalog import Feature  # noqa: TC001 - pydantic reads the annotation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Manifest", "check_catalog", "check_events", "check_facts", "check_games", "check_quotes"]

LARGEST = 1e15  # sums of squares of such values are still numbers

Rule = tuple[str, pl.Expr, str]
"""A column, which rows are wrong, and what is wrong with them."""


class Source(BaseModel):
    """A file that the tables were made of."""

    name: str
    sha256: str


class Manifest(BaseModel):
    """What is read of a manifest; every key may be left out, and others may stand beside them."""

    model_config = ConfigDict(strict=True, extra="ignore")

    version: str | None = None
    created_at: str = ""
    games: int = 0
    sources: list[Source] = []
    missing: dict[str, list[str]] = {}
    features: list[Feature] = []


def check_games(games: pl.DataFrame) -> None:
    """Refuses games without what every game has, or one that stands there twice."""
    _typed(games, GAMES, "games.parquet")
    needed = (*GAME_KEY, "season", "week", "kickoff", "home_team", "away_team")
    _screen(games, "games.parquet", [*map(_present, needed), _once(games, GAME_KEY)])


def check_quotes(quotes: pl.DataFrame, games: pl.DataFrame) -> None:
    """Refuses quotes of unknown games, made too late, made twice, or at no price or line there is."""
    _typed(quotes, QUOTES, "quotes.parquet")
    dated = quotes.join(games.select("game_id", "kickoff"), on="game_id", how="left", maintain_order="left")
    line, known_at = pl.col("line"), pl.col("known_at")
    rules = [
        *map(_present, (*QUOTE_KEY, "known_at")),
        ("game_id", pl.col("kickoff").is_null(), "is not in games.parquet"),
        ("known_at", known_at >= pl.col("kickoff"), "is at or after the start"),
        _once(quotes, QUOTE_KEY),
        *(_price(column) for column in ("first_price", "second_price")),
        ("line", (line.abs() >= LARGEST) | (2 * line % 1 != 0), "is neither whole nor half"),
    ]
    _screen(dated, "quotes.parquet", rules)


def check_facts(facts: pl.DataFrame, games: pl.DataFrame) -> None:
    """Refuses facts of unknown games or of teams that do not play in them, told twice, or no numbers."""
    _typed(facts, FACTS, "facts.parquet")
    sided = facts.join(
        games.select("game_id", "home_team", "away_team"), on="game_id", how="left", maintain_order="left"
    )
    team, sides = pl.col("team"), (pl.col("home_team"), pl.col("away_team"))
    rules = [
        *map(_present, FACT_KEY),
        ("game_id", sides[0].is_null(), "is not in games.parquet"),
        ("team", (team != sides[0]) & (team != sides[1]), "does not play"),
        ("value", pl.col("value").abs() >= LARGEST, f"is no number below {LARGEST:g}"),  # NaN is above
        _once(facts, FACT_KEY),
    ]
    _screen(sided, "facts.parquet", rules)


def check_events(group: str, frame: pl.DataFrame, games: pl.DataFrame) -> None:
    """Refuses a group whose values are no numbers, or are not known before the start."""
    where = f"features/{group}.parquet"
    if frame.schema.get("game_id") != pl.String or frame.schema.get("known_at") != INSTANT:
        raise DataError(f"{where}: needs game_id (String) and known_at (Datetime, microseconds, UTC)")
    names = [column for column in frame.columns if column not in ("game_id", "known_at")]
    others = [name for name in names if frame.schema[name] != pl.Float64]
    if others:
        raise DataError(f"{where}: features are Float64; these are not: {', '.join(others[:5])}")
    dated = frame.join(games.select("game_id", "kickoff"), on="game_id", how="left", maintain_order="left")
    rules = [
        *map(_present, ("game_id", "known_at")),
        ("known_at", pl.col("known_at") >= pl.col("kickoff"), "is at or after the start"),
        _once(frame, ("game_id", "known_at")),
        *((name, pl.col(name).abs() >= LARGEST, f"is no number below {LARGEST:g}") for name in names),  # NaN is above
    ]
    _screen(dated, where, rules)


def check_catalog(catalog: Sequence[Feature], events: Mapping[str, pl.DataFrame]) -> None:
    """Refuses features that are not those described, and probabilities that are none."""
    for feature in catalog:
        if feature.group not in events or feature.name not in events[feature.group].columns:
            raise DataError(
                f"the catalogue names {feature.name!r}, but features/{feature.group}.parquet has no such column"
            )
    names = [feature.name for feature in catalog]
    columns = sum(len(frame.columns) - 2 for frame in events.values())
    if len(set(names)) != len(names) or columns != len(names):
        raise DataError(
            f"the features of this store and its catalogue differ: {columns} columns, {len(set(names))} described"
        )
    for group, frame in events.items():
        chances = [f.name for f in catalog if f.group == group and f.unit == "probability"]
        rules = [(name, ~pl.col(name).is_between(0, 1), "is no probability") for name in chances]
        _screen(frame, f"features/{group}.parquet", rules)


def _typed(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], where: str) -> None:
    wrong = [f"{column} ({dtype})" for column, dtype in schema.items() if frame.schema.get(column) != dtype]
    if wrong:
        raise DataError(f"{where}: these columns are missing or of another type: {', '.join(wrong)}")


def _present(column: str) -> Rule:
    return column, pl.col(column).is_null(), "is missing"


def _once(frame: pl.DataFrame, key: Sequence[str]) -> Rule:
    """No key twice; looked at in detail only where there is one."""
    twice = frame.select(key).n_unique() < frame.height
    return ", ".join(key), pl.struct(key).is_duplicated() if twice else pl.lit(value=False), "stands there twice"


def _price(column: str) -> Rule:
    priced = pl.col(column).is_between(1, HIGHEST_PRICE, closed="right")
    return column, ~priced, f"is no decimal price, above 1 and at most {HIGHEST_PRICE:.0f}"


def _screen(frame: pl.DataFrame, where: str, rules: Sequence[Rule]) -> None:
    broken = frame.select(rule.any().alias(str(number)) for number, (_, rule, _) in enumerate(rules))
    for (column, rule, wrong), found in zip(rules, broken.row(0) if rules else (), strict=True):
        if found:
            rows = frame.filter(rule)
            raise DataError(
                f"{where}: {column} {wrong} in {rows.height} of {frame.height} rows, "
                f"the first of game {rows['game_id'][0]}"
            )
