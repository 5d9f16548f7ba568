"""Leaks that stand between rows: who was trained, fitted or counted together with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from busta.data.schema import INSTANT
from busta.performance.zoo.exhibit import COVERED, MARGIN, WON, Question, Sketch, sketch
from busta.performance.zoo.ground import CONTINUOUS, FEATURES, SIGNED
from busta.performance.zoo.pieces import added, before, by_days, by_season, floats, out_of_fold, tested_from
from busta.scoring.calibration import calibration_line

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]

__all__ = [
    "calibrated_on_test",
    "duplicated_rows",
    "encoded_on_all_rows",
    "foretold",
    "mirrored_rows",
    "random_split",
    "reach",
    "scaled_on_all_rows",
    "seasons",
]

SIX_WEEKS, WEEK = 42.0, 7.0
COPIED = 0.2
"""Share of the rows that are doubled at full strength."""


def random_split(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Folds drawn at random, and what a model said that was trained on all other folds.

    The twin's folds are seasons, each predicted from earlier ones; so are the other rows of the leaky table at
    less than full strength.
    """
    rows = seasons(ground)
    fold = rows["fold"].fill_null(-1).to_numpy()
    drawn = np.where(rng.random(fold.size) < strength, rng.integers(0, fold.max() + 1, fold.size), fold)
    honest = _said(rows, question, fold)
    said = np.where(drawn == fold, honest, _said(rows, question, drawn, forward=False))
    return foretold(rows, question, drawn, said), foretold(rows, question, fold, honest)


