"""The walk forward: every played game predicted by an ensemble that saw only games already final."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit
from threadpoolctl import threadpool_limits

from busta.models.baseline import closing_readings, closing_triples, market_means, predict_baselines
from busta.models.distribution import distribution_scores
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
        means: Means of the margin or total, in points, that the probabilities stand for: those of the
            ``model``, of the ``market`` as it is bet and of the market at the close (``closing``).
        distribution_scores: ``crps`` and ``exact_log_score`` of the model's distribution of the margin or
            total, and the same of the closing market's (``closing_crps`` …).
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
    means: dict[str, NDArray[np.float64]]
    distribution_scores: dict[str, NDArray[np.float64]]
    member_log_odds: NDArray[np.float64]
    weights: NDArray[np.float64]
    importances: NDArray[np.float64]
    final: Fitted


@dataclass(frozen=True)
class _Tested:
    member_log_odds: NDArray[np.float64]
    closing: NDArray[np.float64]
    means: dict[str, NDArray[np.float64]]
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
    readings = closing_readings(data)
    learned = np.flatnonzero(~np.isnan(data.value) & ~np.isnan(data.offset))
    equal = np.full(len(MEMBERS), 1 / len(MEMBERS))
    done = iter(range(1, len(folds) + 2))

    def test(fold: Fold) -> _Tested:
        fitted = fit(data, fold.train, settings, equal)
        means = market_means(data, fold.test, fitted.distribution)
        closing = closing_triples(data, fold.test, fitted.distribution, means["closing"])
        found = _Tested(
            fitted.member_log_odds(data.X[fold.test], data.offset[fold.test]),
            closing,
            means,
            predict_baselines(data, fold.train, fold.test, fitted.distribution, closing, readings),
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
    members = np.concatenate([found.member_log_odds for found in tested])
    labelled = ~np.isnan(data.y[rows])
    weights = _fold_weights(data, folds, members)
    forecasts = _joined([_forecast(data, *each) for each in zip(folds, tested, weights, strict=True)])
    final_weights = fit_weights(members[labelled], data.y[rows][labelled])
    return Walk(
        folds=folds,
        rows=rows,
        fold=np.repeat(np.arange(len(folds)), [fold.test.size for fold in folds]),
        probability=forecasts.pop("probability"),
        triples=forecasts.pop("triples"),
        baselines=_joined([found.baselines for found in tested]),
        closing=np.concatenate([found.closing for found in tested]),
        means={"model": forecasts.pop("mean")} | _joined([found.means for found in tested]),
        distribution_scores=forecasts,
        member_log_odds=members,
        weights=np.array(weights),
        importances=np.array([found.fitted.boosting.importances() for found in tested]),
        final=Fitted(final.linear, final.boosting, final_weights, final.distribution),
    )


def _fold_weights(data: Dataset, folds: list[Fold], members: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The members' weights in each fold, from the out-of-fold games that were final before it."""
    rows = np.concatenate([fold.test for fold in folds])
    final_time, decision_time = data.games["final_time"], data.games["decision_time"]
    finished, y = final_time.gather(rows), data.y[rows]
    weights = []
    for fold in folds:
        earlier = (finished < decision_time.gather(fold.test).min()).to_numpy() & ~np.isnan(y)
        weights.append(fit_weights(members[earlier], y[earlier]))
    return weights


def _forecast(
    data: Dataset, fold: Fold, found: _Tested, weights: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """What the ensemble says of a fold's games, and how its distribution and the closing market's score."""
    p = expit(calibrated(blend(found.member_log_odds, weights), NO_CALIBRATION))
    line, distribution = data.line[fold.test], found.fitted.distribution
    mean = distribution.mean_for(p, line)
    scores = {
        prefix + name: score
        for prefix, means in (("", mean), ("closing_", found.means["closing"]))
        for name, score in distribution_scores(distribution, means, data.value[fold.test]).items()
    }
    return {"probability": p, "triples": distribution.split(p, line), "mean": mean} | scores


def _joined(parts: list[dict[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    """The arrays of all folds, one after the other, by name."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
