"""A decade of a simulated league, unattended: are the decisions of `busta retrain` right by the true probabilities?

    python -m benchmarks.decade [--seasons 10] [--weeks 2] [--seed 7] [--quick] [--keep FOLDER]

The league is lived through every so many weeks: results come in, `busta retrain` does what it thinks right, and
nobody interferes. On the way home teams lose their edge and teams score more, for good; for two months the source has
last season's home and away points exchanged; and MLflow is away now and then. Afterwards
every version's forecast of every game is held against the truth, in expected log loss above that of the truth itself.

Ends with exit code 1 if a target was missed: a worse model in charge for too long, or more lost by retraining than
by never doing so.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import tempfile
import time
from argparse import ArgumentParser
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import numpy as np
import polars as pl

import busta
from busta.data.source import Batch
from busta.data.tables import Tables
from busta.errors import OutsideError
from busta.leagues.sim import World, play
from busta.leagues.simulation.life import known, stitched
from busta.markets.dataset import assemble
from busta.models.walk import walk
from busta.plugins import pick
from busta.registry.connect import connect
from busta.registry.versions import fetch_model, versions
from busta.workflows.data.build import gold_of
from busta.workflows.predicting.forecast import probabilities
from busta.workflows.retraining import steps as retrain_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.settings import Settings

    Floats = NDArray[np.float64]

BEFORE = 4  # seasons that the first champion learns from
FIRST = 2010
NAME = "busta-sim-moneyline-blind"
KIND: dict[str, Any] = {"blind": True}
SETTINGS = """
[train]
jobs = 1
window = 4
first_test_season = 2012
[train.blind]
members = ["linear"]
line_share = 0.0
rung = "linear"
calibration = "none"
[gate]
line_margin = 0.09  # a blind model that is not bet; what is asked is whether it is the best there is
"""
WORSE = 0.002  # log loss a game by which a champion is worse than another version
LONGEST = 12  # weeks of games that a worse champion may reign
AWAY = 0.05  # of all looks, those that MLflow is away at
TRAILING = 4  # weeks of games by which it is called worse


@dataclass
class Log:
    """What happened: who reigned from when, which model "always" had, what was decided."""

    reign: list[tuple[datetime, str]] = field(default_factory=list)
    always: list[tuple[datetime, Any]] = field(default_factory=list)
    decided: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0
    seconds: float = 0.0


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seasons", type=int, default=10)
    parser.add_argument("--weeks", type=int, default=2, help="between two looks")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="two seasons, a look every four weeks")
    parser.add_argument("--keep", type=Path, help="folder of the workspace, to be looked at afterwards")
    options = parser.parse_args()
    seasons, weeks = (2, 4) if options.quick else (options.seasons, options.weeks)
    with tempfile.TemporaryDirectory() as folder:
        home = options.keep or Path(folder)
        home.mkdir(exist_ok=True, parents=True)
        (home / "busta.toml").write_text(SETTINGS)
        settings = busta.load(home=home)
        batch = league(seasons, options.seed)
        log = lived(settings, batch, seasons, weeks)
        return told(settings, log, batch, seasons)


def league(seasons: int, seed: int) -> Batch:
    """The seasons before and the decade; when its first third is over everything changes."""
    usual = World(seasons=BEFORE + seasons, seed=seed)
    changed = World(seasons=BEFORE + seasons, seed=seed, home_edge=-2.5, mean_total=49.0)
    start = FIRST + BEFORE + seasons // 3
    return stitched([(play(usual), range(FIRST, start)), (play(changed), range(start, FIRST + 200))])


def faulty(batch: Batch, now: datetime, fault: range) -> Batch:
    """What the source delivers: for two months of a year, last season's points are those of the other side."""
    found = known(batch, now)
    season = now.year - 1
    if season not in fault or not datetime(now.year, 8, 1, tzinfo=UTC) <= now <= datetime(now.year, 10, 1, tzinfo=UTC):
        return found
    swapped = [
        pl.when(pl.col("season") == season).then(pl.col(other)).otherwise(pl.col(own)).alias(own)
        for own, other in (("home_score", "away_score"), ("away_score", "home_score"))
    ]
    return Batch(found.games.with_columns(swapped), found.quotes, truth=found.truth)


