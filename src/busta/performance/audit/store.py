"""Does a gold store answer only from what was known? Rebuilt from less, and with another future."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.data.schema import FINAL_LAG, SCHEDULE_LEAD, fact_known_at
from busta.features.store import MemoryGold
from busta.performance.audit.finding import Answer, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from busta.features.store import GoldStore

    Rebuild = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame], Mapping[str, pl.DataFrame]]
    """Makes the events of a store from games, quotes and facts."""

__all__ = ["changed_after", "facts_changed_after", "facts_known_by", "known_by", "perturbed_future", "replayed"]

TICK = timedelta(microseconds=1)
"""What is known before a moment is known by the tick before it."""

_MOST_POINTS = 60
_MOST_LINE = 40


def known_by(games: pl.DataFrame, quotes: pl.DataFrame, date: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What both tables held at that moment: the schedule eight days ahead, final results, quotes seen."""
    scheduled = games.filter(pl.col("kickoff") - SCHEDULE_LEAD <= date)
    final = pl.when(pl.col("kickoff") + FINAL_LAG <= date)
    return (
        scheduled.with_columns(final.then(pl.col("home_score", "away_score"))),
        quotes.filter(pl.col("known_at") <= date),
    )


def changed_after(
    games: pl.DataFrame, quotes: pl.DataFrame, date: datetime, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same schedule with other scores, lines and prices wherever they became known after that moment."""
    final = pl.col("kickoff") + FINAL_LAG
    points = rng.integers(0, _MOST_POINTS, (2, games.height))
    scores = [
        pl.when(final > date, pl.col(name).is_not_null()).then(pl.Series(new, dtype=pl.Int32)).otherwise(name)
        for name, new in zip(("home_score", "away_score"), points, strict=True)
    ]
    fresh = {
        "line": rng.integers(-_MOST_LINE, _MOST_LINE, quotes.height) / 2,
        "first_price": rng.uniform(1.2, 5, quotes.height),
        "second_price": rng.uniform(1.2, 5, quotes.height),
    }
    later = pl.col("known_at") > date
    prices = [pl.when(later).then(pl.Series(new)).otherwise(name).alias(name) for name, new in fresh.items()]
    named = [score.alias(name) for score, name in zip(scores, ("home_score", "away_score"), strict=True)]
    return games.with_columns(named), quotes.with_columns(prices)


def facts_known_by(facts: pl.DataFrame, games: pl.DataFrame, date: datetime) -> pl.DataFrame:
    """The facts that were known at that moment."""
    return _timed(facts, games).filter(pl.col("known") <= date).select(facts.columns)


def facts_changed_after(
    facts: pl.DataFrame, games: pl.DataFrame, date: datetime, rng: np.random.Generator
) -> pl.DataFrame:
    """The same facts with other numbers, and names of each other, wherever they became known after that moment."""
    later = pl.col("known") > date
    drawn = pl.Series(rng.normal(0, 10, facts.height))
    names = facts["label"].drop_nulls()
    mixed = names.sample(facts.height, with_replacement=True, seed=int(rng.integers(2**32))) if len(names) else None
    value = pl.when(later, pl.col("value").is_not_null()).then(drawn).otherwise("value")
    label = pl.when(later, pl.col("label").is_not_null()).then(pl.lit(mixed)).otherwise("label")
    return _timed(facts, games).with_columns(value.alias("value"), label.alias("label")).select(facts.columns)


def _timed(facts: pl.DataFrame, games: pl.DataFrame) -> pl.DataFrame:
    kickoffs = facts.join(games.select("game_id", "kickoff"), on="game_id", how="left", maintain_order="left")
    return kickoffs.with_columns(fact_known_at().alias("known"))


def replayed(
    gold: GoldStore, decisions: pl.DataFrame, rebuild: Rebuild, rng: np.random.Generator, count: int = 20
) -> Finding:
    """Holds random games' features against a store built anew of nothing but what was known before them.

    Args:
        gold: The store.
        decisions: ``game_id`` and ``decision_time`` of every game.
        rebuild: Makes the events of a store.
        rng: Chooses the games.
        count: How many moments are rebuilt; all games decided at one are compared.
    """
    times = decisions["decision_time"].unique().sort()
    chosen = rng.choice(times.len(), min(count, times.len()), replace=False)
    differing: Counter[str] = Counter()
    compared = 0
    for moment in times.gather(np.sort(chosen)).to_list():
        facts = facts_known_by(gold.facts, gold.games, moment - TICK)
        then = _store(gold, *known_by(gold.games, gold.quotes, moment - TICK), facts, rebuild)
        asked = decisions.filter(pl.col("decision_time") == moment).join(then.games, on="game_id", how="semi")
        compared += asked.height
        differing.update(_differing(gold.as_of(asked), then.as_of(asked)))
    of = f"{compared} games rebuilt at {chosen.size} moments"
    return _finding(differing, f"the features of {of} come out byte for byte", f"of {of}")


def perturbed_future(
    gold: GoldStore, decisions: pl.DataFrame, rebuild: Rebuild, rng: np.random.Generator, count: int = 3
) -> Finding:
    """Changes every score, line and price after a moment, builds anew, and compares all decisions before it.

    Args:
        gold: The store.
        decisions: ``game_id`` and ``decision_time`` of every game.
        rebuild: Makes the events of a store.
        rng: Chooses moments and values.
        count: How many moments, spread over the whole time.
    """
    times = decisions["decision_time"].unique().sort()
    places = (times.len() * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count).astype(int)
    differing: Counter[str] = Counter()
    compared = 0
    for moment in times.gather(places).to_list():
        facts = facts_changed_after(gold.facts, gold.games, moment - TICK, rng)
        other = _store(gold, *changed_after(gold.games, gold.quotes, moment - TICK, rng), facts, rebuild)
        early = decisions.filter(pl.col("decision_time") <= moment)
        compared += early.height
        differing.update(_differing(gold.as_of(early), other.as_of(early)))
    of = f"{compared} decisions before {count} moments"
    return _finding(differing, f"another future changes none {of}", f"with another future, {of}")


def _store(
    gold: GoldStore, games: pl.DataFrame, quotes: pl.DataFrame, facts: pl.DataFrame, rebuild: Rebuild
) -> MemoryGold:
    return MemoryGold(games, quotes, rebuild(games, quotes, facts), gold.catalog, gold.manifest, facts)


def _differing(one: pl.DataFrame, other: pl.DataFrame) -> Counter[str]:
    """How many values differ by column, in their last bit, too."""
    return Counter({name: n for name in one.columns if (n := int(_unequal(one[name], other[name]).sum()))})


def _unequal(one: pl.Series, other: pl.Series) -> NDArray[np.bool_]:
    if one.dtype != pl.Float64:
        return np.asarray(one.ne_missing(other).to_numpy())
    bits = [
        series.to_physical().to_numpy().view(np.int64) for series in (one.fill_null(np.nan), other.fill_null(np.nan))
    ]
    return np.asarray((bits[0] != bits[1]) | (one.is_null() != other.is_null()).to_numpy())


def _finding(differing: Counter[str], clean: str, of: str) -> Finding:
    if not differing:
        return Finding(Answer.clean, 0.0, 0.0, clean)
    columns = tuple(name for name, _ in differing.most_common())
    words = f"{differing.total()} values of {len(columns)} columns differ, {of}: they know what came later"
    return Finding(Answer.leak, float(differing.total()), 0.0, words, columns)
