"""What a member learns from: a fold's training games, weighed by season, and images of them.

An image is made of a training game inside the fit of a fold, so both are always on the same side of a split. However
many images a game has, together they weigh as much as it did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Members

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

__all__ = ["COPIES", "Lessons", "lessons", "mirror", "noised", "season_weights", "signs"]

COPIES = 3
"""Noised copies of a game."""


@dataclass(frozen=True)
class Lessons:
    """Rows to learn from, shape (rows, features) and (rows,).

    Attributes:
        X: Features, NaN where unknown.
        target: Outcome of the first side, between 0 and 1, or points.
        offset: Log-odds to start from.
        side: Whose home it is: 1 the first side's, -1 the second's, in a mirrored game.
        weight: How many games a row counts for; None is one each.
    """

    X: Floats
    target: Floats
    offset: Floats
    side: Floats
    weight: Floats | None = None


def lessons(
    data: Dataset, rows: Rows, target: Floats, swapped: float, settings: Members, seed: int, *, mirrored: bool
) -> Lessons:
    """Those games with those targets, and their images as the settings ask for them.

    Args:
        data: The table.
        rows: The training games.
        target: What is to be learned of each.
        swapped: What the target sums to with that of the game with its sides swapped: 1 outcomes, 0 points.
        settings: Weights and noise.
        seed: Of the noise.
        mirrored: Whether to swap sides, too; a total has none to swap.
    """
    found = Lessons(data.X[rows], target, data.offset[rows], np.ones(len(rows)), season_weights(data, rows, settings))
    if mirrored and data.market.quantity == "margin":
        found = _together([found, mirror(found, _swapped(data), swapped)])
    if settings.noise:
        rng = np.random.default_rng(seed)
        found = _together([found, *(noised(found, settings.noise, rng) for _ in range(COPIES))])
    return found


def mirror(games: Lessons, features: Floats, target: float) -> Lessons:
    """The games with their sides swapped.

    Args:
        games: The games.
        features: What each feature sums to with its mirror image; NaN where it stays as it is.
        target: The same of the target.
    """
    X = np.where(np.isnan(features), games.X, features - games.X)
    return replace(games, X=X, target=target - games.target, offset=-games.offset, side=-games.side)


def noised(games: Lessons, share: float, rng: np.random.Generator) -> Lessons:
    """The games with normal noise of that share of each feature's standard deviation on it.

    To a linear member that is a larger ridge (Bishop 1995).
    """
    known = ~np.isnan(games.X)
    spread = np.zeros(games.X.shape[1])
    spread[known.any(axis=0)] = np.nanstd(games.X[:, known.any(axis=0)], axis=0)
    return replace(games, X=games.X + share * spread * rng.normal(size=games.X.shape))


def season_weights(data: Dataset, rows: Rows, settings: Members) -> Floats | None:
    """What each of those games counts by its season, of the last one 1; None where all count the same."""
    seasons = data.games["season"].to_numpy()[rows].astype(np.int64)
    if settings.half_life is None and settings.era is None:
        return None
    weight = np.ones(len(seasons))
    if settings.half_life is not None:
        weight = 0.5 ** ((seasons.max(initial=0) - seasons) / settings.half_life)
    return weight if settings.era is None else np.where(seasons < settings.era, settings.era_weight, 1.0) * weight


def signs(data: Dataset, *, beyond: bool) -> tuple[int, ...]:
    """Which way each feature is known to move the target: 1, -1, or 0 where that is not known.

    Args:
        data: The table.
        beyond: Whether the target is what lies beyond the market's line or price, not the margin or total itself.
    """
    declared = [data.declared.get(name) for name in data.names]
    which = "line_sign" if beyond else f"{data.market.quantity}_sign"
    return tuple(int(getattr(feature, which, 0)) for feature in declared)


def _swapped(data: Dataset) -> Floats:
    declared = [data.declared.get(name) for name in data.names]
    sums = [np.nan if feature is None or feature.swapped is None else feature.swapped for feature in declared]
    return np.array(sums, dtype=np.float64)


def _together(images: Sequence[Lessons]) -> Lessons:
    """All of them, each weighing its share of what one did."""
    first = images[0]
    weight = np.ones(len(first.target)) if first.weight is None else first.weight
    return Lessons(
        X=np.concatenate([image.X for image in images]),
        target=np.concatenate([image.target for image in images]),
        offset=np.concatenate([image.offset for image in images]),
        side=np.concatenate([image.side for image in images]),
        weight=np.tile(weight / len(images), len(images)),
    )
