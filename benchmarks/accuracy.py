"""How good are the predictions of real games, out of fold, beside the closing line? With intervals by week.

    python -m benchmarks.accuracy [--last 2015]

Needs the real files in BUSTA_TEST_DATA. Ends with exit code 1 if a target was missed. The defaults were chosen on
seasons up to 2015 (docs/experiments.md); a look at the later ones is a trial, and ``--last`` spares it.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.real import forecasts, gold, table

from busta.betting.settlement import settle
from busta.performance.simulation import Choice, choose
from busta.scoring.calibration import ece_luck
from busta.scoring.distributional import normal_crps
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import brier_losses, log_losses
from busta.scoring.resampling import score_intervals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Literal

    from numpy.typing import NDArray

    from busta.features.store import MemoryGold
    from busta.performance.forecasts import Forecasts

    Floats = NDArray[np.float64]
    Want = Literal["<=", ">="]

NFL, NBA = (2009, 2022), (2011, 2019)  # first and last test season
CHOSEN_ON = 2015
OPENS = (2009, 2021)
STRONGEST = 0.4


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval, and what it has to be: at most (or at least) the limit, if there is one."""

    what: str
    games: int
    value: float
    low: float = np.nan
    high: float = np.nan
    limit: float = np.nan
    want: Want = "<="

    @property
    def missed(self) -> bool:
        """Whether the value is on the wrong side of its limit."""
        return bool(self.value > self.limit if self.want == "<=" else self.value < self.limit)

    def __str__(self) -> str:
        interval = f"[{self.low:+.4f}, {self.high:+.4f}]" if np.isfinite(self.low) else ""
        target = f"{self.want} {self.limit:g}" if np.isfinite(self.limit) else ""
        return (
            f"{self.what:<58}{self.games:>7}{self.value:>+10.4f}  {interval:<20} {target:<10}{'MISSED' * self.missed}"
        )


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--last", type=int, default=NFL[1], help="last test season")
    last = parser.parse_args().last
    start, missed = perf_counter(), 0
    print(f"{'':58}{'games':>7}{'value':>10}  {'95 % interval':<20} target")
    for figure in figures(last):
        print(figure, flush=True)
        missed += figure.missed
    print(f"{missed} targets missed, {perf_counter() - start:.0f} s")
    return 1 if missed else 0


def figures(last: int) -> Iterator[Figure]:
    """All of them, on seasons up to the last that is looked at."""
    store = gold("nfl")
    for blind in (False, True):
        found = forecasts(table(store, "nfl", "moneyline", last, blind=blind), NFL[0])
        yield from moneyline("NFL", quoted(found), blind=blind)
        if blind:
            yield from margins(found, store, last)
    yield from at_the_open(store, min(last, OPENS[1]))
    yield from totals("NFL", store, (NFL[0], last))
    store = gold("nba")
    for blind in (False, True):
        found = forecasts(table(store, "nba", "moneyline", min(last, NBA[1]), blind=blind), NBA[0])
        yield from moneyline("NBA", quoted(found), blind=blind)
    yield from totals("NBA", store, (NBA[0], min(last, NBA[1])))


def quoted(found: Forecasts) -> Forecasts:
    """The games with a price of both sides and no tie."""
    return found.take(~np.isnan(found.prices).any(axis=1) & ~np.isnan(found.y))


def moneyline(league: str, found: Forecasts, *, blind: bool) -> Iterator[Figure]:
    """Loss less the closing line's, in all and in the seasons before and after the choice; calibration."""
    name = f"{league} moneyline {'blind' if blind else 'anchored'}"
    limits = {
        ("NFL", False): {"log loss": -0.0005},
        ("NFL", True): {"Brier": 0.0035},
        ("NBA", False): {"log loss": 0.0},
        ("NBA", True): {"log loss": 0.009},
    }[league, blind]
    for score, loss in {"log loss": log_losses, "Brier": brier_losses}.items():
        gap = loss(found.probability, found.y) - loss(found.baselines["closing_line"], found.y)
        yield mean(f"{name}: {score} less the close's", gap, found, limits.get(score, np.nan))
        for words, part in parts(found):
            yield mean(f"    {words}", gap[part], found.take(part))
    yield from calibration(name, found)


def parts(found: Forecasts) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for words, part in (("up to", found.seasons <= CHOSEN_ON), ("after", found.seasons > CHOSEN_ON)):
        if part.any() and not part.all():
            yield f"{words} {CHOSEN_ON}", part


