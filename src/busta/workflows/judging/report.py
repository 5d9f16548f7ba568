"""Report: one page that says whether a version may be bet on, why, how sure, and how to get the same figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.data.publish import atomic_write
from busta.data.source import REFUSED
from busta.errors import BustaError, OutsideError, UsageError
from busta.performance.gate.evidence import paired_difference
from busta.performance.gate.verdict import judge
from busta.performance.simulation.study import study
from busta.plugins import pick
from busta.registry import trials as record
from busta.registry.connect import connect
from busta.registry.versions import fetch, keep, model_name, now, resolve
from busta.reports.curves import curves
from busta.reports.ingested import ingested
from busta.reports.material import Material
from busta.reports.page import card, page
from busta.reports.parts import closing_histogram, parts_of
from busta.reports.reproduce import changed, commands
from busta.reports.verdict import verdict_of
from busta.settings import Settings
from busta.workflows.bets.rules import rule_notes
from busta.workflows.data.build import open_version
from busta.workflows.data.ingest import tables_of
from busta.workflows.judging.audit import noted_audit
from busta.workflows.judging.backtest import Filters, betting_plan, figures, nulls, rules_of
from busta.workflows.judging.evaluate import reliability_rows
from busta.workflows.judging.gate import stored_case
from busta.workflows.predicting.forecast import about
from busta.workflows.training.record import judged, vig_method
from busta.workflows.trials.trial import trial_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from busta.data.schema import Moment
    from busta.performance.forecasts import Forecasts
    from busta.plugins import League
    from busta.registry.connect import Registry
    from busta.registry.versions import Version

__all__ = ["gather", "report"]

_LINEAGE = ("trained_at", "trained_through", "seasons", "gold_version", "git_commit", "seed", "recipe", "data")
_FOLDER = "report"
"""Of the run's artifacts."""


