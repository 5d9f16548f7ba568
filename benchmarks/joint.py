"""How good and how coherent the joint distribution of margin and total is, out of fold, and how fast.

On the real files in BUSTA_TEST_DATA (by default ../shared/data beside the repository), else on the simulated league.
Models, weights and standard deviations come from earlier folds. What is chosen is chosen with `--last 2015`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

import busta
from busta.betting.distribution import Discretised
from busta.betting.joint import LIMIT, Joint
from busta.markets.dataset import assemble
from busta.models.baseline import market_means
from busta.models.distribution import distribution_scores, fit_distribution
from busta.models.walk import walk
from busta.plugins import pick
from busta.scoring.distributional import crps, exact_log_score, normal_crps
from busta.scoring.intervals import weekly_ratio_interval
from busta.workflows.predicting.joint import JOINED, moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.walk import Walk
    from busta.settings import Settings

    Columns = dict[str, NDArray[np.float64]]

ROOT = Path(__file__).parents[1]
FILES = {"nfl": "nflverse_games.csv", "nba": "nba_odds_history.csv"}
FIRST = {"nfl": 2009, "nba": 2010}
LINES = (-7.5, -3.0, 0.0, 3.0, 7.5)  # at which prices are held against each other


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        settings = prepared(Path(folder), options)
        for blind in (False, True):
            columns = games_of(settings, options, blind=blind)
            print(f"\n{options.league}, {'blind' if blind else 'anchored'}, limit {options.limit:g}:")
            show(columns)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--league", choices=sorted(FILES), default="nfl")
    parser.add_argument("--first", type=int, default=0, help="first test season that is looked at")
    parser.add_argument("--last", type=int, default=2022, help="last test season that is looked at")
    parser.add_argument("--limit", type=float, default=LIMIT, help="see busta.betting.joint.LIMIT")
    options = parser.parse_args()
    options.file = Path(os.environ.get("BUSTA_TEST_DATA") or ROOT.parent / "shared" / "data") / FILES[options.league]
    if not options.file.exists():
        options.file, options.league = None, "sim"
    return options


def prepared(home: Path, options: argparse.Namespace) -> Settings:
    first = {} if options.league == "sim" else {"first_test_season": FIRST[options.league]}
    settings = busta.load(home=home, train=first)
    busta.ingest(settings, options.league, [options.file] if options.file else [])
    busta.build(settings, options.league)
    return settings


def games_of(settings: Settings, options: argparse.Namespace, *, blind: bool) -> Columns:
    """Walks the three markets forward and joins what they say, fold by fold; one entry a game."""
    gold, league = busta.open_version(settings, options.league), pick("league", options.league)
    tables = {name: assemble(gold, league, pick("market", name), blind=blind) for name in JOINED}
    walks = {name: walk(table, settings.train) for name, table in tables.items()}
    parts = list(folds(tables, walks, options))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def folds(tables: dict[str, Dataset], walks: dict[str, Walk], options: argparse.Namespace) -> Iterator[Columns]:
    """The games of each fold that all three markets predicted, with what their distributions learned before it."""
    ids = {name: table.games["game_id"].to_numpy() for name, table in tables.items()}
    said = {name: dict(zip(ids[name][found.rows], found.probability, strict=True)) for name, found in walks.items()}
    of_total = {game: row for row, game in enumerate(ids["totals"])}
    totals_of = {fold.season: fold for fold in walks["totals"].folds}
    for fold in walks["ats"].folds:
        if not options.first <= fold.season <= options.last:
            continue
        both = [row for row in fold.test if all(ids["ats"][row] in found for found in said.values())]
        sides = tables["ats"].take(np.array(both))
        totals = tables["totals"].take(np.array([of_total[game] for game in sides.games["game_id"]]))
        margin = fit_distribution(tables["ats"], fold.train)
        total = fit_distribution(tables["totals"], totals_of[fold.season].train)
        p = np.array([[said[name][game] for name in JOINED] for game in sides.games["game_id"]])
        yield measured(sides, totals, margin, total, p, options.limit)


def measured(
    sides: Dataset, totals: Dataset, margin: Discretised, total: Discretised, p: NDArray[np.float64], limit: float
) -> Columns:
    """Everything that is looked at, of each game."""
    start = perf_counter()
    joint = Joint.agreeing(margin, total, p, sides.line, totals.line, limit)
    seconds = perf_counter() - start
    plain = Discretised(margin.sd, np.ones_like(margin.weights), margin.low, margin.high)
    everything = np.arange(len(sides))
    closing = {name: market_means(sides, everything, each)["closing"] for name, each in (("", margin), ("p", plain))}
    return {
        "week": sides.weeks.astype(float),
        "margin": sides.value,
        "total": totals.value,
        "spread": sides.line,
        "expected": joint.expected_margin(),
        "alone": margin.mean_for(p[:, 0], 0.0),
        "score": exact_log_score(joint.margin, int(joint.margins[0]), np.clip(sides.value, *joint.margins[[0, -1]])),
        "close": distribution_scores(margin, closing[""], sides.value)["exact_log_score"],
        "plain": distribution_scores(plain, closing["p"], sides.value)["exact_log_score"],
        "push": joint.spread(sides.line)[:, 1],
        "crps": crps(joint.total, int(joint.totals[0]), np.clip(totals.value, *joint.totals[[0, -1]])),
        "normal": normal_crps(totals.line, total.sd, totals.value),
        "gap": np.abs(joint.gap[:, 1]),
        "moved": moved(joint).astype(float),
        "impossible": impossible(p, sides.line).astype(float),
        "contradiction": contradictions(joint, p, sides.line, totals.line),
        "seconds": np.full(len(sides), seconds / len(sides)),
    }


def impossible(p: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Home covers what it has to win by at least as often as it wins: no distribution says so."""
    return np.where(spread > 0, p[:, 1] >= p[:, 0], np.where(spread < 0, p[:, 1] <= p[:, 0], p[:, 1] != p[:, 0]))


