"""What each feature is, in which unit, and when it is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["PRICES", "Feature", "of_both_teams", "select"]

PRICES = "prices"
"""The group that holds the prices of the game itself; a blind model reads all groups but this one."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the gold store.

    Attributes:
        name: The column.
        group: The file of the store it stands in; a group's values become known together.
        unit: Points, days, kilometres, probability, flag …
        meaning: One sentence.
        known_at: The rule that says when.
        needs: Columns of ``games`` or ``quotes`` it is made from, beyond teams, times and scores.
    """

    name: str
    group: str
    unit: str
    meaning: str
    known_at: str
    needs: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """As the manifest holds it."""
        return asdict(self)


def of_both_teams(team_features: Iterable[Feature]) -> tuple[Feature, ...]:
    """A team's features as a game has them: home minus away (``_diff``) and home plus away (``_sum``)."""
    return tuple(
        Feature(f"{f.name}_{suffix}", f.group, f.unit, f"{f.meaning} {words}", f.known_at, f.needs)
        for suffix, words in (("diff", "Home minus away."), ("sum", "Home plus away."))
        for f in team_features
    )


def select(features: Iterable[Feature], patterns: Sequence[str], *, blind: bool) -> list[str]:
    """Names of the features that match one of the patterns, in catalogue order, without prices if blind.

    >>> elo = Feature("elo_diff", "form", "Elo", "Strength.", "final")
    >>> line = Feature("price_spread", PRICES, "points", "The spread.", "quote")
    >>> select([elo, line], ["*_diff", "price_*"], blind=True)
    ['elo_diff']
    """
    return [
        f.name
        for f in features
        if any(fnmatchcase(f.name, pattern) for pattern in patterns) and not (blind and f.group == PRICES)
    ]
