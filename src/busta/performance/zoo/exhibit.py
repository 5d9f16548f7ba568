"""An exhibit: a table with a planted leak and its honest twin, both without a telling name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from busta.performance.audit.table import Roles
from busta.performance.zoo.ground import FEATURES

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["COVERED", "MARGIN", "QUESTIONS", "WON", "Exhibit", "Question", "Sketch", "disguised", "sketch", "tables"]

Sketch = tuple[pl.DataFrame, Roles]
"""A table and what its columns are."""


class Question(NamedTuple):
    """What a table is to predict.

    The target, what the market says of it and the close of that, all by column; the target's usual mean and sd.
    """

    target: str
    line: str
    close: str | None
    mean: float
    sd: float


MARGIN = Question("margin", "spread", "close_spread", 2.0, 14.0)
WON = Question("won", "p_win", "close_win", 0.57, 0.5)
COVERED = Question("covered", "p_cover", None, 0.5, 0.5)
QUESTIONS = (MARGIN, WON, COVERED)


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One leak to be found.

    Attributes:
        name: Short.
        leak: What leaks, in one sentence.
        leaky: The table that has it.
        clean: Its twin: the same games and question, and nothing of a row's own or later outcome in it.
    """

    name: str
    leak: str
    leaky: Sketch
    clean: Sketch


def sketch(
    rows: pl.DataFrame,
    question: Question,
    *columns: pl.Series,
    close: bool = False,
    fold: str | None = None,
    prediction: str | None = None,
) -> Sketch:
    """The honest features of those games and the columns of an exhibit.

    Args:
        rows: Games, as ``Ground.close``.
        question: What is predicted.
        columns: What the exhibit adds; one that is named like an honest feature replaces it.
        close: Whether the closing line stands in the table, as such.
        fold: The column of ``rows`` with the test folds, if there are any.
        prediction: That of what a model said.
    """
    roles = Roles(
        target=question.target,
        time="time",
        line=question.line,
        close=question.close if close else None,
        teams=("home", "away"),
        fold=fold,
        prediction=prediction,
    )
    named = ("time", "home", "away", question.target, question.line, roles.close, fold, prediction)
    frame = rows.select(*(name for name in named if name), *FEATURES)
    return frame.with_columns(**{column.name: column for column in columns}), roles  # the last one of a name


def tables(
    rows: pl.DataFrame,
    question: Question,
    leaky: Floats,
    honest: Floats,
    *,
    name: str = "planted",
    close: bool = False,
) -> tuple[Sketch, Sketch]:
    """A leaky table and its twin that differ in one column: the leaky values and the honest ones."""
    first, second = (
        sketch(rows, question, pl.Series(name, values, nan_to_null=True), close=close) for values in (leaky, honest)
    )
    return first, second


def disguised(exhibit: Sketch, rng: Generator) -> Sketch:
    """The same table with its rows and columns shuffled and its columns called c01, c02, …; what is told stays told.

    By a toss the teams are not told: they can be seen.
    """
    frame, roles = exhibit
    order = [frame.columns[i] for i in rng.permutation(frame.width)]
    name = {old: f"c{number:02d}" for number, old in enumerate(order, 1)}
    part: dict[str | None, str] = {**name}
    home_and_away = (name["home"], name["away"]) if rng.random() < 0.5 else None  # noqa: PLR2004 - a toss
    told = Roles(
        target=name[roles.target],
        time=name[roles.time],
        line=part.get(roles.line),
        close=part.get(roles.close),
        teams=home_and_away,
        fold=part.get(roles.fold),
        prediction=part.get(roles.prediction),
    )
    return frame.select(order).rename(name)[rng.permutation(frame.height)], told
