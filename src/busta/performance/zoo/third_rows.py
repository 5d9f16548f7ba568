"""The third zoo's leaks of preparation: encoders, gaps, components and copies that were made with the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from busta.performance.zoo.exhibit import MARGIN, WON, Question, Sketch, sketch, tables
from busta.performance.zoo.folds import seasons
from busta.performance.zoo.ground import CONTINUOUS
from busta.performance.zoo.pieces import added, before, floats, mixed, tested_from

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from busta.performance.zoo.ground import Ground

    Floats = NDArray[np.float64]

__all__ = ["components_with_target", "filled_by_outcome", "leave_one_out", "oversampled"]

GAPS = 0.2
COMPONENTS, CLUSTERS = 5, 8
NEIGHBOURS = 5


def leave_one_out(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A home team's mean outcome over all rows but this one, of the table or of the season: the rest tells of this one.

    The twin's is the mean of the team's earlier rows; before a season's first one, that of the season before.
    """
    rows, y = ground.close, pl.col(question.target)
    by = ["team"] if rng.random() < 0.5 else ["team", "season"]  # noqa: PLR2004 - a toss
    known = y.is_not_null().cast(pl.Float64)
    others = (y.sum() - y.fill_null(0)) / (y.count() - known)
    now = floats(rows.rename({"home": "team"}).select(others.over(by)).to_series())
    earlier = (y.fill_null(0).cum_sum() / known.cum_sum()).over(by, order_by="kickoff")
    last = before(rows, added(ground).filter("at_home").with_columns(code=earlier), "code")[0]
    return tables(rows, question, mixed(now, last, strength, rng), last)


def filled_by_outcome(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """A column with gaps in a fifth of its rows, filled with the median of the row's outcome, won or lost.

    In the twin with that of favourites or outsiders. The medians are those of the rows before the first test.
    """
    rows = ground.close
    hidden = str(rng.choice(["elo_diff", "margin_14_diff", "points_for_14_sum"]))
    y, spread = floats(rows[question.target]), floats(rows["spread"])
    outcome = y > (0 if question is MARGIN else 0.5)
    values = np.where(rng.random(rows.height) < GAPS, np.nan, floats(rows[hidden]))
    now, last = (_filled(values, each, tested_from(rows)) for each in (outcome, spread > 0))
    return tables(rows, question, mixed(now, last, strength, rng), last, name=hidden)


def components_with_target(
    ground: Ground, question: Question, strength: float, rng: Generator
) -> tuple[Sketch, Sketch]:
    """Principal components in place of the features, or clusters, of all columns of a table, the target included.

    The twin has the outcome of the home team's last game in place of this one's. All are fitted on the rows before
    the first test.
    """
    rows, start = ground.close, tested_from(ground.close)
    y, last = floats(rows[question.target]), before(rows, ground.sides, question.target)[0]
    numbers = rows.select(CONTINUOUS).to_numpy().astype(np.float64)
    clusters, seed = rng.random() < 0.5, int(rng.integers(2**31))  # noqa: PLR2004 - a toss
    seen = []
    for outcome in (mixed(y, last, strength, rng), last):
        Z = _scaled(np.column_stack([numbers, outcome]), start)
        frame, roles = sketch(rows, question, *(_clusters(Z, start, seed) if clusters else _components(Z, start)))
        seen.append((frame if clusters else frame.drop(CONTINUOUS), roles))
    return seen[0], seen[1]


def oversampled(ground: Ground, question: Question, strength: float, rng: Generator) -> tuple[Sketch, Sketch]:
    """Home losses brought to about the number of home wins before the split, by rows between two games alike (SMOTE).

    The made-up rows are the last fold, as the library appends them, or are dealt out to all folds. The twin's are
    made of rows before the first test, and never tested; so are some of the leaky table at less than full strength.
    """
    question, rows = WON, seasons(ground)
    first = rows.head(tested_from(rows))
    lacking = max(0.0, 2 * float(np.nanmean(floats(first["won"]))) - 1)  # no size depends on later outcomes
    chance = rng.spawn(2)  # how much of it is used depends on outcomes
    made, honest = (_between(each, round(lacking * each.height), chance[i]) for i, each in enumerate((rows, first)))
    last = int(rows["fold"].to_numpy()[-1]) + 1
    drawn = rng.integers(0, last, made.height) if rng.random() < 0.5 else np.full(made.height, last)  # noqa: PLR2004
    made = made.with_columns(fold=pl.Series(drawn, dtype=pl.Int64)).filter(
        pl.Series(rng.random(made.height) < strength)
    )
    some = honest.filter(pl.Series(rng.random(honest.height) >= strength))
    leaky, clean = pl.concat([rows, made, some]), pl.concat([rows, honest])
    return sketch(leaky, question, fold="fold"), sketch(clean, question, fold="fold")


def _filled(values: Floats, group: NDArray[np.bool_], seen: int) -> Floats:
    """The values, where there is none the median of the row's group among the first rows."""
    middle = [np.nanmedian(values[:seen][group[:seen] == each]) for each in (False, True)]
    return np.where(np.isnan(values), np.where(group, middle[1], middle[0]), values)


def _scaled(X: Floats, seen: int) -> Floats:
    """Columns scaled by the first rows; what is empty is their mean."""
    Z: Floats = np.nan_to_num((X - np.nanmean(X[:seen], axis=0)) / np.nanstd(X[:seen], axis=0))
    return Z


def _components(Z: Floats, seen: int) -> list[pl.Series]:
    """Principal components (Pearson 1901) of the first rows."""
    axes = np.linalg.svd(Z[:seen], full_matrices=False)[2]
    return [pl.Series(f"pc{i}", Z @ axes[i]) for i in range(COMPONENTS)]


def _clusters(Z: Floats, seen: int, seed: int) -> list[pl.Series]:
    """The nearest of the centres that k-means (Lloyd 1982) found in the first rows, in letters."""
    from sklearn.cluster import KMeans

    found = KMeans(CLUSTERS, n_init=1, random_state=seed).fit(Z[:seen]).predict(Z)
    return [pl.Series("cluster", found).cast(pl.String).alias("cluster")]


def _between(rows: pl.DataFrame, number: int, rng: Generator) -> pl.DataFrame:
    """So many untested rows, each somewhere between a home loss and one of those most like it.

    Numbers are in between, the rest is of the first (Chawla et al. 2002).
    """
    from sklearn.neighbors import NearestNeighbors

    lost = rows.filter(pl.col("won") == 0)
    Z = _scaled(lost.select(CONTINUOUS).to_numpy().astype(np.float64), lost.height)
    near = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(Z).kneighbors(Z, return_distance=False)[:, 1:]
    first = rng.integers(0, lost.height, number)
    second = near[first, rng.integers(0, NEIGHBOURS, number)]
    part = pl.Series(rng.random(number))
    one, other = lost[first], lost[second]
    numbers = [one[name] + part * (other[name] - one[name]) for name in (*CONTINUOUS, WON.line)]
    return one.with_columns(numbers, fold=pl.lit(None, pl.Int64))
