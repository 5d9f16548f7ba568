"""Money in a trial: where both versions may bet, each has games of its own and an account of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.betting.settlement import settle
from busta.ledger.fold import fold
from busta.ledger.storage import Ledger
from busta.performance.simulation import Choice, choose
from busta.plugins import pick
from busta.registry.ab_trials import ab_trials
from busta.registry.connect import connect
from busta.registry.publish import CHAMPION
from busta.registry.versions import model_name, versions
from busta.scoring.intervals import weekly_ratio_interval
from busta.trials.arms import ARMS, arm
from busta.workflows.predicting.predict import predicted
from busta.workflows.training.record import bet_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from busta.data.schema import Moment
    from busta.ledger.fold import Bet
    from busta.performance.forecasts import Forecasts
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.workflows.predicting.predict import Predicted, Wanted

__all__ = ["arms_of", "by_arm"]


def by_arm(
    settings: Settings,
    market_name: str,
    wanted: Wanted,
    league_name: str,
    *,
    blind: bool,
    moment: Moment,
    starters: Sequence[str] = (),
) -> list[Predicted]:
    """The predictions that bets are placed by: the champion's; in a trial with money each version's, on its own games.

    Raises:
        BustaError: As `busta.predict`.
    """
    kind: dict[str, Any] = {"blind": blind, "moment": moment, "starters": starters}
    name = model_name(pick("league", league_name).name, pick("market", market_name).name, blind=blind, moment=moment)
    trial, numbers = _with_money(settings, name, pick("league", league_name).name, pick("market", market_name).name)
    found = [predicted(settings, market_name, wanted, league_name, model=number, **kind) for number in numbers]
    if trial is None:
        return found
    return [
        replace(
            each,
            result=each.result
            | {"predictions": [row for row in each.result["predictions"] if arm(trial, row["game_id"]) == own]},
        )
        for own, each in zip(ARMS, found, strict=True)
    ]


def _with_money(settings: Settings, name: str, league: str, market: str) -> tuple[str | None, tuple[str | None, ...]]:
    """The running trial in which champion and challenger both may bet, and their numbers; else whoever is champion."""
    registry = connect(settings)
    for trial in ab_trials(registry, league, market):
        said = trial.declared
        if said.model != name or trial.decision or trial.deleted:
            continue
        there = {version.number: version for version in versions(registry, name)}
        pair = [there.get(number) for number in (said.champion, said.challenger)]
        fit = all(version is not None and version.tags.get("fit_to_bet") == "yes" for version in pair)
        if fit and CHAMPION in there[said.champion].aliases:
            return trial.id, (said.champion, said.challenger)
    return None, (None,)


def arms_of(
    settings: Settings, trial: str, pair: Sequence[Version], forecasts: Sequence[Forecasts]
) -> dict[str, dict[str, Any]] | None:
    """What each version's bets earned on its own games; None unless both are fit to bet.

    Once in flat units, as its rules would have bet, and once the money that the ledger has on it (``real``). The two
    versions are never added up, and no test looks at them: the trial is decided by log loss on all games.

    Args:
        settings: All settings.
        trial: Its id.
        pair: Champion and challenger.
        forecasts: What each said of all games so far.
    """
    if any(version.tags.get("fit_to_bet") != "yes" for version in pair):
        return None
    with Ledger.of(settings) as ledger:
        bets = fold(ledger.read()).of(paper=False)
    return {
        name: _account(settings, version, own := _own(said, trial, name)) | {"real": _real(bets, version, own)}
        for name, version, said in zip(ARMS, pair, forecasts, strict=True)
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


def _real(bets: Sequence[Bet], version: Version, said: Forecasts) -> dict[str, Any]:
    """Settled bets for money that were recommended by the version, on its own games."""
    games = set(said.games["game_id"])
    own = [
        bet
        for bet in bets
        if bet.state == "settled"
        and (bet.body["model"], str(bet.body["model_version"])) == (version.name, version.number)
        and bet.body["game_id"] in games
    ]
    return {
        "bets": len(own),
        "turnover": float(sum(bet.stake for bet in own)),
        "profit": float(sum(bet.profit or 0.0 for bet in own)),
    }
