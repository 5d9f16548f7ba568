"""A stored model's forecasts of games: what predict shows and what the gate judges later games by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import expit

from busta.betting.distribution import Discretised
from busta.errors import OutsideError, UsageError, without_password
from busta.features.build import build_events, every_feature
from busta.features.catalog import PRICES
from busta.features.prices import price_events, with_gaps
from busta.features.store import MemoryGold
from busta.models.baseline import closing_triples, market_means
from busta.models.distribution import distribution_scores
from busta.performance.forecasts import Forecasts
from busta.registry.publish import CHAMPION
from busta.registry.versions import fetch_model, fetch_predictions, versions
from busta.workflows.data.build import gold_of
from busta.workflows.data.ingest import has_tables, tables_of
from busta.workflows.training.record import vig_method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.data.source import Batch
    from busta.data.tables import Stored
    from busta.markets.dataset import Dataset
    from busta.models.portable import PortableModel
    from busta.plugins import League
    from busta.registry.connect import Registry
    from busta.registry.versions import Kept, Version
    from busta.settings import Settings

__all__ = [
    "Said",
    "about",
    "columns",
    "forecast",
    "forecast_later",
    "gold_for",
    "in_memory",
    "learned_from",
    "other_champion",
    "probabilities",
    "read_predictions",
    "say",
    "stored_forecasts",
    "with_vig",
]

LATER = -1
"""The fold of games that no walk forward tested."""


def columns(data: Dataset, features: Sequence[str]) -> NDArray[np.float64]:
    """The model's features in its order, shape (games, features); one the store does not have is missing."""
    place = {name: i for i, name in enumerate(data.names)}
    empty = np.full(len(data), np.nan)
    return np.stack([data.X[:, place[name]] if name in place else empty for name in features], axis=1)


def learned_from(portable: PortableModel, data: Dataset) -> NDArray[np.bool_]:
    """Which games lie at or before the end of what the model learned from."""
    end = np.datetime64(portable.spec["trained_through"].removesuffix("+00:00"), "us")
    return np.asarray(data.games["kickoff"].dt.replace_time_zone(None).to_numpy() <= end)