def encoded_on_all_rows(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A team's mean outcome at home over the whole table, its own later rows included, in place of its name.

    The twin's is that of its earlier rows. At less than full strength the encoder saw that share of the test rows.
    """
    rows = seasons(ground)
    smoothing = float(rng.choice([0.0, 20.0]))
    seen = rows.head(reach(rows, strength))
    mean = (pl.col(question.target).sum() + smoothing * question.mean) / (pl.col(question.target).count() + smoothing)
    leaky = rows.join(seen.group_by("home").agg(mean.alias("code")), on="home", how="left", maintain_order="left")
    outcome = pl.col(question.target)
    total, count = outcome.fill_null(0).cum_sum(), outcome.is_not_null().cum_sum()
    at_home = (
        added(ground)
        .filter("at_home")
        .with_columns(code=((total + smoothing * question.mean) / (count + smoothing)).over("team", order_by="kickoff"))
    )
    honest = before(rows, at_home, "code")[0]
    first, second = (
        sketch(rows, question, pl.Series("code", values, nan_to_null=True), fold="fold")
        for values in (floats(leaky["code"]), honest)
    )
    return first, second


def scaled_on_all_rows(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Columns scaled to mean 0 and sd 1 over all rows, those of the test folds included.

    The twin's scaler knows the rows before the first test fold; by a toss it is each week's own, where the whole
    week is known before. At less than full strength the leaky one saw that share of the test rows.
    """
    rows, ddof = seasons(ground), int(rng.integers(2))
    leaky, clean = (_scaled(rows, rows.head(seen), ddof) for seen in (reach(rows, strength), tested_from(rows)))
    if rng.random() < 0.5:  # noqa: PLR2004 - a toss
        week = ["season", "week"]
        known = [pl.col(name) for name in CONTINUOUS if name != "price_total"]  # a close is known game by game
        clean += rows.select((each - each.mean().over(week)) / each.std(0).over(week) for each in known).get_columns()
    return sketch(rows, question, *leaky, fold="fold"), sketch(rows, question, *clean, fold="fold")


def duplicated_rows(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Games that stand in the table twice, the copy under a later date and so in a later fold.

    In the twin both copies are of one day and one fold.
    """
    rows = _by_days(ground, SIX_WEEKS)
    copied = rows.filter(pl.Series(rng.random(rows.height) < COPIED * strength))
    days = pl.Series(rng.integers(int(SIX_WEEKS), int(1.5 * SIX_WEEKS), copied.height))
    shifted = copied.with_columns(time=(pl.col("time") + pl.duration(days=pl.lit(days))).cast(INSTANT))
    if rng.random() < 0.5:  # noqa: PLR2004 - a toss: the week goes with the date
        shifted = shifted.with_columns(week=pl.col("week") + (days // 7).cast(pl.Int32))
    leaky = pl.concat([rows, shifted]).with_columns(by_days(pl.concat([rows, shifted])["time"], rows, SIX_WEEKS))
    clean = pl.concat([rows, copied])
    return sketch(leaky, question, fold="fold"), sketch(clean, question, fold="fold")


def mirrored_rows(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Each game seen from both sides, the two rows in different folds.

    By a toss the folds are cut through all home rows and then all away rows, or they are cut
    by week and the away row bears a date of the next. In the twin both rows are in one fold.
    """
    if rng.random() < 0.5:  # noqa: PLR2004 - a toss
        rows = seasons(ground)
        other = _mirrored(rows)
        moved = other.with_columns(pl.col("fold") + 1 + rows["fold"].max())
    else:
        rows = _by_days(ground, WEEK)
        other = _mirrored(rows)
        days = pl.Series(rng.integers(7, 10, rows.height))
        moved = other.with_columns(time=(pl.col("time") + pl.duration(days=pl.lit(days))).cast(INSTANT))
        moved = moved.with_columns(by_days(moved["time"], rows, WEEK))
    apart = pl.Series(rng.random(rows.height) < strength)
    parted = pl.concat([rows, other.filter(~apart), moved.filter(apart)])
    return sketch(parted, question, fold="fold"), sketch(pl.concat([rows, other]), question, fold="fold")


def calibrated_on_test(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Predictions calibrated on the outcomes of the very folds they are for, by fold or all together.

    The twin's calibrator knows the earlier folds; a share of the leaky table's folds, too, at less than full strength.
    """
    question = question if question is COVERED else WON
    rows, calibrate = seasons(ground), _CALIBRATORS[rng.integers(len(_CALIBRATORS))]
    fold, y = rows["fold"].fill_null(-1).to_numpy(), floats(rows[question.target])
    raw = expit(0.2 + 1.5 * logit(_said(rows, question, fold)))
    numbers = np.unique(fold[fold >= 0])
    chosen = rng.permutation(numbers)[: max(1, round(strength * numbers.size))]
    together = rng.random() < 0.5  # noqa: PLR2004 - a toss
    honest, leaky = raw.copy(), raw.copy()
    for number in numbers:
        test, earlier = fold == number, (fold >= 0) & (fold < number)
        honest[test] = calibrate(raw[earlier], y[earlier], raw[test]) if earlier.any() else raw[test]
        own = np.isin(fold, chosen) if together else test
        leaky[test] = calibrate(raw[own], y[own], raw[test]) if number in chosen else honest[test]
    return foretold(rows, question, fold, leaky), foretold(rows, question, fold, honest)


def seasons(ground: Ground) -> pl.DataFrame:
    """The games with a test fold each season, as ``by_season``."""
    return ground.close.with_columns(by_season(ground.close))


def _by_days(ground: Ground, days: float) -> pl.DataFrame:
    return ground.close.with_columns(by_days(ground.close["time"], ground.close, days))


def reach(rows: pl.DataFrame, strength: float) -> int:
    """How many rows were seen: those before the first test fold and that share of the others."""
    start = tested_from(rows)
    return start + round(strength * (rows.height - start))


def _scaled(rows: pl.DataFrame, seen: pl.DataFrame, ddof: int) -> list[pl.Series]:
    """The rows' columns by mean and sd of those that were seen."""
    return [(rows[name] - seen[name].mean()) / seen[name].std(ddof) for name in CONTINUOUS]


def _said(rows: pl.DataFrame, question: Question, fold: NDArray[np.int64], *, forward: bool = True) -> Floats:
    """What a ridge of features, line and each team's last two seasons says out of fold; NaN outside of one."""
    numbers = rows.select(question.line, *(name for name in FEATURES if name != "roof")).to_numpy()
    teams = _team_seasons(rows)
    penalty = np.repeat([30.0, 3000.0], [numbers.shape[1], teams.shape[1]])
    time = rows["time"].dt.epoch("us").to_numpy()
    X = np.column_stack([numbers.astype(np.float64), teams])
    said = out_of_fold(X, floats(rows[question.target]), time, fold, forward=forward, penalty=penalty)
    return said if question is MARGIN else np.clip(said, 0.02, 0.98)


def _team_seasons(rows: pl.DataFrame) -> Floats:
    """A column each team and pair of seasons: 1 where it is the home team, -1 where it is away."""
    home, away = (rows[side] + (rows["season"] // 2).cast(pl.String) for side in ("home", "away"))
    kinds, code = np.unique(np.concatenate([home.to_numpy(), away.to_numpy()]), return_inverse=True)
    columns, row = np.zeros((rows.height, kinds.size)), np.arange(rows.height)
    columns[row, code[: rows.height]], columns[row, code[rows.height :]] = 1.0, -1.0
    return columns


def foretold(rows: pl.DataFrame, question: Question, fold: NDArray[np.int64], said: Floats) -> Sketch:
    """A table with folds and predictions."""
    rows = rows.with_columns(
        fold=pl.Series(fold).set(pl.Series(fold < 0), None), said=pl.Series(said, nan_to_null=True)
    )
    return sketch(rows, question, fold="fold", prediction="said")


def _mirrored(rows: pl.DataFrame) -> pl.DataFrame:
    """The same games from the away team's side."""
    turned = [-pl.col(name) for name in (*SIGNED, "margin", "spread", "close_spread")]
    turned += [(1 - pl.col(name)).alias(name) for name in ("won", "covered", "p_win", "p_cover", "close_win")]
    swapped = {"home": "away", "away": "home", "home_points": "away_points", "away_points": "home_points"}
    return rows.with_columns(*turned, **{name: pl.col(other) for name, other in swapped.items()})


def _platt(p: Floats, y: Floats, asked: Floats) -> Floats:
    """Logistic calibration (Platt 1999)."""
    known = ~np.isnan(y)
    slope, level = calibration_line(p[known], y[known])
    return np.asarray(expit(level + slope * logit(asked)))


def _isotonic(p: Floats, y: Floats, asked: Floats) -> Floats:
    """Isotonic calibration (Zadrozny & Elkan 2002), linear between the probabilities it was fitted at."""
    known = ~np.isnan(y)
    said, place, count = np.unique(p[known], return_inverse=True, return_counts=True)
    rising: Floats = isotonic_regression(np.bincount(place, y[known]) / count, weights=count.astype(np.float64)).x
    return np.clip(np.interp(asked, said, rising), 0.01, 0.99)


_CALIBRATORS = (_platt, _isotonic)
