"""A split by chance promises no more than one by time."""

from dataclasses import replace

import numpy as np
import pytest


def with_codes(world, seed=0):
    """Rows of a pair of weeks share a number, in which those weeks' luck is known: rows tell of each other."""
    rng = np.random.default_rng(seed)
    groups = 40
    code = np.sort(rng.integers(0, groups, world.margin.size))
    lucky = rng.choice([-1, 1], groups)
    shown = rng.permutation(groups)[code]
    y = np.where(rng.random(code.size) < 0.5, lucky[code] > 0, world.table.y > 0).astype(float)
    return replace(world.with_column(shown.astype(float)), y=y)


def test_rows_that_tell_of_each_other_are_found(made, ask):
    found = ask("shuffled_split", with_codes(made()))
    assert found.answer == "leak"
    assert "x" in found.columns
    assert "a split by chance flatters" in found.words
    assert all(way in found.words for way in ("split by chance", "by blocks of time", "from the past only"))


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("line", [True, False])
def test_honest_columns_are_clean(made, ask, target, line):
    table = made(target=target).table
    found = ask("shuffled_split", table if line else replace(table, line=None))
    assert (found.answer, found.threshold) == ("clean", 0.02)
    assert abs(found.figure) < 0.02


def test_a_small_table_and_one_without_columns_or_times_cannot_be_asked(made, ask):
    table = made().table
    few = table.take(np.arange(220))
    empty = replace(table, names=(), X=np.empty((len(table), 0)), categorical=np.empty(0, dtype=bool))
    one_day = replace(table, time=np.full_like(table.time, table.time[0]))
    assert {ask("shuffled_split", each).answer for each in (few, empty, one_day)} == {"not applicable"}
