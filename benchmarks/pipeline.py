"""Seconds of a `dvc repro` that has nothing to do, and which stages another parameter of one market runs again.

    python benchmarks/pipeline.py [WORKSPACE] [--seasons 4] [--turns 5]

Without a workspace, one as `busta init` makes it is run once (three markets of a small simulated
league, a minute or two).
Ends with exit code 1 if a target was missed.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from time import perf_counter

SECONDS = 2.0


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("workspace", nargs="?", type=Path, help="in which `dvc repro` has been run")
    parser.add_argument("--seasons", type=int, default=4, help="of the simulated league")
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.workspace or make(Path(scratch), asked.seasons)
        missed = idle(home, asked.turns)
        return int(missed if asked.workspace else missed | another_parameter(home))


def make(home: Path, seasons: int) -> Path:
    """A workspace whose pipeline was run once."""
    import busta

    busta.init(home)
    file = home / "params.yaml"
    file.write_text(re.sub(r"seasons: \d+", f"seasons: {seasons}", file.read_text()))
    dvc(home, "init", "--no-scm", "--quiet")
    start = perf_counter()
    stages = ran(dvc(home, "repro"))
    print(f"first run: {len(stages)} stages, {perf_counter() - start:.0f} s")
    return home


def idle(home: Path, turns: int) -> bool:
    """Times runs in which nothing has changed; the fastest counts, the machine may have other things to do."""
    seconds, of_cpu = [], []
    for _ in range(turns):
        start, before = perf_counter(), cpu()
        stages = ran(dvc(home, "repro"))
        seconds.append(perf_counter() - start)
        of_cpu.append(cpu() - before)
        if stages:
            print(f"ran again although nothing had changed: {', '.join(stages)}  MISSED")
            return True
    late = min(seconds) > SECONDS
    print(
        f"nothing to do: {min(seconds):.2f} s at best, median {median(seconds):.2f} s, "
        f"{min(of_cpu):.2f} s of them on the processor; target {SECONDS} s{'  MISSED' if late else ''}"
    )
    return late


def another_parameter(home: Path) -> bool:
    """Whether another seed of totals runs the stages of totals alone."""
    file = home / "params.yaml"
    file.write_text(file.read_text().replace("    totals: {}", "    totals: {seed: 5}"))
    stages = ran(dvc(home, "repro"))
    wrong = sorted(stages) != sorted(f"{stage}@sim-totals" for stage in ("train", "evaluate", "gate", "report"))
    print(f"another seed of totals: ran {', '.join(stages) or 'nothing'}{'  MISSED' if wrong else ''}")
    return wrong


def ran(said: str) -> list[str]:
    return re.findall(r"^Running stage '(.*)':$", said, re.MULTILINE)


def dvc(home: Path, *words: str) -> str:
    """What DVC says; its stages find the `busta` beside this Python."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    variables = {name: value for name, value in os.environ.items() if not name.startswith("BUSTA_")}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=home,
        env=variables | {"PATH": paths, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"dvc {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def cpu() -> float:
    """Seconds of processor that children have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
