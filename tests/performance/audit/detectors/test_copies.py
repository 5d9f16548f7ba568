"""No game stands on both sides of a split."""

from dataclasses import replace

import numpy as np
import pytest


def joined(table, other):
    """Both tables' rows in order of time."""
    names = ("X", "y", "time", "line", "teams", "fold")
    parts = {
        name: np.concatenate([getattr(table, name), getattr(other, name)])
        for name in names
        if getattr(table, name) is not None
    }
    both = replace(table, **parts, position=np.arange(len(table) + len(other)))
    return both.take(np.argsort(both.time, kind="stable"))


def rich(made, **kind):
    """A table with six columns that hardly ever repeat, signed as home minus away."""
    world = made(**kind)
    X = np.random.default_rng(5).normal(size=(len(world.table), 6))
    return replace(
        world.table, X=np.column_stack([X, world.season]), names=tuple("abcdefs"), categorical=np.zeros(7, dtype=bool)
    )


def mirror(table):
    X = np.column_stack([-table.X[:, :6], table.X[:, 6]])
    y, line = (1 - table.y, 1 - table.line) if table.binary else (-table.y, -table.line)
    return replace(table, X=X, y=y, line=line, teams=table.teams[:, ::-1])


def later(table, days):
    return replace(table, time=table.time + np.timedelta64(days, "D"))


@pytest.mark.parametrize("noise", [0.0, 1e-4])
@pytest.mark.parametrize("days", [0, 21])
def test_copied_rows_are_found_even_when_touched_up_and_dated_later(made, ask, noise, days):
    table = rich(made)
    copies = later(table.take(np.arange(0, len(table), 8)), days)
    copies = replace(copies, X=copies.X * (1 + noise))
    found = ask("copies", joined(table, copies))
    assert found.answer == "leak"
    assert found.figure == pytest.approx(2 / 9, abs=0.02)
    assert "copies of another row" in found.words


def test_copies_in_one_fold_are_only_said(made, ask):
    table = replace(rich(made), fold=np.repeat(np.arange(10), 160))
    same = joined(table, table.take(np.arange(0, 1600, 8)))
    found = ask("copies", same)
    assert found.answer == "clean"
    assert "200 games stand in two rows; keep both" in found.words
    apart = table.take(np.arange(0, 1600, 8))
    torn = joined(table, replace(apart, fold=(apart.fold + 1) % 10))
    assert ask("copies", torn).answer == "leak"


@pytest.mark.parametrize("target", ["won", "margin"])
@pytest.mark.parametrize("teams", [True, False])
def test_the_other_side_of_a_game_in_another_fold_is_found(made, ask, target, teams):
    table = replace(rich(made, target=target), fold=np.repeat(np.arange(10), 160))
    other = mirror(table)
    for fold, answer in ((table.fold, "clean"), (table.fold + 10, "leak")):
        both = joined(table, replace(other, fold=fold))
        found = ask("copies", both if teams else replace(both, teams=None))
        assert found.answer == answer, found.words
        assert "stand in two rows" in found.words or "from the other side" in found.words


def test_the_other_side_of_a_game_without_folds_is_only_said(made, ask):
    table = rich(made)
    found = ask("copies", joined(table, mirror(table)))
    assert found.answer == "clean"
    assert "keep both rows of a game in one fold" in found.words


def test_pairs_of_columns_may_change_places(made, ask):
    table = replace(rich(made), fold=np.repeat(np.arange(10), 160))
    swapped = table.X[:, [1, 0, 3, 2, 5, 4, 6]]
    other = replace(mirror(table), X=swapped, fold=table.fold + 10)
    assert ask("copies", joined(table, other)).answer == "leak"


@pytest.mark.parametrize("target", ["won", "margin"])
def test_games_of_their_own_are_clean(made, ask, target):
    for table in (rich(made, target=target), made(target=target).table):
        assert ask("copies", table).words == "no game stands in the table twice"


def test_a_rematch_with_the_same_columns_is_another_game(made, ask):
    """What hardly changes within a season agrees between two games, their results do not."""
    world = made()
    table = rich(made)
    rng = np.random.default_rng(0)
    pair = world.season * 256 + world.table.teams[:, 0] * 16 + world.table.teams[:, 1]
    still = rng.normal(size=(pair.max() + 1, 6))[pair]
    assert ask("copies", replace(table, X=np.column_stack([still, world.season]), line=None)).answer == "clean"


def test_a_table_of_few_columns_cannot_show_copies(made, ask):
    table = rich(made)
    flags = replace(table, X=table.X[:, 6:], names=("s",), categorical=np.zeros(1, dtype=bool), line=None, teams=None)
    assert ask("copies", joined(flags, flags)).answer == "clean"
