"""Walk-forward splits: each block of games is predicted by models that saw only games already final."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Train

__all__ = ["Fold", "first_test_season", "walk_forward"]


@dataclass(frozen=True, slots=True)
class Fold:
    """One test block and the games that were final before its first decision.

    Attributes:
        season: The season of the test block.
        train: Row numbers to learn from, pushes among them.
        test: Row numbers to predict.
    """

    season: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def walk_forward(data: Dataset, settings: Train) -> list[Fold]:
    """The folds of a table, in time order.

    By default one block a season, trained on everything before; ``settings.window`` keeps only the
    last seasons, ``settings.refit_weeks`` cuts a season into blocks of weeks. The split is by time
    alone: a game is in the training set of a block if it was final before the block's first decision.

    Raises:
        DataError: No season is left to test on.
    """
    season = data.games["season"].to_numpy()
    usable = _usable(data)
    start = settings.first_test_season or first_test_season(season[usable])
    decided, final = _times(data, "decision_time"), _times(data, "final_time")
    folds = []
    for block in _blocks(data, start, settings.refit_weeks):
        test = np.flatnonzero(block & usable)
        if not test.size:
            continue
        cut = decided[test].min()
        oldest = season[test[0]] - settings.window if settings.window else season.min()
        train = np.flatnonzero((final < cut) & usable & (season >= oldest))
        if train.size >= settings.min_train_games:
            folds.append(Fold(int(season[test[0]]), train, test))
    if not folds:
        raise DataError(_why_none(season, usable, start, settings))
    return folds


def first_test_season(seasons: NDArray[np.int64]) -> int:
    """The season after the first third of those there are (at least one): enough to learn from.

    >>> first_test_season(np.arange(1999, 2023))
    2007
    """
    distinct = np.unique(seasons)
    if distinct.size == 0:
        raise DataError("there are no finished games to learn from; ingest results first")
    return int(distinct[min(max(distinct.size // 3, 1), distinct.size - 1)])


def _usable(data: Dataset) -> NDArray[np.bool_]:
    """Played games that the models can start from: with a market price, unless they are blind."""
    return ~np.isnan(data.value) & ~np.isnan(data.offset)


def _times(data: Dataset, column: str) -> NDArray[np.int64]:
    return data.games[column].dt.epoch("us").to_numpy()


def _blocks(data: Dataset, start: int, refit_weeks: int | None) -> list[NDArray[np.bool_]]:
    season, week = data.games["season"].to_numpy(), data.games["week"].to_numpy()
    blocks = []
    for test_season in np.unique(season[season >= start]):
        within = season == test_season
        if refit_weeks is None:
            blocks.append(within)
            continue
        part = (week - week[within].min()) // refit_weeks
        blocks += [within & (part == number) for number in np.unique(part[within])]
    return blocks


def _why_none(season: NDArray[np.int64], usable: NDArray[np.bool_], start: int, settings: Train) -> str:
    found = season[usable]
    if not found.size:
        return "there are no finished games to learn from; ingest results first"
    return (
        f"no season to test on: {found.size} usable games of seasons {found.min()}-{found.max()}, "
        f"tests start with {start}, each needs {settings.min_train_games} earlier games; "
        "set train.first_test_season or train.min_train_games"
    )
