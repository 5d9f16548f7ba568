"""What is told and kept of a training: figures, parameters, lineage; its files are `artifacts`."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import polars as pl

from busta.models.portable import LINE, OFFSET, PortableModel
from busta.performance.audit.ask import leaks
from busta.performance.gate.verdict import FIT_TO_BET
from busta.registry.named import DIGEST
from busta.registry.publish import Record
from busta.registry.trials import RECIPE
from busta.registry.versions import model_name, now
from busta.telemetry.logs import RUN_ID, VARIABLE, run_id
from busta.workflows.judging.audit import audit_tag
from busta.workflows.training.artifacts import digest_of, write_artifacts
from busta.workflows.training.lineage import git_commit, of_pipeline, peak_rss_mb, requirements
from busta.workflows.training.tune import candidates, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from busta.features.store import GoldStore
    from busta.markets.dataset import Dataset
    from busta.models.tuning import Search
    from busta.models.walk import Walk
    from busta.performance.evaluation import Evaluation
    from busta.performance.forecasts import Forecasts
    from busta.performance.gate.case import Trials
    from busta.performance.gate.verdict import Judgement
    from busta.registry.versions import Version
    from busta.settings import Bets, Settings

__all__ = [
    "CHAMPION_THEN",
    "NOBODY",
    "RULES",
    "TRIALS",
    "Training",
    "bet_rules",
    "judged",
    "recipe_of",
    "record_of",
    "rules_of",
    "summary",
    "verdict_tags",
    "vig_method",
]

RULES, TRIALS, CHAMPION_THEN = "gate_rules", "gate_trials", "gate_champion"
NOBODY = "none"
"""In the place of a champion's number, where there was none besides the version itself."""
_NAMED_FILES = 10
BET_RULES = ("min_edge", "max_edge", "strongest", "assumed_prices", "slippage")
"""Settings that choose bets: who tries several and keeps the best has tried several."""


