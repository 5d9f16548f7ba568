"""Seconds and memory of a training, as a whole process; the walk alone; help; and the gaps to the closing line.

On the real file in BUSTA_TEST_DATA (by default ../shared/data beside the repository), else on the simulated league.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]
BUSTA = [str(Path(sys.executable).with_name("busta"))]
FIRST_TEST_SEASON = 2009

# A process of its own measures each command: RUSAGE_CHILDREN of this one would keep the largest of all.
CLOCK = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds = time.perf_counter() - start
sys.exit(done.stderr) if done.returncode else None
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, done.stdout]))
"""


def main() -> None:
    league, ingest = source()
    print(f"league {league}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "first"
        home.mkdir()
        timed(home, *ingest)
        firsts, seconds, sizes = [], [], []
        for number in range(3):
            fresh = shutil.copytree(home, Path(folder) / f"fresh{number}")
            firsts.append(timed(fresh, "train", "moneyline", "--league", league, "--json")[0])
            again = timed(fresh, "train", "moneyline", "--league", league, "--json")
            seconds.append(again[0])
            sizes.append(again[1])
        say("train, first run in a workspace", median(firsts), 25, "s")
        say("train, second run", median(seconds), 12, "s")
        say("train, second run, peak memory", median(sizes), 700, "MB")
        say("walk forward alone, in process", walk_seconds(fresh, league), 4.5, "s")
        helps = [timed(fresh, "--help")[0] for _ in range(10)]
        say("busta --help, median of 10", 1000 * median(helps), 200, "ms")
        gaps(fresh, league)


def source() -> tuple[str, list[str]]:
    """The league, and the command that gets its games."""
    file = Path(os.environ.get("BUSTA_TEST_DATA") or ROOT.parent / "shared" / "data") / "nflverse_games.csv"
    return ("nfl", ["ingest", "nfl", "--from", str(file)]) if file.exists() else ("sim", ["ingest", "sim"])


def timed(home: Path, *arguments: str) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and output of one busta process."""
    done = subprocess.run(
        [sys.executable, "-c", CLOCK, *BUSTA, *arguments],
        env=os.environ | {"BUSTA_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, megabytes, output = json.loads(done.stdout)
    return seconds, megabytes, output


def walk_seconds(home: Path, league_name: str) -> float:
    import busta
    from busta.markets.dataset import assemble
    from busta.models.walk import walk
    from busta.plugins import pick

    settings = busta.load(home=home)
    data = assemble(busta.open_version(settings, league_name), pick("league", league_name), pick("market", "moneyline"))
    best = []
    for _ in range(3):
        start = perf_counter()
        walk(data, settings.train)
        best.append(perf_counter() - start)
    return median(best)


def gaps(home: Path, league: str) -> None:
    """The issue's two targets, on all games of the test seasons."""
    first = ["--first-test-season", str(FIRST_TEST_SEASON)] if league == "nfl" else []
    command = ["train", "moneyline", "--league", league, *first, "--json"]
    anchored = json.loads(timed(home, *command)[2])
    blind = json.loads(timed(home, *command, "--blind")[2])
    print(f"test seasons {anchored['first_test_season']}-{anchored['last_test_season']}, {anchored['games']} games")
    say("anchored: log loss above the closing line", gap(anchored, "log_loss"), 0.001, "", "+.5f")
    say("blind: Brier above the closing line", gap(blind, "brier"), 0.0065, "", "+.5f")
    print(f"{'':12}{'anchored, log loss':>20}{'blind, Brier':>16}")
    for one, other in zip(anchored["by_season"], blind["by_season"], strict=True):
        figures = one["log_loss"] - one["closing_line_log_loss"], other["brier"] - other["closing_line_brier"]
        print(f"  {one['season']:<10}{figures[0]:>+20.5f}{figures[1]:>+16.5f}")


def gap(result: dict[str, Any], score: str) -> float:
    """The mean over games, from the seasons' figures."""
    rows = [row for row in result["by_season"] if row[score] is not None]
    games = sum(row["games"] for row in rows)
    return float(sum(row["games"] * (row[score] - row[f"closing_line_{score}"]) for row in rows) / games)


def say(what: str, value: float, target: float, unit: str, form: str = ".1f") -> None:
    verdict = "" if value <= target else "  missed"
    print(f"{what:<44}{format(value, form):>10} {unit:<3} (target {target:g}){verdict}")


if __name__ == "__main__":
    main()
