"""What is each feature worth? Out of fold, the linear member with and without it, beside the default list.

    python -m benchmarks.ablation [--league nfl] [--last 2015]

``-`` takes a feature (or a group of them) out of the list, ``+`` adds one that is not in it. Of each: what it adds to
the log loss and, of blind models, to the divergence from the closing line, which has no luck of results in it and tells
sharper; an anchored model starts from that line. Intervals by week. The linear member alone: trees are too slow for it.
By default test seasons end with 2015: a look at later ones is a trial.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.real import gold
from scipy.special import expit, rel_entr

from busta.markets.dataset import assemble
from busta.models.linear import OffsetLogistic
from busta.models.splits import walk_forward
from busta.plugins import pick
from busta.scoring.intervals import weekly_ratio_interval
from busta.scoring.proper import log_losses
from busta.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from busta.features.store import MemoryGold
    from busta.markets.dataset import Dataset
    from busta.models.splits import Fold

    Floats = NDArray[np.float64]

FIRST = {"nfl": 2009, "nba": 2011}
MODELS = (("moneyline", True), ("moneyline", False), ("ats", False), ("totals", False))
GROUPS = ("power_*", "market_*", "epa_*", "starter_*", "price_*", "score_rating_*", "elo_*")
NEVER = ("price_home_win", "price_home_cover", "price_over")  # the offset says it


@dataclass(frozen=True)
class Trial:
    """Losses of each game tested, by a list of features, shape (scores, games)."""

    losses: Floats
    weeks: NDArray[np.int64]

    def less(self, other: Trial) -> str:
        """This less the other, in thousandths, with 95 % intervals by week."""
        words = []
        for gap in 1000 * (self.losses - other.losses):
            low, high = weekly_ratio_interval(gap, 1.0, self.weeks)
            words.append(f"{gap.mean():>+8.3f} [{low:+.3f}, {high:+.3f}]".ljust(30))
        return "".join(words)


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--league", default="nfl", choices=tuple(FIRST))
    parser.add_argument("--last", type=int, default=2015, help="last test season")
    asked = parser.parse_args()
    store = gold(asked.league)
    for market, blind in MODELS:
        print(f"\n{market} {'blind' if blind else 'anchored'}, {FIRST[asked.league]}-{asked.last}, in thousandths more")
        print(f"{'':<30}{'log loss':<30}{'divergence from the close' * blind}")
        for line in ablated(store, asked.league, market, asked.last, blind=blind):
            print(line, flush=True)


def ablated(store: MemoryGold, league: str, market: str, last: int, *, blind: bool) -> Iterator[str]:
    """A line for each feature and group that is left out, and for each that is added."""
    every = replace(pick("market", market), features=("*",))
    data = assemble(store, pick("league", league), every, blind=blind)
    data = data.take((data.games["season"] <= last).to_numpy())
    listed = assemble(store, pick("league", league), pick("market", market), blind=blind).names
    settings = load(train={"first_test_season": FIRST[league]}).train
    folds, members = walk_forward(data, settings), settings.blind if blind else settings.anchored

    def tried(names: Sequence[str]) -> Trial:
        return trial(data, folds, names, members.linear.ridge, members.line_share)

    default = tried(listed)
    for group in (*GROUPS, *listed):
        left = [name for name in listed if not fnmatchcase(name, group)]
        if 0 < len(left) < len(listed) and (group in listed or len(left) < len(listed) - 1):
            yield f"- {group:<28}{tried(left).less(default)}"
    suffix = "_sum" if market == "totals" else "_diff"
    others = [name for name in data.names if name not in (*listed, *NEVER) and not name.endswith(("_sum", "_diff"))]
    others += [name for name in data.names if name.endswith(suffix) and name not in listed]
    for name in others:
        if not np.isnan(data.X[:, data.names.index(name)]).all():
            yield f"+ {name:<28}{tried([*listed, name]).less(default)}"


def trial(data: Dataset, folds: Sequence[Fold], names: Sequence[str], ridge: float, share: float) -> Trial:
    """The linear member walked forward on those columns, as `busta.models` fits it."""
    X = data.X[:, [data.names.index(name) for name in names]]
    said = np.full(len(data), np.nan)
    for fold in folds:
        train = fold.train[~np.isnan(data.y[fold.train])]
        market, y = data.market_log_odds[train], data.y[train]
        target = np.where(np.isnan(market), y, (1 - share) * y + share * expit(market))
        model = OffsetLogistic(ridge=ridge).fit(X[train], target, data.offset[train])
        said[fold.test] = model.log_odds(X[fold.test], data.offset[fold.test])
    p, close = expit(said), expit(data.closing_log_odds)
    decided = ~np.isnan(p + close + data.y)
    losses = [log_losses(p, data.y), rel_entr(close, p) + rel_entr(1 - close, 1 - p)][: 1 + data.blind]
    return Trial(np.array(losses)[:, decided], data.weeks[decided])


if __name__ == "__main__":
    main()
