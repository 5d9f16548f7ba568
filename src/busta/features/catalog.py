"""What each feature is, in which unit, and when it is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["PRICES", "Feature", "Sign", "of_both_teams", "select"]

Sign = Literal[-1, 0, 1]

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
        margin_sign: 1 where more of it is known to raise the home team's margin (a team's own, of a team's feature), -1
            where it lowers it, 0 where that is not known.
        total_sign: The same of the total.
        line_sign: The same of how far margin or total, whichever the line is of, lies beyond the line.
        swapped: What it sums to with its value were home and away swapped: 0 where it changes sign, 1 for the
            probability of a side; None where it stays as it is.
    """

    name: str
    group: str
    unit: str
    meaning: str
    known_at: str
    needs: tuple[str, ...] = ()
    margin_sign: Sign = 0
    total_sign: Sign = 0
    line_sign: Sign = 0
    swapped: float | None = None

    def to_dict(self) -> dict[str, object]:
        """As the manifest holds it."""
        return asdict(self)


def of_both_teams(team_features: Iterable[Feature]) -> tuple[Feature, ...]:
    """A team's features as a game has them: home minus away (``_diff``) and home plus away (``_sum``).

    What a team has more of says something of the margin as a difference alone, of the total as a sum alone.
    """
    team_features = tuple(team_features)
    return (
        *(
            replace(f, name=f"{f.name}_diff", meaning=f"{f.meaning} Home minus away.", total_sign=0, swapped=0.0)
            for f in team_features
        ),
        *(
            replace(f, name=f"{f.name}_sum", meaning=f"{f.meaning} Home plus away.", margin_sign=0)
            for f in team_features
        ),
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
