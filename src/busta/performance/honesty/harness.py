"""The rules of `significance` in worlds whose truth is known: how often they err, how much they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from busta.performance.honesty.tally import Share, Tally
from busta.performance.honesty.worlds import GAMES_A_WEEK, Sample, draw, whole_weeks
from busta.performance.significance.boundary import RANKING_WEEKS, critical_value, first_crossing, levels, statistics
from busta.performance.significance.eprocess import log_evidence, threshold
from busta.performance.significance.margin import FEW_WEEKS, MARGIN_SD, Scores, fitted_edge, z_score
from busta.performance.significance.profit import PROFIT_LEVEL, ExpectedRoi, bet_values
from busta.performance.significance.selection import selected_edge
from busta.scoring.intervals import ratio_of_sums

if TYPE_CHECKING:
    from busta.performance.honesty.cells import Cell

__all__ = ["ALPHA", "Inflation", "Row", "coverage_of_legs", "measure", "week_sums"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

ALPHA = 0.05
PRICE = 1 + 100 / 110
MIN_EDGE = 0.02  # of the bets a candidate makes, by its own opinion
THRESHOLD = float(ndtri((1 + MIN_EDGE) / PRICE)) * MARGIN_SD  # points that such an opinion has
CHUNK = 3_000_000  # opinions at a time
RECENT = 1.645  # closing-line value's z over the last two seasons
EMPTY = np.zeros(0)


@dataclass(frozen=True)
class Inflation:
    """ROI shown minus true ROI, mean over candidates that were selected; NaN where none was.

    Attributes:
        raw: By the fitted edge.
        corrected: By `selected_edge`.
        coverage: Corrected intervals that hold the true ROI.
    """

    raw: float
    corrected: float
    coverage: Share


@dataclass(frozen=True)
class Row:
    """What was measured in a cell. Where nobody is skilled, shares are over worlds with any such candidate.

    Attributes:
        cell: Where.
        worlds: How many.
        informative: A skilled candidate (any, where there is none) passed the boundary, looked at weekly.
        false_informative: Any candidate that knows nothing did.
        once: As the first, at one look at the horizon.
        evidence: As the first, by the e-process.
        fit_to_bet: It passed, and the lower bound of its expected ROI at the horizon is above 0.
        false_fit_to_bet: Any candidate whose true ROI is not above 0 is called so.
        still: It passed, and its closing-line value has z > 1.645 over the last two seasons.
        true_roi: Of a skilled candidate's bets (of any, where there is none).
        roi_coverage: Its 95 % ROI intervals that hold the true ROI.
        best: What is shown of the best of all candidates at the horizon.
        crossing: What is shown of every candidate at the moment it crosses.
    """

    cell: Cell
    worlds: int
    informative: Share
    false_informative: Share
    once: Share
    evidence: Share
    fit_to_bet: Share
    false_fit_to_bet: Share
    still: Share
    true_roi: float
    roi_coverage: Share
    best: Inflation
    crossing: Inflation

    def missed(self) -> list[str]:
        """The targets that were not reached, in words, by more than chance explains."""
        found = []
        for target in self.cell.targets:
            share: Share = getattr(self, target.figure)
            wrong = share.high < target.least or share.low > target.most or share.high > target.upper
            if wrong:
                found.append(
                    f"{target.figure} {100 * share.value:.1f} % ({100 * share.low:.1f}-{100 * share.high:.1f})"
                )
        return found


@dataclass(frozen=True, eq=False)
class _Bets:
    """Week sums of a candidate's bets; every array has shape (worlds, candidates, weeks)."""

    turnover: Floats
    profit: Floats
    gain: Floats

    def roi(self, where: tuple[Places, ...], last: int) -> ExpectedRoi:
        """Expected ROI of the bets of some candidates up to a week."""
        turnover = self.turnover[where][..., : last + 1].sum(axis=-1)
        gain = self.gain[where][..., : last + 1].sum(axis=-1)
        base, _ = bet_values(PRICE)
        known = np.where(turnover > 0, turnover, np.nan)
        return ExpectedRoi(np.broadcast_to(base, known.shape), gain / known)


@dataclass(frozen=True, eq=False)
class _Shown:
    """Expected ROI of candidates that were selected: raw, corrected, and the corrected interval."""

    skilled: NDArray[np.bool_]
    raw: Floats
    corrected: Floats
    low: Floats
    high: Floats


