"""Trainings with faults: does each end complete and right after at most one retry, or in a clear refusal?

    python -m benchmarks.reliability [--runs 300] [--seed 1] [--only FAULT] [--keep FOLDER]

Small markets are trained as `busta train` does it, in processes of their own, while something goes wrong: see FAULTS.
A supervisor runs a failed command once more. Then the version has to be there once, with the predictions of an
undisturbed training bit for bit, and the workspace sound. Faults that stay have to be refused in a line or two, with
the right exit code and nothing broken, and a training after the fault to be right. Ends with exit code 1 if anything
was not so. The disk is a small file system where this runs as root, else a limit of the length of files.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import random
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks import faults
from benchmarks.faults import DAY, asked, warm
from benchmarks.supervised import BROKEN, OUTCOMES, REFUSED, Bench, Run

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import busta
from busta.registry.connect import connect
from workspaces import as_nflverse

SETTINGS = """
[sim]
seasons = 3
[train]
first_test_season = 2012
jobs = 1
[train.anchored.boosting]
rounds = 10
[data]
nflverse_url = "http://127.0.0.1:9/games.csv"
nflverse_teams_url = "http://127.0.0.1:9/teams_{season}.csv"
timeout = 2.0
retries = 3
"""
LEVEL = 0.95
STAYS = 0.3  # share of the faults outside that last until the command gives up
PATIENCE, GIVEN_UP = "BUSTA_TRACKING__PATIENCE", "2"  # seconds, then


def killed(bench: Bench, folder: Path) -> tuple[str, Run]:
    """`kill -9` at a moment that is uniformly random over the length of a training."""
    run = Run(bench, folder)
    command = run.train()
    command.process.join(bench.moment())
    command.kill()
    outcome = run.supervised(command)
    run.sound()
    return outcome, run


def disk_full(bench: Bench, folder: Path) -> tuple[str, Run]:
    """Room for a random part of what a training writes; afterwards for all of it."""
    if os.geteuid() != 0:
        run = Run(bench, folder)
        most = max(path.stat().st_size for path in run.home.rglob("*"))
        command = run.train(faults.short_files(bench.rng.randint(most // 2, 2 * most)))
        return run.persists(command, 5), run
    with faults.small_disk(folder) as resize:
        run = Run(bench, folder)
        room = os.statvfs(folder)
        used = (room.f_blocks - room.f_bfree) * room.f_frsize
        resize(used + int(bench.rng.uniform(0, bench.growth)))
        outcome = run.persists(run.train(), 5, lambda: resize(used + 10 * bench.growth))
    return outcome, run


def mlflow_away(bench: Bench, folder: Path) -> tuple[str, Run]:
    """A tracking server that is gone for some seconds, or until the training has given up."""
    run = Run(bench, folder, uri=f"http://127.0.0.1:{bench.proxy.port}")
    stays = bench.rng.random() < STAYS
    command = run.train(variables={PATIENCE: GIVEN_UP} if stays else {})
    command.process.join(bench.moment(2.0))  # over HTTP a training takes longer
    bench.proxy.away()
    try:
        if stays:
            return run.persists(command, 5, bench.proxy.back), run
        time.sleep(bench.rng.uniform(0.5, 8.0))
    finally:
        bench.proxy.back()
    outcome = run.supervised(command)
    run.sound()
    return outcome, run


def database_away(bench: Bench, folder: Path) -> tuple[str, Run]:
    """MLflow's database locked by another program for some seconds, or until the training has given up."""
    run = Run(bench, folder)
    stays = bench.rng.random() < STAYS
    command = run.train(variables={PATIENCE: GIVEN_UP} if stays else {})
    command.process.join(bench.moment())
    with faults.locked(run.home / "mlflow.db"):
        if stays:
            command.end()
        else:
            time.sleep(bench.rng.uniform(0.5, 12.0))
    if stays:
        return run.persists(command, 5), run
    outcome = run.supervised(command)
    run.sound()
    return outcome, run


def network_gone(bench: Bench, folder: Path) -> tuple[str, Run]:
    """A download that fails a few times, or always; a training on the tables that stand then."""
    run = Run(bench, folder, "nfl")
    stays = bench.rng.random() < STAYS
    failures = 1000 if stays else bench.rng.randint(1, 5)
    with faults.site(bench.games, failures) as (games, teams):
        where = {"BUSTA_DATA__NFLVERSE_URL": games, "BUSTA_DATA__NFLVERSE_TEAMS_URL": teams}
        command = run.busta("ingest", "nfl", variables=where)
        if stays:
            run.refused(command, 5)
            outcome = REFUSED
        else:
            outcome = run.supervised(command, lambda: run.busta("ingest", "nfl", variables=where))
    run.expect(run.train().end() == 0, "the training after it failed")
    run.sound(right="nfl" if stays else "nfl_all", same=stays)
    return outcome, run


def columns_missing(bench: Bench, folder: Path) -> tuple[str, Run]:
    """A file without a column or that is none: refused, and a training on the tables that stand is right."""
    run = Run(bench, folder, "nfl")
    file = folder / "games.csv"
    file.write_bytes(faults.spoiled(bench.games, bench.rng))
    run.refused(run.busta("ingest", "nfl", "--from", str(file)), 4)
    run.expect(run.train().end() == 0, "the training after it failed")
    run.sound()
    return REFUSED, run


def clock_jumps(bench: Bench, folder: Path) -> tuple[str, Run]:
    """The clock set a day forwards or backwards in the middle."""
    run = Run(bench, folder)
    outcome = run.supervised(run.train(faults.jump(bench.moment(), bench.rng.choice([-DAY, DAY]))))
    run.sound()
    return outcome, run