@contextmanager
def clock(now: datetime) -> Iterator[None]:
    """The time of `time.time`, which is MLflow's."""
    began, start = time.perf_counter(), now.timestamp()

    def passes() -> float:
        return start + time.perf_counter() - began

    with mock.patch.object(time, "time", passes):
        yield


def moments(batch: Batch, weeks: int) -> list[datetime]:
    """When somebody looks: Tuesdays of the decade, and once before each season."""
    later = batch.games.filter(pl.col("season") >= FIRST + BEFORE)["kickoff"]
    first, last = (cast("datetime", each) for each in (later.min(), later.max()))
    start = (first - timedelta(days=first.weekday() - 1 + 28)).replace(hour=12, minute=0)
    count = int((last - start) / timedelta(weeks=weeks)) + 2
    every = [start + timedelta(weeks=weeks * i) for i in range(count)]
    kickoffs = later.to_numpy()
    return [
        at
        for at in every
        if (np.abs(kickoffs - np.datetime64(at.replace(tzinfo=None))) < np.timedelta64(28, "D")).any()
    ]


def lived(settings: Settings, batch: Batch, seasons: int, weeks: int) -> Log:
    """The decade."""
    log, rng = Log(), np.random.default_rng(1)
    start, fault = time.perf_counter(), range(FIRST + BEFORE + seasons // 2, FIRST + BEFORE + seasons // 2 + 1)
    for number, now in enumerate(moments(batch, weeks)):
        with clock(now):
            Tables(settings.tables / "sim").update(faulty(batch, now, fault))
            if number == 0:
                busta.train(settings, "moneyline", "sim", **KIND)
                busta.promote_version(settings, "moneyline", "1", "sim", **KIND)
            looked(settings, log, now, away=rng.random() < AWAY)
            log.always.append((now, final(settings)))
    log.seconds = time.perf_counter() - start
    log.decided = busta.decisions(settings)
    return log


def looked(settings: Settings, log: Log, now: datetime, *, away: bool) -> None:
    """One look; where MLflow is away for a training there is a second one an hour later."""
    real = busta.train

    def down(*_: Any, **__: Any) -> Any:
        raise OutsideError("MLflow is away")

    for train, at in ((down if away else real, now), (real, now + timedelta(hours=1))):
        with mock.patch.object(retrain_steps, "train", train):
            found = busta.retrain(settings, "sim", "moneyline", now=at, unattended=True, **KIND)["models"][0]
        print(f"{at:%Y-%m-%d} {found['decision']}: {found['reason']}", file=sys.stderr, flush=True)
        log.reign.append((at, found["champion"]))
        if found["decision"] != "failed":
            return
        log.failures += 1


def table(settings: Settings) -> Dataset:
    """The market's games as they are known by now."""
    league_, market = pick("league", "sim"), pick("market", "moneyline")
    return assemble(gold_of(settings, league_), league_, market, blind=True, moment="close")


def final(settings: Settings) -> Any:
    """What training at every look would have in charge: the final model of a walk over the newest season alone."""
    data = table(settings)
    newest = int(data.games["season"].to_numpy()[~np.isnan(data.value)].max())
    return walk(data, settings.train.model_copy(update={"first_test_season": newest})).final


def told(settings: Settings, log: Log, batch: Batch, seasons: int) -> int:
    """The table, and whether a target was missed."""
    Tables(settings.tables / "sim").update(batch)
    data = table(settings)
    games = Games.of(data, batch)
    registry = connect(settings)
    says = {each.number: games.regret(fetch_model(registry, each)) for each in versions(registry, NAME)}
    reigning = games.by_time([(at, says[number]) for at, number in log.reign])
    always = games.by_time([(at, games.regret(model)) for at, model in log.always])
    rows = {"in charge": reigning, "never retrained": says["1"], "always retrained": always}
    print(f"{seasons} seasons, {len(games.season)} games; log loss a game above that of the truth, times 1000\n")
    print(f"{'':<18}{'all':>8}" + "".join(f"{season:>8}" for season in np.unique(games.season)))
    for name, regret in rows.items():
        by_season = "".join(f"{1000 * regret[games.season == s].mean():>8.2f}" for s in np.unique(games.season))
        print(f"{name:<18}{1000 * regret.mean():>8.2f}{by_season}")
    longest = _decisions(games, log, says)
    missed = longest > LONGEST or reigning.mean() > says["1"].mean()
    print(f"{log.seconds:.0f} s{'; MISSED' if missed else ''}")
    return int(missed)


def _decisions(games: Games, log: Log, says: dict[str, Floats]) -> int:
    """What was decided and how right it was; the most weeks of games that a worse champion reigned."""
    count = {
        word: sum(each["decision"] == word for each in log.decided) for word in ("retrained", "promoted", "refused")
    }
    moved = [each for each in log.decided if each["decision"] in ("promoted", "rolled back")]
    print(f"\n{count['retrained']} trainings, {count['promoted']} promoted, {count['refused']} refused, ", end="")
    print(f"{len(moved) - count['promoted']} rolled back, {log.failures} failed and were made up for")
    print(f"\n{'when':<12}{'what':<14}{'version':>8}{'before':>8}{'gained':>9}  (until the next)")
    longest = 0
    for each, then in zip(moved, [*moved[1:], None], strict=True):
        until = datetime.fromisoformat(then["at"]) if then else datetime.max.replace(tzinfo=UTC)
        mine = games.between(datetime.fromisoformat(each["at"]), until)
        gain = says[each["before"]][mine] - says[each["champion"]][mine]
        run = games.longest(mine, says[each["champion"]] - says[each["before"]])
        longest = max(longest, run)
        gained = f"{1000 * gain.mean():>+9.2f}" if mine.any() else f"{'-':>9}"
        print(f"{each['at'][:10]:<12}{each['decision']:<14}{each['champion']:>8}{each['before']:>8}{gained}")
    print(
        f"\na champion worse than the one before it by {WORSE} over {TRAILING} weeks: {longest} weeks in a row at most"
    )
    return longest


@dataclass(frozen=True, eq=False)
class Games:
    """The decade's games with their true probabilities."""

    data: Dataset
    kickoff: NDArray[np.datetime64]
    season: NDArray[np.int64]
    truth: Floats

    @classmethod
    def of(cls, data: Dataset, batch: Batch) -> Games:
        """Those of the decade."""
        data = data.take((data.games["season"].to_numpy() >= FIRST + BEFORE) & ~np.isnan(data.value))
        truth = data.games.select("game_id").join(
            cast("pl.DataFrame", batch.truth), on="game_id", how="left", maintain_order="left"
        )
        kickoff = np.asarray(data.games["kickoff"].dt.replace_time_zone(None).to_numpy())
        return cls(data, kickoff, data.games["season"].to_numpy().astype(np.int64), truth["home_win"].to_numpy())

    def regret(self, model: Any) -> Floats:
        """Expected log loss of each game above that of the truth (Kullback and Leibler 1951)."""
        p, q = probabilities(model, self.data)[0], self.truth
        return np.asarray(q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p)))

    def by_time(self, parts: list[tuple[datetime, Floats]]) -> Floats:
        """Of each game the last part that was there before it."""
        times = np.array([at.replace(tzinfo=None) for at, _ in parts], dtype="datetime64[us]")
        place = np.maximum(np.searchsorted(times, self.kickoff, side="right") - 1, 0)
        return np.stack([regret for _, regret in parts])[place, np.arange(len(place))]

    def between(self, start: datetime, end: datetime) -> NDArray[np.bool_]:
        """Which games are played then."""
        first, last = (np.datetime64(each.replace(tzinfo=None), "us") for each in (start, end))
        return np.asarray((self.kickoff >= first) & (self.kickoff < last))

    def longest(self, mine: NDArray[np.bool_], worse: Floats) -> int:
        """Weeks of games in a row by which the last few were worse by the margin, the first few left out."""
        week = ((self.kickoff - np.timedelta64(36, "h")).astype("datetime64[D]").astype(np.int64) + 3) // 7
        weeks = np.unique(week[mine])
        run = most = 0
        for i in range(TRAILING - 1, len(weeks)):
            recent = (
                mine & (week > weeks[i - TRAILING]) & (week <= weeks[i]) if i >= TRAILING else mine & (week <= weeks[i])
            )
            run = run + 1 if worse[recent].mean() > WORSE else 0
            most = max(most, run + TRAILING - 1 if run else 0)
        return most


if __name__ == "__main__":
    sys.exit(main())
