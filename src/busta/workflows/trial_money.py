"""Money in a trial: where both versions may bet, each has games of its own and an account of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from busta.betting.settlement import settle
from busta.performance.simulation import Choice, choose
from busta.scoring.intervals import weekly_ratio_interval
from busta.trials.arms import ARMS, arm
from busta.workflows.record import bet_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.performance.forecasts import Forecasts
    from busta.registry.versions import Version
    from busta.settings import Settings

__all__ = ["arms_of"]


def arms_of(
    settings: Settings, trial: str, versions: Sequence[Version], forecasts: Sequence[Forecasts]
) -> dict[str, dict[str, Any]] | None:
    """What each version's bets would have earned, in flat units, on its own games; None unless both are fit to bet.

    The two are never added up, and no test looks at them: the trial is decided by log loss on all games.

    Args:
        settings: All settings.
        trial: Its id.
        versions: Champion and challenger.
        forecasts: What each said of all games so far.
    """
    if any(version.tags.get("fit_to_bet") != "yes" for version in versions):
        return None
    return {
        name: _account(settings, version, _own(said, trial, name))
        for name, version, said in zip(ARMS, versions, forecasts, strict=True)
    }


def _own(said: Forecasts, trial: str, name: str) -> Forecasts:
    return said.take(np.array([arm(trial, game) == name for game in said.games["game_id"]], dtype=np.bool_))


def _account(settings: Settings, version: Version, said: Forecasts) -> dict[str, Any]:
    """Flat units by the rules the version was judged by."""
    bets = choose(said, Choice.by(bet_rules(version, settings.bets))).bets
    profit = settle(said.value[bets.game], said.line[bets.game], bets.first_side, bets.price)
    ends = weekly_ratio_interval(profit, np.ones(len(bets)), said.weeks[bets.game])
    low, high = (None if np.isnan(end) else end for end in ends)
    return {
        "games": len(said),
        "bets": len(bets),
        "turnover": float(len(bets)),
        "profit": float(profit.sum()),
        "roi": float(profit.mean()) if len(bets) else None,
        "roi_low": low,
        "roi_high": high,
    }
