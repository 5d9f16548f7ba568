"""The trials of a search: proposed by Optuna, kept where a killed search finds them again."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import optuna
from optuna.samplers import RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from busta.models.space import grid, propose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

    from busta.settings import Members, Tune

__all__ = ["Asked", "Candidate", "Study"]

ROUND = 4
"""Trials proposed together: no result of one shapes another, so it does not matter how many run at once."""
STARTUP = 12
"""Trials drawn at random before a search begins to learn, and before any is given up."""
KEPT = ("values", "losses", "seconds")
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class Candidate:
    """Settings that were tried.

    Attributes:
        number: In the order of proposals; -1 are the settings the search began with.
        values: What differs from those, by dotted names.
        losses: Sum of the log losses of each fold's games, guides first; empty if it was pruned.
        guides: Mean log loss up to each guiding season it came to.
        seconds: What it took.
    """

    number: int
    values: dict[str, Any]
    losses: list[float] = field(default_factory=list)
    guides: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def guide(self) -> float | None:
        """Mean log loss of the guiding seasons it came to, None without any."""
        return self.guides[-1] if self.guides else None

    @property
    def pruned(self) -> bool:
        """Whether it was given up after some of the guides."""
        return not self.losses


@dataclass(frozen=True)
class Asked:
    """A candidate that is to be tried.

    Attributes:
        number: Of the candidate, in the order they are proposed in.
        values: What differs from the settings the search began with, by dotted names.
        medians: Of the mean losses up to each guide, over the candidates that were finished when it was asked for.
    """

    number: int
    values: dict[str, Any]
    medians: tuple[float, ...] = ()

    def gives_up(self, guides: Sequence[float]) -> bool:
        """Whether, after the latest of those guides, it is known to be in the worse half (median pruning).

        Its best so far counts (Golovin et al. 2017), and the first guide alone is no reason.

        >>> worse = Asked(0, {}, (0.60, 0.61, 0.62))
        >>> worse.gives_up([0.65]), worse.gives_up([0.65, 0.64]), worse.gives_up([0.65, 0.64, 0.61])
        (False, True, False)
        """
        latest = len(guides) - 1
        return 0 < latest < len(self.medians) and min(guides) > self.medians[latest]


class Study:
    """The trials of one search.

    Args:
        name: Of the search: with the same name it goes on where it ended.
        tune: What is searched, how and where it is kept.
        seed: Of what is proposed.
        journal: File of the trials, where ``tune.storage`` names no database; nobody else may be at work on it.
    """

    def __init__(self, name: str, tune: Tune, seed: int, journal: Path) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._tune, self._seed = tune, seed
        if not tune.storage:
            _mend(journal)
        storage = tune.storage or JournalStorage(JournalFileBackend(str(journal), lock_obj=cast("Any", _Held())))
        self._study = optuna.create_study(study_name=name, storage=storage, load_if_exists=True)
        self._running: dict[int, Trial] = {}
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
            self._study.tell(trial.number, state=TrialState.FAIL)  # whoever ran it is gone

    def ask(self, base: Members, *, blind: bool, guided: bool) -> list[Asked]:
        """The next candidates; none when all there are to be have been tried."""
        done, most = len(self._finished()), self._tune.trials
        if self._tune.search == "grid":
            most = min(most, len(self._points(base)))
        first = done - done % ROUND
        medians = self._medians(first)
        numbers = range(done, min(first + ROUND, most))
        return [Asked(i, self._next(base, i, blind=blind, guided=guided), medians) for i in numbers]

    def tell(self, asked: Sequence[Asked], found: Sequence[Candidate]) -> None:
        """Notes what came of the candidates, in the order they were proposed in."""
        for each, candidate in zip(asked, found, strict=True):
            trial = self._running.pop(each.number)
            for name in KEPT:
                trial.set_user_attr(name, getattr(candidate, name))
            for step, loss in enumerate(candidate.guides):
                trial.report(loss, step)
            if candidate.pruned:
                self._study.tell(trial, state=TrialState.PRUNED)
            else:
                self._study.tell(trial, candidate.guide or 0.0)

    def candidates(self) -> list[Candidate]:
        """What was tried, in the order it was proposed in; of a search that had more trials before, the first."""
        finished = self._finished()[: self._tune.trials]
        return [
            Candidate(number, guides=_guides(trial), **{name: trial.user_attrs[name] for name in KEPT})
            for number, trial in enumerate(finished)
        ]

    def _finished(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=FINISHED)

    def _medians(self, first: int) -> tuple[float, ...]:
        """Of the guides of what was finished before the round that begins there; nothing before there is enough."""
        before = [_guides(each) for each in self._finished()[:first] if each.state == TrialState.COMPLETE]
        if not self._tune.prune or len(before) < STARTUP:
            return ()
        return tuple(np.median(before, axis=0).tolist())

    def _next(self, base: Members, index: int, *, blind: bool, guided: bool) -> dict[str, Any]:
        by_grid = self._tune.search == "grid"
        if by_grid:
            self._study.enqueue_trial(self._points(base)[index])
        self._study.sampler = self._sampler(index, guided=guided)
        trial = self._study.ask()
        proposed = propose(trial, base, blind=blind, by_grid=by_grid)
        self._running[index] = trial
        return proposed

    def _points(self, base: Members) -> list[dict[str, Any]]:
        """The points of the grid in an order of their own, so that a few of them are spread over all."""
        axes = grid(base)
        points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
        random.Random(self._seed).shuffle(points)  # noqa: S311 - no secret
        return points

    def _sampler(self, index: int, *, guided: bool) -> BaseSampler:
        """A sampler of that trial's own seed: a search that was killed goes on as if it had not been."""
        seed = self._seed * 1_000_003 + index
        if self._tune.search == "tpe" and guided:
            return TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=True)
        return RandomSampler(seed=seed)


def _guides(trial: FrozenTrial) -> list[float]:
    return [loss for _, loss in sorted(trial.intermediate_values.items())]


def _mend(journal: Path) -> None:
    """Drops the last line of a journal where a kill cut it: what is written after it could not be read."""
    if not journal.exists():
        journal.parent.mkdir(parents=True, exist_ok=True)
        return
    with journal.open("rb+") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)


class _Held:
    """A lock among threads: a file as a lock would outlive a killed search, and nobody else is at work here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Waits for it."""
        return self._lock.acquire()

    def release(self) -> None:
        """Gives it back."""
        self._lock.release()
