"""What is each help against too little data worth? Out of fold, each switch on against off, all else the default.

    python -m benchmarks.augmentation [--league nfl] [--market moneyline] [--anchored] [--transfer]

Prints log loss more than without it, in thousandths, of the average of the members and of each member, with 95 %
intervals by week; with ``--transfer`` what games and settings of the other league do for the linear member. By default
test seasons end with 2015: a look at later ones is a trial.
"""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.real import gold, table
from scipy.special import expit, logit

from busta.models.linear import OffsetLogistic, moments
from busta.models.members import fit_member
from busta.models.portable import head, score
from busta.models.prequential import losses_of
from busta.models.space import with_values
from busta.models.splits import walk_forward
from busta.scoring.intervals import weekly_ratio_interval
from busta.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from busta.markets.dataset import Dataset
    from busta.models.splits import Fold
    from busta.settings import Members

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

FIRST = {"nfl": 2009, "nba": 2011}
ERA = {"nfl": 2004, "nba": 2013}  # contact rules of 2004; the rise of the three-point shot
SWITCHES: dict[str, dict[str, object]] = {
    "monotone": {"boosting.monotone": True},
    "mirrored, trees alone": {"mirrored": "trees"},
    "mirrored, all members": {"mirrored": "all"},
    "half-life of 3 seasons": {"half_life": 3.0},
    "half-life of 6 seasons": {"half_life": 6.0},
    "half-life of 12 seasons": {"half_life": 12.0},
    "games before the era count half": {"era_weight": 0.5},
    "noise of .1": {"noise": 0.1},
    "noise of .3": {"noise": 0.3},
}
RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
TREES = [(rounds, depth) for depth in (1, 2, 3) for rounds in (80, 150, 300)]
OTHER_WEIGHTS = (0.05, 0.2, 0.5)


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--league", default="nfl", choices=tuple(FIRST))
    parser.add_argument("--market", default="moneyline")
    parser.add_argument("--anchored", action="store_true")
    parser.add_argument("--transfer", action="store_true", help="only what the other league does, NFL and NBA blind")
    parser.add_argument("--last", type=int, default=2015, help="last test season")
    asked = parser.parse_args()
    blind = not asked.anchored
    data = table(gold(asked.league), asked.league, asked.market, asked.last, blind=blind)
    lines: Iterable[str] = switched(data)
    if asked.transfer:
        other = next(name for name in FIRST if name != asked.league)
        theirs = table(gold(other), other, asked.market, asked.last, blind=blind)
        lines = chain(transferred(data, theirs), grown(data, theirs))
    for line in lines:
        print(line, flush=True)


def switched(data: Dataset) -> Iterator[str]:
    """A line for each switch: the average of the members, then each of them."""
    settings, folds = _walked(data)
    names, default = settings.members, fitted(data, folds, settings)
    yield f"{'':<34}" + "".join(f"{name:<30}" for name in ("average", *names))
    yield f"{f'default, {len(default)} games':<34}" + "".join(f"{each.mean():<30.4f}" for each in default.T)
    for switch, values in SWITCHES.items():
        more = values | ({"era": ERA[data.league.name]} if "era_weight" in values else {})
        found = fitted(data, folds, with_values(settings, more))
        yield f"{switch:<34}" + "".join(less(*each, data, folds) for each in zip(found.T, default.T, strict=True))


def fitted(data: Dataset, folds: Sequence[Fold], settings: Members) -> Floats:
    """Log losses of the games tested: of the average of the members, and of each, shape (games, 1 + members)."""
    losses = []
    for fold in folds:
        said = []
        for name in settings.members:
            member = fit_member(name, data, fold.train, settings, seed=20)
            scores = score(data.X[fold.test], member.spec, member.booster)
            said.append(head(scores, data.offset[fold.test], data.line[fold.test], member.spec))
        each = [np.mean(said, axis=0), *said]
        losses.append(np.column_stack([losses_of(one, data.y[fold.test]) for one in each]))
    found = np.concatenate(losses)
    return found[_decided(data, folds)]


def transferred(data: Dataset, other: Dataset) -> Iterator[str]:
    """The linear member with the other league's games beside its own, and with the ridge that served there best."""
    settings, folds = _walked(data)
    share, ridge = settings.line_share, settings.linear.ridge
    _, others = _walked(other)
    served = {each: linear(other, others, each, share).mean() for each in RIDGES}
    there = min(served, key=lambda each: served[each])
    default = linear(data, folds, ridge, share)
    yield f"default, ridge {ridge:g}, {len(default)} games: {default.mean():.4f}"
    yield f"best in {other.league.name}: ridge {there:g}"
    for each in RIDGES:
        told = f"ridge {each:g}" + " (the other league's)" * (each == there)
        yield f"{told:<34}{less(linear(data, folds, each, share), default, data, folds)}"
    for weight in OTHER_WEIGHTS:
        found = linear(data, folds, ridge, share, (other, weight))
        yield f"{f'its games, each counting {weight:g}':<34}{less(found, default, data, folds)}"
        few = linear(data, folds, ridge, share, (other, weight), own=300)
        alone = linear(data, folds, ridge, share, own=300)
        yield f"{'  with 300 games of its own':<34}{less(few, alone, data, folds)} of {alone.mean():.4f}"


