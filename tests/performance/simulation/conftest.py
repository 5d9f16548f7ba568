"""Seasons made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from busta.betting.settlement import label
from busta.data.schema import INSTANT
from busta.performance.forecasts import Forecasts
from busta.plugins import pick
from support import tiny_league

EVEN = 1 + 100 / 110


def column(values, count):
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (count,)).copy()


def pairs(values, count):
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (count, 2)).copy()


@pytest.fixture
def season():
    """Makes forecasts of games of which only what matters is said; the rest is even and half a point off."""

    def make(
        value,
        p,
        *,
        market="ats",
        moment="close",
        line=0.5,
        prices=EVEN,
        push=0.0,
        close=0.5,
        closing_line=None,
        closing_prices=None,
        mean=None,
        market_mean=None,
        week=None,
        year=2020,
        home="BOS",
        away="LAX",
        assumed=False,
        blind=False,
        opening=0.5,
    ) -> Forecasts:
        count = len(value)
        number = np.arange(1, count + 1) if week is None else np.broadcast_to(week, (count,))
        years = np.broadcast_to(year, (count,))
        kickoff = [
            datetime(int(y), 9, 1, 17, tzinfo=UTC) + timedelta(7 * int(w)) for y, w in zip(years, number, strict=True)
        ]
        games = pl.DataFrame(
            {
                "game_id": [f"g{i}" for i in range(count)],
                "season": years.astype(np.int32),
                "week": number.astype(np.int32),
                "kickoff": pl.Series(kickoff).cast(INSTANT),
                "home_team": np.broadcast_to(home, (count,)).tolist(),
                "away_team": np.broadcast_to(away, (count,)).tolist(),
            }
        ).with_columns(decision_time="kickoff", known_at="kickoff")
        p, push, close, line = (column(x, count) for x in (p, push, close, line))
        value = np.array([np.nan if v is None else v for v in value], dtype=np.float64)
        both = pairs(prices, count)
        at_close = line if closing_line is None else column(closing_line, count)
        market_mean = line if market_mean is None else column(market_mean, count)
        bars = {} if moment == "close" else {"opening_line": column(opening, count)}
        return Forecasts(
            league=tiny_league(),
            market=pick("market", market),
            blind=blind,
            moment=moment,
            games=games,
            fold=np.zeros(count, dtype=np.int64),
            line=line,
            prices=both,
            price_assumed=np.broadcast_to(assumed, (count,)).copy(),
            value=value,
            y=label(value, line),
            probability=p,
            triples=np.column_stack((p * (1 - push), push, (1 - p) * (1 - push))),
            mean=market_mean if mean is None else column(mean, count),
            market_mean=market_mean,
            closing_mean=at_close,
            closing=np.column_stack((close * (1 - push), push, (1 - close) * (1 - push))),
            closing_line=at_close,
            closing_prices=both if closing_prices is None else pairs(closing_prices, count),
            baselines={"closing_line": close, **bars, "elo": np.full(count, 0.5)},
            scores={},
        )

    return make
