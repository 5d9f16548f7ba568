"""No column was scaled by figures of all rows."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata

SCALERS = {
    "standard": lambda x: (x - x.mean()) / x.std(),
    "standard, ddof 1": lambda x: (x - x.mean()) / x.std(ddof=1),
    "standard, rounded": lambda x: np.round((x - x.mean()) / x.std(), 4),
    "range": lambda x: (x - x.min()) / (x.max() - x.min()),
    "both signs": lambda x: 2 * (x - x.min()) / (x.max() - x.min()) - 1,
    "robust": lambda x: (x - np.median(x)) / np.subtract(*np.quantile(x, (0.75, 0.25))),
    "ranks": lambda x: rankdata(x) / x.size,
    "quantiles": lambda x: ndtri((rankdata(x) - 0.5) / x.size),
}


def raw(rows):
    return np.random.default_rng(0).gamma(3, 2, rows)


@pytest.mark.parametrize("scaler", SCALERS)
def test_a_scaler_of_all_rows_is_found(made, ask, scaler):
    world = made()
    found = ask("scaled_on_all", world.with_column(SCALERS[scaler](raw(world.margin.size))))
    assert (found.answer, found.columns, found.figure) == ("leak", ("x",), 1)
    assert found.words.startswith("'x' ")


@pytest.mark.parametrize("scaler", SCALERS)
def test_a_scaler_of_the_first_rows_is_clean(made, ask, scaler):
    world = made()
    x = raw(world.margin.size)
    seen = np.sort(x[:500])
    scaled = SCALERS[scaler](seen)
    slope = (scaled[-1] - scaled[0]) / (seen[-1] - seen[0])
    found = ask("scaled_on_all", world.with_column(scaled[0] + slope * (x - seen[0])))
    assert (found.answer, found.columns) == ("clean", ())


def test_rows_without_an_outcome_may_be_left_out_or_not(made, ask):
    world = made()
    y = world.table.y.copy()
    y[-100:] = np.nan
    x = raw(y.size)
    played = (x - x[:-100].mean()) / x[:-100].std()
    table = world.with_column(np.append(played[:-100], played[-100:]))
    assert ask("scaled_on_all", replace(table, y=y)).answer == "leak"
    assert ask("scaled_on_all", table).answer == "clean"


def test_seasons_scaled_by_themselves_are_found_and_weeks_are_honest(made, ask):
    world = made()
    x = raw(world.margin.size)
    for rows, ddof, answer in ((160, 0, "leak"), (160, 1, "leak"), (8, 0, "clean")):
        blocks = x.reshape(-1, rows)
        scaled = (blocks - blocks.mean(axis=1, keepdims=True)) / blocks.std(axis=1, ddof=ddof, keepdims=True)
        found = ask("scaled_on_all", world.with_column(scaled.ravel()))
        assert found.answer == answer, found.words


@pytest.mark.parametrize("seed", range(3))
def test_columns_with_a_natural_range_are_clean(made, ask, seed):
    world = made(seed=seed)
    rng = np.random.default_rng(seed)
    rows = world.margin.size
    natural = {
        "flag": rng.integers(0, 2, rows),
        "share": rng.integers(0, 31, rows) / 30,
        "chance": rng.random(rows),
        "normal": rng.normal(size=rows),
        "counter": np.arange(rows) / (rows - 1) * 5,
        "constant": np.ones(rows),
        "empty": np.full(rows, np.nan),
    }
    for name, x in natural.items():
        assert ask("scaled_on_all", world.with_column(x.astype(float))).answer == "clean", name
    coded = SCALERS["standard"](raw(rows))
    assert ask("scaled_on_all", world.with_column(coded, categorical=True)).answer == "clean"


def components(X, seen):
    """Principal components of some rows, of all rows' values."""
    middle, width = X[:seen].mean(axis=0), X[:seen].std(axis=0)
    return (X - middle) / width @ np.linalg.svd((X[:seen] - middle) / width, full_matrices=False)[2].T


def test_principal_components_of_all_rows_are_found(made, ask):
    world = made()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(world.margin.size, 4)) @ rng.normal(size=(4, 4))
    kept = {"names": tuple("abcd"), "categorical": np.zeros(4, dtype=bool)}
    for seen, answer in ((world.margin.size, "leak"), (500, "clean")):
        table = replace(world.table, X=components(X, seen), **kept)
        found = ask("scaled_on_all", table)
        assert found.answer == answer
        assert len(found.columns) == (4 if answer == "leak" else 0)


def test_gaps_filled_with_the_mean_of_all_rows_are_found(made, ask):
    world = made()
    x = raw(world.margin.size)
    gaps = np.random.default_rng(1).random(x.size) < 0.1
    for seen, answer in ((x.size, "leak"), (500, "clean")):
        mean = x[:seen][~gaps[:seen]].mean()
        for scale in (1.0, -40.0):
            found = ask("scaled_on_all", world.with_column(scale * np.where(gaps, mean, x) + 7))
            assert found.answer == answer
    assert "where it was empty" in ask("scaled_on_all", world.with_column(np.where(gaps, x[~gaps].mean(), x))).words


def test_both_sides_of_every_game_are_symmetric_by_nature(made, ask):
    table = made().table
    rng = np.random.default_rng(0)
    difference = np.round(rng.normal(0, 3, (len(table), 3)))  # often 0
    difference = difference + 0.01 * difference**3
    common = rng.gamma(3, 2, (len(table), 3))
    X = np.vstack([np.hstack([difference, common]), np.hstack([-difference, common])])
    both = table.take(np.repeat(np.arange(len(table)), 2))
    X = X.reshape(2, -1, 6).transpose(1, 0, 2).reshape(-1, 6)
    both = replace(both, X=X, names=tuple("abcdef"), categorical=np.zeros(6, dtype=bool))
    assert ask("scaled_on_all", both).answer == "clean"