def grown(data: Dataset, other: Dataset) -> Iterator[str]:
    """The trees as they are, and with the number and depth that served best in the other league."""
    found = {}
    for each in (data, other):
        settings, folds = _walked(each)
        alone = settings.model_copy(update={"members": ("boosting",)})
        for rounds, depth in TREES:
            values = with_values(alone, {"boosting.rounds": rounds, "boosting.max_depth": depth})
            found[each.league.name, rounds, depth] = fitted(each, folds, values)[:, 0]
    _, folds = _walked(data)
    ours, theirs = data.league.name, other.league.name
    default = found[ours, settings.boosting.rounds, settings.boosting.max_depth]
    there = min(TREES, key=lambda each: found[(theirs, *each)].mean())
    for rounds, depth in TREES:
        told = f"{rounds} trees of depth {depth}" + " (the other's)" * ((rounds, depth) == there)
        yield f"{told:<38}{less(found[ours, rounds, depth], default, data, folds)}"


def linear(
    data: Dataset,
    folds: Sequence[Fold],
    ridge: float,
    share: float,
    other: tuple[Dataset, float] | None = None,
    own: int | None = None,
) -> Floats:
    """Log losses of the games tested, by the linear member; ``other`` is another league and what its games count.

    Features are standardised within each league, by the games learned from. The other league's level is its own: its
    games start from their base rate, and the intercept is not told of them. ``own`` keeps that many latest games.
    """
    losses = []
    for fold in folds:
        X, y, offset = _taught(data, fold.train[-own:] if own else fold.train, share)
        centre, scale = moments(X)
        Z, weight, side = (X - centre) / scale, np.ones(len(y)), np.ones(len(y))
        if other is not None:
            theirs, labels, start = _borrowed(data, other[0], fold, share)
            Z, y, offset = np.vstack([Z, theirs]), np.append(y, labels), np.append(offset, start)
            weight, side = (np.append(each, np.full(len(labels), to)) for each, to in ((weight, other[1]), (side, 0.0)))
        model = OffsetLogistic(ridge=ridge).fit(Z, y, offset, side=side, weight=weight)
        said = model.log_odds((data.X[fold.test] - centre) / scale, data.offset[fold.test])
        losses.append(losses_of(said, data.y[fold.test]))
    return np.concatenate(losses)[_decided(data, folds)]


def _borrowed(data: Dataset, other: Dataset, fold: Fold, share: float) -> tuple[Floats, Floats, Floats]:
    """The other league's games that were final before the fold began: features, outcomes, where they start from."""
    begins = data.games["decision_time"].gather(fold.test).min()
    rows = np.flatnonzero((other.games["final_time"] < begins).to_numpy())
    X, y, offset = _taught(other, rows, share)
    centre, scale = moments(X)
    columns = np.full((len(y), len(data.names)), np.nan)
    for i, name in enumerate(data.names):
        if name in other.names:
            j = other.names.index(name)
            columns[:, i] = (X[:, j] - centre[j]) / scale[j]
    return columns, y, offset + (logit(y.mean()) if data.blind and y.size else 0.0)


def _taught(data: Dataset, rows: Rows, share: float) -> tuple[Floats, Floats, Floats]:
    rows = rows[~np.isnan(data.y[rows]) & ~np.isnan(data.offset[rows])]
    y, market = data.y[rows], data.market_log_odds[rows]
    y = np.where(np.isnan(market), y, (1 - share) * y + share * expit(market))
    return data.X[rows], y, data.offset[rows]


def _walked(data: Dataset) -> tuple[Members, list[Fold]]:
    train = load(train={"first_test_season": FIRST[data.league.name]}).train
    return train.members(blind=data.blind), walk_forward(data, train)


def _decided(data: Dataset, folds: Sequence[Fold]) -> NDArray[np.bool_]:
    rows = np.concatenate([fold.test for fold in folds])
    return np.asarray(~np.isnan(data.y[rows]))


def less(losses: Floats, default: Floats, data: Dataset, folds: Sequence[Fold]) -> str:
    """What the losses are more than the default's, in thousandths, with its interval."""
    rows = np.concatenate([fold.test for fold in folds])[_decided(data, folds)]
    gap = 1000 * (losses - default)
    low, high = weekly_ratio_interval(gap, 1.0, data.weeks[rows])
    return f"{gap.mean():+.3f} [{low:+.3f}, {high:+.3f}]".ljust(30)


if __name__ == "__main__":
    main()
