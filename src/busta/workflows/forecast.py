"""A stored model's forecasts of games: what predict shows and what the gate judges later games by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import expit

from busta.betting.distribution import Discretised
from busta.errors import UsageError
from busta.models.baseline import closing_triples, market_means
from busta.models.ensemble import distribution_scores
from busta.performance.forecasts import Forecasts
from busta.registry.versions import fetch_predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.portable import PortableModel
    from busta.registry.connect import Registry
    from busta.registry.versions import Version

__all__ = ["columns", "forecast", "stored_forecasts"]

LATER = -1
"""The fold of games that no walk forward tested."""


def columns(data: Dataset, features: Sequence[str]) -> NDArray[np.float64]:
    """The model's features in its order, shape (games, features); one the store does not have is missing."""
    place = {name: i for i, name in enumerate(data.names)}
    empty = np.full(len(data), np.nan)
    return np.stack([data.X[:, place[name]] if name in place else empty for name in features], axis=1)


def forecast(portable: PortableModel, data: Dataset) -> Forecasts:
    """What the model says of those games, beside the line that is bet and the close."""
    everything = np.arange(len(data))
    distribution = Discretised.from_dict(portable.spec["distribution"])
    p = expit(portable.log_odds(columns(data, portable.features), data.offset))
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
        triples=distribution.split(p, data.line),
        mean=mean,
        market_mean=means["market"],
        closing_mean=means["closing"],
        closing=closing,
        closing_line=data.closing_line,
        closing_prices=data.closing_prices,
        baselines=lines,
        scores=distribution_scores(distribution, mean, data.value),
    )


def stored_forecasts(registry: Registry, version: Version) -> Forecasts:
    """The out-of-fold forecasts that a version was judged by.

    Raises:
        UsageError: An older busta stored them, with less in them.
    """
    frame = pl.read_parquet(fetch_predictions(registry, version), glob=False)
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