def measure(cell: Cell, worlds: int, seed: int = 0) -> Row:
    """Draw worlds of a cell and judge all candidates in them.

    Args:
        cell: What to draw.
        worlds: How many.
        seed: Of the draws; every cell has its own chance.
    """
    key = crc32(f"{cell.name} {cell.candidates} {cell.games}".encode())
    rng = np.random.default_rng([seed, key])
    at_once = max(CHUNK // (cell.candidates * cell.games), 1)
    tally, shown = Tally(), dict[str, list[_Shown]](best=[], crossing=[])
    intervals: list[tuple[Floats, Floats]] = []
    for start in range(0, worlds, at_once):
        count = min(at_once, worlds - start)
        sample = draw(
            cell.world, worlds=count, candidates=cell.candidates, skilled=cell.skilled, games=cell.games, rng=rng
        )
        _judge(cell, sample, tally, shown, intervals)
    return _row(cell, worlds, tally, shown, intervals)


def week_sums(sample: Sample) -> tuple[Scores, Scores]:
    """What `weekly_scores` gives of the residuals, and of the moves of the line, for whole weeks of 16 games."""
    opinion, residual, move = sample.opinion, sample.residual, sample.move
    weeks = np.arange(opinion.shape[2])
    games = np.full(len(weeks), float(GAMES_A_WEEK))
    information = np.einsum("bkwg,bkwg->bkw", opinion, opinion).astype(np.float64)
    score, moved = (np.einsum("bkwg,bwg->bkw", opinion, part).astype(np.float64) for part in (residual, move))
    null = information * MARGIN_SD**2
    return Scores(weeks, games, score, information, null), Scores(weeks, games, moved, information, null * 0)


def _judge(
    cell: Cell, sample: Sample, tally: Tally, shown: dict[str, list[_Shown]], intervals: list[tuple[Floats, Floats]]
) -> None:
    """All rules on some worlds."""
    scores, moves = week_sums(sample)
    bets = _bets(sample)
    horizon = float(scores.games.sum())
    clv = z_score(moves.until(RANKING_WEEKS)) if cell.candidates > 1 else None
    level = np.broadcast_to(levels(ALPHA, cell.candidates, clv), scores.score.shape[:2])
    statistic = statistics(scores, horizon)
    at = first_crossing(statistic, scores.games, critical_value(level), horizon=horizon)
    crossed = at >= 0
    once = statistic[..., -1] >= critical_value(level, peeking=False)
    evidence = log_evidence(scores).max(axis=-1) >= threshold(ALPHA, cell.candidates)
    everywhere = (np.arange(len(at))[:, None], np.arange(at.shape[1]))
    bound = bets.roi(everywhere, len(scores)).at(fitted_edge(scores, PROFIT_LEVEL).bound)
    still = crossed & (z_score(moves.last(FEW_WEEKS)) > RECENT)
    _count(
        cell, tally, informative=crossed, once=once, evidence=evidence, fit_to_bet=crossed & (bound > 0), still=still
    )
    _count_bets(cell, tally, bets, intervals)
    best = (np.arange(len(at)), np.argmax(statistic[..., -1], axis=-1))
    shown["best"].append(_shown(cell, scores, bets, best, level[best] / ALPHA))
    for week in np.unique(at[crossed]):
        where = tuple(np.nonzero(at == week))
        shown["crossing"].append(_shown(cell, scores.until(week + 1), bets, where, level[where] / ALPHA, horizon))


def _bets(sample: Sample) -> _Bets:
    """Flat bets wherever an opinion, at its word, has an edge of 2 %."""
    size = np.abs(sample.opinion)
    placed = size > THRESHOLD
    result = sample.opinion * sample.residual[:, None]
    turnover = placed.sum(axis=-1).astype(np.float64)
    won = (placed & (result > 0)).sum(axis=-1)
    pushed = (placed & (result == 0)).sum(axis=-1)
    _, gain = bet_values(PRICE)
    points = np.where(placed, size, 0).sum(axis=-1).astype(np.float64)
    return _Bets(turnover, PRICE * won + pushed - turnover, float(gain) * points)


def _count(cell: Cell, tally: Tally, **passed: NDArray[np.bool_]) -> None:
    """Worlds in which a skilled candidate passed, and in which one without skill did."""
    for name, said in passed.items():
        skilled, others = said[:, : cell.skilled], said[:, cell.skilled :]
        tally.add(**{name: (skilled if cell.skilled else said).any(axis=1)})
        tally.add(**{f"{name} by others": others.any(axis=1), f"{name} by any": said.any(axis=1)})


def _count_bets(cell: Cell, tally: Tally, bets: _Bets, intervals: list[tuple[Floats, Floats]]) -> None:
    """Turnover and profit of both kinds, and the interval of the first candidate's ROI."""
    for name, part in (("skilled", slice(0, cell.skilled)), ("others", slice(cell.skilled, None))):
        tally.add(**{f"turnover {name}": bets.turnover[:, part], f"profit {name}": bets.profit[:, part]})
    intervals.append(ratio_of_sums(bets.profit[:, 0], bets.turnover[:, 0]).interval())


def _shown(
    cell: Cell, scores: Scores, bets: _Bets, where: tuple[Places, ...], share: Floats, horizon: float | None = None
) -> _Shown:
    """What is shown of some candidates after the weeks of the scores."""
    parts = (part[where] for part in (scores.score, scores.information, scores.null_variance))
    picked = Scores(scores.weeks, scores.games, *parts)
    roi = bets.roi(where, len(scores) - 1)
    edge = selected_edge(picked, share, horizon=horizon)
    raw = fitted_edge(picked).beta
    return _Shown(where[1] < cell.skilled, *(roi.at(beta) for beta in (raw, edge.beta, edge.low, edge.high)))


def _row(
    cell: Cell, worlds: int, tally: Tally, shown: dict[str, list[_Shown]], intervals: list[tuple[Floats, Floats]]
) -> Row:
    """The figures of a cell."""
    sums = tally.sums
    skilled, others = (
        sums[f"profit {name}"] / sums[f"turnover {name}"] if sums[f"turnover {name}"] else np.nan
        for name in ("skilled", "others")
    )
    judged = skilled if cell.skilled else others
    losing = "fit_to_bet by any" if not judged > 0 else "fit_to_bet by others"
    for name, parts in shown.items():
        _count_shown(tally, name, parts, skilled, others)
    for low, high in intervals:
        tally.add(roi_coverage=_held(low, high, np.full(low.shape, judged)))
    return Row(
        cell=cell,
        worlds=worlds,
        informative=tally.share("informative"),
        false_informative=tally.share("informative by others"),
        once=tally.share("once"),
        evidence=tally.share("evidence"),
        fit_to_bet=tally.share("fit_to_bet"),
        false_fit_to_bet=tally.share(losing),
        still=tally.share("still"),
        true_roi=judged,
        roi_coverage=tally.share("roi_coverage"),
        best=_inflation(tally, "best"),
        crossing=_inflation(tally, "crossing"),
    )


def _inflation(tally: Tally, name: str) -> Inflation:
    return Inflation(tally.mean(f"{name} raw"), tally.mean(f"{name} corrected"), tally.share(f"{name} coverage"))


def _count_shown(tally: Tally, name: str, parts: list[_Shown], skilled: float, others: float) -> None:
    """By how much more is shown than is true."""
    for part in parts:
        true = np.where(part.skilled, skilled, others)
        tally.add(**{f"{name} raw": part.raw - true, f"{name} corrected": part.corrected - true})
        tally.add(**{f"{name} coverage": _held(part.low, part.high, true)})


def _held(low: Floats, high: Floats, true: Floats) -> Floats:
    """1 where an interval holds the truth, 0 where not, NaN where there is no interval."""
    return np.where(np.isnan(low + high), np.nan, (low <= true) & (true <= high))


def coverage_of_legs(
    worlds: int, games: int, *, legs: int = 3, alike: float = 0.8, seed: int = 0
) -> tuple[Share, Share]:
    """Coverage of the 95 % ROI interval with several bets a game that win and lose together.

    Args:
        worlds: How many.
        games: In each.
        legs: Bets on each game.
        alike: Correlation of what decides them.
        seed: Of the draws.

    Returns:
        By weeks, and as if every bet were independent, for comparison.
    """
    rng = np.random.default_rng(seed)
    shape = (worlds, whole_weeks(games), GAMES_A_WEEK, 1)
    common = np.sqrt(alike) * rng.standard_normal(shape)
    profit = np.where(common + np.sqrt(1 - alike) * rng.standard_normal((*shape[:3], legs)) > 0, PRICE - 1, -1.0)
    true = np.full(worlds, PRICE / 2 - 1)
    by_week, alone = (profit.reshape(worlds, count, -1).sum(axis=-1) for count in (shape[1], profit[0].size))
    held = []
    for sums, stakes in ((by_week, GAMES_A_WEEK * legs), (alone, 1)):
        low, high = ratio_of_sums(sums, np.full(sums.shape, float(stakes))).interval()
        held.append(Share(float(_held(low, high, true).sum()), worlds))
    return held[0], held[1]
