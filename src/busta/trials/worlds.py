"""Worlds in which it is known how much better the challenger is, to try the rules on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtri

from busta.trials.gains import weekly_gains

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.trials.gains import Gains

    Floats = NDArray[np.float64]

__all__ = ["World", "play"]


@dataclass(frozen=True)
class World:
    """Two versions that see the truth through errors, in log-odds, of games whose results go together within a week.

    Attributes:
        gain: Log loss a game by which the challenger is better; below 0 where it is worse.
        error: Standard deviation of the better version's errors.
        together: Correlation of a version's errors, and of results, within a week.
        favourite: Mean log-odds of the first side; -3 is a league of long shots.
        lasting: Whether errors belong to a season of a team and not to a game: one of two alike is then
            better for a season, without being better.
        games: A week.
        weeks: A season.
    """

    gain: float = 0.0
    error: float = 0.1
    together: float = 0.0
    favourite: float = 0.3
    lasting: bool = False
    games: int = 15
    weeks: int = 18

    def errors(self) -> tuple[float, float]:
        """Standard deviations of the champion's and the challenger's errors."""
        larger = _larger(abs(self.gain), self.error, self.favourite)
        return (larger, self.error) if self.gain > 0 else (self.error, larger)


def play(world: World, rng: Generator, worlds: int, seasons: int) -> tuple[Gains, Floats]:
    """So many worlds: gains, and what they were to be expected to be, shape (worlds, weeks)."""
    shape = (worlds, seasons * world.weeks, world.games)
    truth = rng.normal(world.favourite, SPREAD, shape)
    versions = [expit(truth + sd * _errors(world, rng, shape)) for sd in world.errors()]
    p = expit(truth)
    common = rng.normal(size=(*shape[:2], 1))
    luck = np.sqrt(world.together) * common + np.sqrt(1 - world.together) * rng.normal(size=shape)
    y = (luck < ndtri(p)).astype(np.float64)
    c, h = versions
    expected = (p * np.log(h / c) + (1 - p) * np.log((1 - h) / (1 - c))).sum(axis=-1)
    flat = (worlds, -1)
    weeks = np.repeat(np.arange(shape[1]), world.games)
    return weekly_gains(c.reshape(flat), h.reshape(flat), y.reshape(flat), weeks), expected


SPREAD = 0.8  # standard deviation of the games' true log-odds, as of NFL moneylines


def _errors(world: World, rng: Generator, shape: tuple[int, int, int]) -> Floats:
    """Errors of one version, of variance 1."""
    if world.lasting:
        return _of_teams(rng, shape, world.weeks)
    common = rng.normal(size=(*shape[:2], 1))
    return np.asarray(np.sqrt(world.together) * common + np.sqrt(1 - world.together) * rng.normal(size=shape))


def _of_teams(rng: Generator, shape: tuple[int, int, int], weeks: int) -> Floats:
    """The home team's error less the visitor's, every team playing once a week against another."""
    worlds, total, games = shape
    teams = rng.normal(size=(worlds, total // weeks, 2 * games)) / np.sqrt(2)
    pairs = rng.permuted(np.tile(np.arange(2 * games), (total, 1)), axis=1)
    season = np.arange(total) // weeks
    drawn = teams[:, season[:, None], pairs]
    return np.asarray(drawn[..., :games] - drawn[..., games:])


@cache
def _larger(gain: float, error: float, favourite: float) -> float:
    """The error that costs so much log loss more than the other one."""
    rng = np.random.default_rng(5)
    truth, noise = rng.normal(favourite, SPREAD, 200_000), rng.normal(size=200_000)
    p = expit(truth)

    def loss(sd: float) -> float:
        q = expit(truth + sd * noise)
        return float(-(p * np.log(q) + (1 - p) * np.log1p(-q)).mean())

    least = loss(error)
    return float(brentq(lambda sd: loss(sd) - least - gain, error, 5.0)) if gain else error
