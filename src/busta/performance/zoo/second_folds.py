"""The second zoo's leaks that stand between rows: what was learned or chosen on rows that were to be tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import expit, logit

from busta.performance.zoo.exhibit import MARGIN, Question, Sketch, sketch, tables
from busta.performance.zoo.folds import foretold, reach, seasons
from busta.performance.zoo.ground import FEATURES
from busta.performance.zoo.pieces import floats, mixed, tested_from

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["best_on_test", "chosen_on_all_rows", "in_sample_base", "trained_through_fold"]

TRIED, CHOSEN = 300, 12
"""Columns that were tried, and those that were kept."""
MODELS = 40
MODEL_SD, MODEL_LOG_ODDS_SD = 1.5, 0.2
"""By how much models differ that differ in their seed."""


def in_sample_base(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """What a base model says of the rows it was trained on, a feature of the model stacked on it.

    The twin's base model, a random forest too, was trained on the seasons before.
    """
    rows, seed = seasons(ground), int(rng.integers(2**31))
    y = floats(rows[question.target])
    X, known = _numbers(rows, question), ~np.isnan(y)
    own = _forest(X[known], y[known], X, seed)
    walked = _walked(rows, question, np.array([], dtype=np.int64), seed)
    return tables(rows, question, mixed(own, walked, strength, rng), walked)


def trained_through_fold(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A walk-forward that is off by one: each fold is predicted by a model trained up to its end.

    The twin's is trained up to its start; at less than full strength some folds of the leaky table, too.
    """
    rows, seed = seasons(ground), int(rng.integers(2**31))
    fold = _fold(rows)
    leaky, clean = (_walked(rows, question, own, seed) for own in (_some(fold, strength, rng), fold[:0]))
    return foretold(rows, question, fold, leaky), foretold(rows, question, fold, clean)


def chosen_on_all_rows(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """The best of hundreds of columns of noise, chosen on all rows, those of the test folds included.

    The twin's were chosen on the rows before. At less than full strength the choice saw that share of the test rows.
    """
    rows = seasons(ground)
    tried, y = rng.normal(size=(rows.height, TRIED)), floats(rows[question.target])
    first, second = (
        sketch(rows, question, *_strongest(tried, y, seen), fold="fold")
        for seen in (reach(rows, strength), tested_from(rows))
    )
    return first, second


def best_on_test(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """For each fold that one of many models, alike but for their seed, that did best on this very fold.

    The twin has the one that did best on the folds before; so have some folds at less than full strength.
    """
    rows = seasons(ground)
    fold, y, line = _fold(rows), floats(rows[question.target]), floats(rows[question.line])
    noise = rng.normal(size=(rows.height, MODELS))
    said = line[:, None] + MODEL_SD * noise
    if question is not MARGIN:
        said = expit(logit(line)[:, None] + MODEL_LOG_ODDS_SD * noise)
    lost = _losses(said, y, question)
    own = _some(fold, strength, rng)
    leaky, clean = np.full(rows.height, np.nan), np.full(rows.height, np.nan)
    for number in np.unique(fold[fold >= 0]):
        test = fold == number
        best = np.argmin(lost[(fold >= 0) & (fold < number)].sum(axis=0))
        clean[test] = said[test, best]
        leaky[test] = said[test, np.argmin(lost[test].sum(axis=0)) if number in own else best]
    return foretold(rows, question, fold, leaky), foretold(rows, question, fold, clean)


def _fold(rows: pl.DataFrame) -> Ints:
    """Folds, -1 where a row is never tested."""
    return np.asarray(rows["fold"].fill_null(-1).to_numpy(), dtype=np.int64)


def _some(fold: Ints, strength: float, rng: Generator) -> Ints:
    """That share of the folds, at least one."""
    numbers = np.unique(fold[fold >= 0])
    return rng.permutation(numbers)[: max(1, round(strength * numbers.size))]


def _numbers(rows: pl.DataFrame, question: Question) -> Floats:
    """What a base model learns from: the line and the honest features."""
    numbers = rows.select(question.line, *(name for name in FEATURES if name != "roof")).to_numpy()
    return np.asarray(np.nan_to_num(numbers), dtype=np.float64)


def _forest(X: Floats, y: Floats, asked: Floats, seed: int) -> Floats:
    """What a random forest (Breiman 2001) says that was trained on X and y; of a 0/1 target a probability."""
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(30, min_samples_leaf=5, max_features=0.3, random_state=seed)
    said = np.asarray(forest.fit(X, y).predict(asked), dtype=np.float64)
    return np.clip(said, 0.02, 0.98) if np.isin(y, (0, 1)).all() else said


def _walked(rows: pl.DataFrame, question: Question, own: Ints, seed: int) -> Floats:
    """Forecasts of every fold from the rows before it, and in the folds ``own`` from its own rows, too."""
    X, y, fold = _numbers(rows, question), floats(rows[question.target]), _fold(rows)
    said, known = np.full(y.size, np.nan), ~np.isnan(y)
    for number in np.unique(fold[fold >= 0]):
        train = known & ((fold < number) | ((fold == number) & (number in own)))
        said[fold == number] = _forest(X[train], y[train], X[fold == number], seed)
    return said


def _strongest(tried: Floats, y: Floats, seen: int) -> list[pl.Series]:
    """The columns with the largest correlation, of either sign, with the outcomes of the first rows."""
    known = np.flatnonzero(~np.isnan(y[:seen]))
    strength = np.abs(np.corrcoef(tried[known], y[known], rowvar=False)[-1, :-1])
    return [pl.Series(f"x{i}", tried[:, i]) for i in np.argsort(-strength)[:CHOSEN]]


def _losses(said: Floats, y: Floats, question: Question) -> Floats:
    """Squared error, of a 0/1 target the log loss, of each model in each row; 0 where there is no outcome."""
    outcome = y[:, None]
    if question is MARGIN:
        return np.nan_to_num((said - outcome) ** 2)
    return np.nan_to_num(-outcome * np.log(said) - (1 - outcome) * np.log(1 - said))
