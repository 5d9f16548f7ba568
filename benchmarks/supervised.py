"""A run of `benchmarks.reliability`: its workspace, what a supervisor does, and whether all is right afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchmarks import faults

import busta
from busta.registry.connect import connect
from busta.registry.versions import fetch_model, fetch_predictions, versions
from busta.workflows.doctor import diagnose

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.faults import Command

OUTCOMES = ("right at once", "right after one retry", "refused clearly", "broken")
AT_ONCE, RETRIED, REFUSED, BROKEN = OUTCOMES


@dataclass
class Bench:
    """What all runs share: workspaces to copy, what is right, how long a training takes."""

    folder: Path
    rng: random.Random
    right: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    growth: int = 0
    proxy: faults.Proxy = field(init=False)

    def moment(self, times: float = 1.0) -> float:
        """A moment in the length of a training, uniformly at random."""
        return self.rng.uniform(0, times * self.seconds)

    @property
    def games(self) -> str:
        """All games, as nflverse writes them."""
        return (self.folder / "games.csv").read_text()


@dataclass
class Run:
    """One run: a workspace of its own, and what was found wrong with it."""

    bench: Bench
    folder: Path
    template: str = "sim"
    uri: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The workspace."""
        return self.folder / "home"

    @property
    def league(self) -> str:
        """Whose games are learned from."""
        return "sim" if self.template == "sim" else "nfl"

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        shutil.copytree(self.bench.folder / self.template, self.home)
        self.said = self.bench.folder / "said" / self.folder.name
        self.said.mkdir(parents=True)
        self.name = self.folder.name.replace("_", "-")
        self.before = self.kept()
        shared = bool(self.uri)  # a server has the versions of earlier runs, a copied workspace has none
        self.had = len(faults.asked(lambda: self.state(self.league))["versions"]) if shared else 0

    def busta(
        self,
        *arguments: str,
        hook: Callable[[], None] = faults.nothing,
        run: str = "",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Command:
        """Starts a command; the same ``run`` says that it is the same one again."""
        known = {"BUSTA_RUN_ID": f"{self.name}-{run}"} if run else {}
        where = {"BUSTA_TRACKING__TRACKING_URI": self.uri} if self.uri else {}
        return faults.start(self.home, self.said, arguments, hook, {**known, **where, **variables})

    def train(
        self,
        hook: Callable[[], None] = faults.nothing,
        run: str = "a",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Command:
        """Starts a training; by default the same as before, again."""
        what = ("train", "moneyline", "--league", self.league, "--json")
        return self.busta(*what, hook=hook, run=run, variables=variables)

    def supervised(self, command: Command, again: Callable[[], Command] | None = None) -> str:
        """Its outcome as a supervisor has it, who runs a command that failed once more."""
        if command.end() == 0:
            return AT_ONCE
        second = (again or self.train)()
        self.expect(second.end() == 0, f"the retry failed: {second.said[-300:]}")
        return RETRIED

    def refused(self, command: Command, code: int) -> None:
        """It has to end with that code and one or two lines, whatever warnings came before."""
        found = command.end()
        lines = command.said.partition("error: ")[2].splitlines()
        clear = 1 <= len(lines) <= 2 and "Traceback" not in command.said  # noqa: PLR2004
        self.expect(found == code and clear, f"exit code {found} instead of {code}, or unclear: {command.said[-300:]}")

    def persists(self, command: Command, code: int, gone: Callable[[], None] = faults.nothing) -> str:
        """A fault that stays: refused and nothing broken; when it is ``gone``, a training is right."""
        outcome = AT_ONCE if command.end() == 0 else REFUSED
        if outcome == REFUSED:
            self.refused(command, code)
        gone()
        if outcome == REFUSED:
            self.sound(0, most=1)
            again = self.train()
            self.expect(again.end() == 0, f"a training after the fault failed: {again.said[-300:]}")
        self.sound()
        return outcome

    def expect(self, fact: bool, otherwise: str) -> None:
        """Notes what is wrong, if it is."""
        if not fact:
            self.problems.append(otherwise)

    def sound(self, new: int = 1, right: str = "", same: bool = True, most: int = 0) -> None:
        """So many new versions (up to ``most``, where there may be more), all of them right, and the rest as it was."""
        try:
            state = faults.asked(lambda: self.state(self.league))
        except RuntimeError as exc:
            self.problems.append(f"cannot be read: {exc}")
            return
        found = state["versions"][: len(state["versions"]) - self.had]
        self.expect(new <= len(found) <= max(new, most), f"{len(found)} new versions instead of {new}")
        wanted = self.bench.right[right or self.template]
        self.expect(all(each["predictions"] == wanted for each in found), "predictions are others")
        if new:
            self.expect("challenger" in [a for each in found for a in each["aliases"]], "no challenger")
            self.expect(state["open"] == 0, f"{state['open']} runs left open")
        self.expect(not state["doctor"], f"busta doctor: {state['doctor']}")
        self.expect(not state["left"], f"left behind: {state['left']}")
        self.expect(not same or self.kept() == self.before, "tables, gold or ledger changed")

    def state(self, league: str) -> dict[str, Any]:
        """What busta sees of the workspace, told by a process of its own."""
        tracking = {"tracking": {"tracking_uri": self.uri}} if self.uri else {}
        os.environ["BUSTA_HOME"] = str(self.home)
        if self.uri:
            os.environ["BUSTA_TRACKING__TRACKING_URI"] = self.uri
        settings = busta.load(home=self.home, **tracking)
        registry = connect(settings)
        found = versions(registry, f"busta-{league}-moneyline")
        for version in found:
            fetch_model(registry, version)
        ids = [each.experiment_id for each in registry.client.search_experiments()]
        if not self.uri:
            with closing(sqlite3.connect(self.home / "mlflow.db")) as database:
                assert database.execute("pragma integrity_check").fetchone() == ("ok",)  # noqa: S101
        return {
            "versions": [
                {"aliases": each.aliases, "predictions": _digest(fetch_predictions(registry, each))} for each in found
            ],
            "open": len(registry.client.search_runs(ids, "attributes.status = 'RUNNING'")),
            "doctor": [each for each in diagnose() if not each["ok"] and each["check"] != "disk"],
            "left": [str(each) for pattern in (".making-*", ".writing-*") for each in self.home.rglob(pattern)],
        }

    def kept(self) -> dict[str, str]:
        """Digests of all that a training only reads."""
        files = [path for path in self.home.rglob("*") if path.is_file() and path.name != ".lock"]
        ours = {path: path.relative_to(self.home) for path in files}
        return {
            str(name): _digest(path)
            for path, name in ours.items()
            if name.parts[0] != "mlruns" and not name.name.startswith("mlflow.db")
        }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