@dataclass(frozen=True)
class Training:
    """One training, whole: what went in and what came out."""

    settings: Settings
    gold: GoldStore
    data: Dataset
    walk: Walk
    forecasts: Forecasts
    evaluation: Evaluation
    judgement: Judgement
    trials: Trials
    audit: list[dict[str, Any]]
    recipe: str
    notes: dict[str, str]
    started: float
    search: Search | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the registered model."""
        data = self.data
        return model_name(data.league.name, data.market.name, blind=data.blind, moment=data.moment)

    @cached_property
    def model(self) -> PortableModel:
        """The final model, with what it is a model of."""
        data, final = self.data, self.walk.final
        about = {
            "market": data.market.name,
            "league": data.league.name,
            "sides": list(data.market.sides),
            "price": data.moment,
            "trained_through": trained_through(self),
        }
        return PortableModel(about | final.spec, final.boosters)

    @cached_property
    def digest(self) -> str:
        """A name made from what came out: see `digest_of`."""
        return digest_of(self.forecasts, self.model)

    @property
    def learned(self) -> pl.DataFrame:
        """The games the final model learned from."""
        return self.data.games.filter(pl.Series(~np.isnan(self.data.value) & ~np.isnan(self.data.offset)))


def summary(trained: Training) -> dict[str, Any]:
    """What ``busta train --json`` prints, as far as it is known before the run is published."""
    data, found, evaluation = trained.data, trained.walk, trained.evaluation
    seasons = trained.forecasts.seasons
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
        "trained_through": trained_through(trained),
        "recipe": trained.recipe,
        "digest": trained.digest,
        "ensemble": _ensemble(found),
        "tuning": told(trained.search, found) if trained.search else None,
        "metrics": evaluation.metrics,
        "baselines": evaluation.baselines,
        "bar": evaluation.bar,
        "difference": evaluation.difference,
        "differences": evaluation.differences,
        "by_season": evaluation.by_season,
        "against_the_line": evaluation.verdict,
        **judged(trained.judgement, trained.trials),
        "audit": {"quick": True, "leaks": leaks(trained.audit), "findings": trained.audit},
        "notes": evaluation.notes | trained.notes | _missing(trained) | _of_search(trained),
    }


def _ensemble(found: Walk) -> dict[str, Any]:
    """How the members of the final model, and those of each fold before it, were put together."""
    last = found.rungs[-1]
    return {
        "rung": last.name,
        "why": str(last),
        "weights": dict(zip(found.members, last.weights.tolist(), strict=True)),
        "calibration": found.final.spec["calibration"],
        "log_loss": last.losses,
        "folds": [
            {"season": fold.season, "rung": rung.name, "calibration": calibration["kind"]}
            for fold, rung, calibration in zip(found.folds, found.rungs, found.calibrations, strict=False)
        ],
    }


def _of_search(trained: Training) -> dict[str, str]:
    return trained.search.notes if trained.search else {"tuning": "no search was asked for (--tune)"}


def _missing(trained: Training) -> dict[str, str]:
    absent = trained.gold.manifest.get("missing", {})
    return {
        f"missing.{column}": f"{column} is not in the source; empty: {', '.join(names)}"
        for column, names in absent.items()
    }


def trained_through(trained: Training) -> str:
    last: datetime = trained.learned["kickoff"].to_list()[-1]
    return last.isoformat()


def record_of(trained: Training) -> Record:
    """The training as the registry publishes it."""
    evaluation = trained.evaluation
    metrics = {name: float(value) for name, value in evaluation.metrics.items() if value is not None}
    metrics |= {
        f"{baseline}.{name}": float(value)
        for baseline, figures in evaluation.baselines.items()
        for name, value in figures.items()
        if value is not None
    }
    metrics |= {f"log_loss_difference.{k}": float(v) for k, v in evaluation.difference.items() if v is not None}
    metrics |= {
        f"gate.{each['code']}": float(each["figure"])
        for each in trained.judgement.findings
        if each["figure"] is not None
    }
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
        write_model=trained.model.write,
        write_artifacts=lambda folder: write_artifacts(trained, summary(trained), folder),
        example=_example(trained),
        candidates=candidates(trained.search) if trained.search else (),
        requirements=requirements(),
        key=os.environ.get(VARIABLE) or uuid4().hex,  # who runs a killed command again may say so by its id
    )


def recipe_of(settings: Settings, data: Dataset, through: int | None = None, foreign_gold: str | None = None) -> str:
    """A digest of all that was chosen about a model: with another choice it is another trial.

    Games are not in it (training again on newer ones is no new trial), unless somebody chose where they
    end; nor is the number of threads. Features are known by their names; of a gold store made elsewhere
    nobody knows what a name stands for, so its version belongs to the recipe.
    """
    chosen = list(_flat(_model_settings(settings, blind=data.blind)))
    kind = (data.league.name, data.market.name, data.blind, data.moment, data.names, settings.bets.vig_method, through)
    chosen = [*chosen, *((name, getattr(settings.bets, name)) for name in BET_RULES), ("gold", foreign_gold)]
    if settings.tune.trials:  # nested in the walk, a search is one trial however many settings it tries
        chosen.append(("tune", (settings.tune.trials, settings.tune.search, settings.tune.prune)))
    return hashlib.sha256(repr((kind, sorted(chosen))).encode()).hexdigest()[:16]


def bet_rules(version: Version, bets: Bets) -> Bets:
    """Which bets a version was judged by: the rules in force when it was trained, else those of today."""
    stored = _parameters(version)
    rules = {name: stored[f"bets.{name}"] for name in BET_RULES if f"bets.{name}" in stored}
    kept = {name: None if text == "None" else text for name, text in rules.items()}
    return type(bets).model_validate(bets.model_dump() | kept)


def vig_method(version: Version, bets: Bets) -> str:
    """How prices were freed of their vig when a version was trained; where it does not say, as they are today."""
    return _parameters(version).get("bets.vig_method", bets.vig_method)


def _parameters(version: Version) -> dict[str, str]:
    stored: dict[str, str] = json.loads(version.tags.get("hyperparameters", "{}"))
    return stored


def judged(judgement: Judgement, trials: Trials) -> dict[str, Any]:
    """The gate's part of what a command prints."""
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "checks": judgement.findings,
        "trials": {name: getattr(trials, name) for name in ("number", "count", "planned", "horizon", "alpha", "look")},
    }


