"""A league of a workspace's own: described by a map, and learned from what its files have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from busta.data.mapping import Format, Map
from busta.data.source import listed
from busta.errors import UsageError
from busta.leagues.own import Definition, definitions, load, store
from busta.plugins import add_league, leagues

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from busta.data.source import Batch
    from busta.plugins import League
    from busta.settings import Settings

__all__ = ["keep", "own_batch", "own_definition", "with_columns"]

FEWEST = 50
"""Games from which a league's numbers are taken."""
NUMBERS = ("margin_sd", "total_sd", "home_edge")


def own_definition(settings: Settings, name: str, given: Map | None) -> Definition | None:
    """What the workspace or the map says of that league; ``None`` for one that is installed.

    Its numbers are those of the map or known already; those that are neither are still to be learned.

    Raises:
        UsageError: The map describes an installed league, or not at all one that nobody knows.
    """
    known = {each.name: each for each in definitions(settings)}.get(name)
    if given is None or (given.league is None and known is None):
        found = known
        if given is not None and name not in leagues():
            raise UsageError(f"there is no league {name!r}; describe it under [league] in the map: title, zone …")
    else:
        found = _described(name, given, known)
    if found is not None:
        add_league(found.league())
    return found


def _described(name: str, given: Map, known: Definition | None) -> Definition:
    """The league as the map has it, with what was known of it where the map says nothing."""
    own = given.league or (known.map.league if known else None)
    said = {number: getattr(own, number) for number in NUMBERS}
    numbers = {number: getattr(known, number, None) if said[number] is None else said[number] for number in NUMBERS}
    teams = known.teams if known else ()
    return Definition(name=name, map=given.model_copy(update={"league": own}), teams=teams, **numbers)


def with_columns(settings: Settings, given: Map, league: League) -> Settings:
    """The settings with the columns of the map, for a league whose files are read as its own source reads them.

    Raises:
        UsageError: The map says more than columns.
    """
    if given.teams or given.format != Format():
        raise UsageError(f"the league {league.name} is installed; of a map only [columns] is for it")
    data = settings.data.model_copy(update={"columns": settings.data.columns | given.columns})
    return settings.model_copy(update={"data": data})


def own_batch(settings: Settings, of: Definition, files: Sequence[Path]) -> tuple[Definition, Batch]:
    """What the files say, and the definition with the teams and numbers that they tell.

    Raises:
        UsageError: The map does not fit the files, or they tell too little of the league.
        DataError: A file is not of the kind that the map describes.
    """
    batch = load(settings, files, of=of)
    seen = {*batch.games["home_team"], *batch.games["away_team"]}
    fresh = sorted(seen - set(of.teams))
    numbers, learned = _numbers(of, batch)
    strangers = f"{len(fresh)} teams are new: {listed(fresh)}; [teams] in the map says whom a misspelt name means"
    warnings = (*batch.warnings, *([strangers] if fresh and of.teams else ()), *learned)
    grown = of.model_copy(update={"teams": tuple(sorted({*of.teams, *seen})), **numbers})
    return grown, replace(batch, warnings=warnings)


def keep(settings: Settings, definition: Definition) -> None:
    """Keeps the definition in the workspace, and makes the league known."""
    store(settings, definition)
    add_league(definition.league())


def _numbers(of: Definition, batch: Batch) -> tuple[dict[str, float], tuple[str, ...]]:
    """The numbers of the league that nobody said, from the games of the batch, and a warning of them."""
    lacking = [name for name in NUMBERS if getattr(of, name) is None]
    if not lacking:
        return {}, ()
    played = _played(batch)
    if played.height < FEWEST:
        raise UsageError(
            f"{', '.join(lacking)} of {of.name} cannot be taken from {played.height} games with a result "
            f"({FEWEST} are enough); say them under [league] in the map"
        )
    found = {
        "margin_sd": _spread_of(played, "margin", "ats"),
        "total_sd": _spread_of(played, "total", "totals"),
        "home_edge": _number(played.filter(~pl.col("neutral").fill_null(value=False))["margin"].mean()),
    }
    said = ", ".join(f"{name} = {found[name]:.2f}" for name in lacking)
    return (
        {name: found[name] for name in lacking},
        (f"taken from these {played.height} games, as the map does not say it: {said}",),
    )


def _played(batch: Batch) -> pl.DataFrame:
    """Margin and total of each game with a result, beside its lines."""
    games = batch.games.filter(pl.col("home_score").is_not_null())
    for market in ("ats", "totals"):
        line = batch.quotes.filter(market=market).select("game_id", pl.col("line").alias(market))
        games = games.join(line.unique("game_id"), on="game_id", how="left")
    home, away = (pl.col(f"{side}_score").cast(pl.Float64) for side in ("home", "away"))
    return games.select((home - away).alias("margin"), (home + away).alias("total"), "ats", "totals", "neutral")


def _spread_of(played: pl.DataFrame, quantity: str, line: str) -> float:
    """Standard deviation around the line, or around its mean where there are too few lines."""
    around = (played[quantity] - played[line]).drop_nulls()
    return max(_number((around if len(around) >= FEWEST else played[quantity]).std()), 0.1)


def _number(value: Any) -> float:
    return 0.0 if value is None else round(float(value), 3)
