"""What does `busta watch` find, how often is it wrong, and how long does it take?

    python -m benchmarks.watch [--worlds 4] [--only recorded]

Recorded seasons are those of BUSTA_TEST_DATA, where it is there; the level was fixed on seasons before 2015, and the
alarms that count are those after. A champion learns from all seasons before the one it is watched in; a look a week. An
alarm is a feature that alarms and did not the week before. Ends with exit code 1 if a target was missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import busta
from busta.data.schema import decision_time
from busta.features.build import build_events, every_feature
from busta.features.store import MemoryGold
from busta.leagues import nba, nfl, sim
from busta.settings import Settings, Watch
from busta.watch.calendar import Calendar, calendar
from busta.watch.decay import Record, decay
from busta.watch.drift import drift, recent, usual

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from busta.data.source import Batch
    from busta.plugins import League
    from busta.watch.drift import Drift, Scales

    Floats = NDArray[np.float64]

HERE = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("BUSTA_TEST_DATA", HERE.parent / "shared" / "data"))
SET = Watch()
FIXED = 2015  # the first season that nothing was set on
CHANGED = {  # known before any look: what these seasons changed for certain
    ("nfl", 2020): "no crowds",
    ("nfl", 2021): "a week more",
    ("nba", 2012): "lock-out: a season of 66 games that began at Christmas",
}
FOUND, SECONDS, FALSE = 0.9, 2.0, 1.0
STARTS = (0, 7)
WEEKS = 3


@dataclass(frozen=True, eq=False)
class Table:
    """Features of a league's games."""

    name: str
    games: pl.DataFrame
    when: Calendar
    values: Floats
    names: list[str]
    scales: dict[tuple[int, int], Scales] = field(default_factory=dict)

    def season(self, season: int) -> tuple[NDArray[np.bool_], NDArray[Any]]:
        """What is trained on before it, and its weeks."""
        return self.when.season < season, np.unique(self.when.week[self.when.season == season])

    def look(self, values: Floats, trained: NDArray[np.bool_], week: np.datetime64) -> Drift:
        """The look at the end of that week."""
        upto = self.when.week <= week
        when = self.when.take(upto)
        window = recent(when, trained[upto], week, SET.weeks)
        key = int(trained.sum()), len(window.weeks)
        if key not in self.scales:
            self.scales[key] = usual(self.values, self.when, trained, key[1])
        return drift(values[upto], when, trained[upto], window, SET.false_alarms, self.scales[key])


def table(league: League, batch: Batch, name: str) -> Table:
    events = build_events(batch.games, batch.quotes, league, facts=batch.facts)
    features = every_feature()
    gold = MemoryGold(batch.games, batch.quotes, events, features, {"version": None}, batch.facts)
    games = batch.games.sort("kickoff", "game_id")
    seen = gold.as_of(games.select("game_id", decision_time("close").alias("decision_time")))
    there = [feature.name for feature in features if seen[feature.name].count()]
    kickoff = games["kickoff"].dt.replace_time_zone(None).to_numpy()
    when = calendar(kickoff, games["season"], (games["phase"] == "post").to_numpy())
    return Table(name, games, when, seen.select(there).to_numpy().astype(np.float64), there)


def recorded() -> Iterator[Table]:
    for league, file in ((nfl.LEAGUE, "nflverse_games.csv"), (nba.LEAGUE, "nba_odds_history.csv")):
        if (DATA / file).exists():
            batch = league.load(busta.load(), [DATA / file])
            yield table(
                league, replace(batch, games=batch.games.filter(pl.col("home_score").is_not_null())), league.name
            )


def worlds(count: int, changed: dict[str, Any] | None = None) -> Iterator[Table]:
    for seed in range(count):
        batch = sim.play(sim.World(seasons=11, seed=1000 + seed))
        batch = batch if changed is None else replace(batch, games=batch.games.with_columns(**changed))
        yield table(sim.LEAGUE, batch, f"sim {seed}")


def alarms(of: Table, season: int) -> tuple[int, dict[str, int]]:
    """How many alarms a season had, and in which of its weeks each feature first alarmed."""
    trained, weeks = of.season(season)
    first: dict[str, int] = {}
    before, count = np.zeros(len(of.names), dtype=bool), 0
    for number, week in enumerate(weeks, 1):
        found = of.look(of.values, trained, week).alarm
        count += int((found & ~before).sum())
        first |= {of.names[at]: number for at in np.flatnonzero(found & ~before) if of.names[at] not in first}
        before = found
    return count, first


