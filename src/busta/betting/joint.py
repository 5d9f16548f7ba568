"""Margin and total of a game as one distribution, from which every price of the game is read.

A base knows what results are possible and which are common; it is changed as little as possible so
that moneyline, spread and total are as likely as the three models say.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from busta.betting.guards import ABOVE_0, check_shapes, integer, numbers, probabilities, scalar
from busta.betting.joint_tilt import factors, tilts
from busta.errors import UsageError

if TYPE_CHECKING:
    from busta.betting.distribution import Discretised

__all__ = ["LIMIT", "Joint"]

Floats = NDArray[np.float64]

LIMIT = 1.0
"""How far the densities above and below a spread may be pulled apart, in logs; chosen on games up to 2015."""

CHUNK = 32  # games at a time: (games, margins, totals) arrays stay in cache
SURE = 1e-12  # a model that is surer is taken to be as sure
LEAST = -600.0  # log of a density, far out: none is 0 to the machine
QUARTER = 4
SIDES = (-1, 0, 1)  # below, on and above a line


@dataclass(frozen=True, eq=False)
class Joint:
    """The joint distribution of margin and total of each of n games.

    P(margin, total) = rows[margin] * columns[total] where both have the same parity and
    |margin| <= total, as scores are whole and not below 0; elsewhere 0.

    Attributes:
        margins: The margins, home minus away, shape (k,).
        totals: The totals, shape (l,).
        rows: Shape (n, k).
        columns: Shape (n, l); NaN where nothing was known of the total.
        margin: Probability of each margin, shape (n, k); NaN where nothing was known of it.
        total: Probability of each total, shape (n, l); NaN where nothing was known of it.
        gap: Probability given no push, less the model's, of moneyline, spread and total, shape (n, 3);
            beyond rounding only where the three contradict each other. NaN where a model said nothing.
    """

    margins: NDArray[np.int64]
    totals: NDArray[np.int64]
    rows: Floats
    columns: Floats
    margin: Floats
    total: Floats
    gap: Floats

    @classmethod
    def agreeing(
        cls,
        margin: Discretised,
        total: Discretised,
        probability: ArrayLike,
        spread: ArrayLike,
        total_line: ArrayLike,
        limit: float = LIMIT,
    ) -> Joint:
        """The joint nearest to the base in Kullback-Leibler divergence that agrees with three models.

        The base: the margin is distributed as `margin` around the mean half way between the means that
        the moneyline and the spread stand for; the total, given the margin, as `total` around its own
        mean, cut to what is possible. Where moneyline and spread contradict each other, or agree only
        with densities above and below the spread further apart than the limit, the moneyline's
        probability stands and the spread's is met as nearly as the limit lets it be.

        Args:
            margin: Of the margin around its mean.
            total: Of the total around its mean; none below 0.
            probability: Of home, home and over given no push, at moneyline, spread and total, shape
                (n, 3); NaN where a model says nothing.
            spread: From the home side (home favoured = positive), whole or half, shape (n,).
            total_line: Whole or half, shape (n,).
            limit: In logs, above 0; infinite for none.

        Raises:
            UsageError: A probability outside [0, 1], a line neither whole nor half, shapes that do not
                fit, or totals below 0.
        """
        p, lines = _checked(probability, spread, total_line)
        scalar("limit", limit, ABOVE_0, np.inf, "above 0")
        integer("as the lowest total", total.low)
        widest = min(total.high, max(-margin.low, margin.high))
        margins = np.arange(max(margin.low, -widest), min(margin.high, widest) + 1)
        cells = (margins, total.support)
        parts = [
            _agreeing(margin, total, cells, p[start : start + CHUNK], lines[start : start + CHUNK], limit)
            for start in range(0, max(len(p), 1), CHUNK)
        ]
        return cls(*cells, *(np.concatenate(each) for each in zip(*parts, strict=True)))

    def __len__(self) -> int:
        return len(self.margin)

    def take(self, games: NDArray[np.bool_] | NDArray[np.int64]) -> Joint:
        """Those games only, in the order given."""
        changed = {each.name: getattr(self, each.name) for each in fields(self)}
        changed |= {name: part[games] for name, part in changed.items() if part.ndim > 1}
        return Joint(**changed)

    def cells(self, game: int) -> Floats:
        """Probability of each margin and total of one game, shape (k, l)."""
        found: Floats = self.rows[game][:, None] * self.columns[game] * _possible(self.margins, self.totals)
        return found

    def spread(self, line: ArrayLike) -> Floats:
        """Win, push and lose of the home side at a spread, shape (n, 3); at 0 those of the moneyline.

        A quarter line is two bets of half the stake at the lines beside it: the triple is the share of
        the stake that is won, returned and lost.

        Args:
            line: In points from the home side (home favoured = positive), a number or shape (n,).

        Raises:
            UsageError: A line that is no multiple of a quarter, or shapes that do not fit.
        """
        return _win_push_lose(self.margin, self.margins, line)

    def over(self, line: ArrayLike) -> Floats:
        """The same of the over at a total."""
        return _win_push_lose(self.total, self.totals, line)

    def fair_spread(self) -> Floats:
        """The half spread at which home's chance to cover is nearest to one half, shape (n,)."""
        return fair_line(self.margin, self.margins)

    def fair_total(self) -> Floats:
        """The half total at which the over's chance is nearest to one half, shape (n,)."""
        return fair_line(self.total, self.totals)

    def expected_margin(self) -> Floats:
        """Mean of the margin, in points, shape (n,)."""
        return np.asarray((self.margin * self.margins).sum(axis=1))

    def expected_total(self) -> Floats:
        """Mean of the total, in points, shape (n,)."""
        return np.asarray((self.total * self.totals).sum(axis=1))