def probabilities(portable: PortableModel, data: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the first side given no push, and its win, push and lose at the line, shape (games, 3)."""
    p = expit(portable.log_odds(columns(data, portable.features), data.offset, data.line))
    return p, Discretised.from_dict(portable.spec["distribution"]).split(p, data.line)


@dataclass(frozen=True)
class Said:
    """What one version says of some games.

    Attributes:
        version: The version.
        portable: Its model.
        data: The games; one it has learned from with the line and prices that it was predicted at.
        seen: Which it has learned from.
        triples: Win, push and lose of the first side, shape (games, 3): stored and out of fold for a game
            it has learned from, NaN where it has no such prediction or nothing to start from.
    """

    version: Version
    portable: PortableModel
    data: Dataset
    seen: NDArray[np.bool_]
    triples: NDArray[np.float64]


def say(registry: Registry, version: Version, data: Dataset) -> Said:
    """What the version says of those games.

    Raises:
        OutsideError: Its files are gone or damaged, or the registry is down.
    """
    portable, stored = fetch_model(registry, version), read_predictions(registry, version)
    seen = learned_from(portable, data)
    data = _as_stored(data, seen, stored)
    triples = np.where(seen[:, None], _kept(data, stored, "win", "push", "lose"), probabilities(portable, data)[1])
    return Said(version, portable, data, seen, triples)


def _as_stored(data: Dataset, seen: NDArray[np.bool_], stored: pl.DataFrame) -> Dataset:
    """The games as they were predicted: a stored prediction belongs to its own line and prices."""
    kept = _kept(data, stored, "line", "first_price", "second_price")
    there = seen & data.games["game_id"].is_in(stored["game_id"].implode()).to_numpy()
    return replace(
        data,
        line=np.where(there, kept[:, 0], data.line),
        prices=np.where(there[:, None], kept[:, 1:], data.prices),
    )


def _kept(data: Dataset, stored: pl.DataFrame, *columns: str) -> NDArray[np.float64]:
    """Columns of the stored predictions, in the order of the games; NaN where a game is not among them."""
    joined = data.games.select("game_id").join(
        stored.select("game_id", *columns), on="game_id", how="left", maintain_order="left"
    )
    return joined.select(columns).to_numpy().astype(np.float64)


def forecast(portable: PortableModel, data: Dataset) -> Forecasts:
    """What the model says of those games, beside the line that is bet and the close."""
    everything = np.arange(len(data))
    distribution = Discretised.from_dict(portable.spec["distribution"])
    p, triples = probabilities(portable, data)
    means = market_means(data, everything, distribution)
    closing = closing_triples(data, everything, distribution, means["closing"])
    lines = {"closing_line": closing[:, 0] / (closing[:, 0] + closing[:, 2])}
    lines |= {} if data.moment == "close" else {"opening_line": expit(data.market_log_odds)}
    mean = distribution.mean_for(p, data.line)
    return Forecasts(
        league=data.league,
        market=data.market,
        blind=data.blind,
        moment=data.moment,
        games=data.games.drop("final_time"),
        fold=np.full(len(data), LATER),
        line=data.line,
        prices=data.prices,
        price_assumed=data.price_assumed,
        value=data.value,
        y=data.y,
        probability=p,
        triples=triples,
        mean=mean,
        market_mean=means["market"],
        closing_mean=means["closing"],
        closing=closing,
        closing_line=data.closing_line,
        closing_prices=data.closing_prices,
        baselines=lines,
        scores=distribution_scores(distribution, mean, data.value),
    )


def forecast_later(portable: PortableModel, data: Dataset, since: int) -> Forecasts:
    """The forecasts of finished games that nobody had seen: after that time and all that the model learned from.

    Args:
        portable: The model.
        data: Games to choose from.
        since: Milliseconds since 1970.
    """
    kickoff = data.games["kickoff"].dt.replace_time_zone(None).to_numpy()
    unseen = (kickoff > np.datetime64(since, "ms")) & ~learned_from(portable, data)
    rows = unseen & ~np.isnan(data.value) & ~np.isnan(data.offset)
    return forecast(portable, data.take(rows))


def read_predictions(registry: Registry, of: Kept) -> pl.DataFrame:
    """The stored out-of-fold predictions of a version or trial.

    Raises:
        OutsideError: They are gone or damaged, or the registry is down.
    """
    try:
        return pl.read_parquet(fetch_predictions(registry, of), glob=False)
    except (OutsideError, OSError, pl.exceptions.PolarsError) as exc:
        why = exc.__cause__ or exc  # the registry's own words, without advice about its server
        raise OutsideError(
            f"the predictions of run {of.run_id} cannot be read: {without_password(str(why)).splitlines()[0]}\n"
            "restore their file, or train again"
        ) from exc


def gold_for(settings: Settings, league: League, version: Version) -> MemoryGold:
    """The league's gold store, with prices freed of their vig as the version learned them.

    The stored one goes by the settings; what is missing or differs is made in memory where nothing can be written.
    """
    method = vig_method(version, settings.bets)
    try:
        gold = gold_of(settings, league)
    except OutsideError:
        if not has_tables(settings, league):
            raise
        return in_memory(tables_of(settings, league).read(), league, method)
    return gold if method == settings.bets.vig_method else with_vig(gold, league, method)


def with_vig(gold: MemoryGold, league: League, method: str) -> MemoryGold:
    """The store with its prices freed of their vig in another way."""
    prices = price_events(gold.games, gold.quotes, league, method)
    prices = with_gaps(prices, gold.events["form"], gold.events["lineup"])
    return replace(gold, events={**gold.events, PRICES: prices})


def in_memory(tables: Stored | Batch | MemoryGold, league: League, method: str) -> MemoryGold:
    """A gold store of those tables that is not stored."""
    events = build_events(tables.games, tables.quotes, league, facts=tables.facts, vig_method=method)
    features = every_feature()
    manifest = {"features": [feature.to_dict() for feature in features], "version": None}
    return MemoryGold(tables.games, tables.quotes, events, features, manifest, tables.facts)


def about(version: Version, forecasts: Forecasts) -> dict[str, Any]:
    """Which version a result is of, as every command prints it."""
    return {
        "model": version.name,
        "model_version": version.number,
        "market": forecasts.market.name,
        "league": forecasts.league.name,
        "information": "blind" if forecasts.blind else "anchored",
        "price": forecasts.moment,
        "games": len(forecasts),
    }


def other_champion(registry: Registry, name: str, number: str | None = None) -> Version | None:
    """The model's champion, unless there is none or it is the version of that number."""
    found = [version for version in versions(registry, name) if CHAMPION in version.aliases]
    return found[0] if found and found[0].number != number else None


def stored_forecasts(registry: Registry, version: Version) -> Forecasts:
    """The out-of-fold forecasts that a version was judged by.

    Raises:
        UsageError: An older busta stored them, with less in them.
        OutsideError: They are gone or damaged, or the registry is down.
    """
    frame = read_predictions(registry, version)
    tags = version.tags
    try:
        return Forecasts.from_frame(
            frame,
            tags["league"],
            tags["market"],
            blind=tags["information"] == "blind",
            moment="open" if tags["price"] == "open" else "close",
        )
    except (KeyError, pl.exceptions.ColumnNotFoundError) as exc:
        raise UsageError(
            f"version {version.number} of {version.name} was trained by an older busta and lacks {exc}; train again"
        ) from exc
