"""What was forecast of games before they were played, beside what the market said and what came of it.

Everything in `busta.performance` reads this one table, whether it comes from a walk forward that has
just ended or from the predictions stored with a registered version.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.plugins import pick

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.markets.dataset import Dataset
    from busta.models.walk import Walk
    from busta.plugins import League, Market

    Floats = NDArray[np.float64]

__all__ = ["Forecasts"]

_DICTS = {"baselines": "baseline_", "scores": "score_"}
_ARRAYS = {  # names in the stored table, where an array has more than one column or another name
    "prices": ("first_price", "second_price"),
    "triples": ("win", "push", "lose"),
    "closing": ("closing_win", "closing_push", "closing_lose"),
    "closing_prices": ("closing_first_price", "closing_second_price"),
}
_GAMES = ("game_id", "season", "week", "kickoff", "home_team", "away_team", "decision_time", "known_at")


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Out-of-fold forecasts of one market, a game a row, in order of time; NaN is "not known".

    Probabilities are of the first side (home, over); means are those of the distribution of the
    margin or total, in points, at which it gives the probability at the line.

    Attributes:
        league: The league.
        market: The market.
        blind: Whether the model saw no price of the game itself.
        moment: The price that is bet at.
        games: ``game_id``, ``season``, ``week``, ``kickoff``, ``home_team``, ``away_team``,
            ``decision_time``, ``known_at``.
        fold: Number of the fold each game was tested in.
        line: Line that is bet at.
        prices: Decimal prices of both sides, shape (n, 2).
        price_assumed: Whether the prices are an assumption because nobody recorded them.
        value: Margin or total.
        y: 1 first side, 0 second side, NaN push.
        probability: Given no push.
        triples: Win, push and lose, shape (n, 3).
        mean: The model's.
        market_mean: That of the prices that are bet at.
        closing_mean: That of the closing prices.
        closing: Win, push and lose by the closing market at the line that is bet, shape (n, 3).
        closing_line: The market's closing line.
        closing_prices: Decimal prices at the close, shape (n, 2).
        baselines: Probabilities by name; ``closing_line`` and ``closing_line_recalibrated`` among them.
        scores: ``crps`` and ``exact_log_score`` of the model's distribution of the margin or total, and
            the closing market's (``closing_crps`` …).
    """

    league: League
    market: Market
    blind: bool
    moment: Moment
    games: pl.DataFrame
    fold: NDArray[np.int64]
    line: Floats
    prices: Floats
    price_assumed: NDArray[np.bool_]
    value: Floats
    y: Floats
    probability: Floats
    triples: Floats
    mean: Floats
    market_mean: Floats
    closing_mean: Floats
    closing: Floats
    closing_line: Floats
    closing_prices: Floats
    baselines: dict[str, Floats]
    scores: dict[str, Floats]

    def __len__(self) -> int:
        return self.games.height

    @property
    def weeks(self) -> NDArray[np.int64]:
        """One number for each week of each season: the block of every interval."""
        return np.asarray(self.games["season"].cast(pl.Int64) * 100 + self.games["week"], dtype=np.int64)

    @property
    def seasons(self) -> NDArray[np.int64]:
        """Season of each game."""
        return np.asarray(self.games["season"].cast(pl.Int64).to_numpy())

    @property
    def bar(self) -> str:
        """Name of the baseline that is bet against: the line of that moment."""
        return "closing_line" if self.moment == "close" else "opening_line"

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Forecasts:
        """Those games only, in the order given."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        arrays = {name: getattr(self, name)[index] for name in _array_names()}
        arrays |= {name: {key: each[index] for key, each in getattr(self, name).items()} for name in _DICTS}
        return replace(self, games=self.games[index], **arrays)

    def then(self, later: Forecasts) -> Forecasts:
        """These and later ones of the same market, with the baselines and scores that both have."""
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(later, name)]) for name in _array_names()
        }
        for name in _DICTS:
            mine, theirs = getattr(self, name), getattr(later, name)
            arrays[name] = {key: np.concatenate([mine[key], theirs[key]]) for key in mine if key in theirs}
        games = pl.concat([self.games, later.games.select(_GAMES)], how="vertical_relaxed")
        return replace(self, games=games, **arrays)

    @classmethod
    def of(cls, walk: Walk, data: Dataset) -> Forecasts:
        """Those of a walk forward through a table."""
        tested = data.take(walk.rows)
        return cls(
            league=data.league,
            market=data.market,
            blind=data.blind,
            moment=data.moment,
            games=tested.games.select(_GAMES),
            fold=walk.fold,
            line=tested.line,
            prices=tested.prices,
            price_assumed=tested.price_assumed,
            value=tested.value,
            y=tested.y,
            probability=walk.probability,
            triples=walk.triples,
            mean=walk.means["model"],
            market_mean=walk.means["market"],
            closing_mean=walk.means["closing"],
            closing=walk.closing,
            closing_line=tested.closing_line,
            closing_prices=tested.closing_prices,
            baselines=walk.baselines,
            scores=walk.distribution_scores,
        )

    def to_frame(self) -> pl.DataFrame:
        """The table as it is stored with a version; `from_frame` reads it."""
        columns: dict[str, NDArray[Any]] = {}
        for name in _array_names():
            values = getattr(self, name)
            columns |= (
                {part: values[:, i] for i, part in enumerate(_ARRAYS[name])} if name in _ARRAYS else {name: values}
            )
        for name, prefix in _DICTS.items():
            columns |= {prefix + key: each for key, each in getattr(self, name).items()}
        return self.games.with_columns(pl.Series(name, values, nan_to_null=True) for name, values in columns.items())

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, league: str, market: str, *, blind: bool, moment: Moment) -> Forecasts:
        """The forecasts that `to_frame` stored."""
        arrays: dict[str, Any] = {
            name: frame.select(_ARRAYS[name]).to_numpy() if name in _ARRAYS else frame[name].to_numpy()
            for name in _array_names()
        }
        kept = {"fold": np.int64, "price_assumed": np.bool_}
        return cls(
            league=pick("league", league),
            market=pick("market", market),
            blind=blind,
            moment=moment,
            games=frame.select(_GAMES),
            baselines=_by_prefix(frame, _DICTS["baselines"]),
            scores=_by_prefix(frame, _DICTS["scores"]),
            **{name: values.astype(kept.get(name, np.float64)) for name, values in arrays.items()},
        )


def _by_prefix(frame: pl.DataFrame, prefix: str) -> dict[str, Floats]:
    found = [name for name in frame.columns if name.startswith(prefix)]
    return {name.removeprefix(prefix): frame[name].cast(pl.Float64).to_numpy() for name in found}


def _array_names() -> list[str]:
    """The fields that hold an entry a game."""
    others = {"league", "market", "blind", "moment", "games", *_DICTS}
    return [field.name for field in fields(Forecasts) if field.name not in others]