def fair_line(pmf: Floats, support: NDArray[np.int64]) -> Floats:
    """The half line above which there is most nearly as much as below, of each row; NaN for one that is missing."""
    above = 1 - np.cumsum(pmf, axis=1)
    missing = np.isnan(above[:, :1])
    place = np.argmin(np.where(missing, 0.0, np.abs(above - 0.5)), axis=1)
    return np.where(missing[:, 0], np.nan, support[place] + 0.5)


def _win_push_lose(pmf: Floats, support: NDArray[np.int64], line: ArrayLike) -> Floats:
    lines = np.atleast_1d(numbers("line", line))
    odd = np.isinf(lines) | ((QUARTER * lines != np.rint(QUARTER * lines)) & ~np.isnan(lines))
    if odd.any():
        raise UsageError(f"line {lines[odd][0]} cannot be right; lines go by quarters of a point")
    if check_shapes(games=pmf[:, 0], lines=lines) != (len(pmf),):
        raise UsageError(f"lines {lines.shape} for {len(pmf)} games; one for each, or one for all, is needed")
    lower, upper = (np.broadcast_to(end / 2, len(pmf))[:, None] for end in (np.floor(2 * lines), np.ceil(2 * lines)))
    sides = [(support > lower, support > upper), (support == lower, support == upper)]
    win, push = (((pmf * one).sum(axis=1) + (pmf * other).sum(axis=1)) / 2 for one, other in sides)
    lose = ((pmf * (support < lower)).sum(axis=1) + (pmf * (support < upper)).sum(axis=1)) / 2
    triple: Floats = np.column_stack((win, push, lose)) / (win + push + lose + 0 * lower[:, 0])[:, None]
    return triple


def _checked(probability: ArrayLike, spread: ArrayLike, total_line: ArrayLike) -> tuple[Floats, Floats]:
    """Probabilities (n, 3), none quite sure, and the lines of spread and total (n, 2)."""
    p = probabilities("given no push", probability)
    lines = [np.atleast_1d(numbers(name, line)) for name, line in (("spread", spread), ("total", total_line))]
    if p.ndim != 2 or p.shape[1] != 3 or any(line.shape != p.shape[:1] for line in lines):  # noqa: PLR2004
        shapes = " and ".join(str(line.shape) for line in lines)
        raise UsageError(f"probabilities {p.shape} and lines {shapes}; three and two a game are needed")
    if any(np.isinf(line).any() for line in lines):
        raise UsageError("a line is infinite; lines are whole or half points, NaN where there is none")
    return np.clip(p, SURE, 1 - SURE), np.column_stack(lines)


