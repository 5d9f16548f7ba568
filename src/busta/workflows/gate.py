"""Gate: is a version fit to serve, and is it fit to bet?"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.markets.dataset import assemble
from busta.models.portable import PortableModel
from busta.performance.evaluation import evaluate
from busta.performance.gate.case import Case, Trials
from busta.performance.gate.verdict import REJECTED, judge
from busta.plugins import pick
from busta.registry import trials as record
from busta.registry.connect import connect, guarded
from busta.registry.publish import CHALLENGER, CHAMPION
from busta.registry.versions import Version, fetch_model, model_name, note, resolve, versions
from busta.workflows.build import gold_of
from busta.workflows.forecast import columns, forecast, stored_forecasts
from busta.workflows.ingest import has_tables
from busta.workflows.record import judged, verdict_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.markets.dataset import Dataset
    from busta.models.ensemble import Fitted
    from busta.performance.forecasts import Forecasts
    from busta.registry.connect import Registry
    from busta.settings import Settings

__all__ = ["gate", "training_case"]

_NEWEST = 48
"""Games, three weeks of an NFL season, that a feature must not be empty in."""
_TIMES = 20


def gate(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str | None = None,
) -> dict[str, Any]:
    """Puts a version to the gate again, with all that was tried since, and notes the verdict with it.

    Args:
        settings: All settings; rules and levels stand in the section ``[gate]``.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        model: Version, ``champion`` or ``challenger``; by default the challenger, else the champion.

    Returns:
        The object ``busta gate --json`` prints.

    Raises:
        BustaError: No such model, or nothing to read it from.
    """
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    name = model_name(league.name, market.name, blind=blind, moment=moment)
    version = _wanted(registry, name, model)
    case = _stored_case(settings, registry, version)
    judgement = judge(case)
    note(registry, version, verdict_tags(judgement))
    return {
        "model": name,
        "model_version": version.number,
        "market": market.name,
        "league": league.name,
        "information": "blind" if blind else "anchored",
        "price": moment,
        "games": len(case.forecasts),
        "later_games": len(case.later) if case.later is not None else 0,
        "metrics": case.evaluation.metrics,
        "bar": case.evaluation.bar,
        "difference": case.evaluation.difference,
        **judged(judgement, case.trials),
        "may_be_promoted": judgement.verdict != REJECTED,
    }


def training_case(
    settings: Settings, registry: Registry, forecasts: Forecasts, recipe: str, data: Dataset, final: Fitted
) -> Case:
    """What a training that is about to be registered is judged by."""
    league, market = forecasts.league.name, forecasts.market.name
    return Case(
        forecasts=forecasts,
        evaluation=evaluate(forecasts, settings.bets),
        trials=_count(settings, registry, league, market, recipe, tried=False),
        settings=settings.gate,
        bets=settings.bets,
        champion=_champion(registry, forecasts),
        milliseconds=_milliseconds_of(final, data),
        empty_features=_empty(data, data.names),
    )


def _stored_case(settings: Settings, registry: Registry, version: Version) -> Case:
    """What a registered version is judged by."""
    forecasts = stored_forecasts(registry, version)
    league, market = forecasts.league, forecasts.market
    portable = fetch_model(registry, version)
    recipe = version.tags.get(record.RECIPE, version.run_id)
    counted = _count(settings, registry, league.name, market.name, recipe, tried=True)
    data = None
    if has_tables(settings, league):
        gold = gold_of(settings, league)
        data = assemble(gold, league, market, blind=forecasts.blind, moment=forecasts.moment)
    return Case(
        forecasts=forecasts,
        evaluation=evaluate(forecasts, settings.bets),
        trials=replace(counted, losses=_losses(registry, forecasts)),
        settings=settings.gate,
        bets=settings.bets,
        champion=_champion(registry, forecasts, besides=version.number),
        later=_later(portable, data, version) if data is not None else None,
        milliseconds=_milliseconds(portable, data) if data is not None else None,
        empty_features=_empty(data, portable.features) if data is not None else None,
    )


def _wanted(registry: Registry, name: str, model: str | None) -> Version:
    aliases = {alias for version in versions(registry, name) for alias in version.aliases}
    return resolve(registry, name, model or (CHALLENGER if CHALLENGER in aliases else None))


def _count(settings: Settings, registry: Registry, league: str, market: str, recipe: str, *, tried: bool) -> Trials:
    """The place of a recipe among all that the registry has seen of the market, and the plan in force."""
    rules = settings.gate
    plan = record.declare(registry, league, market, record.Plan(rules.planned_trials, rules.horizon, rules.alpha))
    found = record.trials(registry, league, market)
    known = any(trial.recipe == recipe for trial in found)
    return Trials(
        number=record.number(found, recipe),
        count=record.count(found) + (0 if known or tried else 1),
        planned=plan.planned,
        horizon=plan.horizon,
        alpha=plan.alpha,
    )


def _champion(registry: Registry, forecasts: Forecasts, besides: str | None = None) -> Forecasts | None:
    """The forecasts of the model's champion, unless that is the version itself."""
    name = model_name(forecasts.league.name, forecasts.market.name, blind=forecasts.blind, moment=forecasts.moment)
    for version in versions(registry, name):
        if CHAMPION in version.aliases and version.number != besides:
            return stored_forecasts(registry, version)
    return None