def plants(of: Table, season: int, start: int) -> dict[str, bool]:
    """Which features are found within three weeks if they are off by a standard deviation from that week on."""
    trained, weeks = of.season(season)
    sd = np.array([np.nanstd(column) if (~np.isnan(column)).any() else 0.0 for column in of.values[trained].T])
    signs = np.random.default_rng(season).choice([-1.0, 1.0], len(sd))
    there = (of.when.season == season) & (of.when.week >= weeks[start])
    values = of.values + there[:, None] * signs * sd
    found = np.zeros(len(sd), dtype=bool)
    level = SET.false_alarms / len(weeks) / len(sd)  # each by itself: what Holm asks of the first to fall
    for week in weeks[start : start + WEEKS]:
        found |= of.look(values, trained, week).p <= level
    return {name: bool(found[at]) for at, name in enumerate(of.names) if sd[at] > 1e-9}  # noqa: PLR2004 - rounding


def seasons_of(of: Table, first: int) -> range:
    return range(max(int(of.when.season.min()) + 5, first), int(of.when.season.max()) + 1)


def false_alarms(found: list[Table]) -> bool:
    """A line a season; the mean of those after 2014 in which nothing is known to have changed."""
    missed = False
    for of in found:
        counted = []
        for season in seasons_of(of, FIXED - 4):
            count, first = alarms(of, season)
            why = CHANGED.get((of.name, season), "")
            if season >= FIXED and not why:
                counted.append(count)
            words = ", ".join(f"{name} (week {week})" for name, week in list(first.items())[:6])
            seen = "" if season >= FIXED else " (set on)"
            print(f"  {of.name} {season}{seen}: {count:>3}  {why}{': ' * bool(why)}{words}")
        mean = float(np.mean(counted)) if counted else np.nan
        bad = mean > FALSE
        missed |= bad
        print(f"{of.name}: {mean:.2f} alarms a season from {FIXED} on, at most {FALSE:g}{'  MISSED' * bad}", flush=True)
    return missed


def planted(found: list[Table], seasons: int) -> bool:
    """The share of features found, and which are not."""
    missed = False
    for of in found:
        last = int(of.when.season.max())
        hits: Counter[str] = Counter()
        tries: Counter[str] = Counter()
        for season in range(last - seasons + 1, last + 1):
            for start in STARTS:
                said = plants(of, season, start)
                tries.update(said.keys())
                hits.update(name for name, yes in said.items() if yes)
        share = hits.total() / tries.total()
        worst = sorted(tries, key=lambda name: hits[name] / tries[name])[:5]
        bad = share < FOUND
        missed |= bad
        words = ", ".join(f"{name} {hits[name]} of {tries[name]}" for name in worst)
        print(
            f"{of.name}: {share:.1%} of {tries.total()} found, at least {FOUND:.0%}{'  MISSED' * bad}; least: {words}",
            flush=True,
        )
    return missed


def simulated(count: int) -> bool:
    """Alarms in worlds in which nothing changes, and plants in them."""
    found = list(worlds(count))
    counts = [alarms(of, int(of.when.season.max()) - 1)[0] for of in found]
    bad = float(np.mean(counts)) > FALSE
    print(f"{count} worlds: {np.mean(counts):.2f} alarms a season, at most {FALSE:g}{'  MISSED' * bad}")
    return bad | planted([replace_season(found[0])], 1)


def replace_season(of: Table) -> Table:
    """Without the season under way."""
    rows = of.when.season < of.when.season.max()
    return Table(of.name, of.games.filter(rows), of.when.take(rows), of.values[rows], of.names)


def totals(batch: Batch) -> tuple[Record, NDArray[np.int64]]:
    """The closing total taken at its word, as a champion that knows no better; seasons."""
    games = batch.games.sort("kickoff", "game_id")
    lines = batch.quotes.filter((pl.col("market") == "totals") & (pl.col("moment") == "close"))
    lines = games.select("game_id").join(lines.unique("game_id"), on="game_id", how="left", maintain_order="left")
    line, total = (
        np.asarray(part.cast(pl.Float64)) for part in (lines["line"], games["home_score"] + games["away_score"])
    )
    kickoff = games["kickoff"].dt.replace_time_zone(None).to_numpy()
    when = calendar(kickoff, games["season"], (games["phase"] == "post").to_numpy())
    known = ~np.isnan(line + total)
    y = np.where(total == line, np.nan, (total > line).astype(np.float64))
    even = np.full(len(y), 0.5)
    parts = (when.week, y, even, even, total - line)
    return Record(*(part[known] for part in parts)), when.season[known]