def _possible(margins: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which margins and totals go together: of the same parity, and no score below 0."""
    possible: NDArray[np.bool_] = ((margins[:, None] - totals) % 2 == 0) & (np.abs(margins)[:, None] <= totals)
    return possible


def _agreeing(
    margin: Discretised,
    total: Discretised,
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    p: Floats,
    lines: Floats,
    limit: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Rows, columns, both marginals and gap of a few games."""
    (margins, totals), possible = cells, _possible(*cells)
    sides = _sides(margins, 0 * lines[:, 0]), _sides(margins, lines[:, 0]), _sides(totals, lines[:, 1])
    rows, columns = _base(margin, total, cells, p, lines)
    reach = np.stack([((columns * (sides[2] == side))[:, None] * possible).sum(axis=2) for side in SIDES], axis=2)
    rows = rows / reach.sum(axis=2)
    multipliers = tilts(_masses(rows[..., None] * reach, sides[0], sides[1]), _constraints(p, lines), limit)
    tilted = [factors(p[:, each], multipliers[:, each], sides[each]) for each in range(3)]
    rows, columns = rows * tilted[0] * tilted[1], columns * tilted[2]
    across = (rows[:, :, None] * possible).sum(axis=1)
    whole = (across * columns).sum(axis=1, keepdims=True)
    rows, across = rows / whole, across / whole
    down = (columns[:, None] * possible).sum(axis=2)
    columns = np.where(np.isnan(p[:, 2:] + lines[:, 1:]), np.nan, columns)
    marginals = rows * down, across * columns
    shares = [_share(pmf, side) for pmf, side in zip((marginals[0], *marginals), sides, strict=True)]
    return rows, columns, *marginals, np.stack(shares, axis=1) - p + 0 * np.column_stack((p[:, 0], lines))


def _sides(support: NDArray[np.int64], line: Floats) -> Floats:
    """Whether each integer is below (-1), on (0) or above (1) each line, shape (n, k); 0 where there is no line."""
    return np.nan_to_num(np.sign(support - line[:, None]))


def _base(
    margin: Discretised,
    total: Discretised,
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    p: Floats,
    lines: Floats,
) -> tuple[Floats, Floats]:
    """The margin's distribution, and the weights of the totals before they are cut to what a margin allows.

    With nothing known of the total its weights lie around the middle of its support: any will do, as
    they have no bearing on the margin.
    """
    margins, totals = cells
    by_moneyline, by_spread = margin.mean_for(p[:, 0], 0.0), margin.mean_for(p[:, 1], lines[:, 0])
    both = (by_moneyline + by_spread) / 2
    one = np.where(np.isnan(by_spread), by_moneyline, by_spread)
    mean = np.clip(np.where(np.isnan(both), one, both), margins[0], margins[-1])
    first = int(margins[0] - margin.low)
    rows = margin.pmf(mean)[:, first : first + len(margins)]
    centre = np.clip(total.mean_for(p[:, 2], lines[:, 1]), totals[0], totals[-1])
    centre = np.where(np.isnan(centre), totals.mean(), centre)
    columns: Floats = total.weights * np.exp(np.maximum(-0.5 * ((totals - centre[:, None]) / total.sd) ** 2, LEAST))
    return rows / rows.sum(axis=1, keepdims=True), columns


def _masses(cells: Floats, by_zero: Floats, by_spread: Floats) -> Floats:
    """Probability by below, on and above 0, the spread and the total, shape (n, 3, 3, 3), of (n, k, 3)."""
    masses = np.empty((len(cells), 3, 3, 3))
    for one in SIDES:
        for other in SIDES:
            there = (by_zero == one) & (by_spread == other)
            masses[:, one + 1, other + 1] = (cells * there[..., None]).sum(axis=1)
    return masses


def _constraints(p: Floats, lines: Floats) -> Floats:
    """The probabilities to agree with; none of a spread of 0 beside a moneyline, which is the same bet."""
    wanted = p + 0 * np.column_stack((p[:, 0], lines))
    wanted[~np.isnan(p[:, 0]) & (lines[:, 0] == 0), 1] = np.nan
    return wanted


def _share(pmf: Floats, side: Floats) -> Floats:
    """Win / (win + lose)."""
    win, lose = ((pmf * (side == each)).sum(axis=1) for each in (1, -1))
    with np.errstate(invalid="ignore"):  # a distribution on one side of the line has no chance to
        return np.asarray(win / (win + lose))
