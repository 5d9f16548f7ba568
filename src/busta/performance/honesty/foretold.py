"""Forecasts of games that were never played: what `busta.performance` reads, with a truth that is known.

`worlds` draws points, many worlds at a time, for the rules of `significance`. This makes the whole table of one
world, for the gate as a whole and for tests of whatever reads forecasts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import ndtr

from busta.betting.settlement import label
from busta.data.schema import INSTANT, known_at
from busta.performance.forecasts import Forecasts
from busta.plugins import pick

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.data.schema import Moment

    Floats = NDArray[np.float64]

__all__ = ["foretold"]

SPREAD_SD, TOTAL = 6.0, 45.0  # points, of the market's means; and their middle for totals
VIG = 1.1  # a side as likely as the other pays 100 for 110


def foretold(
    *,
    market: str = "ats",
    moment: Moment = "open",
    seasons: int = 5,
    weeks: int = 17,
    per_week: int = 16,
    first: int = 2001,
    bias: float = 0.0,
    skill: float = 1.0,
    noise: float = 0.0,
    boast: float = 1.0,
    learns: float = 0.5,
    lasts: float = 1.0,
    drift: float = 0.0,
    chases: float = 0.0,
    seed: int = 0,
) -> Forecasts:
    """Forecasts of the simulated league whose truth is known: the market's mean is off by ``bias`` points.

    A result is normal around its true mean, in whole points; lines are half points, so only a moneyline can be
    pushed. The baselines know nothing of a game but who is the favourite.

    Args:
        market: ``moneyline``, ``ats`` or ``totals``.
        moment: The price that is bet at.
        seasons: How many.
        weeks: Of each.
        per_week: Games of each week.
        first: Season.
        bias: Sd of what the market misses, in points.
        skill: Share of it that the model sees.
        noise: Sd of the noise in its opinions, in points.
        boast: What its opinions are multiplied by; bias**2 / (bias**2 + noise**2) makes them calibrated.
        learns: Share of what was missed that the close corrects.
        lasts: Share of the games after which the market is right, and the model says what it said.
        drift: Sd of what the line moves by for no reason, in points.
        chases: Share of the line's move that is in the opinion, whatever that is worth.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    chosen, league, count = pick("market", market), pick("league", "sim"), seasons * weeks * per_week
    margin = chosen.quantity == "margin"
    sd = league.margin_sd if margin else league.total_sd
    middle = (0.0 if margin else TOTAL) + np.round(rng.normal(0, SPREAD_SD, count)) + 0.5
    missed = rng.normal(0, bias, count)
    said = skill * missed + rng.normal(0, noise, count)
    missed[round(count * lasts) :] = 0
    value = np.round(rng.normal(middle + missed, sd))
    move = learns * missed + rng.normal(0, drift, count)
    means: dict[str, Any] = {
        "mean": middle + boast * (said + chases * move),
        "market_mean": middle,
        "closing_mean": middle if moment == "close" else middle + move,
    }
    line = middle if chosen.has_line else np.zeros(count)
    return Forecasts(
        league=league,
        market=chosen,
        blind=False,
        moment=moment,
        games=_calendar(first, seasons, weeks, per_week, moment),
        fold=np.repeat(np.arange(seasons), weeks * per_week),
        line=line,
        value=value,
        y=label(value, line),
        price_assumed=np.zeros(count, dtype=np.bool_),
        closing_line=means["closing_mean"] if chosen.has_line else line,
        scores={},
        **means,
        **_said([ndtr((each - line) / sd) for each in means.values()], moment),
    )


def _said(probabilities: list[Floats], moment: Moment) -> dict[str, Any]:
    """All that the probabilities at the line say: the model's, the market's and the close's."""
    p, q, close = probabilities
    prices = 1 + (1 / np.column_stack([q, 1 - q]) - 1) / VIG
    known = {"closing_line": close} | ({"opening_line": q} if moment == "open" else {})
    ignorant = {"elo": np.full(len(q), 0.52), "favourite": np.where(q > 0.5, 0.6, 0.4), "home": np.full(len(q), 0.5)}  # noqa: PLR2004
    return {
        "probability": p,
        "triples": np.column_stack([p, 0 * p, 1 - p]),
        "closing": np.column_stack([close, 0 * close, 1 - close]),
        "prices": prices,
        "closing_prices": prices,
        "baselines": known | ignorant,
    }


def _calendar(first: int, seasons: int, weeks: int, per_week: int, moment: Moment) -> pl.DataFrame:
    """Games on Sundays, one week after the other."""
    season = np.repeat(np.arange(first, first + seasons), weeks * per_week)
    week = np.tile(np.repeat(np.arange(1, weeks + 1), per_week), seasons)
    start = {int(year): datetime(int(year), 9, 1, 17, tzinfo=UTC) for year in np.unique(season)}
    kickoff = [start[int(year)] + timedelta(days=7 * int(number)) for year, number in zip(season, week, strict=True)]
    games = pl.DataFrame(
        {
            "game_id": [f"{first}-{i}" for i in range(len(season))],
            "season": season.astype(np.int32),
            "week": week.astype(np.int32),
            "kickoff": pl.Series(kickoff).cast(INSTANT),
            "home_team": "BOS",
            "away_team": "LAX",
        }
    )
    known = known_at(moment)
    return games.with_columns((known + timedelta(seconds=1)).alias("decision_time"), known.alias("known_at"))
