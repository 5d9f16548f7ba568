"""Back-test: what a registered version's out-of-fold predictions would have earned."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from busta.betting.staking_rules import Staking
from busta.errors import UsageError
from busta.performance.simulation.choice import Choice
from busta.performance.simulation.study import Plan, Study, study
from busta.plugins import pick, several
from busta.registry.connect import connect
from busta.registry.publish import CHAMPION
from busta.registry.versions import model_name, resolve, versions
from busta.workflows.bets.rules import rule_notes
from busta.workflows.predicting.forecast import about, stored_forecasts
from busta.workflows.training.record import vig_method

if TYPE_CHECKING:
    from busta.data.schema import Moment
    from busta.performance.forecasts import Forecasts
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Bets, Settings

__all__ = ["Filters", "backtest", "betting_plan", "figures", "nulls", "rules_of"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which games and bets are looked at; nothing given means all.

    Attributes:
        seasons: Only these.
        teams: Only games of one of these, by any name the league knows.
        side: Only bets on this side: home, away, over or under.
        role: Only bets on the ``favourite`` or on the ``underdog``.

    Raises:
        UsageError: A season that is no number, or a team that is no text.
    """

    seasons: tuple[int, ...] = ()
    teams: tuple[str, ...] = ()
    side: str | None = None
    role: Literal["favourite", "underdog"] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "seasons", several("seasons", self.seasons, int, "a season"))
        object.__setattr__(self, "teams", several("teams", self.teams, str, "a team"))


def backtest(
    settings: Settings,
    market_name: str,
    league_name: str = "nfl",
    *,
    blind: bool = False,
    moment: Moment = "close",
    model: str | None = None,
    filters: Filters | None = None,
) -> dict[str, Any]:
    """Back-tests a version: the champion, or the challenger while there is none.

    Rules and stakes are those of ``settings.bets``. Every game is bet on the prediction of a model
    that had seen only earlier ones.

    Args:
        settings: All settings.
        market_name: Market or alias.
        league_name: League.
        blind: The model that sees no price of the game itself.
        moment: The price that is bet at.
        model: Version, ``champion`` or ``challenger``.
        filters: Which games and bets are looked at.

    Returns:
        The object ``busta backtest --json`` prints.

    Raises:
        UsageError: No such version, season, team or side; or a version of before back-tests.
    """
    league, market = pick("league", league_name), pick("market", market_name)
    registry = connect(settings)
    version = resolve(registry, model_name(league.name, market.name, blind=blind, moment=moment), model)
    forecasts = stored_forecasts(registry, version)
    champion, why_not = _champion(registry, version)
    seed = settings.of_market(market.name).train.seed
    plan = betting_plan(settings.bets, filters or Filters(), vig_method(version, settings.bets), seed)
    found = study(forecasts, plan, champion)
    return {
        **about(version, forecasts),
        "paper": version.tags.get("fit_to_bet") != "yes",
        "rules": rules_of(plan),
        **figures(found),
        "notes": rule_notes(version, settings.bets) | found.notes | why_not,
    }


def _champion(registry: Registry, version: Version) -> tuple[Forecasts | None, dict[str, str]]:
    """The champion's forecasts if it is another version, or the note that says why there are none."""
    key = "strategies.champion"
    for other in versions(registry, version.name):
        if CHAMPION in other.aliases and other.number != version.number:
            try:
                return stored_forecasts(registry, other), {}
            except UsageError as exc:
                return None, {key: str(exc)}
    if CHAMPION in version.aliases:
        return None, {key: "this version is the champion"}
    return None, {key: "there is no champion yet"}


def betting_plan(bets: Bets, filters: Filters, vig_method: str, seed: int) -> Plan:
    """What settings and filters ask of bets, with a version's own way of removing the vig."""
    choice = Choice.by(bets, **asdict(filters))
    staking = Staking(bets.stakes, bets.unit, bets.kelly_fraction, bets.kelly_cap, seed)
    return Plan(choice, staking, bets.bankroll, bets.slippage, bets.ruin, vig_method, seed)


def rules_of(plan: Plan) -> dict[str, Any]:
    """What was asked of a bet and how it was staked, flat."""
    staking = {"stakes" if name == "rule" else name: value for name, value in asdict(plan.staking).items()}
    others = {field.name: getattr(plan, field.name) for field in fields(plan)[2:]}
    return asdict(plan.choice) | staking | others


def figures(found: Study) -> dict[str, Any]:
    """Everything but the ledger and the notes, NaN as ``None``."""
    left_out = ("ledger", "notes", "slippage", "vig_methods")
    plain = {field.name: getattr(found, field.name) for field in fields(found) if field.name not in left_out}
    plain["sensitivity"] = {"slippage": found.slippage, "vig_method": found.vig_methods}
    cleaned: dict[str, Any] = nulls(plain)
    return cleaned


def nulls(value: Any) -> Any:
    """The same, nested, with ``None`` for every number that is not finite."""
    if isinstance(value, dict):
        return {name: nulls(part) for name, part in value.items()}
    if isinstance(value, list):
        return [nulls(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