def rules_of(settings: Settings) -> str:
    """The gate's rules in force, as a verdict carries them."""
    return json.dumps(settings.gate.model_dump(), sort_keys=True)


def verdict_tags(judgement: Judgement, rules: str, trials: Trials) -> dict[str, str]:
    """What the gate said, by which rules, and what it knew of, as a version carries it."""
    return {
        RULES: rules,
        TRIALS: str(trials.count),
        CHAMPION_THEN: trials.champion or NOBODY,
        "verdict": judgement.verdict,
        "verdict_reason": judgement.reason,
        "fit_to_bet": "yes" if judgement.verdict == FIT_TO_BET else "no",
        "judged_at": now(),
    }


def _model_settings(settings: Settings, *, blind: bool) -> dict[str, Any]:
    members = settings.train.members(blind=blind)
    return {
        "train": settings.train.model_dump(exclude={"blind", "anchored", "jobs", "cluster", "markets"}),
        "members": members.model_dump(),
    }


def _params(trained: Training) -> dict[str, str]:
    """The settings that shape a model, by flat names such as ``train.seed`` or ``members.linear.ridge``."""
    nested = _model_settings(trained.settings, blind=trained.data.blind)
    nested |= {"jobs": trained.settings.train.jobs, "bets": trained.settings.bets.model_dump()}
    return {name: str(value) for name, value in _flat(nested)}


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in nested.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _tags(trained: Training) -> dict[str, str]:
    data, manifest = trained.data, trained.gold.manifest
    seasons = trained.learned["season"].to_list()
    figures = summary(trained)
    return {
        "league": data.league.name,
        "market": data.market.name,
        "information": figures["information"],
        "price": data.moment,
        "seasons": f"{min(seasons)}-{max(seasons)}",
        "games": str(trained.learned.height),
        "trained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(trained.started)),
        "trained_through": figures["trained_through"],
        "peak_rss_mb": str(peak_rss_mb()),
        "gold_version": str(manifest.get("version")),
        "data": _data(manifest.get("sources", [])),
        "git_commit": git_commit(),
        RUN_ID: run_id(),
        **of_pipeline(trained.settings.home, data.league.name),
        "seed": str(trained.settings.train.seed),
        "hyperparameters": json.dumps(_params(trained), sort_keys=True),
        RECIPE: trained.recipe,
        DIGEST: trained.digest,
        "against_the_line": figures["against_the_line"],
        **verdict_tags(trained.judgement, rules_of(trained.settings), trained.trials),
        **audit_tag(trained.audit, str(manifest.get("version")), quick=True),
    }


def _data(sources: Sequence[Mapping[str, str]]) -> str:
    """Checksums of the files the data came from; of many, one checksum of them all (gold.json lists each)."""
    if len(sources) > _NAMED_FILES:
        every = "".join(file["sha256"] for file in sources).encode()
        return f"{len(sources)} files, sha256 of their checksums {hashlib.sha256(every).hexdigest()}"
    return json.dumps([f"{file['name']} {file['sha256']}" for file in sources])


def _example(trained: Training) -> Any:
    """The last three games as the model's input, a pandas DataFrame."""
    last = trained.walk.rows[-3:]
    frame = pl.DataFrame(trained.data.X[last], schema=list(trained.data.names))
    frame = frame.with_columns(pl.Series(OFFSET, trained.data.offset[last]))
    if trained.walk.final.reads_line:
        frame = frame.with_columns(pl.Series(LINE, trained.data.line[last]))
    return frame.to_pandas()
