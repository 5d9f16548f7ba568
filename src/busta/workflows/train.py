"""Train: from the gold store to a registered version, judged beside the closing line."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.errors import UsageError
from busta.markets.dataset import Dataset, assemble
from busta.models.walk import Walk, walk
from busta.performance.evaluation import Evaluation, evaluate
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.publish import Record, publish
from busta.registry.versions import model_name
from busta.reports.calibration import plot_calibration
from busta.scoring.proper import log_losses
from busta.workflows.build import gold_of
from busta.workflows.lineage import environment, git_commit, requirements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from busta.data.schema import Moment
    from busta.features.store import GoldStore
    from busta.settings import Settings

__all__ = ["train"]

@dataclass(frozen=True)
class _Trained:
    """One training, whole: what went in and what came out."""

    settings: Settings
    gold: GoldStore
    data: Dataset
    walk: Walk
    evaluation: Evaluation
    started: float

    @property
    def name(self) -> str:
        data = self.data
        return model_name(data.league.name, data.market.name, blind=data.blind, moment=data.moment)

    @property
    def learned(self) -> pl.DataFrame:
        """The games the final model learned from."""
        return self.data.games.filter(pl.Series(~np.isnan(self.data.y) & ~np.isnan(self.data.offset)))


def train(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    through: int | None = None,
    gold_path: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Any]:
    """Trains a market's ensemble, walks it forward, registers it and says how it did.

    Builds what is missing: tables (by download, or by playing a simulated league) and gold store.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: Leave out every price of the game itself.
        moment: The price that is bet at.
        through: Last season to learn from.
        gold_path: A gold store made elsewhere, instead of the league's own.
        progress: Called with folds done and folds in all.

    Returns:
        The object ``busta train --json`` prints.

    Raises:
        BustaError: One of its kinds; nothing is registered then.
    """
    started = time.time()
    league, market = pick("league", league_name), pick("market", market_name)
    gold = gold_of(settings, league, gold_path)
    data = _through(assemble(gold, league, market, blind=blind, moment=moment), through)
    found = walk(data, settings.train, progress)
    trained = _Trained(settings, gold, data, found, evaluate(found, data, settings.bets), started)
    published = publish(connect(settings), _record(trained))
    return _summary(trained) | {
        "run_id": published.run_id,
        "model_version": published.version,
        "seconds": round(time.time() - started, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _through(data: Dataset, through: int | None) -> Dataset:
    if through is None:
        return data
    season = data.games["season"].to_numpy()
    if through not in season:
        raise UsageError(f"no season {through}; there are {season.min()} to {season.max()}")
    return data.take(season <= through)


def _summary(trained: _Trained) -> dict[str, Any]:
    data, found, evaluation = trained.data, trained.walk, trained.evaluation
    seasons = data.games["season"].to_numpy()[found.rows]
    return {
        "model": trained.name,
        "market": data.market.name,
        "league": data.league.name,
        "information": "blind" if data.blind else "anchored",
        "price": data.moment,
        "run_id": None,
        "model_version": None,
        "gold_version": trained.gold.manifest.get("version"),
        "folds": len(found.folds),
        "games": int(found.rows.size),
        "first_test_season": int(seasons.min()),
        "last_test_season": int(seasons.max()),
        "trained_through": _trained_through(trained),
        "metrics": evaluation.metrics,
        "baselines": evaluation.baselines,
        "difference": evaluation.difference,
        "by_season": evaluation.by_season,
        "verdict": evaluation.verdict,
        "notes": evaluation.notes | _missing(trained),
    }


def _missing(trained: _Trained) -> dict[str, str]:
    absent = trained.gold.manifest.get("missing", {})
    return {f"missing.{column}": f"not in the source; empty: {', '.join(names)}" for column, names in absent.items()}


def _trained_through(trained: _Trained) -> str:
    return str(trained.learned["kickoff"].max().isoformat())


def _record(trained: _Trained) -> Record:
    evaluation = trained.evaluation
    metrics = {name: float(value) for name, value in evaluation.metrics.items() if value is not None}
    metrics |= {
        f"{baseline}.{name}": float(value)
        for baseline, figures in evaluation.baselines.items()
        for name, value in figures.items()
        if value is not None
    }
    metrics |= {f"log_loss_difference.{k}": float(v) for k, v in evaluation.difference.items() if v is not None}
    steps = [
        (f"season.{name}", int(row["season"] or 0), float(value))
        for row in evaluation.by_season
        for name, value in row.items()
        if name != "season" and value is not None
    ]
    return Record(
        name=trained.name,
        started=trained.started,
        params=_params(trained),
        metrics=metrics,
        steps=steps,
        tags=_tags(trained),
        write_model=lambda folder: trained.walk.final.write(folder, _about(trained)),
        write_artifacts=lambda folder: _write_artifacts(trained, folder),
        example=_example(trained),
        requirements=requirements(),
    )


def _params(trained: _Trained) -> dict[str, str]:
    """The settings that shape a model, flat: ``train.seed``, ``anchored.linear.ridge`` …"""
    members = trained.settings.train.blind if trained.data.blind else trained.settings.train.anchored
    train = trained.settings.train.model_dump(exclude={"blind", "anchored"})
    flat = {f"train.{name}": value for name, value in train.items()}
    flat |= {f"{member}.{name}": value for member, values in members.model_dump().items() for name, value in values.items()}
    flat |= {f"bets.{name}": value for name, value in trained.settings.bets.model_dump().items()}
    return {name: str(value) for name, value in flat.items()}


def _tags(trained: _Trained) -> dict[str, str]:
    data, manifest = trained.data, trained.gold.manifest
    seasons = trained.learned["season"]
    summary = _summary(trained)
    return {
        "league": data.league.name,
        "market": data.market.name,
        "information": summary["information"],
        "price": data.moment,
        "seasons": f"{seasons.min()}-{seasons.max()}",
        "games": str(trained.learned.height),
        "trained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(trained.started)),
        "trained_through": summary["trained_through"],
        "gold_version": str(manifest.get("version")),
        "data": json.dumps({file["name"]: file["sha256"] for file in manifest.get("sources", [])}),
        "git_commit": git_commit(),
        "seed": str(trained.settings.train.seed),
        "hyperparameters": json.dumps(_params(trained), sort_keys=True),
        "verdict": summary["verdict"],
        "fit_to_bet": "no",  # until a gate has said yes
    }


def _about(trained: _Trained) -> dict[str, Any]:
    data = trained.data
    return {
        "market": data.market.name,
        "league": data.league.name,
        "sides": list(data.market.sides),
        "information": "blind" if data.blind else "anchored",
        "price": data.moment,
        "features": list(data.names),
        "trained_through": _trained_through(trained),
    }


def _example(trained: _Trained) -> Any:
    """The last three games as the model's input, a pandas DataFrame."""
    from busta.models.portable import OFFSET

    last = trained.walk.rows[-3:]
    frame = pl.DataFrame(trained.data.X[last], schema=list(trained.data.names))
    return frame.with_columns(pl.Series(OFFSET, trained.data.offset[last])).to_pandas()


