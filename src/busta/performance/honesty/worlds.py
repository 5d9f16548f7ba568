"""Worlds with known truth, many at a time.

A season is 17 weeks of 16 games at -110. The true margin is normal around its mean, the opening line is
that mean plus a bias, the close corrects a share of the bias. A candidate of skill lambda says
-lambda * bias + noise, in points; one without skill says only the noise. Nothing here knows what the
rules under test will do with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from busta.leagues.simulation.scores import MARGINS, margin_pmf
from busta.performance.significance.margin import MARGIN_SD

__all__ = ["GAMES_A_WEEK", "Sample", "World", "draw", "whole_weeks"]

Singles = NDArray[np.float32]

GAMES_A_WEEK = 16
STRENGTH_SD = 6.0  # points, of the true mean margin
FLOWS = 4096  # quantiles that a margin in whole points is drawn from
REACH = 30.0  # points, largest true mean that such a margin can have


@dataclass(frozen=True)
class World:
    """What is true in a world. The defaults are a market without a bias, and nothing to find.

    Attributes:
        bias: Sd of the opening line's bias, in points.
        learns: Share of the bias that the close corrects; 0 where it moves for no reason.
        skill: Share of the bias that a skilled candidate sees.
        noise: Sd of an opinion's noise, in points.
        boast: What opinions are multiplied by: above 1 they claim more than they know.
        tails: Whether errors are Student's t with 4 degrees of freedom, same sd.
        whole: Whether margins are whole points with key numbers, lines half points.
        shared_error: Share of the variance of the margin's error that a week's games have in common.
        shared_opinion: The same of an opinion's noise.
        shared_bias: The same of the bias.
        memory: Correlation of those common parts from one week to the next.
        chases: What an opinion holds of the line's move, whatever that is worth.
        lasts: Share of the time after which the bias is gone.
    """

    bias: float = 0.0
    learns: float = 0.0
    skill: float = 1.0
    noise: float = 1.5
    boast: float = 1.0
    tails: bool = False
    whole: bool = False
    shared_error: float = 0.0
    shared_opinion: float = 0.0
    shared_bias: float = 0.0
    memory: float = 0.0
    chases: float = 0.0
    lasts: float = 1.0


@dataclass(frozen=True, eq=False)
class Sample:
    """Games of some worlds, in points.

    Attributes:
        opinion: Of each candidate, shape (worlds, candidates, weeks, 16); the first ones are skilled.
        residual: Real margin minus opening line, shape (worlds, weeks, 16).
        move: Closing line minus opening line, shape (worlds, weeks, 16).
        surplus: True mean margin minus opening line, shape (worlds, weeks, 16).
    """

    opinion: Singles
    residual: Singles
    move: Singles
    surplus: Singles


def whole_weeks(games: int) -> int:
    """The weeks nearest to so many games.

    >>> [whole_weeks(games) * GAMES_A_WEEK for games in (285, 1400, 6200)]
    [288, 1408, 6208]
    """
    return max(round(games / GAMES_A_WEEK), 1)


def draw(world: World, *, worlds: int, candidates: int, skilled: int, games: int, rng: np.random.Generator) -> Sample:
    """Draw games and opinions.

    Args:
        world: What is true.
        worlds: How many.
        candidates: In each world.
        skilled: Of them; they come first.
        games: In each world, rounded to whole weeks.
        rng: Source of chance.
    """
    shape = (worlds, whole_weeks(games), GAMES_A_WEEK)
    bias = world.bias * _noise(rng, shape, world.shared_bias, world.memory)
    bias[:, round(shape[1] * world.lasts) :] = 0
    residual, surplus = _results(world, bias, rng)
    drift = rng.standard_normal(shape, dtype=np.float32)
    move = -world.learns * bias + drift * np.float32(0.5 if world.learns else 1.0)
    opinion = _noise(rng, (worlds, candidates, *shape[1:]), world.shared_opinion, world.memory)
    opinion *= np.float32(world.noise)
    if world.chases:
        opinion += np.float32(world.chases) * move[:, None]
    opinion[:, :skilled] -= np.float32(world.skill) * bias[:, None]
    opinion *= np.float32(world.boast)
    return Sample(opinion, residual, move, surplus)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], shared: float, memory: float) -> Singles:
    """Standard normal numbers; a share of their variance is common to a week and remembers the last one."""
    own = rng.standard_normal(shape, dtype=np.float32)
    if not shared:
        return own
    common = rng.standard_normal(shape[:-1])
    common[..., 1:] *= np.sqrt(1 - memory**2)
    common = lfilter([1.0], [1.0, -memory], common, axis=-1)
    own *= np.float32(np.sqrt(1 - shared))
    own += (np.sqrt(shared) * common[..., None]).astype(np.float32)
    return own


def _results(world: World, bias: Singles, rng: np.random.Generator) -> tuple[Singles, Singles]:
    """Real margin and true mean, both minus the opening line."""
    if world.whole:
        return _whole_points(bias, rng)
    if world.tails:
        error = (rng.standard_t(4, bias.shape) / np.sqrt(2)).astype(np.float32)
    else:
        error = _noise(rng, bias.shape, world.shared_error, world.memory)
    return np.float32(MARGIN_SD) * error - bias, -bias


def _whole_points(bias: Singles, rng: np.random.Generator) -> tuple[Singles, Singles]:
    """Margins with key numbers, and lines at the nearest half point."""
    mean = np.clip(STRENGTH_SD * rng.standard_normal(bias.shape, dtype=np.float32), -REACH, REACH)
    line = np.rint(2 * (mean + bias)) / 2
    margin = _margins()[np.rint(4 * (mean + REACH)).astype(np.intp), rng.integers(0, FLOWS, bias.shape)]
    return margin - line, mean - line


@lru_cache(maxsize=1)
def _margins() -> Singles:
    """Quantiles of the margin, shape (means a quarter of a point apart, FLOWS)."""
    means = np.arange(-REACH, REACH + 0.25, 0.25)
    below = np.cumsum(margin_pmf(means, MARGIN_SD, np.ones(len(means))), axis=1)
    middles = (np.arange(FLOWS) + 0.5) / FLOWS
    return np.array([MARGINS[np.searchsorted(row, middles)] for row in below / below[:, -1:]], dtype=np.float32)