def contradictions(
    joint: Joint, p: NDArray[np.float64], spread: NDArray[np.float64], total_line: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The largest difference of each game between prices that have to be the same."""
    worst = np.zeros(len(joint))
    moneyline = joint.spread(0.0)
    agreed = [(moneyline, p[:, 0]), (joint.over(total_line), p[:, 2])]
    agreed += [(np.where(moved(joint)[:, None], np.nan, joint.spread(spread)), p[:, 1])]
    for triple, said in agreed:
        worst = np.fmax(worst, np.abs(triple[:, 0] / (triple[:, 0] + triple[:, 2]) - said))
    above = [joint.spread(line) for line in LINES]
    for one, other in pairwise(above):
        worst = np.maximum(worst, np.maximum(other[:, 0] - one[:, 0], one[:, 2] - other[:, 2]))
    for game in range(len(joint)):
        cells = joint.cells(game)
        for line, triple in zip(LINES, above, strict=True):
            sides = cells[joint.margins > line].sum(), cells[joint.margins == line].sum()
            worst[game] = max(worst[game], np.abs(triple[game, :2] - sides).max(), abs(triple[game].sum() - 1))
        worst[game] = max(worst[game], np.abs(cells.sum(axis=0) - joint.total[game]).max())
    return worst


def show(games: Columns) -> None:
    seasons = np.unique(games["week"] // 100).astype(int)
    print(f"  {len(games['week']):,} games of {seasons[0]}-{seasons[-1]}")
    for name, other in (("close", "the close, key numbers"), ("plain", "the close, plain normal")):
        compare(f"exact margin, log score, against {other}", games["score"], games[name], games["week"])
    errors = [float(np.mean((games["margin"] - games[name]) ** 2) ** 0.5) for name in ("expected", "alone", "spread")]
    say("RMSE of the margin: joint, moneyline's model alone, closing line", *(f"{error:.4f}" for error in errors))
    for key in (3, 7):
        at = np.abs(games["spread"]) == key
        real = float(np.mean((games["margin"] == games["spread"])[at]))
        said, error = float(games["push"][at].mean()), (real * (1 - real) / at.sum()) ** 0.5
        say(f"pushes at {key}: said, real, its error, games", *(f"{x:.4f}" for x in (said, real, error)), str(at.sum()))
    compare("CRPS of the total, against a normal at the closing total", games["crps"], games["normal"], games["week"])
    say("largest contradiction", f"{games['contradiction'].max():.1e}")
    say("games whose models no distribution can agree with", str(int(games["impossible"].sum())))
    shift = games["gap"][games["moved"] > 0]
    say("spreads that were moved: games, mean, most", str(shift.size), f"{shift.mean():.4f}", f"{shift.max():.4f}")
    say("seconds for 1,000 games", f"{1000 * games['seconds'].mean():.2f}")


def say(name: str, *figures: str) -> None:
    print(f"  {name:<66}" + "".join(f"{figure:>9}" for figure in figures))


def compare(name: str, one: NDArray[np.float64], other: NDArray[np.float64], weeks: NDArray[np.float64]) -> None:
    low, high = weekly_ratio_interval(one - other, 1.0, weeks)
    difference = f"   {(one - other).mean():+.4f} ({low:+.4f} to {high:+.4f})"
    say(name, f"{one.mean():.4f}", f"{other.mean():.4f}", difference)


if __name__ == "__main__":
    main()