def part(record: Record, rows: NDArray[np.bool_], more: float = 0.0) -> Record:
    """Those games; with more points in each."""
    off = record.off[rows] + more
    y = np.where(off == 0, np.nan, (off > 0).astype(np.float64))
    return Record(record.week[rows], y, record.probability[rows], record.closing[rows], off)


def rule_change() -> bool:
    """Scoring up by a tenth, of which the close knows nothing: seasons in which it is found, and in how many weeks."""
    league, batch = nfl.LEAGUE, None
    if (DATA / "nflverse_games.csv").exists():
        batch = league.load(busta.load(), [DATA / "nflverse_games.csv"])
    league, batch = (league, batch) if batch is not None else (sim.LEAGUE, sim.play(sim.World(seasons=24, seed=5)))
    record, season = totals(batch)
    found: list[bool] = []
    false: list[bool] = []
    weeks: list[int] = []
    for year in np.unique(season)[5:]:
        past, now = part(record, season < year), season == year
        for more, said in ((4.4, found), (0.0, false)):
            result = decay(past, part(record, now, more), alpha=SET.alpha, margin=0.002)
            said.append(result.alarm)
            if more and result.since is not None:
                weeks.append(1 + int((np.datetime64(result.since) - record.week[now][0]) / np.timedelta64(7, "D")))
    bad = np.mean(found) < FOUND
    print(
        f"{league.name}, a tenth more points a game: decay found in {sum(found)} of {len(found)} seasons, "
        f"in week {np.median(weeks):.0f} at the median{'  MISSED' * bool(bad)}; without: in {sum(false)}"
    )
    return bool(bad) | kick_off()


def kick_off() -> bool:
    """Kick-offs three hours later from week 8 of the last whole season on."""
    batch = sim.play(sim.World(seasons=11, seed=100))
    last = int(batch.games["season"].max()) - 1  # type: ignore[arg-type]
    later = (pl.col("season") == last) & (pl.col("week") >= STARTS[1] + 1)
    moved = pl.when(later).then(pl.col("kickoff") + pl.duration(hours=3)).otherwise("kickoff")
    of = table(sim.LEAGUE, replace(batch, games=batch.games.with_columns(moved.alias("kickoff"))), "sim")
    trained, weeks = of.season(last)
    found = [of.names[at] for at in np.flatnonzero(of.look(of.values, trained, weeks[STARTS[1] + WEEKS - 1]).alarm)]
    bad = not any(name.startswith("body_clock") for name in found)
    print(f"kick-offs three hours later, after three weeks: {', '.join(found) or 'nothing'}{'  MISSED' * bad}")
    return bad


def timing() -> bool:
    """`busta watch` in a process that has its libraries, on the last season of the simulated league."""
    with tempfile.TemporaryDirectory() as home:
        settings: Settings = busta.load(home=Path(home))
        busta.ingest(settings, "sim")
        for market in ("moneyline", "ats", "totals"):
            busta.train(settings, market, "sim", through=2020)
            busta.promote_version(settings, market, "1", "sim", force=True)
        spent = []
        for _ in range(3):
            start, work = perf_counter(), process_time()
            found = busta.watch_champions(settings, "sim", through=2021)
            spent.append((process_time() - work, perf_counter() - start))
    (best, wall), first = min(spent), spent[0][0]
    bad = best > SECONDS
    print(
        f"busta watch, {found['models'][0]['games']} games, {len(found['features'])} features, 3 champions: first "
        f"{first:.2f} s of one core with the import of river, then {best:.2f}, at most {SECONDS:g} "
        f"({wall:.2f} s by the clock, on this machine as it is){'  MISSED' * bad}"
    )
    return bad


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--only", default="", help="sections whose name holds this")
    options = parser.parse_args()
    start, found = perf_counter(), list(recorded())
    sections = {
        "recorded: alarms a season": lambda: false_alarms(found),
        "recorded: shifts of a standard deviation, within three weeks": lambda: planted(found, 1),
        "simulated: alarms and shifts": lambda: simulated(options.worlds),
        "rule change": rule_change,
        "time": timing,
    }
    missed = 0
    for name, section in sections.items():
        if options.only in name:
            print(f"\n{name}", flush=True)
            missed += section()
    print(f"\n{missed} sections with a target missed, {perf_counter() - start:.0f} s")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
