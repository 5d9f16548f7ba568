"""Train: from the gold store to a registered version, judged beside the closing line."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from busta.errors import UsageError
from busta.markets.dataset import Dataset, assemble, require_quoted
from busta.models.walk import walk
from busta.performance.audit.ask import leaks
from busta.performance.forecasts import Forecasts
from busta.performance.gate.verdict import judge
from busta.plugins import pick
from busta.registry.connect import connect, patiently
from busta.registry.publish import publish
from busta.registry.versions import model_name
from busta.workflows.data.build import gold_of
from busta.workflows.judging.audit import quick_audit
from busta.workflows.judging.gate import training_case
from busta.workflows.training.lineage import peak_rss_mb
from busta.workflows.training.provenance import provenance
from busta.workflows.training.record import Training, recipe_of, record_of, summary
from busta.workflows.training.tracked import as_file, write_trained
from busta.workflows.training.tune import tune

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from busta.data.schema import Moment
    from busta.features.store import GoldStore
    from busta.models.tuning import Search
    from busta.models.walk import Walk
    from busta.settings import Settings

__all__ = ["fitted", "train", "up_to"]

log = logging.getLogger(__name__)


def train(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    through: int | None = None,
    gold_path: Path | str | None = None,
    out: Path | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    tuning: Callable[[int, int, float | None], None] = lambda _done, _of, _best: None,
) -> dict[str, Any]:
    """Trains a market's ensemble, walks it forward, puts it to the gate and registers it with the verdict.

    Builds what is missing: tables (by download, or by playing a simulated league) and gold store.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: Leave out every price of the game itself.
        moment: The price that is bet at.
        through: Last season to learn from.
        gold_path: A gold store made elsewhere, instead of the league's own.
        out: File that a pipeline tracks; it names the version by recipe and digest, wherever it is registered.
        progress: Called with folds done and folds in all.
        tuning: Called with candidates done, candidates in all, and the least log loss that guided the search so far.

    Returns:
        The object ``busta train --json`` prints.

    Raises:
        BustaError: One of its kinds; nothing is registered then.
    """
    as_file(out)
    started, began = time.time(), time.perf_counter()
    league, market = pick("league", league_name), pick("market", market_name)
    settings = settings.of_market(market.name)
    model_name(league.name, market.name, blind=blind, moment=moment)  # refuses another moment before any work
    gold = gold_of(settings, league, gold_path)
    data = up_to(assemble(gold, league, market, blind=blind, moment=moment), settings, through)
    patience = settings.tracking.patience
    registry = patiently(lambda: connect(settings), patience)
    foreign = str(gold.manifest.get("version")) if gold_path else None
    recipe, search, found = fitted(settings, gold, data, through, foreign, progress, tuning)
    forecasts = Forecasts.of(found, data)
    audit = quick_audit(settings, gold, data, foreign=gold_path is not None)
    case, notes = patiently(
        lambda: training_case(settings, registry, forecasts, recipe, data, found.final, leaks(audit)), patience
    )
    trained = Training(
        settings,
        gold,
        data,
        found,
        forecasts,
        case.evaluation,
        judge(case),
        case.trials,
        audit,
        recipe,
        notes,
        started,
        search,
        provenance(gold, through, foreign),
    )
    published = publish(registry, record_of(trained), patience)
    about = {"model": trained.name, "version": published.version, "mlflow_run": published.run_id}
    log.info("%s version %s is registered", trained.name, published.version, extra=about)
    if out is not None:
        write_trained(out, summary(trained))
    return summary(trained) | {
        "run_id": published.run_id,
        "model_version": published.version,
        "seconds": round(time.perf_counter() - began, 2),
        "peak_rss_mb": peak_rss_mb(),
    }


def fitted(
    settings: Settings,
    gold: GoldStore,
    data: Dataset,
    through: int | None,
    foreign: str | None,
    progress: Callable[[int, int], None],
    tuning: Callable[[int, int, float | None], None],
) -> tuple[str, Search | None, Walk]:
    """The recipe, the search it asks for, and the walk forward with the final model: all that makes predictions."""
    recipe = recipe_of(settings, data, through, foreign)
    plain = settings.model_copy(update={"tune": type(settings.tune)()})
    search = tune(settings, gold, data, recipe_of(plain, data, through, foreign), tuning)
    return recipe, search, walk(data, settings.train, progress, search.settings if search else None)


def up_to(data: Dataset, settings: Settings, through: int | None) -> Dataset:
    """The games up to and with a season; seasons that are asked for by name have to be there."""
    season = data.games["season"].to_numpy()
    if data.moment == "open":
        for asked in (settings.train.first_test_season, through):
            if asked is not None:
                require_quoted(data, asked)
    if through is None:
        return data
    if through not in season.tolist():  # an array would look for each of a list
        raise UsageError(f"no season {through}; there are {season.min()} to {season.max()}")
    return data.take(season <= through)