def mean(what: str, values: Floats, found: Forecasts, limit: float = np.nan, want: Want = "<=") -> Figure:
    low, high = weekly_ratio_interval(values, 1.0, found.weeks)
    return Figure(what, len(values), float(values.mean()), low, high, limit, want)


def calibration(name: str, found: Forecasts) -> Iterator[Figure]:
    scored: dict[str, Any] = score_intervals(found.probability, found.y, found.weeks, {})
    ece, slope = scored["ece"], scored["calibration_slope"]
    luck = ece_luck(found.probability)[1]
    yield Figure(f"{name}: ECE, target luck's 95th percentile", len(found), ece["value"], limit=luck)
    yield Figure(f"{name}: calibration slope", len(found), slope["value"], slope["low"], slope["high"])
    far = max(slope["low"] - 1, 1 - slope["high"], 0.0)
    yield Figure("    its interval's distance from 1", len(found), far, limit=0.0)


def margins(blind: Forecasts, store: MemoryGold, last: int) -> Iterator[Figure]:
    """Root mean square errors of margins, exact margins and pushes, on the games with a spread."""
    ats = forecasts(table(store, "nfl", "ats", last, blind=False), NFL[0])
    means = dict(zip(blind.games["game_id"], blind.mean, strict=True))
    line, value = ats.closing_line, ats.value
    unconditioned = np.array([means[game] for game in ats.games["game_id"]])
    rmse = [float(np.sqrt(np.mean((each - value) ** 2))) for each in (line, unconditioned, ats.mean)]
    yield Figure("NFL margin: RMSE of the closing spread", len(ats), rmse[0])
    yield Figure("NFL margin blind: RMSE less the close's", len(ats), rmse[1] - rmse[0], limit=0.09)
    yield Figure("NFL margin anchored: RMSE less the close's", len(ats), rmse[2] - rmse[0], limit=0.0)
    exact = ats.scores["exact_log_score"]
    yield mean("NFL margin anchored: exact-margin log score", exact, ats, 3.864)
    three = np.abs(line) == 3  # noqa: PLR2004
    said, happened = float(ats.triples[three, 1].mean()), float((value == line)[three].mean())
    yield Figure("NFL push at 3: said less happened, either way", int(three.sum()), abs(said - happened), limit=0.015)
    yield from calibration("NFL ats anchored", ats.take(~np.isnan(ats.y)))


def at_the_open(store: MemoryGold, last: int) -> Iterator[Figure]:
    """Bets on the strongest opinions at the opening spread, by thresholds of earlier seasons, at assumed prices."""
    found = forecasts(table(store, "nfl", "ats", last, blind=False, moment="open"), OPENS[0] - 1)
    bets = choose(found, Choice(min_edge=-1.0, strongest=STRONGEST, seasons=tuple(range(OPENS[0], last + 1)))).bets
    games = found.take(bets.game)
    profit = settle(games.value, games.line, bets.first_side, bets.price)
    won = ~np.isnan(games.y)
    hits = ((games.y == 1) == bets.first_side).astype(float)
    name = f"NFL spread at the open, {STRONGEST:.0%} strongest"
    yield mean(f"{name}: hit rate", hits[won], games.take(won), 0.54, ">=")
    for words, part in parts(games.take(won)):
        yield mean(f"    {words}", hits[won][part], games.take(won).take(part))
    moved = np.where(bets.first_side, 1.0, -1.0) * (games.closing_line - games.line)
    known = ~np.isnan(moved)
    yield mean(f"{name}: CLV in points", moved[known], games.take(known), 0.4, ">=")
    yield mean(f"{name}: ROI", profit, games)


def totals(league: str, store: MemoryGold, seasons: tuple[int, int]) -> Iterator[Figure]:
    found = forecasts(table(store, league.lower(), "totals", seasons[1], blind=False), seasons[0])
    normal = normal_crps(found.closing_line, found.league.total_sd, found.value)
    yield mean(f"{league} totals: CRPS less a normal's at the close", found.scores["crps"] - normal, found, 0.0)
    decided = found.take(~np.isnan(found.y))
    gap = log_losses(decided.probability, decided.y) - log_losses(decided.baselines["closing_line"], decided.y)
    yield mean(f"{league} totals anchored: log loss less the close's", gap, decided)
    yield from calibration(f"{league} totals anchored", decided)


if __name__ == "__main__":
    sys.exit(main())
