"""The distribution of an integer result, a margin or a total, around its mean.

A normal is cut into integers and each integer is weighted: football games end 3 or 7 points apart
far more often than 2 or 5. From it come win, push and lose at any line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit, ndtr, ndtri

from busta.betting.guards import ABOVE_0, LARGEST, check_shapes, finite, integer, numbers, probabilities, scalar
from busta.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Discretised"]

Floats = NDArray[np.float64]

FURTHEST = 30.0  # standard deviations outside the support, from which on its tail is nearly 0 to the machine
REACH = 8.0  # standard deviations that a mean may lie outside the support
CHUNK = 256  # games at a time: (games, integers) arrays stay in cache
TOLERANCE = 1e-7  # of a Newton step, in sd; the error left after it is about its square
MOST_STEPS = 100
LOWEST_WEIGHT, HIGHEST_WEIGHT = 0.02, 5.0


@dataclass(frozen=True, eq=False)
class Discretised:
    """A normal cut into integers and weighted at each of them.

    P(k | mean) is proportional to weights[k] * (Phi((k + 1/2 - mean) / sd) - Phi((k - 1/2 - mean) / sd))
    on the integers from low to high. The mean is the normal's, in points, not exactly the expectation.

    >>> margin = Discretised(sd=13.0, weights=np.ones(141), low=-70, high=70)
    >>> margin.win_push_lose(mean=3.0, line=3).round(4)
    array([[0.4847, 0.0307, 0.4847]])

    Attributes:
        sd: Standard deviation of the normal, in points.
        weights: Of each integer, shape (high - low + 1,), all above 0.
        low: Lowest integer.
        high: Highest integer.

    Raises:
        UsageError: An sd or a weight that is not finite and above 0, or not one weight an integer.
    """

    sd: float
    weights: Floats
    low: int
    high: int

    def __post_init__(self) -> None:
        weights = numbers("weights", self.weights).copy()
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)
        scalar("sd", self.sd, ABOVE_0, LARGEST, "a finite number above 0")
        integer("as low", self.low, -np.inf)
        integer("as high", self.high, -np.inf)
        if self.low >= self.high or weights.shape != (self.high - self.low + 1,):
            raise UsageError(f"{weights.shape} weights for integers {self.low} to {self.high}; one for each is needed")
        if not ((weights > 0) & np.isfinite(weights)).all():
            raise UsageError("a weight is not a finite number above 0")

    @classmethod
    def fit(
        cls,
        values: ArrayLike,
        means: ArrayLike,
        *,
        symmetric: bool,
        low: int | None = None,
        high: int | None = None,
        pseudo: float = 10.0,
    ) -> Discretised:
        """Learn the spread and the weights from results and what was expected of them.

        sd is the root mean square of value - mean. Each weight is the observed frequency of its
        integer over the one that the plain normal expects, both raised by ``pseudo`` games so that
        rare integers stay near 1, and held in [0.02, 5].

        Args:
            values: Integer results, shape (n,); games with a NaN are left out.
            means: What was expected of each, such as the closing line, shape (n,).
            symmetric: Whether k and -k share a weight, as margins do.
            low: Lowest integer; two sd below the lowest value unless given (not below 0 if no value is).
            high: Highest integer; two sd above the highest value unless given.
            pseudo: Games that every integer is shrunk by.

        Raises:
            UsageError: Fewer than two games, results not whole or outside the support, uneven ends, or
                a negative pseudo.
        """
        low, high = (None if end is None else integer("as an end", end, -np.inf) for end in (low, high))
        scalar("pseudo", pseudo, 0, LARGEST, "finite and 0 or more")
        values, means = _results(values, means)
        sd = float(np.sqrt(np.mean((values - means) ** 2)))
        low, high = _support(values, sd, symmetric, low, high)
        observed = np.bincount((values - low).astype(np.intp), minlength=high - low + 1).astype(np.float64)
        expected = cls(sd, np.ones_like(observed), low, high).pmf(means).sum(axis=0)
        if symmetric:
            observed, expected = observed + observed[::-1], expected + expected[::-1]
        weights = np.clip((observed + pseudo) / (expected + pseudo), LOWEST_WEIGHT, HIGHEST_WEIGHT)
        return cls(sd, weights, low, high)

    @property
    def support(self) -> NDArray[np.int64]:
        """The integers from low to high."""
        return np.arange(self.low, self.high + 1)

    def pmf(self, mean: ArrayLike) -> Floats:
        """Probability of each integer: shape (n, high - low + 1) for n means; NaN for a missing one.

        Raises:
            UsageError: A mean so far outside the support that no integer has a probability.
        """
        cells = self.weights * _cells(self._edges(self._near(np.atleast_1d(numbers("mean", mean)))))
        probability: Floats = cells / cells.sum(axis=1, keepdims=True)
        return probability

    def win_push_lose(self, mean: ArrayLike, line: ArrayLike) -> Floats:
        """Probability that the result is above, on and below a line.

        Args:
            mean: Of the normal, in points, shape (n,) or a number.
            line: Whole or half, in points, shape (n,) or a number.

        Returns:
            Shape (n, 3), each row summing to 1; NaN where mean or line is.

        Raises:
            UsageError: A line is neither whole nor half (a quarter line is two bets at the lines beside
                it), a mean far outside the support, or shapes that do not fit.
        """
        mean, line = _pairs(numbers("mean", mean), line)
        mean = self._near(mean)
        triple = np.empty((len(mean), 3))
        for rows in _chunks(len(mean)):
            triple[rows] = self._win_push_lose(mean[rows], line[rows])
        return triple

    def mean_for(self, probability: ArrayLike, line: ArrayLike) -> Floats:
        """The mean at which win / (win + lose) at a line equals a probability.

        That share rises with the mean; Newton's method in log-odds, kept in a bracket, finds it. A
        mean further than eight sd outside the support is not looked for: a probability of 0 or 1, or
        a line at or beyond an end of the support, gets that bound.

        Args:
            probability: That the first side wins given no push, shape (n,) or a number.
            line: Whole or half, in points, shape (n,) or a number.

        Returns:
            Means, in points, shape (n,); NaN where probability or line is.

        Raises:
            UsageError: A probability is outside [0, 1], or a line is neither whole nor half.
        """
        probability, line = _pairs(probabilities("given no push", probability), line)
        mean = np.empty(len(line))
        for rows in _chunks(len(line)):
            mean[rows] = self._mean_for(probability[rows], line[rows])
        return mean

    def split(self, probability: ArrayLike, line: ArrayLike) -> Floats:
        """Win, push and lose of a bet whose probability given no push is known.

        The push is that of the distribution moved to `mean_for`; the rest is shared out so that
        win / (win + lose) is the probability. At a half line nothing is pushed; nor is it, as far as
        this distribution knows, at a line at or beyond an end of its support.

        >>> margin = Discretised(sd=13.0, weights=np.ones(141), low=-70, high=70)
        >>> margin.split(0.5, [3, 3.5]).round(4)
        array([[0.4847, 0.0307, 0.4847],
               [0.5   , 0.    , 0.5   ]])

        Returns:
            Shape (n, 3), each row summing to 1; NaN where probability or line is.

        Raises:
            UsageError: A probability is outside [0, 1], or a line is neither whole nor half.
        """
        probability, line = _pairs(probabilities("given no push", probability), line)
        push = np.zeros(len(line))
        pushable = np.flatnonzero((line == np.rint(line)) & (line > self.low) & (line < self.high))
        mean = self.mean_for(probability[pushable], line[pushable])
        push[pushable] = self.win_push_lose(mean, line[pushable])[:, 1]
        push += 0 * line  # no line, no push
        return np.column_stack((probability * (1 - push), push + 0 * probability, (1 - probability) * (1 - push)))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, to be written as JSON; `from_dict` reads them."""
        return {"sd": self.sd, "low": self.low, "high": self.high, "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Discretised:
        """The distribution that `to_dict` wrote.

        Raises:
            UsageError: It did not write that.
        """
        try:
            return cls(plain["sd"], plain["weights"], plain["low"], plain["high"])
        except (KeyError, TypeError):
            raise UsageError("no distribution is written there; sd, weights, low and high are needed") from None

    def _near(self, mean: Floats) -> Floats:
        """The means, none so far outside the support that nothing is left of the normal there."""
        if mean.ndim != 1:
            raise UsageError(f"means of shape {mean.shape}; one a game, shape (n,), is needed")
        far = (mean < self.low - FURTHEST * self.sd) | (mean > self.high + FURTHEST * self.sd)
        if far.any():
            raise UsageError(f"mean {mean[far][0]} is too far from integers {self.low} to {self.high}, sd {self.sd:g}")
        return mean

    def _edges(self, mean: Floats) -> Floats:
        """Borders between the integers in standard units, shape (n, integers + 1)."""
        borders = np.arange(self.low, self.high + 2) - 0.5
        edges: Floats = (borders - mean[:, None]) / self.sd
        return edges

    def _sides(self, line: Floats) -> tuple[Floats, Floats]:
        """The weights of the integers above and below each line, 0 elsewhere: (n, integers) each."""
        support = self.support
        above, below = support > line[:, None], support < line[:, None]
        return self.weights * above, self.weights * below

    def _win_push_lose(self, mean: Floats, line: Floats) -> Floats:
        cells = _cells(self._edges(mean))
        win, lose = (_rowwise(cells, side) for side in self._sides(line))
        push = np.where(
            line == np.rint(line),
            np.maximum(_rowwise(cells, np.broadcast_to(self.weights, cells.shape)) - win - lose, 0.0),
            0.0,
        )
        triple: Floats = np.column_stack((win, push, lose)) / (win + push + lose + 0 * line)[:, None]
        return triple

    def _mean_for(self, probability: Floats, line: Floats) -> Floats:
        sides, target = self._sides(line), logit(probability)
        bottom = np.full(len(line), self.low - REACH * self.sd)
        top = np.full(len(line), self.high + REACH * self.sd)
        mean = np.clip(line + self.sd * ndtri(probability), bottom, top)
        moving = np.ones(len(line), dtype=bool)  # a game that is done rests: its bits do not depend on the others
        for _ in range(MOST_STEPS):
            with np.errstate(divide="ignore", invalid="ignore"):
                log_odds, slope = self._log_odds(mean, sides)
                excess = log_odds - target
                newton = mean - excess / slope
            bottom, top = np.where(excess < 0, mean, bottom), np.where(excess > 0, mean, top)
            inside = (newton >= bottom) & (newton <= top)
            moved, mean = mean, np.where(moving, np.where(inside, newton, (bottom + top) / 2), mean)
            moving &= np.abs(moved - mean) > TOLERANCE * self.sd
            if not moving.any():
                break
        return np.where(np.isnan(target + line), np.nan, mean)

    def _log_odds(self, mean: Floats, sides: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Log-odds of win against lose, and how fast they rise with the mean."""
        edges = self._edges(mean)
        cells = _cells(edges)
        slopes = np.diff(np.exp(-0.5 * edges**2), axis=1) / (-self.sd * np.sqrt(2 * np.pi))
        win, lose = (_rowwise(cells, side) for side in sides)
        win_slope, lose_slope = (_rowwise(slopes, side) for side in sides)
        return np.log(win / lose), win_slope / win - lose_slope / lose


def _cells(edges: Floats) -> Floats:
    """Normal mass between borders, each taken in its nearer tail: exact far out, too."""
    above = np.signbit(-edges)
    tail = np.copysign(ndtr(-np.abs(edges)), -edges)
    cells: Floats = np.diff(tail, axis=1)
    cells += above[:, 1:] & ~above[:, :-1]
    return cells


def _rowwise(first: Floats, second: Floats) -> Floats:
    """Scalar product of each row of one with that of the other."""
    products: Floats = (first * second).sum(axis=1)
    return products


def _pairs(first: Floats, line: ArrayLike) -> tuple[Floats, Floats]:
    """Both as vectors of one length; lines checked."""
    lines = np.atleast_1d(numbers("line", line))
    odd = np.isinf(lines) | ((2 * lines != np.rint(2 * lines)) & ~np.isnan(lines))
    if odd.any():
        raise UsageError(f"line {lines[odd][0]} is neither whole nor half; a quarter line is two bets")
    games = check_shapes(first=first, lines=lines)
    if len(games) != 1:
        raise UsageError(f"games of shape {games}; one number a game, shape (n,), is needed")
    return np.broadcast_to(first, games), np.broadcast_to(lines, games)


def _chunks(rows: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, rows, CHUNK))


def _results(values: ArrayLike, means: ArrayLike) -> tuple[Floats, Floats]:
    """Games that have both, checked."""
    played, expected = finite("value", values), finite("mean", means)
    if played.ndim != 1 or played.shape != expected.shape:
        raise UsageError(f"values {played.shape} and means {expected.shape} are not one number a game each")
    games = np.array([played, expected])
    result, mean = games[:, ~np.isnan(games).any(axis=0)]
    if len(result) < 2 or (result != np.rint(result)).any():  # noqa: PLR2004
        raise UsageError(f"{len(result)} games with a result and a mean; at least two, of whole numbers, are needed")
    return result, mean


def _support(values: Floats, sd: float, symmetric: bool, low: int | None, high: int | None) -> tuple[int, int]:
    """The integers that the results span with room beside them, unless given."""
    if symmetric:
        widest = int(np.ceil(np.abs(values).max() + 2 * sd))
        low, high = (-widest if low is None else low), (widest if high is None else high)
        if low != -high:
            raise UsageError(f"a symmetric fit from {low} to {high}; the ends must mirror each other")
    else:
        floor = 0.0 if values.min() >= 0 else -np.inf
        low = int(max(np.floor(values.min() - 2 * sd), floor)) if low is None else low
        high = int(np.ceil(values.max() + 2 * sd)) if high is None else high
    if values.min() < low or values.max() > high:
        raise UsageError(f"results from {values.min()} to {values.max()} outside the support {low} to {high}")
    return low, high
