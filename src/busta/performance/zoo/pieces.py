"""What several exhibits are made with: values of both teams, mixtures, folds, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]

__all__ = [
    "added",
    "before",
    "by_days",
    "by_season",
    "codes",
    "differences",
    "floats",
    "mixed",
    "of_game",
    "of_season",
    "out_of_fold",
    "ridge",
    "tested_from",
]

FIRST_TEST = 0.3
"""Share of the rows, by time, after which the next season is tested."""


def of_game(rows: pl.DataFrame, sides: pl.DataFrame, value: str) -> tuple[Floats, Floats]:
    """That value of ``Ground.sides`` of this very game, of the home and of the away team."""
    found = []
    for side in ("home", "away"):
        seen = rows.select("game_id", pl.col(side).alias("team")).join(
            sides.select("game_id", "team", value), on=["game_id", "team"], how="left", maintain_order="left"
        )
        found.append(floats(seen[value]))
    return found[0], found[1]


def before(rows: pl.DataFrame, sides: pl.DataFrame, value: str) -> tuple[Floats, Floats]:
    """That value of the last game of the home and of the away team that was final before the decision."""
    found = []
    known = sides.select("final", "team", value).sort("final")
    for side in ("home", "away"):
        asked = rows.select(pl.int_range(pl.len()).alias("row"), "time", pl.col(side).alias("team")).sort("time")
        seen = asked.join_asof(
            known,
            left_on="time",
            right_on="final",
            by="team",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        found.append(floats(seen.sort("row")[value]))
    return found[0], found[1]


def differences(ground: Ground, sides: pl.DataFrame, value: str) -> tuple[Floats, Floats]:
    """That value of ``Ground.sides``, home minus away: of this very game, and of the last one before it."""
    return np.subtract(*of_game(ground.close, sides, value)), np.subtract(*before(ground.close, sides, value))


def of_season(rows: pl.DataFrame, seasons: pl.DataFrame, ago: int) -> tuple[Floats, Floats]:
    """``value`` of the home and of the away team that many seasons ago.

    Args:
        rows: Games, as ``Ground.close``.
        seasons: ``team``, ``season`` and ``value``.
        ago: 0 for the season of the game.
    """
    home, away = (
        rows.select(pl.col(side).alias("team"), pl.col("season") - ago).join(
            seasons, on=["team", "season"], how="left", maintain_order="left"
        )["value"]
        for side in ("home", "away")
    )
    return floats(home), floats(away)


def codes(rows: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of the home and of the away team of each game."""
    names = sorted(set(rows["home"]) | set(rows["away"]))
    code = {name: number for number, name in enumerate(names)}
    home, away = (np.array([code[team] for team in rows[side]], dtype=np.int64) for side in ("home", "away"))
    return home, away


def added(ground: Ground, **values: Floats | pl.Expr) -> pl.DataFrame:
    """``Ground.sides`` with those columns."""
    return ground.sides.with_columns(**values)


def mixed(leaky: Floats, honest: Floats, strength: float, rng: Generator) -> Floats:
    """The leaky value in that share of the rows, the honest one in the others."""
    return np.where(rng.random(leaky.size) < strength, leaky, honest)


def floats(series: pl.Series) -> Floats:
    """Numbers, NaN where null."""
    return np.asarray(series.cast(pl.Float64).to_numpy(), dtype=np.float64)


def tested_from(rows: pl.DataFrame) -> int:
    """The first row that a fold tests, the first of a season; rows are in order of time."""
    season = rows["season"].to_numpy()
    return int(np.argmax(season == season[int(rows.height * FIRST_TEST)]))


def by_season(rows: pl.DataFrame) -> pl.Series:
    """Walk-forward folds: a season each, null in the first third of the rows, which none tests."""
    number = rows["season"] - int(rows["season"][tested_from(rows)])
    return number.cast(pl.Int64).set(number < 0, None).alias("fold")


def by_days(time: pl.Series, rows: pl.DataFrame, days: float) -> pl.Series:
    """Walk-forward folds of those times: blocks of that many days from the first tested row of ``rows`` on."""
    elapsed = (time - rows["time"][tested_from(rows)]).dt.total_seconds() / 86400
    number: pl.Series = (elapsed / days).floor().cast(pl.Int64)
    return number.set(elapsed < 0, None).alias("fold")


def ridge(X: Floats, y: Floats, penalty: float | Floats) -> Floats:
    """Coefficients of least squares with a penalty on their squares."""
    return np.asarray(np.linalg.solve(X.T @ X + np.diag(np.full(X.shape[1], penalty)), X.T @ y))


def out_of_fold(
    X: Floats, y: Floats, time: NDArray[np.int64], fold: NDArray[np.int64], *, forward: bool, penalty: float | Floats
) -> Floats:
    """Ridge predictions of every fold, NaN outside of one, and where fewer rows than columns come before it.

    Args:
        X: Features, shape (rows, features); an empty one counts as the column's mean.
        y: The target, NaN where there is none.
        time: Of the rows.
        fold: Of the rows, -1 where a row is never tested.
        forward: Learn from the rows before the fold's first one; else from all rows of other folds.
        penalty: Of the ridge, on standardised features: of all, or one each.
    """
    said = np.full(y.size, np.nan)
    for number in np.unique(fold[fold >= 0]):
        test = fold == number
        train = ((time < time[test].min()) if forward else ~test) & ~np.isnan(y)
        if train.sum() < X.shape[1]:
            continue
        middle, width = np.nanmean(X[train], axis=0), np.nanstd(X[train], axis=0)
        Z = np.nan_to_num((X - middle) / np.where(width > 0, width, 1.0))
        level = y[train].mean()
        said[test] = level + Z[test] @ ridge(Z[train], y[train] - level, penalty)
    return said
