"""One distribution of margin and total from the versions of the three markets of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from busta.betting.distribution import Discretised
from busta.betting.joint import Joint
from busta.errors import BustaError
from busta.markets.dataset import assemble
from busta.plugins import pick
from busta.registry.versions import model_name, resolve
from busta.serving.board import JOINED, MOVED
from busta.workflows.predicting.forecast import say, with_vig
from busta.workflows.training.record import vig_method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from busta.data.schema import Moment
    from busta.features.store import MemoryGold
    from busta.markets.dataset import Dataset
    from busta.plugins import League
    from busta.registry.connect import Registry
    from busta.registry.versions import Version
    from busta.settings import Settings
    from busta.workflows.predicting.forecast import Said

__all__ = ["JOINED", "Kind", "hear", "join", "moved", "rows_of"]


@dataclass(frozen=True)
class Kind:
    """Versions that belong together.

    Attributes:
        settings: The settings.
        registry: Where they are registered.
        league: The league.
        blind: Whether they see no price of the game.
        moment: The price that is bet at.
    """

    settings: Settings
    registry: Registry
    league: League
    blind: bool
    moment: Moment

    def version(self, market: str) -> Version:
        """The champion of that market, or the challenger while there is none.

        Raises:
            UsageError: There is no version.
        """
        return resolve(self.registry, self.model(market))

    def model(self, market: str) -> str:
        """The name that market's model is registered under."""
        return model_name(self.league.name, market, blind=self.blind, moment=self.moment)

    def table(self, market: str, version: Version, gold: MemoryGold, method: str) -> Dataset:
        """The market's games in a store whose prices are freed of their vig by that method, as the version learned."""
        own = vig_method(version, self.settings.bets)
        store = gold if own == method else with_vig(gold, self.league, own)
        return assemble(store, self.league, pick("market", market), blind=self.blind, moment=self.moment)


def hear(
    kind: Kind, markets: Iterable[str], gold: MemoryGold, method: str, games: Sequence[str]
) -> tuple[dict[str, Said], dict[str, str]]:
    """What the version of each market says of those games, and why a market has nothing to say.

    Args:
        kind: Which versions.
        markets: Names of markets.
        gold: The store to read from.
        method: How its prices are freed of their vig; a version that learned them otherwise gets its own.
        games: Ids.
    """
    said: dict[str, Said] = {}
    missing: dict[str, str] = {}
    for name in markets:
        try:
            version = kind.version(name)
            table = kind.table(name, version, gold, method)
            said[name] = say(kind.registry, version, table.take(table.games["game_id"].is_in(games).to_numpy()))
        except BustaError as exc:
            missing[name] = str(exc).splitlines()[0]
    return said, missing


def join(said: Mapping[str, Said], games: Sequence[str]) -> Joint:
    """The joint distribution of each of those games; what a market does not say of a game is no constraint.

    The margin is distributed as the spread's version learned it, or the moneyline's where there is none;
    the total as the totals' version did. Without one nothing is said of the total.
    """
    probability, lines = np.full((len(games), len(JOINED)), np.nan), np.full((len(games), len(JOINED)), np.nan)
    for column, name in enumerate(JOINED):
        if name in said:
            rows = rows_of(said[name], games)
            there = rows >= 0
            win, _, lose = said[name].triples[rows[there]].T
            probability[there, column] = win / (win + lose)
            lines[there, column] = said[name].data.line[rows[there]]
    margin = _distribution(said.get("ats") or said["moneyline"])
    total = _distribution(said["totals"]) if "totals" in said else _any_total(max(-margin.low, margin.high))
    return Joint.agreeing(margin, total, probability, lines[:, 1], lines[:, 2])


def rows_of(said: Said, games: Sequence[str]) -> NDArray[np.int64]:
    """The row of each game, -1 where the market has none of it."""
    place = {game: row for row, game in enumerate(said.data.games["game_id"])}
    return np.array([place.get(game, -1) for game in games], dtype=np.int64)


def moved(joint: Joint) -> NDArray[np.bool_]:
    """Games whose three models contradict each other, so that the spread's probability is not its model's."""
    return np.asarray(np.abs(np.nan_to_num(joint.gap[:, 1])) > MOVED)


def _any_total(widest: int) -> Discretised:
    """A total of which nothing is known, but that it allows for every margin."""
    return Discretised(float(widest), np.ones(widest + 2), 0, widest + 1)


def _distribution(said: Said) -> Discretised:
    return Discretised.from_dict(said.portable.spec["distribution"])
