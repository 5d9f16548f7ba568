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
    for rows, answer in ((160, "leak"), (8, "clean")):
        blocks = x.reshape(-1, rows)
        scaled = (blocks - blocks.mean(axis=1, keepdims=True)) / blocks.std(axis=1, keepdims=True)
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