def _losses(registry: Registry, forecasts: Forecasts) -> dict[str, NDArray[np.float64]]:
    """Log losses less their bar's, of every trial of the market, on these games."""
    losses = {}
    for trial in record.trials(registry, forecasts.league.name, forecasts.market.name):
        try:
            with guarded(registry.uri):
                path = registry.client.download_artifacts(trial.run_id, "predictions.parquet")
            stored = pl.read_parquet(path, glob=False)
        except Exception:  # noqa: BLE001, S112 - a failed or deleted run may have none; it still counts by number
            continue
        bar = "opening_line" if "baseline_opening_line" in stored.columns else "closing_line"
        p, line = pl.col("probability"), pl.col(f"baseline_{bar}")
        loss = stored.select("game_id", loss=_log_loss(p) - _log_loss(line))
        joined = forecasts.games.select("game_id").join(loss, on="game_id", how="left", maintain_order="left")
        losses[f"{trial.model} {trial.run_id[:8]}"] = joined["loss"].to_numpy().astype(np.float64)
    return losses


def _log_loss(p: pl.Expr) -> pl.Expr:
    return -pl.when(pl.col("y") == 1).then(p).when(pl.col("y") == 0).then(1 - p).log()


def _later(portable: PortableModel, data: Dataset, version: Version) -> Forecasts | None:
    """The forecasts of finished games that nobody had seen: after registration and after all it learned from."""
    learned = np.datetime64(portable.spec["trained_through"].removesuffix("+00:00"), "us")
    seen = max(np.datetime64(version.created, "ms"), learned)
    started = data.games["kickoff"].dt.replace_time_zone(None).to_numpy() > seen
    rows = started & ~np.isnan(data.value) & ~np.isnan(data.line)
    return forecast(portable, data.take(rows)) if rows.any() else None


def _milliseconds_of(final: Fitted, data: Dataset) -> float:
    with tempfile.TemporaryDirectory() as folder:
        about = {"features": list(data.names), "information": "blind" if data.blind else "anchored"}
        final.write(Path(folder), about)
        return _milliseconds(PortableModel.read(folder), data)


def _milliseconds(portable: PortableModel, data: Dataset) -> float:
    """Median time of predicting one game."""
    last = data.take(np.arange(len(data))[-1:])
    X, offset = columns(last, portable.features), np.nan_to_num(last.offset)
    seconds = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        portable.log_odds(X, offset)
        seconds.append(time.perf_counter() - start)
    return 1000 * median(seconds)


def _empty(data: Dataset, features: Sequence[str]) -> list[str]:
    """Features that were known at some time and are empty in the newest finished games."""
    X = columns(data, features)[~np.isnan(data.value)]
    ever, lately = (~np.isnan(rows).all(axis=0) for rows in (X, X[-_NEWEST:]))
    return [features[int(i)] for i in np.flatnonzero(ever & ~lately)]
