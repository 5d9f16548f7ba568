"""Gate: is a version fit to serve, and is it fit to bet?"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from busta.errors import OutsideError, UsageError
from busta.markets.dataset import assemble
from busta.models.portable import PortableModel
from busta.performance.evaluation import evaluate
from busta.performance.gate.case import Case, Trials
from busta.performance.gate.verdict import REJECTED, judge
from busta.plugins import pick
from busta.registry import trials as record
from busta.registry.connect import connect
from busta.registry.publish import CHALLENGER
from busta.registry.versions import Version, fetch_model, model_name, noted, resolve, versions
from busta.workflows.data.ingest import has_tables
from busta.workflows.data.revised import revised
from busta.workflows.judging.audit import noted_audit
from busta.workflows.predicting.forecast import (
    about,
    columns,
    forecast_later,
    gold_for,
    other_champion,
    read_predictions,
    stored_forecasts,
)
from busta.workflows.training.record import bet_rules, judged, rules_of, verdict_tags
from busta.workflows.training.tracked import as_file, write_judged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.markets.dataset import Dataset
    from busta.performance.forecasts import Forecasts
    from busta.registry.connect import Registry
    from busta.registry.trials import Trial
    from busta.settings import Settings

__all__ = ["gate", "stored_case", "training_case"]

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
    out: Path | None = None,
) -> dict[str, Any]:
    """Puts a version to the gate again, with all that was tried since, and notes the verdict with it.

    Args:
        settings: All settings; rules and levels stand in the section ``[gate]``.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        model: Version, ``champion``, ``challenger`` or the file of a training; by default the challenger, else the
            champion.
        out: File that a pipeline tracks: the verdict.

    Returns:
        The object ``busta gate --json`` prints.

    Raises:
        BustaError: No such model, or nothing to read it from.
    """
    as_file(out)
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    name = model_name(league.name, market.name, blind=blind, moment=moment)
    version = _wanted(registry, name, model)
    case, notes = stored_case(settings, registry, version)
    judgement = judge(case)
    notes |= noted(registry, version, verdict_tags(judgement, rules_of(settings), case.trials), "verdict")
    result = {
        **about(version, case.forecasts),
        "later_games": len(case.later) if case.later is not None else 0,
        "metrics": case.evaluation.metrics,
        "bar": case.evaluation.bar,
        "difference": case.evaluation.difference,
        **judged(judgement, case.trials),
        "may_be_promoted": judgement.verdict != REJECTED,
        "notes": notes,
    }
    if out is not None:
        write_judged(out, result)
    return result


def training_case(
    settings: Settings,
    registry: Registry,
    forecasts: Forecasts,
    recipe: str,
    data: Dataset,
    final: PortableModel,
    leaks: Sequence[str],
) -> tuple[Case, dict[str, str]]:
    """What a training that is about to be registered is judged by, and what a reader should know of it."""
    tried = record.trials(registry, forecasts.league.name, forecasts.market.name)
    trials, of_plan = _counted(settings, registry, forecasts, tried, recipe)
    number, champion, of_champion = _champion(registry, forecasts)
    case = Case(
        forecasts=forecasts,
        evaluation=evaluate(forecasts, settings.bets),
        trials=replace(trials, champion=number),
        settings=settings.gate,
        bets=settings.bets,
        champion=champion,
        leaks=leaks or None,
        milliseconds=_milliseconds_of(final, data),
        empty_features=_empty(data, data.names),
        revised={},
    )
    return case, of_plan | of_champion


def stored_case(settings: Settings, registry: Registry, version: Version) -> tuple[Case, dict[str, str]]:
    """What a registered version is judged by, and what a reader should know of it."""
    forecasts = stored_forecasts(registry, version)
    tried = record.trials(registry, forecasts.league.name, forecasts.market.name)
    recipe = next((trial.recipe for trial in tried if trial.run_id == version.run_id), version.run_id)
    trials, of_plan = _counted(settings, registry, forecasts, tried, recipe)
    losses, of_losses = _losses(registry, forecasts, tried)
    number, champion, of_champion = _champion(registry, forecasts, besides=version.number)
    seen, of_data = _seen_today(settings, registry, forecasts, version)
    audit, of_audit = noted_audit(version)
    bets = bet_rules(version, settings.bets)
    case = Case(
        forecasts=forecasts,
        evaluation=evaluate(forecasts, bets),
        trials=replace(trials, losses=losses, champion=number),
        settings=settings.gate,
        bets=bets,
        champion=champion,
        leaks=None if audit is None or (audit["quick"] and not audit["leaks"]) else audit["leaks"],
        **seen,
    )
    return case, of_plan | of_losses | of_champion | of_data | of_audit


def _wanted(registry: Registry, name: str, model: str | None) -> Version:
    aliases = {alias for version in versions(registry, name) for alias in version.aliases}
    return resolve(registry, name, model if model is not None else (CHALLENGER if CHALLENGER in aliases else None))


def _counted(
    settings: Settings, registry: Registry, forecasts: Forecasts, tried: Sequence[Trial], recipe: str
) -> tuple[Trials, dict[str, str]]:
    """The place of a recipe among all that was tried on the market, by the plan in force; how settings differ from it.

    A recipe that is not among them is the next one.
    """
    rules = settings.gate
    wanted = record.Plan(rules.planned_trials, rules.horizon, rules.alpha)
    plan = record.declare(registry, forecasts.league.name, forecasts.market.name, wanted)
    known = any(trial.recipe == recipe for trial in tried)
    number, count = record.number(tried, recipe), record.count(tried) + (not known)
    note = f"the settings ask for {wanted}; {plan} was declared with the market's first trial and holds"
    look = record.look(tried, recipe, int(forecasts.seasons.max()))
    trials = Trials(number, count, plan.planned, plan.horizon, plan.alpha, look)
    return trials, {} if plan == wanted else {"plan": note}


def _champion(
    registry: Registry, forecasts: Forecasts, besides: str | None = None
) -> tuple[str | None, Forecasts | None, dict[str, str]]:
    """The champion's number and forecasts, unless it is the version itself; why it cannot be compared with."""
    name = model_name(forecasts.league.name, forecasts.market.name, blind=forecasts.blind, moment=forecasts.moment)
    version = other_champion(registry, name, besides)
    if version is None:
        return None, None, {}
    try:
        return version.number, stored_forecasts(registry, version), {}
    except (OutsideError, UsageError) as exc:  # whoever trains again must not be kept from it
        words = f"not compared with the champion: {str(exc).splitlines()[0]}"
        return version.number, None, {"champion": words}


