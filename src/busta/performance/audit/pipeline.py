"""Does a training learn from what it is tested on? Labels permuted, test games poisoned, folds in order."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from busta.models.ensemble import fit
from busta.models.splits import walk_forward
from busta.models.walk import walk
from busta.performance.audit.finding import Answer, Finding
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import log_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Train

__all__ = ["ordered_folds", "permuted", "permuted_labels", "poisoned", "poisoned_folds"]

QUOTED = ("line", "prices", "price_assumed", "market_log_odds")
OF_THE_OUTCOME = ("y", "value", *QUOTED, "closing_line", "closing_prices", "closing_log_odds")
LEVEL = 0.9999
"""Probability of the interval that has to exclude 0: one false alarm in 20,000 clean audits."""
_ABSURD = 1e6


def permuted(data: Dataset, rng: np.random.Generator) -> Dataset:
    """The same features beside results, lines and prices of other games of the same week."""
    order = np.lexsort((rng.random(len(data)), data.weeks))
    place = np.lexsort((np.arange(len(data)), data.weeks))
    source = np.empty(len(data), dtype=np.int64)
    source[place] = order
    return replace(data, **{name: getattr(data, name)[source] for name in OF_THE_OUTCOME})


def permuted_labels(data: Dataset, settings: Train, rng: np.random.Generator) -> Finding:
    """Trains on features beside results of other games of the week: whoever still has skill saw the answers.

    A game's line and prices move with its result, so that an anchored model may still lean on them; the
    line is then what it must not beat, and the base rate what a blind one must not.
    """
    other = permuted(data, rng)
    found = walk(other, settings)
    y = other.y[found.rows]
    bar = found.baselines["home" if data.blind else "closing_line" if data.moment == "close" else "opening_line"]
    known = ~np.isnan(y) & ~np.isnan(bar)
    gain = log_losses(bar[known], y[known]) - log_losses(found.probability[known], y[known])
    low, _ = weekly_ratio_interval(gain, 1.0, other.weeks[found.rows][known], level=LEVEL)
    figure, beaten = float(gain.mean()), "the base rate" if data.blind else "the line"
    if low > 0:
        words = f"on results of other games the training still beats {beaten} by {figure:.4f} of log loss"
        return Finding(Answer.leak, figure, 0.0, words)
    return Finding(Answer.clean, figure, 0.0, f"on results of other games it gains {figure:+.4f} on {beaten}: nothing")


def poisoned(data: Dataset, rows: NDArray[np.int64]) -> Dataset:
    """The table with absurd features, results, lines and prices in those rows."""
    new = {name: getattr(data, name).copy() for name in ("X", "y", "value", "line", "prices", "market_log_odds", "elo")}
    new["X"][rows] = _ABSURD
    new["y"][rows] = 1 - new["y"][rows]
    new["value"][rows] = 60.0
    new["line"][rows] = -50.0
    new["prices"][rows] = 90.0
    new["market_log_odds"][rows] = 4.0
    new["elo"][rows] = -_ABSURD
    return replace(data, **new)


def poisoned_folds(data: Dataset, settings: Train) -> Finding:
    """Poisons every game from a fold's first decision on: what is fitted for the fold must not change by a bit.

    Asked of the first and the last fold; scaler, members, distribution and calibration are all in the bytes.
    """
    folds = walk_forward(data, settings)
    decided = data.games["decision_time"]
    changed = []
    for fold in {id(fold): fold for fold in (folds[0], folds[-1])}.values():
        later = np.flatnonzero((data.games["final_time"] >= decided.gather(fold.test).min()).to_numpy())
        clean, other = (_learned(table, fold.train, settings) for table in (data, poisoned(data, later)))
        if clean != other:
            changed.append(str(fold.season))
    if changed:
        words = f"what was fitted for the fold of {' and '.join(changed)} changes with the games it is tested on"
        return Finding(Answer.leak, float(len(changed)), 0.0, words)
    return Finding(Answer.clean, 0.0, 0.0, "poisoned test games change nothing that was fitted, not by a bit")


def ordered_folds(data: Dataset, settings: Train) -> Finding:
    """Every fold learns from games that were final before its first decision, on values known before theirs."""
    games = data.games
    late = [
        str(fold.season)
        for fold in walk_forward(data, settings)
        if games["final_time"].gather(fold.train).max() >= games["decision_time"].gather(fold.test).min()  # type: ignore[operator]
    ]
    unknown = int((games["known_at"] >= games["decision_time"]).sum())
    if late or unknown:
        words = f"{len(late)} folds learn from games not final before they begin; {unknown} rows hold later values"
        return Finding(Answer.leak, float(len(late) + unknown), 0.0, words)
    return Finding(Answer.clean, 0.0, 0.0, "every fold learns from earlier games only, every value was known before")


def _learned(data: Dataset, rows: NDArray[np.int64], settings: Train) -> bytes:
    """All that a training on those rows leaves behind, as it would be written."""
    fitted = fit(data, rows, settings)
    with tempfile.TemporaryDirectory() as folder:
        fitted.model(np.ones(len(fitted.members)), {}).write(folder)
        return b"".join(path.read_bytes() for path in sorted(Path(folder).iterdir()))
