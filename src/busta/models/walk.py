"""The walk forward: every played game predicted by an ensemble that saw only games already final."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit
from threadpoolctl import threadpool_limits

from busta.models.baseline import closing_triples, predict_baselines
from busta.models.ensemble import MEMBERS, NO_CALIBRATION, Fitted, fit, fit_weights
from busta.models.portable import blend, calibrated
from busta.models.splits import Fold, walk_forward

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Train

__all__ = ["Walk", "walk"]


@dataclass(frozen=True)
class Walk:
    """What a walk forward found; arrays have one entry an out-of-fold game, in time order.

    Attributes:
        folds: The folds.
        rows: Row numbers of the table.
        fold: Number of the fold each game was tested in.
        probability: Of the first side given no push.
        triples: Win, push and lose of the first side, shape (games, 3).
        baselines: The baselines' probabilities on the same games.
        closing: Win, push and lose of the first side by the closing market at the same line.
        member_log_odds: Shape (games, members).
        weights: The members' weights in each fold, shape (folds, members).
        importances: Share of the trees' gain, shape (folds, features).
        final: The ensemble fitted on all finished games.
    """

    folds: list[Fold]
    rows: NDArray[np.int64]
    fold: NDArray[np.int64]
    probability: NDArray[np.float64]
    triples: NDArray[np.float64]
    baselines: dict[str, NDArray[np.float64]]
    closing: NDArray[np.float64]
    member_log_odds: NDArray[np.float64]
    weights: NDArray[np.float64]
    importances: NDArray[np.float64]
    final: Fitted


@dataclass(frozen=True)
class _Tested:
    member_log_odds: NDArray[np.float64]
    closing: NDArray[np.float64]
    baselines: dict[str, NDArray[np.float64]]
    fitted: Fitted


def walk(data: Dataset, settings: Train, progress: Callable[[int, int], None] = lambda _done, _of: None) -> Walk:
    """Walks forward through the table and fits the final ensemble on all of it.

    Folds are fitted side by side on ``settings.jobs`` threads, one thread a fit; the result does not
    depend on how many. Weights of a fold come from the games of other folds that were final before it.

    Raises:
        DataError: Nothing to test on, or nothing to learn from.
    """
    folds = walk_forward(data, settings)
    learned = np.flatnonzero(~np.isnan(data.value) & ~np.isnan(data.offset))
    equal = np.full(len(MEMBERS), 1 / len(MEMBERS))
    done = iter(range(1, len(folds) + 2))

    def test(fold: Fold) -> _Tested:
        fitted = fit(data, fold.train, settings, equal)
        closing = closing_triples(data, fold.test, fitted.distribution)
        found = _Tested(
            fitted.member_log_odds(data.X[fold.test], data.offset[fold.test]),
            closing,
            predict_baselines(data, fold.train, fold.test, closing),
            fitted,
        )
        progress(next(done), len(folds) + 1)
        return found

    with threadpool_limits(1), ThreadPoolExecutor(settings.jobs) as pool:
        last = pool.submit(fit, data, learned, settings, equal)
        tested = list(pool.map(test, folds))
        final = last.result()
        progress(len(folds) + 1, len(folds) + 1)
        return _collect(data, folds, tested, final)


def _collect(data: Dataset, folds: list[Fold], tested: list[_Tested], final: Fitted) -> Walk:
    rows = np.concatenate([fold.test for fold in folds])
    number = np.repeat(np.arange(len(folds)), [fold.test.size for fold in folds])
    members = np.concatenate([found.member_log_odds for found in tested])
    labelled = ~np.isnan(data.y[rows])
    final_time, decision_time = data.games["final_time"].gather(rows), data.games["decision_time"].gather(rows)
    weights, log_odds, triples = [], np.empty(rows.size), np.empty((rows.size, 3))
    for i, found in enumerate(tested):
        here = number == i
        earlier = (final_time < decision_time.filter(here).min()).to_numpy() & labelled
        weights.append(fit_weights(members[earlier], data.y[rows][earlier]))
        log_odds[here] = calibrated(blend(members[here], weights[-1]), NO_CALIBRATION)
        triples[here] = found.fitted.distribution.split(expit(log_odds[here]), data.line[rows[here]])
    final_weights = fit_weights(members[labelled], data.y[rows][labelled])
    return Walk(
        folds=folds,
        rows=rows,
        fold=number,
        probability=expit(log_odds),
        triples=triples,
        baselines={name: np.concatenate([found.baselines[name] for found in tested]) for name in tested[0].baselines},
        closing=np.concatenate([found.closing for found in tested]),
        member_log_odds=members,
        weights=np.array(weights),
        importances=np.array([found.fitted.boosting.importances() for found in tested]),
        final=Fitted(final.linear, final.boosting, final_weights, final.distribution),
    )
