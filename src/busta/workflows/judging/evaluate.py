"""Evaluate: a registered version's forecasts, scored beside the closing line with their uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from busta.performance.evaluation import evaluate as scored
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import model_name, resolve
from busta.scoring.calibration import reliability
from busta.workflows.bets.rules import rule_notes
from busta.workflows.predicting.forecast import about, stored_forecasts
from busta.workflows.training.tracked import as_folder, write_evaluated

if TYPE_CHECKING:
    from pathlib import Path

    from busta.data.schema import Moment
    from busta.performance.forecasts import Forecasts
    from busta.settings import Settings

__all__ = ["evaluate", "reliability_rows"]


def evaluate(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Scores a version's stored out-of-fold forecasts again, each figure with its interval.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The model without any price of the game itself.
        moment: The price that is bet at.
        model: Version, ``champion``, ``challenger`` or the file of a training; by default the champion, else the
            challenger.
        out: Folder that a pipeline tracks: figures as JSON, and CSV to plot.

    Returns:
        The object ``busta evaluate --json`` prints.

    Raises:
        BustaError: No such model, or nothing to read it from.
    """
    as_folder(out)
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    version = resolve(registry, model_name(league.name, market.name, blind=blind, moment=moment), model)
    forecasts = stored_forecasts(registry, version)
    found = scored(forecasts, settings.bets)
    result = {
        **about(version, forecasts),
        "first_test_season": int(forecasts.seasons.min()),
        "last_test_season": int(forecasts.seasons.max()),
        "metrics": found.metrics,
        "baselines": found.baselines,
        "bar": found.bar,
        "difference": found.difference,
        "differences": found.differences,
        "reliability": reliability_rows(forecasts),
        "by_season": found.by_season,
        "against_the_line": found.verdict,
        "notes": rule_notes(version, settings.bets) | found.notes,
    }
    if out is not None:
        write_evaluated(out, result, forecasts, found)
    return result


def reliability_rows(forecasts: Forecasts) -> list[dict[str, float]]:
    """The reliability curve: a row a bin of equal count."""
    known = ~np.isnan(forecasts.probability)
    curve = reliability(forecasts.probability[known], forecasts.y[known])
    names = ("mean_p", "rate", "low", "high", "count")
    columns = [getattr(curve, name).tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
