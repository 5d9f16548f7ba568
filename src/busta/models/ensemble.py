"""Members fitted together on the games of a fold, to be weighed and calibrated by what others did before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from busta.errors import DataError
from busta.models.distribution import fit_distribution
from busta.models.members import MARKET, Member, fit_member
from busta.models.portable import FORMAT, PortableModel
from busta.models.selection import masked, spoken_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from busta.betting.distribution import Discretised
    from busta.markets.dataset import Dataset
    from busta.settings import Train

__all__ = ["Fitted", "fit", "member_names"]


@dataclass(frozen=True)
class Fitted:
    """Members that have learned from the same games.

    Attributes:
        members: The market first.
        distribution: Of the margin or total around its mean; gives pushes.
        features: Columns of ``X``.
        blind: Whether they saw no price of the game itself.
        has_line: Whether the market's line moves from game to game.
    """

    members: tuple[Member, ...]
    distribution: Discretised
    features: tuple[str, ...]
    blind: bool
    has_line: bool

    def model(self, weights: NDArray[np.float64], calibration: dict[str, Any]) -> PortableModel:
        """The ensemble of those weights, one a member, and that calibration."""
        members = [
            member.spec | {"weight": weight} for member, weight in zip(self.members, weights.tolist(), strict=True)
        ]
        spec = {
            "format": FORMAT,
            "information": "blind" if self.blind else "anchored",
            "features": list(self.features),
            "has_line": self.has_line,
            "members": members,
            "calibration": calibration,
            "distribution": self.distribution.to_dict(),
        }
        return PortableModel(spec, {member.name: member.booster for member in self.members if member.booster})

    def member_log_odds(self, data: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Each member's log-odds of the first side, shape (games, members)."""
        model = self.model(np.ones(len(self.members)), {})
        return np.asarray(model.member_log_odds(data.X[rows], data.offset[rows], data.line[rows]))


def member_names(settings: Train, *, blind: bool) -> tuple[str, ...]:
    """The members of an ensemble, the market first."""
    return (MARKET, *settings.members(blind=blind).members)


def fit(data: Dataset, rows: NDArray[np.int64], settings: Train) -> Fitted:
    """Fits all members on those games of the table; a push teaches points and distribution only.

    Raises:
        DataError: No games, or all with the same outcome.
    """
    y = data.y[rows][~np.isnan(data.y[rows])]
    if not y.size or y.min() == y.max():
        raise DataError(
            f"{data.market.name}: cannot learn from {y.size} games "
            "whose outcomes are all the same; more results are needed"
        )
    chosen = settings.members(blind=data.blind)
    seen = masked(data, spoken_for(data, rows, chosen, settings.seed))
    names = member_names(settings, blind=data.blind)
    members = [fit_member(name, seen, rows, chosen, settings.seed) for name in names]
    return Fitted(tuple(members), fit_distribution(data, rows), data.names, data.blind, data.market.has_line)
