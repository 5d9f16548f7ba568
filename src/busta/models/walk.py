"""The walk forward: every played game predicted by an ensemble that saw only games already final."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from busta.models.baseline import closing_readings, closing_triples, market_means, predict_baselines
from busta.models.calibration import calibrate
from busta.models.distribution import distribution_scores
from busta.models.ensemble import Fitted, fit, member_names
from busta.models.explain import Explanation, explain
from busta.models.ladder import Rung, climb
from busta.models.parallel import side_by_side
from busta.models.portable import PortableModel, blend, calibrated
from busta.models.prequential import Past, pasts
from busta.models.splits import Fold, walk_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Members, Train

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
        members: Names of the members, the market first.
        member_log_odds: Shape (games, members).
        rungs: How the members were put together in each fold, and last in the final model.
        calibrations: Of each fold, and last of the final model.
        parts: What the log-odds of each game are the sum of.
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
    members: tuple[str, ...]
    member_log_odds: NDArray[np.float64]
    rungs: list[Rung]
    calibrations: list[dict[str, Any]]
    parts: Explanation
    final: PortableModel

    @property
    def importances(self) -> NDArray[np.float64]:
        """Mean absolute part of each feature in the log-odds of a fold's games, shape (folds, features)."""
        parts = np.abs(self.parts.features)
        return np.array([parts[self.fold == number].mean(axis=0) for number in range(len(self.folds))])


@dataclass(frozen=True)
class _Tested:
    member_log_odds: NDArray[np.float64]
    closing: NDArray[np.float64]
    means: dict[str, NDArray[np.float64]]
    baselines: dict[str, NDArray[np.float64]]
    fitted: Fitted


def walk(
    data: Dataset,
    settings: Train,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    chosen: Sequence[Members] | None = None,
) -> Walk:
    """Walks forward through the table and fits the final ensemble on all of it.

    Folds are fitted side by side, on threads or a cluster, one thread a fit; the result does not depend on
    where or on how many. Weights and calibration of a fold come from the games of other folds that were
    final before it.

    Args:
        data: The table.
        settings: How it is walked, and its members.
        progress: Called with fits done and fits in all.
        chosen: Settings of the members of each fold, and last of the final ensemble, where they differ.

    Raises:
        DataError: Nothing to test on, or nothing to learn from.
        BustaError: The cluster is not there, not able or lost.
    """
    folds = walk_forward(data, settings)
    learned = np.flatnonzero(~np.isnan(data.value) & ~np.isnan(data.offset))
    done = iter(range(1, len(folds) + 2))
    *each, last = [settings.with_members(members, blind=data.blind) for members in chosen or ()] or [settings] * (
        len(folds) + 1
    )
    with side_by_side(settings, (data, closing_readings(data))) as pool:
        tests = [(_test, fold, own) for fold, own in zip(folds, each, strict=True)]
        final, *tested = pool.run([(_fit, learned, last), *tests], lambda: progress(next(done), len(folds) + 1))
        return _collect(data, settings, folds, tested, final, learned.size)


def _fit(table: tuple[Dataset, NDArray[np.float64]], rows: NDArray[np.int64], own: Train) -> Fitted:
    return fit(table[0], rows, own)


def _test(table: tuple[Dataset, NDArray[np.float64]], fold: Fold, own: Train) -> _Tested:
    """Fits a fold's ensemble and forecasts its games; the table comes with its closing readings."""
    data, readings = table
    fitted = fit(data, fold.train, own)
    means = market_means(data, fold.test, fitted.distribution)
    closing = closing_triples(data, fold.test, fitted.distribution, means["closing"])
    baselines = predict_baselines(data, fold.train, fold.test, fitted.distribution, closing, readings)
    return _Tested(fitted.member_log_odds(data, fold.test), closing, means, baselines, fitted)


def _collect(
    data: Dataset, settings: Train, folds: list[Fold], tested: list[_Tested], final: Fitted, learned: int
) -> Walk:
    rows = np.concatenate([fold.test for fold in folds])
    members = np.concatenate([found.member_log_odds for found in tested])
    names = member_names(settings, blind=data.blind)
    chosen = settings.members(blind=data.blind)
    rungs, calibrations = _combine(names, members, data.y[rows], list(pasts(data, folds, learned)), chosen)
    models = [
        fitted.model(rung.weights, calibration)
        for fitted, rung, calibration in zip(
            [*(found.fitted for found in tested), final], rungs, calibrations, strict=True
        )
    ]
    tests = list(zip(folds, tested, models[:-1], strict=True))
    forecasts = _joined([_forecast(data, *each) for each in tests])
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
        members=names,
        member_log_odds=members,
        rungs=rungs,
        calibrations=calibrations,
        parts=Explanation.joined(
            [
                explain(model, data.X[fold.test], data.offset[fold.test], data.line[fold.test])
                for fold, _, model in tests
            ]
        ),
        final=models[-1],
    )


def _combine(
    names: tuple[str, ...], members: NDArray[np.float64], y: NDArray[np.float64], found: list[Past], settings: Members
) -> tuple[list[Rung], list[dict[str, Any]]]:
    """How the members are put together and calibrated, in each fold and in the final model."""
    rungs = climb(names, members, y, found, settings.rung)
    blended = np.zeros(len(members))
    for past, rung in zip(found, rungs, strict=True):
        blended[past.rows] = blend(members[past.rows], rung.weights)
    return rungs, calibrate(blended, y, found, settings.calibration)


def _forecast(data: Dataset, fold: Fold, found: _Tested, model: PortableModel) -> dict[str, NDArray[np.float64]]:
    """What the ensemble says of a fold's games, and how its distribution and the closing market's score."""
    weights = [member["weight"] for member in model.spec["members"]]
    p = expit(calibrated(blend(found.member_log_odds, weights), model.spec["calibration"]))
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
