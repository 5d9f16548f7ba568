"""A model of all columns is not too good to be true."""

from dataclasses import replace

import numpy as np
import pytest


def two_halves(world):
    """Two columns that tell nothing alone and the margin together."""
    noise = np.random.default_rng(0).normal(0, 40, world.margin.size)
    table = world.with_column(world.margin + noise, "one")
    return replace(
        table,
        names=(*table.names, "two"),
        X=np.column_stack([table.X, noise]),
        categorical=np.append(table.categorical, False),
    )


@pytest.mark.parametrize("target", ["won", "margin"])
def test_what_two_columns_tell_together_is_found(made, ask, target):
    table = two_halves(made(target=target))
    found = ask("too_good", table)
    assert found.answer == "leak"
    assert {"one", "two"} & set(found.columns)
    assert "more than any honest one" in found.words


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_honest_columns_are_clean(made, ask, target, noise):
    found = ask("too_good", made(target=target, noise=noise).table)
    assert (found.answer, found.threshold) == ("clean", 0.012)
    assert found.figure < 0.01


def test_without_a_line_an_honest_rating_is_clean_and_a_score_is_not(made, ask):
    world = made()
    bare = replace(world.table, line=None)
    assert ask("too_good", bare).answer == "clean"
    score = world.margin + np.random.default_rng(0).normal(0, 3, world.margin.size)
    found = ask("too_good", replace(world.with_column(score), line=None))
    assert (found.answer, found.columns) == ("leak", ("x",))


def test_a_small_table_and_one_without_columns_cannot_be_asked(made, ask):
    table = made().table
    few = table.take(np.arange(220))
    empty = replace(table, names=(), X=np.empty((len(table), 0)), categorical=np.empty(0, dtype=bool))
    one_day = replace(table, time=np.full_like(table.time, table.time[0]))
    assert {ask("too_good", each).answer for each in (few, empty, one_day)} == {"not applicable"}