def _write_artifacts(trained: _Trained, folder: Path) -> None:
    evaluation, data = trained.evaluation, trained.data
    predictions(trained.walk, data).write_parquet(folder / "predictions.parquet")
    importances(trained.walk, data).write_csv(folder / "importances.csv")
    everything = {
        "evaluation.json": _summary(trained),
        "configuration.json": trained.settings.model_dump(mode="json", exclude={"tracking"}),
        "environment.json": environment(),
        "gold.json": dict(trained.gold.manifest),
    }
    for name, content in everything.items():
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False))
    known = ~np.isnan(data.y[trained.walk.rows]) & ~np.isnan(trained.walk.baselines["closing_line"])
    curves = {"model": trained.walk.probability, "closing line": trained.walk.baselines["closing_line"]}
    plot_calibration(
        {name: p[known] for name, p in curves.items()},
        data.y[trained.walk.rows][known],
        f"{trained.name}: {evaluation.verdict}",
        folder / "calibration.png",
    )


def predictions(found: Walk, data: Dataset) -> pl.DataFrame:
    """The out-of-fold predictions, losses and baselines of a walk, a row a game."""
    tested = data.take(found.rows)
    y = tested.y
    columns = {
        "fold": found.fold,
        "line": tested.line,
        "first_price": tested.prices[:, 0],
        "second_price": tested.prices[:, 1],
        "probability": found.probability,
        "win": found.triples[:, 0],
        "push": found.triples[:, 1],
        "lose": found.triples[:, 2],
        "value": tested.value,
        "y": y,
        "log_loss": _losses(found.probability, y),
        "closing_line_log_loss": _losses(found.baselines["closing_line"], y),
    } | {f"baseline_{name}": p for name, p in found.baselines.items()}
    return tested.games.with_columns(pl.Series(name, values, nan_to_null=True) for name, values in columns.items())


def _losses(p: np.ndarray[Any, np.dtype[np.float64]], y: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    known = ~np.isnan(p) & ~np.isnan(y)
    losses = np.full(y.size, np.nan)
    losses[known] = log_losses(p[known], y[known])
    return losses


def importances(found: Walk, data: Dataset) -> pl.DataFrame:
    """Share of the trees' gain and linear coefficient by feature, with their range over the folds."""
    return pl.DataFrame(
        {
            "feature": list(data.names),
            "gain": found.final.boosting.importances(),
            "gain_lowest_fold": found.importances.min(axis=0),
            "gain_highest_fold": found.importances.max(axis=0),
            "coefficient": found.final.linear.coef_,
        }
    ).sort("gain", descending=True)
