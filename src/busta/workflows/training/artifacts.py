"""The files that are kept with a training: forecasts, what they are the sum of, figures, lineage, a plot."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.data.identity import ID_LENGTH, content_id
from busta.data.parquet import write_parquet
from busta.reports.calibration import plot_calibration
from busta.scoring.proper import log_losses
from busta.workflows.training.lineage import environment
from busta.workflows.training.provenance import PROVENANCE
from busta.workflows.training.tune import table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.portable import PortableModel
    from busta.models.walk import Walk
    from busta.performance.forecasts import Forecasts
    from busta.workflows.training.record import Training

__all__ = ["EXPLANATIONS", "digest_of", "explanations", "importances", "predictions", "write_artifacts"]

EXPLANATIONS = "explanations.parquet"


def write_artifacts(trained: Training, summary: dict[str, Any], folder: Path) -> None:
    """Writes all of them into the folder; ``summary`` is what the training prints."""
    data = trained.data
    write_parquet(predictions(trained.forecasts), folder / "predictions.parquet")
    importances(trained.walk, data).write_csv(folder / "importances.csv")
    write_parquet(explanations(trained), folder / EXPLANATIONS)
    if trained.search:
        pl.DataFrame(table(trained.search)).write_csv(folder / "candidates.csv")
    elsewhere: Any = {"train": {"cluster"}, "tune": {"storage"}, "ledger": {"url"}}  # addresses, and passwords
    elsewhere |= {"tracking": True, "notify": True}
    everything = {
        "evaluation.json": summary,
        "configuration.json": trained.settings.model_dump(mode="json", exclude=elsewhere),
        "environment.json": environment(),
        "gold.json": dict(trained.gold.manifest),
        PROVENANCE: dict(trained.provenance),
    }
    for name, content in everything.items():
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False))
    forecasts = trained.forecasts
    curves = {"model": forecasts.probability, "closing line": forecasts.baselines["closing_line"]}
    known = ~np.isnan(forecasts.y) & ~np.isnan(curves["closing line"])
    plot_calibration(
        {name: p[known] for name, p in curves.items()},
        forecasts.y[known],
        trained.name,
        folder / "calibration.png",
    )


def predictions(forecasts: Forecasts) -> pl.DataFrame:
    """The out-of-fold forecasts with their log losses and the closing line's, a row a game."""
    losses = {
        "log_loss": _losses(forecasts.probability, forecasts.y),
        "closing_line_log_loss": _losses(forecasts.baselines["closing_line"], forecasts.y),
    }
    return forecasts.to_frame().with_columns(pl.Series(*each, nan_to_null=True) for each in losses.items())


def digest_of(forecasts: Forecasts, model: PortableModel) -> str:
    """A name made from the out-of-fold forecasts and the final model, bit for bit: 16 hexadecimal digits."""
    found = hashlib.sha256(content_id({"predictions": predictions(forecasts)}).encode())
    found.update(json.dumps(model.spec).encode())
    for name in sorted(model.boosters):
        found.update(bytes(model.boosters[name].save_raw("ubj")))
    return found.hexdigest()[:ID_LENGTH]


def _losses(p: NDArray[np.float64], y: NDArray[np.float64]) -> Any:
    known = ~np.isnan(p) & ~np.isnan(y)
    losses = np.full(y.size, np.nan)
    losses[known] = log_losses(p[known], y[known])
    return losses


def explanations(trained: Training) -> pl.DataFrame:
    """What the log-odds of each out-of-fold game are the sum of, a row a game."""
    parts, names = trained.walk.parts, trained.data.names
    columns = {name: getattr(parts, name) for name in ("market", "level", "calibration")}
    for kind in ("linear", "trees"):
        columns |= {f"{kind}.{name}": getattr(parts, kind)[:, i] for i, name in enumerate(names)}
    return trained.forecasts.games.select("game_id").with_columns(pl.Series(*each) for each in columns.items())


def importances(found: Walk, data: Dataset) -> pl.DataFrame:
    """Mean absolute part of each feature in a game's log-odds, with its range over the folds."""
    return pl.DataFrame(
        {
            "feature": list(data.names),
            "part": found.importances.mean(axis=0),
            "part_lowest_fold": found.importances.min(axis=0),
            "part_highest_fold": found.importances.max(axis=0),
        }
    ).sort("part", descending=True)
