"""Search for settings of the members, nested in the walk forward at the price of a plain one.

Each candidate is fitted once a season. What a season takes is chosen by the losses of the seasons before it, so
its own games have no say, and by the evidence that all choices within the walk ask for. Nor have its games a say in
what is proposed: a search that learns (TPE) and the pruning see only the guides, seasons before the first that is
tested.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from busta.models.members import fit_member
from busta.models.parallel import side_by_side
from busta.models.portable import head, score
from busta.models.prequential import losses_of, prefer
from busta.models.selection import masked, spoken_for
from busta.models.space import with_values
from busta.models.splits import first_test_season, walk_forward
from busta.models.study import Asked, Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.splits import Fold
    from busta.models.study import Study
    from busta.settings import Members, Train, Tune

    Floats = NDArray[np.float64]

__all__ = ["Search", "search"]


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        chosen: Number of the candidate of each tested fold, and last of the final model.
        settings: The members' settings of each, in the same order.
        candidates: All that was tried, in order.
        games: Games with an outcome in each fold, guides first.
        guides: How many folds are guides.
        notes: What a reader should know.
    """

    chosen: list[int]
    settings: list[Members]
    candidates: list[Candidate]
    games: list[int]
    guides: int
    notes: dict[str, str]

    def tested(self, candidate: Candidate) -> float | None:
        """Its mean log loss on the folds that are tested; None if it was pruned."""
        losses, games = candidate.losses[self.guides :], self.games[self.guides :]
        return None if candidate.pruned else sum(losses) / sum(games)


def search(
    data: Dataset,
    train: Train,
    tune: Tune,
    study: Study,
    progress: Callable[[int, int, float | None], None] = lambda _done, _of, _best: None,
) -> Search:
    """Tries ``tune.trials`` settings of the members and chooses for each fold by the folds before it.

    Candidates run side by side, on threads or a cluster, in rounds of a fixed size, so what comes out does not depend
    on where or on how many; a search that was killed goes on where the last whole round ended.

    Args:
        data: The table.
        train: How it is walked; its members are where the search begins.
        tune: What to try.
        study: Where trials are kept.
        progress: Called with trials done, trials in all and the least guide loss so far.

    Raises:
        DataError: Nothing to test on, or nothing to learn from.
        BustaError: The cluster is not there, not able or lost.
    """
    arena = _Arena.of(data, train)
    with side_by_side(train, arena) as pool:
        candidates = pool.run([(_Arena.attempt, Asked(-1, {}))])
        while asked := study.ask(arena.base, blind=data.blind, guided=arena.guides > 0):
            study.tell(asked, pool.run([(_Arena.attempt, each) for each in asked]))
            known = study.candidates()
            progress(len(known), tune.trials, min((each.guide for each in known if each.guide), default=None))
    candidates += study.candidates()
    chosen = [_best(candidates, earlier) for earlier in arena.earlier()]
    notes = {} if arena.guides else {"guides": "no season before the first tested one guides the search: it is random"}
    settings = [with_values(arena.base, candidates[i].values) for i in chosen]
    numbers = [candidates[i].number for i in chosen]
    return Search(numbers, settings, candidates, arena.games, arena.guides, notes)


def _best(candidates: Sequence[Candidate], folds: Sequence[int]) -> int:
    """The candidate of the least loss on those folds, if the evidence is against what the search began with."""
    whole = [i for i, each in enumerate(candidates) if not each.pruned]
    losses = np.array([[candidates[i].losses[fold] for i in whole] for fold in folds])
    return whole[prefer(losses.reshape(len(folds), len(whole)), 0)]


@dataclass(frozen=True)
class _Arena:
    """Where candidates are tried: the table, the guiding folds, then those that are tested."""

    data: Dataset
    train: Train
    folds: list[Fold]
    guides: int
    spoken_for: dict[tuple[int, str], NDArray[np.bool_]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Dataset, train: Train) -> _Arena:
        tested = walk_forward(data, train)
        season = data.games["season"].to_numpy()
        before = season[(season < tested[0].season) & ~np.isnan(data.value) & ~np.isnan(data.offset)]
        if np.unique(before).size < 2:  # noqa: PLR2004 - one to learn from, one to be guided by
            return cls(data, train, tested, 0)
        start = first_test_season(before)
        folds = walk_forward(data, train.model_copy(update={"first_test_season": start}))
        return cls(data, train, folds, sum(fold.season < tested[0].season for fold in folds))

    @property
    def base(self) -> Members:
        return self.train.members(blind=self.data.blind)

    @property
    def games(self) -> list[int]:
        return [int((~np.isnan(self.data.y[fold.test])).sum()) for fold in self.folds]

    def earlier(self) -> list[list[int]]:
        """The folds that were final before each tested fold's first decision; last, all of them."""
        final, decided = self.data.games["final_time"], self.data.games["decision_time"]
        ends = [final.gather(fold.test).max() for fold in self.folds]
        starts = [decided.gather(fold.test).min() for fold in self.folds[self.guides :]]
        past = [[i for i, end in enumerate(ends) if end < start] for start in starts]  # type: ignore[operator]
        return [*past, list(range(len(self.folds)))]

    def attempt(self, asked: Asked) -> Candidate:
        """Fits a candidate fold by fold; given up after a guide, it has no losses."""
        started = time.perf_counter()
        settings, games = with_values(self.base, asked.values), self.games
        losses: list[float] = []
        guides: list[float] = []
        for i, fold in enumerate(self.folds):
            losses.append(self._loss(fold, settings))
            if i < self.guides:
                guides.append(sum(losses) / max(sum(games[: i + 1]), 1))
                if asked.gives_up(guides):
                    losses = []
                    break
        return Candidate(asked.number, asked.values, losses, guides, time.perf_counter() - started)

    def _loss(self, fold: Fold, settings: Members) -> float:
        """Sum of the log losses of a fold's games by the average of the members fitted for it."""
        data, seen = self.data, self._seen(fold, settings)
        X, offset, line = data.X[fold.test], data.offset[fold.test], data.line[fold.test]
        said = []
        for name in settings.members:
            member = fit_member(name, seen, fold.train, settings, self.train.seed)
            said.append(head(score(X, member.spec, member.booster), offset, line, member.spec))
        return float(np.nansum(losses_of(np.mean(said, axis=0), data.y[fold.test])))

    def _seen(self, fold: Fold, settings: Members) -> Dataset:
        """The table with the features chosen: once for all candidates, as it takes longer than a fit."""
        key = (int(fold.test[0]), settings.features)
        if key not in self.spoken_for:
            self.spoken_for[key] = spoken_for(self.data, fold.train, settings, self.train.seed)
        return masked(self.data, self.spoken_for[key])