def _losses(
    registry: Registry, forecasts: Forecasts, tried: Sequence[Trial]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    """Log losses less their bar's on these games, by trial; how many trials have none.

    Of a recipe that was trained more than once the newest counts: an old one lacks the newest games.
    """
    losses: dict[str, NDArray[np.float64]] = {}
    recipes = {trial.recipe for trial in tried}
    for trial in reversed(tried):
        if trial.recipe in recipes:
            try:
                losses[f"{trial.model} {trial.run_id[:8]}"] = _loss(read_predictions(registry, trial), forecasts)
            except (OutsideError, pl.exceptions.ColumnNotFoundError):  # a failed or deleted run may have none
                continue
            recipes.remove(trial.recipe)
    words = f"{len(recipes)} of the trials left no forecasts that can be read; they count, but not in the SPA test"
    return losses, {"trials": words} if recipes else {}


def _loss(stored: pl.DataFrame, forecasts: Forecasts) -> NDArray[np.float64]:
    """The stored predictions' log loss less that of the line they would be bet against, NaN for other games."""
    bar = "opening_line" if "baseline_opening_line" in stored.columns else "closing_line"
    p, line = pl.col("probability"), pl.col(f"baseline_{bar}")
    loss = stored.select("game_id", loss=_log_loss(p) - _log_loss(line))
    joined = forecasts.games.select("game_id").join(loss, on="game_id", how="left", maintain_order="left")
    return joined["loss"].to_numpy().astype(np.float64)


def _log_loss(p: pl.Expr) -> pl.Expr:
    return -pl.when(pl.col("y") == 1).then(p).when(pl.col("y") == 0).then(1 - p).log()


def _seen_today(
    settings: Settings, registry: Registry, forecasts: Forecasts, version: Version
) -> tuple[dict[str, Any], dict[str, str]]:
    """What the workspace's own data tell of a version; with a registry elsewhere there may be none."""
    league = forecasts.league
    portable = fetch_model(registry, version)
    if not has_tables(settings, league):
        words = (
            f"no games of {league.name} in this workspace: "
            "whether the judged games still stand, later games, features and speed were not looked at"
        )
        return {}, {"data": words}
    gold = gold_for(settings, league, version)
    data = assemble(gold, league, forecasts.market, blind=forecasts.blind, moment=forecasts.moment)
    later = forecast_later(portable, data, version.created)
    return {
        "later": later if len(later) else None,
        "milliseconds": _milliseconds(portable, data),
        "empty_features": _empty(data, portable.features),
        "revised": revised(forecasts, data),
    }, {}


def _milliseconds_of(final: PortableModel, data: Dataset) -> float:
    with tempfile.TemporaryDirectory() as folder:
        final.write(folder)
        return _milliseconds(PortableModel.read(folder), data)


def _milliseconds(portable: PortableModel, data: Dataset) -> float:
    """Median time of predicting one game."""
    last = data.take(np.arange(len(data))[-1:])
    X, offset, line = columns(last, portable.features), np.nan_to_num(last.offset), last.line
    seconds = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        portable.log_odds(X, offset, line)
        seconds.append(time.perf_counter() - start)
    return 1000 * median(seconds)


def _empty(data: Dataset, features: Sequence[str]) -> list[str]:
    """Features that the store no longer has, or that were known once and are empty in the newest finished games."""
    unknown = np.isnan(columns(data, features)[~np.isnan(data.value)])
    dried_up = np.flatnonzero(unknown[-_NEWEST:].all(axis=0) & ~unknown.all(axis=0))
    return [name for i, name in enumerate(features) if i in dried_up or name not in data.names]