def two_at_once(bench: Bench, folder: Path) -> tuple[str, Run]:
    """Two trainings of the same at the same time: two versions, both right."""
    run = Run(bench, folder)
    first = run.train()
    first.process.join(bench.rng.uniform(0, 1.0))
    second = run.train(run="b")
    outcomes = [run.supervised(first), run.supervised(second, lambda: run.train(run="b"))]
    run.sound(2)
    return max(outcomes, key=OUTCOMES.index), run


FAULTS = {
    "kill": killed,
    "disk": disk_full,
    "mlflow": mlflow_away,
    "database": database_away,
    "network": network_gone,
    "columns": columns_missing,
    "clock": clock_jumps,
    "two": two_at_once,
}


def main() -> int:
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=FAULTS)
    parser.add_argument("--keep", type=Path, help="folder for workspaces and output, to be looked at afterwards")
    options = parser.parse_args()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        bench = prepared(folder.resolve(), random.Random(options.seed))  # noqa: S311 - no secret
        names = [options.only] if options.only else list(FAULTS)
        if "mlflow" in names:
            bench.proxy = faults.Proxy(stack.enter_context(faults.mlflow_server(folder / "server")))
            stack.callback(bench.proxy.end)
        print(f"a training takes {bench.seconds:.1f} s and {bench.growth / 1e6:.1f} MB", flush=True)
        found: Counter[tuple[str, str]] = Counter()
        with suppress(KeyboardInterrupt):  # told is what was found until then
            for i in range(options.runs):
                name = names[i % len(names)]
                found[name, one(bench, name, i)] += 1
    return told(found, time.monotonic() - began)


def one(bench: Bench, name: str, number: int) -> str:
    """The outcome of a run; what is broken is told at once, with the run's folder of output."""
    folder = bench.folder / f"run-{number:03d}-{name}"
    try:
        outcome, run = FAULTS[name](bench, folder)
        problems = run.problems
    except Exception as exc:  # noqa: BLE001 - a run that cannot be judged is broken, and the others go on
        outcome, problems = BROKEN, [f"{type(exc).__name__}: {exc}"]
    for problem in problems:
        print(f"broken: {folder.name}: {problem}", flush=True)
    if not problems:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{folder.name}: {BROKEN if problems else outcome}", file=sys.stderr, flush=True)
    return BROKEN if problems else outcome


def prepared(folder: Path, rng: random.Random) -> Bench:
    """The workspaces to copy, and what comes of them undisturbed: twice the same."""
    bench = Bench(folder, rng)
    asked(lambda: templates(folder))
    for template in ("sim", "nfl", "nfl_all"):
        undisturbed(bench, template)
        undisturbed(bench, template)
    return bench


def undisturbed(bench: Bench, template: str) -> None:
    """What is right, and how long it takes; what is imported for it the next one finds."""
    run = Run(bench, bench.folder / f"undisturbed-{template}-{template in bench.right}", template)
    size, began = _size(run.folder), time.monotonic()
    command = run.train()
    if command.end() != 0:
        raise RuntimeError(f"an undisturbed training failed: {command.said}")
    bench.seconds, bench.growth = time.monotonic() - began, _size(run.folder) - size
    bench.right.setdefault(template, asked(lambda: run.state(run.league))["versions"][0]["predictions"])
    run.sound()
    if run.problems:
        raise RuntimeError(f"an undisturbed training is not right: {run.problems}")
    warm(command)
    shutil.rmtree(run.folder)


def templates(folder: Path) -> None:
    """A simulated league, and its games as nflverse would write them: up to a season, and all."""
    for name in ("sim", "nfl", "nfl_all"):
        (folder / name).mkdir()
        (folder / name / "busta.toml").write_text(SETTINGS)
    settings = busta.load(home=folder / "sim")
    busta.ingest(settings, "sim")
    busta.build(settings, "sim")
    connect(settings)
    games = as_nflverse(settings)
    games.write_csv(folder / "games.csv")
    games.filter(games["season"] < games["season"].max()).write_csv(folder / "earlier.csv")
    for name, file in (("nfl", "earlier.csv"), ("nfl_all", "games.csv")):
        shutil.copy(folder / "sim" / "mlflow.db", folder / name)
        settings = busta.load(home=folder / name)
        busta.ingest(settings, "nfl", folder / file)
        busta.build(settings, "nfl")
        connect(settings)


def _size(folder: Path) -> int:
    """Bytes of all files in whole blocks, as a small disk counts them."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*"))


def told(found: Counter[tuple[str, str]], seconds: float) -> int:
    """Prints the table and what it proves; 1 if anything is broken."""
    from scipy.stats import beta

    print(f"\n{'fault':10} {'runs':>5} " + " ".join(f"{name:>21}" for name in OUTCOMES))
    for fault in [*dict.fromkeys(name for name, _ in found), "all"]:
        counts = [sum(n for (f, o), n in found.items() if fault in {f, "all"} and o == outcome) for outcome in OUTCOMES]
        print(f"{fault:10} {sum(counts):5} " + " ".join(f"{count:21}" for count in counts))
    runs, broken = found.total(), sum(n for (_, outcome), n in found.items() if outcome == BROKEN)
    bound = 1.0 if broken == runs else float(beta.ppf(LEVEL, broken + 1, runs - broken))
    print(f"\nfailures: {broken} of {runs}; at most {100 * bound:.2f} % at {LEVEL:.0%} confidence (Clopper-Pearson)")
    print(f"{seconds:.0f} s")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