def report(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Writes the report of a version and its model card, and keeps both with its MLflow run.

    The version is put to the gate and back-tested anew; the verdict noted with it stays as it is.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        model: Version, ``champion`` or ``challenger``; by default the champion, else the challenger.
        out: File of the report; by default one in the workspace's ``reports/``. The card stands beside it.

    Returns:
        The object ``busta report --json`` prints.

    Raises:
        UsageError: No such model, or ``out`` is a folder or the card's own name.
        OutsideError: Nothing to read it from, or no room to write.
    """
    if out is not None and (out.is_dir() or out.suffix == ".md"):
        raise UsageError(f"{out} cannot be the report; it is a file such as report.html, the card goes to report.md")
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    version = resolve(registry, model_name(league.name, market.name, blind=blind, moment=moment), model)
    material = gather(settings, registry, version)
    path = out or settings.home / "reports" / f"{version.name}-v{version.number}.html"
    written = {"report": path, "card": path.with_suffix(".md")}
    for (_, file), text in zip(written.items(), (page(material), card(material)), strict=True):
        atomic_write(file, text.encode())
    notes = _kept(registry, version, list(written.values()))
    verdict = verdict_of(material)
    return {
        **{name: material.about[name] for name in ("model", "model_version", "market", "league")},
        "verdict": material.verdict["verdict"],
        "answer": verdict.answer,
        "sentence": verdict.sentence,
        **{name: str(file) for name, file in written.items()},
        "artifacts": None if notes else f"{_FOLDER}/ of run {version.run_id}",
        "notes": notes,
    }


def gather(settings: Settings, registry: Registry, version: Version) -> Material:
    """All that a report says of a version: one look at the gate, one back-test of the bets it was judged by.

    Raises:
        BustaError: The version's forecasts or model cannot be read.
    """
    case, notes = stored_case(settings, registry, version)
    forecasts, evaluation = case.forecasts, case.evaluation
    seed = settings.of_market(forecasts.market.name).train.seed
    plan = betting_plan(case.bets, Filters(), vig_method(version, settings.bets), seed)
    found = study(forecasts, plan, case.champion)
    facts, missing = _lineage(registry, version)
    of_data, unknown = _ingested(settings, forecasts.league, facts)
    facts |= of_data
    kind = _about(version, forecasts)
    lines = changed(facts.pop("configuration", {}), _defaults())
    audit, of_audit = noted_audit(version)
    full = audit is not None and not audit["quick"]
    trial, of_trial = trial_of(settings, registry, version)
    notes = notes | evaluation.notes | found.notes | missing | unknown | of_audit | of_trial
    if rule_notes(version, settings.bets):
        notes["rules"] = "bets are chosen by the rules the version was judged by; today's settings have others"
    return Material(
        about=kind,
        verdict=judged(judge(case), case.trials),
        noted={name: version.tags.get(name, "") for name in ("verdict", "judged_at", "forced")},
        evaluation={
            name: getattr(evaluation, name)
            for name in ("metrics", "baselines", "bar", "differences", "by_season", "verdict")
        }
        | {"gaps": _gaps(forecasts)},
        reliability=_reliability(forecasts),
        money=figures(found) | {"rules": rules_of(plan)},
        curves=curves(found.ledger, forecasts, plan.slippage, plan.seed),
        parts=nulls(parts_of(found.ledger, forecasts, plan.choice.min_edge)),
        closing_histogram=closing_histogram(found.ledger, forecasts),
        importances=facts.pop("importances", []),
        audit=audit,
        lineage=facts,
        tried=_tried(registry, version, forecasts),
        changed=lines,
        commands=commands(kind, facts, lines, evaluation.metrics, audited=full),
        notes=notes,
        trial=trial,
    )


def _about(version: Version, forecasts: Forecasts) -> dict[str, Any]:
    return {
        **about(version, forecasts),
        "first_test_season": int(forecasts.seasons.min()),
        "last_test_season": int(forecasts.seasons.max()),
        "aliases": list(version.aliases),
        "sides": list(forecasts.market.sides),
        "league_title": forecasts.league.title,
        "market_title": forecasts.market.title,
        "has_line": forecasts.market.has_line,
        "folds": len(set(forecasts.fold.tolist())),
        "pushes": int((np.isnan(forecasts.y) & ~np.isnan(forecasts.value)).sum()),
        "run_id": version.run_id,
        "made_at": now(),
    }


def _gaps(forecasts: Forecasts) -> dict[str, dict[str, float | None]]:
    """Log loss less each baseline's, paired, with its 95 % interval by week."""
    names = ("difference", "low", "high")
    own, y, weeks = forecasts.probability, forecasts.y, forecasts.weeks
    found = {name: paired_difference(own, p, y, weeks) for name, p in forecasts.baselines.items()}
    gaps: dict[str, dict[str, float | None]] = nulls(
        {name: dict(zip(names, gap, strict=True)) for name, gap in found.items()}
    )
    return gaps


def _ingested(settings: Settings, league: League, facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the workspace knows of the data: ``ingested`` and ``through``, or why it knows nothing.

    Seasons after the last one learned from mean that the training was told to end with that one.
    """
    try:
        gold = open_version(settings, league.name, str(facts["gold_version"]))
        files = sorted((tables_of(settings, league).folder / "refused").glob("*.csv"))
        rows = [pl.read_csv(file, schema=REFUSED) for file in files]
        found = ingested(gold.games, gold.quotes, pl.concat(rows) if rows else pl.DataFrame(schema=REFUSED))
    except (BustaError, OSError, pl.exceptions.PolarsError):
        words = (
            f"gold store {facts['gold_version']} is not in this workspace: nobody knows what ingest refused or assumed"
        )
        return {}, {"ingest": words}
    last = int(str(facts["seasons"] or "0").rpartition("-")[2])
    return {"ingested": found, "through": last if 0 < last < (found["last_season"] or 0) else None}, {}


def _reliability(forecasts: Forecasts) -> dict[str, list[dict[str, float]]]:
    """The curves of model and closing line on the same games."""
    line = forecasts.baselines["closing_line"]
    both = forecasts.take(~np.isnan(line + forecasts.probability + forecasts.y))
    if not len(both):
        return {"model": reliability_rows(forecasts.take(~np.isnan(forecasts.y)))}
    closing = replace(both, probability=both.baselines["closing_line"])
    return {"model": reliability_rows(both), "closing line": reliability_rows(closing)}


def _defaults() -> dict[str, Any]:
    """Every section as it is where nobody sets anything, whatever the environment says."""
    sections = {name: field.default for name, field in Settings.model_fields.items()}
    return {name: part.model_dump(mode="json") for name, part in sections.items() if hasattr(part, "model_dump")}


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "gold.json": lambda content: {"sources": json.loads(content).get("sources", [])},
    "environment.json": lambda content: {"environment": json.loads(content)},
    "configuration.json": lambda content: {"configuration": json.loads(content)},
    "importances.csv": lambda content: {"importances": pl.read_csv(content).to_dicts()},
}
"""What is read from the files that a training keeps with its run."""


def _lineage(registry: Registry, version: Version) -> tuple[dict[str, Any], dict[str, str]]:
    """What the version's tags and its run's files say of where it comes from; which files could not be read."""
    facts: dict[str, Any] = {name: version.tags.get(name) for name in _LINEAGE} | {"sources": [], "environment": {}}
    notes: dict[str, str] = {}
    for name, read in _READERS.items():
        try:
            facts |= nulls(read(fetch(registry, version, name).read_bytes()))
        except (BustaError, OSError, ValueError, pl.exceptions.PolarsError) as exc:
            notes[name] = f"the run's {name} cannot be read: {(str(exc) or type(exc).__name__).splitlines()[0]}"
    return facts, notes


def _tried(registry: Registry, version: Version, forecasts: Forecasts) -> list[dict[str, Any]]:
    """Every training on the market, oldest first, by the number of its recipe."""
    tried = record.trials(registry, forecasts.league.name, forecasts.market.name)
    return [
        {
            "number": record.number(tried, trial.recipe),
            "started": datetime.fromtimestamp(trial.started / 1000, UTC).strftime("%Y-%m-%d %H:%M"),
            "model": trial.model,
            "recipe": trial.recipe,
            "season": trial.season or None,
            "run": trial.run_id,
            "this": trial.run_id == version.run_id,
        }
        for trial in tried
    ]


def _kept(registry: Registry, version: Version, files: list[Path]) -> dict[str, str]:
    """Keeps the files with the run; where the registry refuses, the report stands all the same and a note says so."""
    try:
        keep(registry, version, files, _FOLDER)
    except (OutsideError, OSError) as exc:
        return {"artifacts": f"not kept with the run: {str(exc).splitlines()[0]}"}
    return {}
